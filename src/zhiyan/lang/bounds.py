"""Window bounds: the moments at which windows begin and end, as bound values of a statement.

A bound depends on the as-of alone, so calendar arithmetic happens once, here, and every engine
compares plain moments.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlglot import exp

from zhiyan.core.measure import Span, Unit, Window
from zhiyan.lang.moment import Moment

_ELAPSED = {
    Unit.MINUTE: timedelta(minutes=1),
    Unit.HOUR: timedelta(hours=1),
    Unit.DAY: timedelta(days=1),
}
#: Days of each month of a common year; February of a leap year is handled where it is used.
_MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def parameter(name: str) -> exp.Expr:
    """Return the place of a bound moment (``$name``)."""
    return exp.cast(exp.Placeholder(this=name), exp.DType.TIMESTAMP, copy=False)


def named(value: exp.Expr, name: str) -> exp.Expr:
    """Return a value under a quoted name; the value is taken as it is, not copied."""
    return exp.Alias(this=value, alias=exp.to_identifier(name, quoted=True))


def bound_name(span: Span, *, ahead: bool) -> str:
    """Return the name under which a bound is passed, such as ``ago_365d`` or ``ahead_14d``."""
    return f"{'ahead' if ahead else 'ago'}_{span.count}{span.unit.value}"


def shift(moment: Moment, span: Span, *, ahead: bool) -> datetime:
    """Return the as-of moved by a span, naive UTC.

    Minutes, hours and days are elapsed time. Months are calendar months of the business zone; a day that the
    target month lacks becomes its last day.
    """
    sign = 1 if ahead else -1
    if span.unit is not Unit.MONTH:
        return moment.as_of + sign * elapsed(span)
    offset = timedelta(minutes=moment.offset_minutes)
    local = moment.as_of + offset
    index = local.year * 12 + local.month - 1 + sign * span.count
    year, month = divmod(index, 12)
    leap = month == 1 and (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0))
    day = min(local.day, _MONTH_DAYS[month] + leap)
    return local.replace(year=year, month=month + 1, day=day) - offset


def elapsed(span: Span) -> timedelta:
    """Return a length of minutes, hours or days; months have none of their own."""
    return span.count * _ELAPSED[span.unit]


def window_spans(window: Window) -> tuple[Span, ...]:
    """Return the spans whose bounds a window needs."""
    return tuple(span for span in (window.start, window.end) if span is not None)


def bound_values(windows: Iterable[Window], moment: Moment) -> dict[str, datetime]:
    """Return every bound of some windows, by name."""
    return {
        bound_name(span, ahead=window.ahead): shift(moment, span, ahead=window.ahead)
        for window in windows
        for span in window_spans(window)
    }


def in_window(window: Window, on: exp.Expr) -> exp.Expr | None:
    """Return the condition that a row's moment lies in the window; None if every row's does."""
    as_of = parameter("as_of")

    def bound(span: Span) -> exp.Expr:
        return parameter(bound_name(span, ahead=window.ahead))

    if window.ahead:
        ahead: list[exp.Expr] = [exp.GTE(this=on.copy(), expression=as_of)]
        if window.start:
            ahead.append(exp.LT(this=on.copy(), expression=bound(window.start)))
        return exp.and_(*ahead, copy=False)
    past: list[exp.Expr] = []
    if window.start:
        past.append(exp.GTE(this=on.copy(), expression=bound(window.start)))
    if window.end:
        past.append(exp.LT(this=on.copy(), expression=bound(window.end)))
    elif window.on != "occurred_at":
        past.append(exp.LT(this=on.copy(), expression=as_of))
    return exp.and_(*past, copy=False) if past else None
