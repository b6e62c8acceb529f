"""Headers: one written form per meaning, and which column carries which field."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from zhiyan.pipeline.ingest.mapping import Field

_NUMBERING = re.compile(r"^(?:q|第)?\d{1,3}(?:题)?[、.．:：)）]\s*")
_BRACKETS = re.compile(r"[(（\[【][^)）\]】]*[)）\]】]")
_MARKS = re.compile(r"[\s*＊\"'“”_\-]+")
_TIME_WORD = re.compile("(?:日期|时间|时段|时刻|日)$")
_UNITS = {"万元": "wan", "万": "wan", "分": "fen", "元": "yuan"}


@cache
def plain(text: str) -> str:
    """Return a header without width, case, blanks and marks."""
    return _MARKS.sub("", unicodedata.normalize("NFKC", text).casefold())


@cache
def forms(header: str) -> tuple[str, ...]:
    """Return the forms under which a header may be known, the most exact first."""
    full = unicodedata.normalize("NFKC", header).strip()
    last = full.rsplit("/", 1)[-1]
    shorter = (last, _NUMBERING.sub("", last.strip().casefold()))
    bare = tuple(_BRACKETS.sub("", one) for one in shorter)
    found = (full, full.replace("/", ""), *shorter, *bare)
    return tuple(dict.fromkeys(plain(one) for one in found if plain(one)))


def header_unit(header: str) -> str | None:
    """Return the money unit that a header names in brackets: wan, fen, yuan or None."""
    for part in _BRACKETS.findall(unicodedata.normalize("NFKC", header)):
        unit = _UNITS.get(part.strip("()[]【】 "))
        if unit:
            return unit
    return None


def are_twins(one: str, other: str) -> bool:
    """Tell whether two headers name the day and the time of day of the same thing."""
    stems = [_TIME_WORD.sub("", forms(header)[-1]) for header in (one, other)]
    timed = [_TIME_WORD.search(forms(header)[-1]) is not None for header in (one, other)]
    return all(timed) and stems[0] == stems[1]


@cache
def pattern(text: str) -> re.Pattern[str]:
    """Return the pattern of a synonym in which ``*`` stands for any text, as one group each."""
    parts = [re.escape(plain(part)) for part in unicodedata.normalize("NFKC", text).split("*")]
    return re.compile("(.*)".join(parts))


@dataclass(frozen=True, slots=True)
class _Fit:
    """How well a column fits a field; the smaller the better."""

    wild: bool
    form: int
    synonym: int
    field: int
    column: int


def bind(fields: Sequence[Field], headers: Sequence[str]) -> dict[str, str]:
    """Return field name -> header: each column serves one field (unless the field is shared).

    Exact synonyms go before patterns, fuller forms of a header before shorter ones, earlier
    synonyms before later ones.
    """
    known: dict[str, list[tuple[int, int]]] = {}
    for column, header in enumerate(headers):
        for form, name in enumerate(forms(header)):
            known.setdefault(name, []).append((form, column))
    fits = [fit for number, field in enumerate(fields) for fit in _fits(field, number, known)]
    fits.sort(key=lambda f: (f.wild, f.form, f.synonym, f.field, f.column))
    bound: dict[str, str] = {}
    taken: set[int] = set()
    for fit in fits:
        field = fields[fit.field]
        if field.name in bound or (fit.column in taken and not field.shared):
            continue
        bound[field.name] = headers[fit.column]
        if not field.shared:
            taken.add(fit.column)
    return bound


def _fits(field: Field, number: int, known: Mapping[str, list[tuple[int, int]]]) -> list[_Fit]:
    fits: list[_Fit] = []
    for position, synonym in enumerate(field.headers):
        wild = "*" in synonym
        names = [plain(synonym)]
        if wild:
            wanted = pattern(synonym)
            names = [name for name in known if wanted.fullmatch(name)]
        places = [place for name in names for place in known.get(name, ())]
        fits += [_Fit(wild, form, position, number, column) for form, column in places]
    return fits


def options(patterns: Sequence[str], headers: Sequence[str]) -> Mapping[str, str]:
    """Return header -> option for the columns of a question with one column per option."""
    found: dict[str, str] = {}
    for synonym in patterns:
        text = unicodedata.normalize("NFKC", synonym)
        wanted = re.compile(
            "(.*)".join(re.escape(part.replace(" ", "")) for part in text.split("*"))
        )
        for header in headers:
            name = unicodedata.normalize("NFKC", header).replace(" ", "")
            match = wanted.search(name)
            option = match.group(match.lastindex or 0).strip("()[]:：_-. ") if match else ""
            if option and header not in found:
                found[header] = option
    return found
