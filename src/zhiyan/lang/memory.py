"""Measures in memory: the reference semantics on the rows of one customer.

The evidence card, the flip date and the tests use it; the engines must agree with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from zhiyan.core.expression import Node, Value
from zhiyan.core.measure import Follow, Measure, Rows, Since, Span, Window
from zhiyan.lang.bounds import elapsed, shift
from zhiyan.lang.evaluate import aggregate, evaluate
from zhiyan.lang.measure_sql import reads_back
from zhiyan.lang.moment import Moment
from zhiyan.lang.rows import PART

#: One visible row of a source: occurred_at, tie and the columns read.
Row: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A measure's value and the rows that counted towards it."""

    value: Value
    rows: tuple[Row, ...]


def measure_value(
    measure: Measure,
    rows: Sequence[Row],
    moment: Moment,
    *,
    sources: Mapping[str, Sequence[Row]] | None = None,
) -> Found:
    """Compute a bound measure over one customer's visible rows.

    ``sources`` holds the visible rows of the other sources that the measure reads
    (``measure_sql.other_rows``), by name of the source.
    """
    kept = [dict(row) for row in rows if _counts(measure, row, moment)]
    kept.sort(key=_place)
    others = _Others(sources or {}, moment)
    if measure.since:
        kept = _since(kept, measure.since, others)
    if measure.latest is not None and not measure.grouped:
        kept = kept[-_count(measure.latest) :]
    if reads_back(measure):
        _look_back(kept, measure.per)
    if measure.follow:
        _look_ahead(kept, measure.follow, others)
    groups: Sequence[Row] = kept
    if measure.grouped:
        groups = _groups(measure, kept, moment)
    value = aggregate(measure.aggregate, groups, moment)
    return Found(value=measure.empty.value if value is None else value, rows=tuple(kept))


def _place(row: Row) -> tuple[Any, ...]:
    return (row["occurred_at"], str(row["tie"]), row.get(PART, 0))


def _count(node: Node) -> int:
    return int(getattr(node, "value", 0))


@dataclass(frozen=True, slots=True)
class _Others:
    """Rows of other sources, by source."""

    sources: Mapping[str, Sequence[Row]]
    moment: Moment

    def moments(self, rows: Rows) -> list[datetime]:
        """Return when the wanted rows of a source occurred, in order."""
        where = rows.where
        return sorted(
            row["occurred_at"]
            for row in self.sources[rows.source]
            if where is None or evaluate(where, row, self.moment) is True
        )


def _since(kept: list[dict[str, Any]], since: Since, others: _Others) -> list[dict[str, Any]]:
    anchors = others.moments(since.rows)
    if not anchors:
        return kept if since.never == "all" else []
    return [row for row in kept if row["occurred_at"] > anchors[-1]]


def _look_ahead(kept: list[dict[str, Any]], follow: Follow, others: _Others) -> None:
    later = others.moments(Rows(source=follow.source, where=follow.where))
    barriers = others.moments(follow.without) if follow.without else []
    for row in kept:
        at = row["occurred_at"]
        came = next((moment for moment in later if moment > at), None)
        barrier = next((moment for moment in barriers if moment > at), None)
        in_time = came is not None and came <= at + elapsed(follow.within)
        clear = came is not None and (barrier is None or barrier >= came)
        row["followed"] = in_time and clear
        row["followed_at"] = came if in_time and clear else None


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


def _groups(measure: Measure, kept: Sequence[Row], moment: Moment) -> list[Row]:
    if measure.session:
        groups = _sessions(measure, measure.session, kept, moment=moment)
    else:
        groups = _bundles(measure, kept, moment)
    if measure.having:
        groups = [g for g in groups if evaluate(measure.having, g, moment) is True]
    if measure.latest is None:
        return groups
    keyed = sorted(groups, key=lambda g: tuple(g[key] for key in measure.per))
    newest = sorted(keyed, key=lambda g: g["occurred_at"], reverse=True)
    return newest[: _count(measure.latest)]


def _sessions(measure: Measure, pause: Span, kept: Sequence[Row], *, moment: Moment) -> list[Row]:
    members: list[list[Row]] = []
    for row in kept:
        if not members or row["occurred_at"] > members[-1][-1]["occurred_at"] + elapsed(pause):
            members.append([])
        members[-1].append(row)
    return [
        {
            "started_at": rows[0]["occurred_at"],
            "ended_at": rows[-1]["occurred_at"],
            "occurred_at": rows[-1]["occurred_at"],
            **{name: aggregate(node, rows, moment) for name, node in measure.inner},
        }
        for rows in members
    ]


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
