"""Values that people enter for tags: text as typed -> the code that is stored, or what is wrong."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date

from zhiyan.core.expression import ValueType
from zhiyan.core.tag import Tag, TagKind
from zhiyan.errors import Problem
from zhiyan.lang.literals import fen
from zhiyan.lang.nearest import nearest

#: Longest text that may be entered as a value.
MAX_TEXT = 64
_YES = frozenset({"true", "yes", "y", "1", "是", "有"})
_NO = frozenset({"false", "no", "n", "0", "否", "无"})
_BETWEEN = re.compile(r"[,，、;；|]")
_INT = re.compile(r"[-+]?[0-9]{1,18}\Z")
_DECIMAL = re.compile(r"[-+]?[0-9]{1,15}(?:\.[0-9]{1,9})?\Z")


def may_enter(tag: Tag) -> Problem | None:
    """Say why people may not enter a tag (``ZY520``), None if they may.

    Tags that people enter may be entered, and computed ones that say ``manual: allowed``: what is
    entered for these stands beside the computed value and never replaces it.
    """
    if tag.status == "retired":
        message = f"the tag {tag.code!r} is retired"
        return Problem(code="ZY520", message=message)
    if tag.kind is TagKind.MANUAL or tag.manual:
        return None
    message = f"the tag {tag.code!r} is computed ({tag.kind.value}) and is not set by hand"
    hint = (
        "correct the facts that it is computed from; to let people note a value beside it,"
        " write `manual: allowed` into its definition"
    )
    return Problem(code="ZY520", message=message, hint=hint)


def entered(tag: Tag, text: str) -> tuple[tuple[str, ...], Problem | None]:
    """Return what is stored for a value as typed: one code, or the members of a list.

    Codes and their names in both languages are understood. Nothing is stored where there is a
    problem (``ZY521``).

    Example:
        >>> entered(tag_of_intent, "A 强")
        (('a',), None)
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    if not plain:
        return (), _wrong(tag, text, "a value is needed")
    if tag.type is ValueType.LIST:
        return _members(tag, plain)
    code, hint = _single(tag, plain)
    return ((), _wrong(tag, text, hint)) if code is None else ((code,), None)


def _single(tag: Tag, plain: str) -> tuple[str | None, str]:
    """Return the code of a single value (None if it is none), and what could be written."""
    if tag.type is ValueType.BOOL:
        return _flag(plain), "write true or false"
    if tag.values:
        return _code(tag, plain), _choices(tag, plain)
    if tag.type in _CHECKS:
        fits, hint = _CHECKS[tag.type]
        return (plain if fits(plain) else None), hint
    short = len(plain) <= MAX_TEXT and plain.isprintable()
    return (plain if short else None), f"at most {MAX_TEXT} printable characters"


def _members(tag: Tag, plain: str) -> tuple[tuple[str, ...], Problem | None]:
    words = dict.fromkeys(word for part in _BETWEEN.split(plain) if (word := part.strip()))
    found: dict[str, None] = {}
    for word in words:
        code = _code(tag, word) if tag.values else (word if len(word) <= MAX_TEXT else None)
        if code is None:
            return (), _wrong(tag, word, _choices(tag, word))
        found[code] = None
    return tuple(sorted(found)), None if found else _wrong(tag, plain, "a value is needed")


def _flag(plain: str) -> str | None:
    word = plain.casefold()
    if word in _YES:
        return "true"
    return "false" if word in _NO else None


def _code(tag: Tag, plain: str) -> str | None:
    """Return the code that a text is, or that has the text as its only name."""
    if plain in {value.value for value in tag.values}:
        return plain
    word = plain.casefold()
    named = {v.value for v in tag.values if word in (v.zh.casefold(), v.en.casefold())}
    return named.pop() if len(named) == 1 else None


def _choices(tag: Tag, plain: str) -> str:
    codes = [value.value for value in tag.values]
    listed = ", ".join(f"{value.value} {value.zh}" for value in tag.values)
    return nearest(plain, codes) or f"values are {listed}"


def _wrong(tag: Tag, text: str, hint: str) -> Problem:
    shown = text.strip()[:40]
    message = f"{shown!r} is no value of the tag {tag.code!r} ({tag.type.value})"
    return Problem(code="ZY521", message=message, hint=hint)


def _is_int(text: str) -> bool:
    return bool(_INT.match(text))


def _is_decimal(text: str) -> bool:
    return bool(_DECIMAL.match(text))


def _is_money(text: str) -> bool:
    return fen(text) is not None


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


_CHECKS: Mapping[ValueType, tuple[Callable[[str], bool], str]] = {
    ValueType.INT: (_is_int, "write a whole number"),
    ValueType.DECIMAL: (_is_decimal, "write a number"),
    ValueType.MONEY: (_is_money, "write yuan with at most two decimals"),
    ValueType.DATE: (_is_date, "write a day such as 2026-11-22"),
}
