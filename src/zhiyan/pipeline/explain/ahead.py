"""The first day ahead on which a tag's value differs, if no new fact comes.

How other customers move is not foretold: from the day on which it may decide the value, nothing is.

Every day is looked at, but on most days nothing can differ: a measure stands still until one of its
rows crosses a bound of its window or an age that it compares, a rule until something that it reads
differs. Only what truly follows the clock is told anew day by day.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise

from zhiyan.core.evidence import Flip
from zhiyan.core.expression import Call, Node, Value, names
from zhiyan.core.measure import Measure, Span
from zhiyan.lang.bounds import shift, window_spans
from zhiyan.lang.calendar import landmark
from zhiyan.lang.catalogue import Catalogue
from zhiyan.lang.crossings import measure_passing
from zhiyan.lang.evaluate import evaluate
from zhiyan.lang.measure_sql import other_rows
from zhiyan.lang.memory import Row
from zhiyan.lang.moment import Moment
from zhiyan.lang.tag_sql import VALID
from zhiyan.lang.volatile import is_volatile, reads_clock
from zhiyan.pipeline.explain.fold import folded
from zhiyan.pipeline.explain.others import depends_on_others
from zhiyan.pipeline.explain.reading import Reading
from zhiyan.pipeline.explain.replay import Replay, Rule


@dataclass(slots=True, kw_only=True)
class _Step:
    """A rule as one expression, what it reads that moves, and what it was last told from.

    ``compared`` is the rule as others may decide it, None if they never can. ``inputs`` are the tags that it reads, ``moving`` the names that may differ any day, ``ticks``
    that the rule itself looks at the clock. ``still`` is the rule with all else worked out, None
    when that has to be done again.
    """

    rule: Rule
    node: Node
    compared: Node | None
    readings: tuple[Reading, ...]
    inputs: frozenset[str]
    moving: frozenset[str]
    ticks: bool
    own: dict[str, Value] = field(default_factory=dict[str, Value])
    still: Node | None = None

    @property
    def days(self) -> frozenset[int]:
        """The days on which a measure crosses a bound."""
        return frozenset(day for reading in self.readings for day in reading.days)

    @property
    def daily(self) -> bool:
        """Whether time alone may change it any day."""
        return self.ticks or any(reading.ticks for reading in self.readings)


class _Bounds:
    """The as-of of each day ahead, moved by spans; each list is made once."""

    def __init__(self, moment: Moment, horizon_days: int) -> None:
        self.moments = [
            Moment(as_of=moment.as_of + timedelta(days=day), offset_minutes=moment.offset_minutes)
            for day in range(horizon_days + 1)
        ]
        self._known: dict[tuple[Span | None, bool], list[datetime]] = {}

    def of(self, span: Span | None, *, ahead: bool = False) -> list[datetime]:
        """Return the as-of of every day moved by a span, in order."""
        key = (span, ahead)
        if key not in self._known:
            self._known[key] = [
                moment.as_of if span is None else shift(moment, span, ahead=ahead)
                for moment in self.moments
            ]
        return self._known[key]

    def landmarks(self, stretches: Iterable[int]) -> set[int]:
        """Return the days on which a stretch of so many days, of some lengths, begins."""
        return {
            day
            for days in stretches
            for day, (old, new) in enumerate(pairwise(self.moments), 1)
            if landmark(old, days) != landmark(new, days)
        }

    def crossings(self, moments: Iterable[datetime], bound: list[datetime]) -> set[int]:
        """Return the days on which a bound reaches or passes one of some moments."""
        found: set[int] = set()
        for moment in moments:
            found.update((bisect_left(bound, moment), bisect_right(bound, moment)))
        return found - {0, len(bound)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """The first day on which a value differs, or from which on others may decide it.

    At most one of the two is known; neither: the value stays as it is within the horizon.
    """

    flip: Flip | None = None
    others_from: datetime | None = None


def outlook(replay: Replay, catalogue: Catalogue, code: str, *, at: tuple[Moment, int]) -> Outlook:
    """Return what is ahead of a tag's value if no new fact comes.

    ``at`` is the moment of the card and how many days ahead are looked at.
    """
    moment, horizon_days = at
    values = replay.values(moment)
    now = values[code]
    bounds = _Bounds(moment, horizon_days)
    steps = _steps(replay, catalogue, bounds, values=values)
    unsure: set[str] = set()
    for step in steps:
        _doubt(step, moment, values=values, unsure=unsure)
    if code in unsure:
        return Outlook(others_from=moment.as_of)
    for day in _days(steps, horizon_days):
        changed: set[str] = set()
        for step in steps:
            ahead = bounds.moments[day]
            told = _turn(step, replay, (day, ahead), values=values, changed=changed)
            if told and _doubt(step, ahead, values=values, unsure=unsure):
                changed.add(step.rule.tag.code)
        if code in unsure:
            return Outlook(others_from=bounds.moments[day].as_of)
        if values[code] != now:
            return Outlook(flip=Flip(at=bounds.moments[day].as_of, value=values[code]))
    return Outlook()


def _days(steps: Sequence[_Step], horizon_days: int) -> Sequence[int]:
    """Return the days ahead on which anything can differ, in order."""
    if any(step.daily for step in steps):
        return range(1, horizon_days + 1)
    return sorted({day for step in steps for day in step.days})


def _doubt(step: _Step, moment: Moment, *, values: Mapping[str, Value], unsure: set[str]) -> bool:
    """Note whether others may decide a rule now; return whether that differs from before."""
    code = step.rule.tag.code
    if step.compared is None:
        return False
    row = {**values, **step.own}
    shut = step.rule.gated and VALID not in unsure and values.get(VALID) is not True
    open_ = not shut and (
        (step.rule.gated and VALID in unsure)
        or depends_on_others(step.compared, row, moment, unsure=unsure - set(step.own))
    )
    differs = open_ is not (code in unsure)
    (unsure.add if open_ else unsure.discard)(code)
    return differs


def _turn(
    step: _Step,
    replay: Replay,
    at: tuple[int, Moment],
    *,
    values: dict[str, Value],
    changed: set[str],
) -> bool:
    """Tell a rule anew for a day if anything that it reads differs; return whether it was told."""
    moment = at[1]
    differs = (step.inputs & changed) | _measured(step, replay, at)
    if not (differs or step.ticks):
        return False
    if not differs <= step.moving:
        step.still = None
    row = {**values, **step.own}
    if step.rule.gated and values.get(VALID) is not True:
        value = None
    else:
        if step.still is None:
            step.still = folded(step.node, row, moment, moving=step.moving)
        value = evaluate(step.still, row, moment)
    if value != values[step.rule.tag.code]:
        values[step.rule.tag.code] = value
        changed.add(step.rule.tag.code)
    return True


def _measured(step: _Step, replay: Replay, at: tuple[int, Moment]) -> set[str]:
    """Tell the measures anew that may differ on a day; return the names of those that do."""
    day, moment = at
    differs: set[str] = set()
    for reading in step.readings:
        if reading.ticks or day in reading.days:
            value = reading.value(day, moment, sources=replay.rows)
            if value != step.own[reading.measure.name]:
                step.own[reading.measure.name] = value
                differs.add(reading.measure.name)
    return differs


def _steps(
    replay: Replay, catalogue: Catalogue, bounds: _Bounds, *, values: Mapping[str, Value]
) -> list[_Step]:
    """Return the rules in order, told for the moment of the card."""
    restless: set[str] = set()
    comparing: set[str] = set()
    steps: list[_Step] = []
    moment = bounds.moments[0]
    for rule in replay.rules:
        own = {m.name: replay.found(rule, m, moment).value for m in rule.measures}
        gate = frozenset({VALID} if rule.gated else ())
        readings = tuple(_reading(replay, catalogue, m, bounds=bounds) for m in rule.measures)
        node = rule.node
        compared = rule.comparing
        if compared is None and (names(node) | gate) & comparing:
            compared = node
        inputs = (names(compared or node) - set(own)) & set(values)
        ticking = {reading.measure.name for reading in readings if reading.ticks}
        step = _Step(
            rule=rule,
            node=node,
            compared=compared,
            readings=readings,
            inputs=inputs | gate,
            moving=frozenset(ticking | (inputs & restless)),
            ticks=reads_clock(compared or node),
            own=own,
        )
        if step.ticks or step.moving or (step.inputs & restless):
            restless.add(rule.tag.code)
        if compared is not None:
            comparing.add(rule.tag.code)
        steps.append(step)
    return steps


def _reading(replay: Replay, catalogue: Catalogue, measure: Measure, *, bounds: _Bounds) -> Reading:
    """Return a measure with the rows that pass all conditions that time does not change."""
    rows, where = replay.rows[measure.source], measure.where
    moment = bounds.moments[0]
    conditions = _conditions(where) if where else ()
    fixed = [node for node in conditions if not reads_clock(node)]
    kept = [row for row in rows if all(evaluate(n, row, moment) is True for n in fixed)]
    rest = tuple(node for node in conditions if reads_clock(node))
    reduced = replace(measure, where=Call("and", rest) if len(rest) > 1 else next(iter(rest), None))
    window = measure.window
    days = {
        day
        for span in (*window_spans(window), None)
        for day in bounds.crossings(
            (row[window.on] for row in kept if row[window.on]),
            bounds.of(span, ahead=window.ahead),
        )
    }
    ticks = False
    if kept and is_volatile(measure):
        passing = measure_passing(measure, catalogue)
        ticks = bool(passing.ticks)
        days |= bounds.landmarks(passing.stretches)
        moments = _moments(replay, measure, kept) if not ticks else set[datetime]()
        for span, ahead in ((None, False), *passing.ages):
            days |= bounds.crossings(moments, bounds.of(span, ahead=ahead))
    return Reading(measure=reduced, rows=kept, days=frozenset(days), ticks=ticks)


def _conditions(where: Node) -> tuple[Node, ...]:
    """Return the conditions all of which must be true."""
    if isinstance(where, Call) and where.op == "and":
        return tuple(part for arg in where.args for part in _conditions(arg))
    return (where,)


def _moments(replay: Replay, measure: Measure, kept: Sequence[Row]) -> set[datetime]:
    """Return every moment in the rows that a measure may compare with the clock."""
    others = (row for other in other_rows(measure) for row in replay.rows[other.source])
    return {
        value
        for rows in (kept, others)
        for row in rows
        for value in row.values()
        if isinstance(value, datetime)
    }
