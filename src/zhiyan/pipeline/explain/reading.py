"""A measure told day after day over the same rows.

Which rows count is asked again only when one of them crosses a bound. On all other days they are
aggregated by what the clock says of each row: all else about a row is worked out once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from zhiyan.core.expression import Call, Node, Ref, Value
from zhiyan.core.measure import LIFETIME, Measure
from zhiyan.lang.evaluate import aggregate, evaluate
from zhiyan.lang.measure_sql import is_shaped, reads_back
from zhiyan.lang.memory import Row, measure_value
from zhiyan.lang.moment import Moment
from zhiyan.pipeline.explain.fold import folded


@dataclass(slots=True, kw_only=True)
class Reading:
    """A bound measure over the rows that can count.

    ``days``: on these, which rows count may differ, and what a comparison with the clock gives.
    ``ticks``: what a row adds may differ any day. ``counted`` are the rows that count, each with
    the arguments of the aggregates worked out as far as the clock allows; None: not known.
    """

    measure: Measure
    rows: Sequence[Row]
    days: frozenset[int]
    ticks: bool
    counted: list[tuple[Row, Mapping[str, Node]]] | None = field(default=None, init=False)
    _quick: Measure | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if self.ticks:
            self._quick = _with_arguments(self.measure)

    def value(self, day: int, moment: Moment, *, sources: Mapping[str, Sequence[Row]]) -> Value:
        """Return the value at a day; ``sources`` are the rows of all sources, by name."""
        if self._quick and self.counted is not None and day not in self.days:
            return _told(self._quick, self.counted, moment)
        found = measure_value(self.measure, self.rows, moment, sources=sources)
        if self._quick:
            self.counted = [(row, _arguments(self.measure, row, moment)) for row in found.rows]
        return found.value


def _calls(measure: Measure) -> list[Call]:
    """Return the aggregates over rows."""
    nodes = [node for _, node in measure.inner] if measure.grouped else [measure.aggregate]
    return [node for node in nodes if isinstance(node, Call)]


def _name(call: int, argument: int) -> str:
    return f"argument {argument} of {call}"


def _arguments(measure: Measure, row: Row, moment: Moment) -> dict[str, Node]:
    return {
        _name(number, place): folded(arg, row, moment, moving=())
        for number, call in enumerate(_calls(measure))
        for place, arg in enumerate(call.args)
    }


def _with_arguments(measure: Measure) -> Measure | None:
    """Return a measure that reads its arguments by name, and counts every row that it is given.

    None where rows are looked at together before they are aggregated, or the clock chooses them.
    """
    together = reads_back(measure) or measure.follow or measure.since or measure.session
    if together or measure.where is not None or (is_shaped(measure) and not measure.grouped):
        return None
    calls = [
        Call(call.op, tuple(Ref(_name(number, place)) for place in range(len(call.args))))
        for number, call in enumerate(_calls(measure))
    ]
    if not measure.grouped:
        return replace(measure, window=LIFETIME, aggregate=calls[0])
    inner = tuple((name, call) for (name, _), call in zip(measure.inner, calls, strict=True))
    return replace(measure, window=LIFETIME, inner=inner)


def _told(
    quick: Measure, counted: Sequence[tuple[Row, Mapping[str, Node]]], moment: Moment
) -> Value:
    """Return the value of rows that all count, their arguments waiting for the clock alone."""
    rows: list[dict[str, Any]] = [
        {**row, **{name: evaluate(node, {}, moment) for name, node in arguments.items()}}
        for row, arguments in counted
    ]
    if quick.grouped:
        return measure_value(quick, rows, moment).value
    value = aggregate(quick.aggregate, rows, moment)
    return quick.empty.value if value is None else value
