"""Parse dates and moments: the layout of a column is decided by all its rows together.

Where day and month could be told apart in two ways, rows that allow only one order decide for the
column; if none does, or they disagree, the rows concerned are ambiguous and go to quarantine.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from zhiyan.pipeline.ingest.clean import layouts
from zhiyan.pipeline.ingest.clean.column import Column, Parsed, choose, distinct
from zhiyan.pipeline.ingest.clean.layouts import DAY, NO_ZONE, Flags, Ints, Match, days
from zhiyan.pipeline.ingest.clean.options import ParseOptions
from zhiyan.pipeline.ingest.clean.reasons import Reason
from zhiyan.pipeline.ingest.read.arrow import Array, is_true, pa, pc

_WEEKDAY = r"\s*[(]?(?:星期|周|礼拜)[一二三四五六日天][)]?\s*"
_EPOCH = date(1970, 1, 1)
_FIRST_YEAR_DAY = (date(1850, 1, 1) - _EPOCH).days
_LAST_YEAR_DAY = (date(2200, 1, 1) - _EPOCH).days
_SERIAL_1900 = (date(1899, 12, 30) - _EPOCH).days
_SERIAL_1904 = (date(1904, 1, 1) - _EPOCH).days
_MILLENNIUM = (date(2000, 1, 1) - _EPOCH).days
_PIVOT = 2049


@dataclass(slots=True, kw_only=True)
class _Found:
    """Per distinct text: the day and clock as written, the zone, and what is wrong."""

    day: Ints
    clock: Ints
    zone: Ints
    timed: Flags
    done: Flags
    bad: Flags
    ambiguous: Flags

    def put(self, match: Match, day: Ints, *, good: Flags) -> None:
        """Note what a layout found; impossible days and clocks are bad."""
        self.day[match.at] = day
        self.clock[match.at] = match.clock
        self.zone[match.at] = match.zone
        self.timed[match.at] = match.timed
        self.bad[match.at] = ~good | (match.clock < 0)
        self.done[match.at] = True


def parse_date(column: Column, options: ParseOptions) -> Parsed:
    """Parse business days (date32); a clock, if written, is left out after any zone is applied.

    ``extra["placeholder"]`` is true where a date that means nothing (0000-00-00, 1900-01-01) became
    null. Problems: ``ambiguous_date``, ``bad_date``, ``incomplete_date``, ``lunar_date``,
    ``out_of_range``.
    """
    return _parse(column, options, "date")


def parse_datetime(column: Column, options: ParseOptions) -> Parsed:
    """Parse moments to naive UTC (timestamp[us]); a time without zone is business time.

    ``epoch`` says that bare numbers are seconds or milliseconds since 1970. ``extra`` holds
    ``placeholder`` and ``has_time`` (false: midnight of a bare date). Problems as in
    ``parse_date``.
    """
    return _parse(column, options, "datetime")


def _parse(column: Column, options: ParseOptions, kind: str) -> Parsed:
    held = distinct(column, options)
    texts = _without_weekdays(held.texts)
    found = _read(texts, options)
    odd = found.bad | ~found.done
    nothing = _is_placeholder(found, options) | _matches(texts, layouts.NOTHING, odd)
    present = pc.is_valid(texts).to_numpy(zero_copy_only=False)
    left = present & ~found.done
    far = found.done & ((found.day < _FIRST_YEAR_DAY) | (found.day >= _LAST_YEAR_DAY))
    wanted = present & ~nothing
    problems = choose(
        (pa.array(wanted & found.done & found.bad), Reason.BAD_DATE),
        (pa.array(wanted & found.ambiguous), Reason.AMBIGUOUS_DATE),
        (pa.array(wanted & far), Reason.OUT_OF_RANGE),
        (pa.array(wanted & _matches(texts, layouts.LUNAR, left)), Reason.LUNAR_DATE),
        (pa.array(wanted & _matches(texts, layouts.INCOMPLETE, left)), Reason.INCOMPLETE_DATE),
        (pa.array(wanted & ~found.done), Reason.BAD_DATE),
    )
    absent = ~wanted | pc.is_valid(problems).to_numpy(zero_copy_only=False)
    extra = {"placeholder": pa.array(nothing & present)}
    utc = _utc(found, options, kind)
    if kind == "datetime":
        extra["has_time"] = pa.array(found.timed)
        moments = pa.array(np.where(absent, 0, utc), mask=absent).cast(pa.timestamp("us"))
        return held.parsed(moments, problems, extra=extra)
    local = (utc + options.offset_minutes * 60_000_000) // DAY
    numbers = pa.array(np.where(absent, 0, local).astype(np.int32), mask=absent)
    return held.parsed(numbers.cast(pa.date32()), problems, extra=extra)


def _utc(found: _Found, options: ParseOptions, kind: str) -> Ints:
    """Return microseconds since 1970 in UTC; for dates 24:00 still belongs to its day."""
    clock = np.where(found.clock == DAY, DAY - 1, found.clock) if kind == "date" else found.clock
    zone = np.where(found.zone == NO_ZONE, options.offset_minutes, found.zone)
    return found.day * DAY + clock - zone * 60_000_000


def _without_weekdays(texts: Array) -> Array:
    if not pc.any(pc.match_substring_regex(texts, "[期周拜]")).as_py():
        return texts
    return pc.utf8_trim_whitespace(pc.replace_substring_regex(texts, _WEEKDAY, " "))


def _matches(texts: Array, pattern: str, among: Flags) -> Flags:
    """Tell which of the texts picked by ``among`` match a pattern."""
    matched = np.zeros(len(texts), dtype=bool)
    at = np.flatnonzero(among)
    if len(at):
        matched[at] = is_true(pc.match_substring_regex(texts.take(pa.array(at)), pattern))
    return matched


def _is_placeholder(found: _Found, options: ParseOptions) -> Flags:
    numbers = [(date.fromisoformat(text) - _EPOCH).days for text in options.placeholders]
    return found.done & ~found.bad & np.isin(found.day, numbers)


def _read(texts: Array, options: ParseOptions) -> _Found:
    size = len(texts)
    zeros, no = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=bool)
    found = _Found(
        day=zeros.copy(),
        clock=zeros.copy(),
        zone=np.full(size, NO_ZONE, dtype=np.int64),
        timed=no.copy(),
        done=no.copy(),
        bad=no.copy(),
        ambiguous=no.copy(),
    )
    match = layouts.extract_fixed(texts)
    day, good = days(match.a, match.b, match.c)
    found.put(match, day, good=good)
    _read_numbers(texts, found, options)
    for layout in (layouts.YEAR_FIRST, layouts.COMPACT, layouts.DAY_WORD, layouts.WORD_DAY):
        match = _extract(texts, layout, found)
        day, good = days(match.a, match.b, match.c)
        found.put(match, day, good=good)
    year_first = bool(found.done.any())
    order = _read_year_last(texts, found, options)
    if order is None and year_first:
        order = "ymd"
    _read_short_years(texts, found, options, column_order=order)
    return found


def _extract(texts: Array, layout: str, found: _Found) -> Match:
    """Match a layout against the texts that no layout took yet."""
    left = np.flatnonzero(~found.done)
    match = layouts.extract(texts.take(pa.array(left)), layout)
    return replace(match, at=left[match.at])


def _read_numbers(texts: Array, found: _Found, options: ParseOptions) -> None:
    """Read Excel serial days, and epochs where the options say so."""
    scale = {"s": (layouts.SECONDS, 1_000_000), "ms": (layouts.MILLISECONDS, 1_000)}
    if options.epoch:
        layout, unit = scale[options.epoch]
        match = _extract(texts, layout, found)
        found.put(match, match.a * unit // DAY, good=match.a > 0)
        found.clock[match.at] = match.a * unit % DAY
        found.zone[match.at], found.timed[match.at] = 0, True
        return
    match = _extract(texts, layouts.SERIAL, found)
    whole = match.a + (_SERIAL_1904 if options.date_1904 else _SERIAL_1900)
    parts = texts.take(pa.array(match.at)).cast(pa.string())
    share = pc.replace_substring_regex(parts, r"^[0-9]+", "0").cast(pa.float64())
    # A serial holds about a tenth of a millisecond; whole milliseconds are what was meant.
    clock = np.rint(share.to_numpy(zero_copy_only=False) * 86_400_000).astype(np.int64) * 1000
    found.put(match, whole, good=np.ones(len(whole), dtype=bool))
    found.clock[match.at], found.timed[match.at] = clock, clock > 0


def _read_year_last(texts: Array, found: _Found, options: ParseOptions) -> str | None:
    """Read ``5/3/2024``; return the order that the column was found to have, if one."""
    match = _extract(texts, layouts.YEAR_LAST, found)
    day_first, is_day_first = days(match.c, match.b, match.a)
    month_first, is_month_first = days(match.c, match.a, match.b)
    either = is_day_first & is_month_first & (match.a != match.b)
    order = _declared(options, ("dmy", "mdy")) or _voted(is_day_first, is_month_first)
    use_day_first = is_day_first & (~is_month_first | (order == "dmy"))
    if order and options.date_order:
        use_day_first = np.full(len(match.at), order == "dmy")
        is_day_first, is_month_first = is_day_first & use_day_first, is_month_first & ~use_day_first
    found.put(
        match, np.where(use_day_first, day_first, month_first), good=is_day_first | is_month_first
    )
    if order is None:
        found.ambiguous[match.at] = either
    return order


def _declared(options: ParseOptions, orders: tuple[str, ...]) -> str | None:
    return options.date_order if options.date_order in orders else None


def _voted(day_first: Flags, month_first: Flags) -> str | None:
    """Return the order that rows with only one possible order agree on."""
    for_day, for_month = (day_first & ~month_first).any(), (month_first & ~day_first).any()
    if for_day == for_month:
        return None
    return "dmy" if for_day else "mdy"


def _read_short_years(
    texts: Array, found: _Found, options: ParseOptions, *, column_order: str | None
) -> None:
    """Read ``24.3.5``: the orders under which every row is a day compete."""
    match = _extract(texts, layouts.SHORT_YEAR, found)
    if not len(match.at):
        return
    by_order = {
        "ymd": _dated(match.a, match.b, match.c, options=options),
        "mdy": _dated(match.c, match.a, match.b, options=options),
        "dmy": _dated(match.c, match.b, match.a, options=options),
    }
    possible = np.any([good for _, good in by_order.values()], axis=0)
    fitting = [o for o, (_, good) in by_order.items() if (good | ~possible).all()]
    marked = pc.match_substring_regex(texts.take(pa.array(match.at)), r"[.年]")
    chinese = bool(pc.all(marked).as_py())
    order = (
        _declared(options, ("ymd", "mdy", "dmy"))
        or _preferred(fitting, column_order, chinese=chinese)
        or _preferred(_recent(by_order, fitting, options), column_order, chinese=chinese)
    )
    if order:
        day, good = by_order[order]
        found.put(match, day, good=good)
        return
    orders = [by_order[o] for o in fitting or by_order]
    choices = np.stack([np.where(good, day, -(10**9)) for day, good in orders])
    top = choices.max(axis=0)
    same = ((choices == top) | (choices == -(10**9))).all(axis=0)
    found.put(match, top, good=possible)
    found.ambiguous[match.at] = possible & ~same


def _preferred(fitting: list[str], column_order: str | None, *, chinese: bool) -> str | None:
    if len(fitting) == 1:
        return fitting[0]
    if column_order in fitting:
        return column_order
    return "ymd" if chinese and "ymd" in fitting else None


def _recent(
    by_order: Mapping[str, tuple[Ints, Flags]], fitting: list[str], options: ParseOptions
) -> list[str]:
    """Return the orders under which no row needs the last century, if ``latest`` is known."""
    if options.latest is None:
        return []
    return [o for o in fitting if (by_order[o][0][by_order[o][1]] >= _MILLENNIUM).all()]


def _dated(short: Ints, month: Ints, day: Ints, *, options: ParseOptions) -> tuple[Ints, Flags]:
    """Return days with a two-digit year in the century that does not lie ahead."""
    last = options.latest.year if options.latest else _PIVOT
    year = np.where(2000 + short <= last, 2000 + short, 1900 + short)
    number, good = days(year, month, day)
    if options.latest:
        good &= number <= (options.latest - _EPOCH).days
    return number, good
