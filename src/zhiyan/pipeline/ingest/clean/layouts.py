"""The layouts in which dates are written: from texts to numbers of year, month, day and clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from zhiyan.pipeline.ingest.read.arrow import Array, Flags, is_true, pa, pc

Ints: TypeAlias = "np.ndarray[Any, np.dtype[np.int64]]"

DAY = 86_400_000_000
#: No time zone written.
NO_ZONE = -10_000

_HALF = r"上午|下午|凌晨|早上|中午|傍晚|晚上|AM|PM|am|pm"
_ZONE = r"(?P<zone>Z|z|UTC|GMT|[-+][0-9]{2}:?[0-9]{2})?(?:\s*(?:CST|\(?中国标准时间\)?))?"
_CLOCK = (
    rf"(?:[T\s]*(?P<half>{_HALF})?\s*(?P<hour>[0-9]{{1,2}})[:时点](?:(?P<minute>[0-9]{{1,2}})分?)?"
    rf"(?::?(?P<second>[0-9]{{1,2}})秒?)?(?:[.,](?P<fraction>[0-9]{{1,9}}))?"
    rf"\s*(?P<half2>AM|PM|am|pm)?\s*{_ZONE})?"
)
_FIXED = r"^[0-9]{4}[-/.][0-9]{2}[-/.][0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?$"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WORD = "(?P<b>" + "|".join(m.capitalize() for m in _MONTHS) + ")[a-z]*"

YEAR_FIRST = (
    rf"^(?P<a>[0-9]{{4}})[-/.年](?P<b>[0-9]{{1,2}})[-/.月](?P<c>[0-9]{{1,2}})[日号]?{_CLOCK}$"
)
YEAR_LAST = rf"^(?P<a>[0-9]{{1,2}})[-/.](?P<b>[0-9]{{1,2}})[-/.](?P<c>[0-9]{{4}}){_CLOCK}$"
SHORT_YEAR = (
    rf"^(?P<a>[0-9]{{1,2}})[-/.年](?P<b>[0-9]{{1,2}})[-/.月](?P<c>[0-9]{{1,2}})[日号]?{_CLOCK}$"
)
COMPACT = (
    r"^(?P<a>[0-9]{4})(?P<b>[0-9]{2})(?P<c>[0-9]{2})"
    rf"(?:[T\s_-]?(?P<hour>[0-9]{{2}}):?(?P<minute>[0-9]{{2}})(?::?(?P<second>[0-9]{{2}})"
    rf"(?:\.?(?P<fraction>[0-9]{{3}}))?)?{_ZONE})?$"
)
DAY_WORD = rf"^(?P<c>[0-9]{{1,2}})[-/\s]{_WORD}[-/\s,.]+(?P<a>[0-9]{{4}}){_CLOCK}$"
WORD_DAY = rf"^{_WORD}\.?\s+(?P<c>[0-9]{{1,2}}),?\s+(?P<a>[0-9]{{4}}){_CLOCK}$"

SERIAL = r"^(?P<a>[1-9][0-9]{4})(?:\.[0-9]{1,17})?$"
SECONDS = r"^(?P<a>[0-9]{9,10})(?:\.0+)?$"
MILLISECONDS = r"^(?P<a>[0-9]{12,13})(?:\.0+)?$"
LUNAR = r"农历|阴历|[正腊冬]月|月?初[一二三四五六七八九十]|闰|廿"
INCOMPLETE = r"^[0-9]{4}(?:[-/.年][0-9]{1,2}月?)?年?$|^[0-9]{1,2}[-/.月][0-9]{1,2}[日号]?$|^(?:19|20)[0-9]{2}[01][0-9]$"
NOTHING = r"^0{1,4}(?:[-/.年]0{1,2}[-/.月]0{1,2}日?)?(?:[T\s].*)?$|^0{8,14}$|^1900[-/.年]0?1[-/.月]0{1,2}日?(?:[T\s].*)?$|^0?0:00(?::00)?$"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What a layout found, one entry per text that matches: ``at`` its place, numbers, clock.

    ``clock`` is microseconds since midnight (a whole day for 24:00), -1 if impossible, and 0 with
    ``timed`` false where no time is written. ``zone`` is minutes east of UTC or ``NO_ZONE``.
    """

    at: Ints
    a: Ints
    b: Ints
    c: Ints
    clock: Ints
    zone: Ints
    timed: Flags


def extract(texts: Array, layout: str) -> Match:
    """Match texts against a layout with groups ``a``, ``b``, ``c`` and perhaps a clock."""
    found = pc.extract_regex(texts, layout)
    at = np.flatnonzero(pc.is_valid(found).to_numpy(zero_copy_only=False)).astype(np.int64)
    groups = found.take(pa.array(at))
    hour = numbers(groups, "hour")
    return Match(
        at=at,
        a=numbers(groups, "a"),
        b=numbers(groups, "b"),
        c=numbers(groups, "c"),
        clock=_clock(groups, hour),
        zone=_zone(groups),
        timed=hour >= 0,
    )


def extract_fixed(texts: Array) -> Match:
    """Match the most common layouts fast: ``2024-03-05`` and ``2024/03/05 10:20:30``, two digits each."""
    size = pc.fill_null(pc.utf8_length(texts), 0)
    at = np.flatnonzero(is_true(pc.match_substring_regex(texts, _FIXED))).astype(np.int64)
    taken, length = texts.take(pa.array(at)), size.take(pa.array(at)).to_numpy(zero_copy_only=False)

    def part(start: int, stop: int) -> Ints:
        digits = pc.utf8_slice_codeunits(taken, start, stop)
        there = pc.if_else(pa.array(length >= stop), digits, "0")
        return there.cast(pa.int64()).to_numpy(zero_copy_only=False)

    hour, minute, second = part(11, 13), part(14, 16), part(17, 19)
    bad = (hour > 23) & ~((hour == 24) & (minute == 0) & (second == 0))
    bad |= (minute > 59) | (second > 59)
    return Match(
        at=at,
        a=part(0, 4),
        b=part(5, 7),
        c=part(8, 10),
        clock=np.where(bad, -1, ((hour * 60 + minute) * 60 + second) * 1_000_000),
        zone=np.full(len(at), NO_ZONE, dtype=np.int64),
        timed=length > 10,
    )


def texts_of(groups: Array, name: str) -> Array | None:
    """Return the texts of a group, empty where it took no part; None if there is no such group."""
    if groups.type.get_field_index(name) < 0:
        return None
    return pc.fill_null(pc.struct_field(groups, name), "")


def numbers(groups: Array, name: str) -> Ints:
    """Return the numbers of a group, -1 where it took no part; English months count from 1."""
    texts = texts_of(groups, name)
    if texts is None or not len(texts):
        return np.full(len(groups), -1, dtype=np.int64)
    month = pc.index_in(pc.utf8_lower(texts), pa.array(_MONTHS))
    texts = pc.if_else(pc.is_valid(month), pc.add(month, 1).cast(pa.string()), texts)
    found = pc.fill_null(pc.if_else(pc.equal(texts, ""), None, texts).cast(pa.int64()), -1)
    return found.to_numpy(zero_copy_only=False)


def _clock(groups: Array, hour: Ints) -> Ints:
    minute, second = numbers(groups, "minute"), numbers(groups, "second")
    fraction = texts_of(groups, "fraction")
    micros = np.zeros(len(groups), dtype=np.int64)
    if fraction is not None and len(fraction):
        padded = pc.utf8_slice_codeunits(pc.utf8_rpad(fraction, width=6, padding="0"), 0, 6)
        micros = padded.cast(pa.int64()).to_numpy(zero_copy_only=False)
    hour = _whole_day_hour(groups, hour)
    minute, second = np.maximum(minute, 0), np.maximum(second, 0)
    total = ((hour * 60 + minute) * 60 + second) * 1_000_000 + micros
    bad = (hour > 24) | (minute > 59) | (second > 59) | (total > DAY)
    return np.where(hour < 0, 0, np.where(bad, -1, total))


def _whole_day_hour(groups: Array, hour: Ints) -> Ints:
    """Turn hours with 上午, 下午, AM or PM into hours of the day."""
    late, early = np.zeros(len(groups), dtype=bool), np.zeros(len(groups), dtype=bool)
    for name in ("half", "half2"):
        words = texts_of(groups, name)
        if words is not None and len(words):
            lower = pc.utf8_lower(words)
            late |= _among(lower, ("下午", "傍晚", "晚上", "中午", "pm"))
            early |= _among(lower, ("上午", "凌晨", "早上", "am"))
            late &= ~(_among(lower, ("中午",)) & (hour > 9))
    hour = np.where(late & (hour >= 0) & (hour < 12), hour + 12, hour)
    return np.where(early & (hour == 12), 0, hour)


def _among(texts: Array, words: Sequence[str]) -> Flags:
    return pc.is_in(texts, pa.array(words)).to_numpy(zero_copy_only=False)


def _zone(groups: Array) -> Ints:
    texts = texts_of(groups, "zone")
    if texts is None:
        return np.full(len(groups), NO_ZONE, dtype=np.int64)
    known = {text: _minutes(text) for text in pc.unique(texts).to_pylist()}
    return np.array([known[text] for text in texts.to_pylist()], dtype=np.int64)


def _minutes(zone: str) -> int:
    if not zone:
        return NO_ZONE
    if zone[0] not in "+-":
        return 0
    digits = zone[1:].replace(":", "")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return -minutes if zone[0] == "-" else minutes


def days(year: Ints, month: Ints, day: Ints) -> tuple[Ints, Flags]:
    """Return days since 1970-01-01 and whether there is such a day."""
    good = (year >= 1) & (year <= 9999) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    months = np.where(good, (year - 1970) * 12 + month - 1, 0)
    first = months.astype("datetime64[M]")
    number = first.astype("datetime64[D]").astype(np.int64) + np.where(good, day - 1, 0)
    same = number.astype("datetime64[D]").astype("datetime64[M]") == first
    return number, good & same
