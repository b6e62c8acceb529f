"""What a parser may be told, and the reading of such options from a mapping file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from difflib import get_close_matches
from typing import cast

from zhiyan.errors import DefinitionError, Problem

#: Texts that stand for no value.
NULL_WORDS = (
    *(
        "无",
        "没有",
        "空",
        "暂无",
        "未知",
        "不详",
        "未填写",
        "(空)",
        "(跳过)",
        "未填",
        "未登记",
        "未录入",
        "未提供",
        "保密",
    ),
    *("-", "--", "---", "—", "——", "/", "//", "\\", ".", "*", "?", "？", "…"),
    *("null", "none", "nil", "n/a", "na", "#n/a", "nan", "undefined", "unknown", "(null)", "\\n"),
)

#: Dates that exports write for no date.
PLACEHOLDER_DATES = (
    "1900-01-01",
    "1899-12-30",
    "1899-12-31",
    "1901-01-01",
    "0001-01-01",
    "9999-12-31",
)

_CHOICES = {
    "unmapped": ("problem", "unknown", "keep"),
    "unit": ("yuan", "fen", "wan"),
    "rounding": ("exact", "half_up"),
    "date_order": ("ymd", "mdy", "dmy"),
    "epoch": ("s", "ms"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseOptions:
    """Everything that parsers can be told; each reads what concerns it.

    ``null_words`` are compared without case and width. ``codes`` maps texts to codes, ``table``
    names a table of ``CODE_TABLES``; ``unmapped`` says what other texts become (default: a problem
    where there is a table, themselves where there is none). ``unit`` is the unit of bare numbers
    of money, ``finer`` how many places below a fen its values count. ``offset_minutes`` is the business zone's offset from UTC, ``latest`` a day after
    which no date of the column can lie (used only to tell orders of day and month apart).
    ``width`` pads native ids with zeros. ``cities`` maps cities to provinces.
    """

    null_words: tuple[str, ...] = NULL_WORDS
    codes: Mapping[str, str] | None = None
    table: str | None = None
    unmapped: str | None = None
    separators: str = "、,，;；|/\n"
    unit: str = "yuan"
    rounding: str = "exact"
    finer: int = 0
    date_order: str | None = None
    date_1904: bool = False
    epoch: str | None = None
    offset_minutes: int = 480
    latest: date | None = None
    placeholders: tuple[str, ...] = PLACEHOLDER_DATES
    dial_prefixes: tuple[str, ...] = ("0",)
    width: int | None = None
    cities: Mapping[str, str] = field(default_factory=dict[str, str])
    true_words: tuple[str, ...] = ()
    false_words: tuple[str, ...] = ()


def parse_options(raw: Mapping[str, object], where: str = "") -> ParseOptions:
    """Build options from the keys of a mapping file.

    Raises DefinitionError with every mistake: ``ZY321`` unknown key, ``ZY322`` value not allowed.
    """
    problems: list[Problem] = []
    known = {f.name: f for f in fields(ParseOptions)}
    values: dict[str, object] = {}
    for name, value in raw.items():
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(known))}"
            message = f"a parser has no option {name!r}"
            problems.append(Problem(code="ZY321", message=message, where=where, hint=hint))
            continue
        taken, expected = _converted(name, value)
        if expected:
            message = f"{name}: {value!r} is not allowed"
            problems.append(Problem(code="ZY322", message=message, where=where, hint=expected))
        values[name] = taken
    if problems:
        raise DefinitionError(*problems)
    return ParseOptions(**values)  # pyright: ignore[reportArgumentType]


def _converted(name: str, value: object) -> tuple[object, str]:
    """Return the value in the option's type, and what was expected if it does not fit."""
    if name in _CHOICES:
        return value, "" if value in _CHOICES[name] else "one of " + ", ".join(_CHOICES[name])
    if name in {"codes", "cities"}:
        if not isinstance(value, Mapping):
            return value, "a mapping from text to text"
        pairs = cast("Mapping[object, object]", value)
        return {str(key): str(held) for key, held in pairs.items()}, ""
    if name in {"null_words", "placeholders", "dial_prefixes", "true_words", "false_words"}:
        if not isinstance(value, list | tuple):
            return value, "a list of texts"
        return tuple(map(str, cast("Sequence[object]", value))), ""
    kind = {"width": int, "offset_minutes": int, "date_1904": bool, "latest": date}.get(name, str)
    good = isinstance(value, kind) and (kind is not int or not isinstance(value, bool))
    return value, "" if good else f"a {kind.__name__}"
