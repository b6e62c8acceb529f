"""Measures in memory: the reference semantics on the rows of one customer.

The evidence card, the flip date and the tests use it; the engines must agree with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from zhiyan.core.expression import Value
from zhiyan.core.measure import Follow, Measure, Span, Unit, Window
from zhiyan.lang.bounds import shift
from zhiyan.lang.evaluate import aggregate, evaluate
from zhiyan.lang.measure_sql import reads_back
from zhiyan.lang.moment import Moment

#: One visible row of a source: occurred_at, tie and the columns read.
Row: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A measure's value and the rows that counted towards it."""

    value: Value
    rows: tuple[Row, ...]


def measure_value(
    measure: Measure, rows: Sequence[Row], moment: Moment, *, later: Sequence[Row] = ()
) -> Found:
    """Compute a bound measure over one customer's visible rows.

    ``later`` are the visible rows of the source that may follow, if the measure has ``follow``.
    """
    kept = [dict(row) for row in rows if _counts(measure, row, moment)]
    kept.sort(key=lambda row: (row["occurred_at"], str(row["tie"])))
    if reads_back(measure):
        _look_back(kept, measure.per)
    if measure.follow:
        for row in kept:
            row["followed"] = _is_followed(row, measure.follow, later, moment=moment)
    groups: Sequence[Row] = kept
    if measure.per:
        groups = _bundles(measure, kept, moment)
        if measure.having:
            groups = [g for g in groups if evaluate(measure.having, g, moment) is True]
    value = aggregate(measure.aggregate, groups, moment)
    return Found(value=measure.empty.value if value is None else value, rows=tuple(kept))


def in_window(window: Window, on: datetime | None, moment: Moment) -> bool:
    """Tell whether a moment lies in a window."""
    if on is None:
        return window.on == "occurred_at"
    if window.ahead:
        return moment.as_of <= on and (
            window.start is None or on < shift(moment, window.start, ahead=True)
        )
    if window.start and on < shift(moment, window.start, ahead=False):
        return False
    if window.end:
        return on < shift(moment, window.end, ahead=False)
    return window.on == "occurred_at" or on < moment.as_of


def _counts(measure: Measure, row: Row, moment: Moment) -> bool:
    if any(row[key] is None for key in measure.per):
        return False
    on = row[measure.window.on]
    if on is None and measure.window != Window():
        return False
    if not in_window(measure.window, on, moment):
        return False
    return measure.where is None or evaluate(measure.where, row, moment) is True


def _look_back(kept: list[dict[str, Any]], per: tuple[str, ...]) -> None:
    last: dict[tuple[Any, ...], datetime] = {}
    for row in kept:
        key = tuple(row[name] for name in per)
        row["previous_at"] = last.get(key)
        last[key] = row["occurred_at"]


def _is_followed(row: Row, follow: Follow, later: Sequence[Row], *, moment: Moment) -> bool:
    end = row["occurred_at"] + _length(follow.within)
    return any(
        row["occurred_at"] < other["occurred_at"] <= end
        and (follow.where is None or evaluate(follow.where, other, moment) is True)
        for other in later
    )


def _length(span: Span) -> timedelta:
    return timedelta(hours=span.count) if span.unit is Unit.HOUR else timedelta(days=span.count)


def _bundles(measure: Measure, kept: Sequence[Row], moment: Moment) -> list[Row]:
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in kept:
        groups.setdefault(tuple(row[key] for key in measure.per), []).append(row)
    return [
        {
            **dict(zip(measure.per, key, strict=True)),
            **{name: aggregate(node, members, moment) for name, node in measure.inner},
        }
        for key, members in groups.items()
    ]
