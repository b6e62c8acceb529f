"""Which facts give which parts of the plan other values at a later moment.

A *cause* is a condition on the facts of one kind, with the parts that read such facts so that it
matters to them: facts that are new, corrected, or visible by now, facts that cross the bound of a
window or an age, facts whose age ticked.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlglot import exp

from zhiyan.core.event import ColumnType
from zhiyan.core.expression import Call, Ref, ValueType
from zhiyan.core.kinds import KINDS
from zhiyan.core.measure import Measure, Span, Unit, Window
from zhiyan.lang.bounds import bound_name, shift, window_spans
from zhiyan.lang.calendar import landmark
from zhiyan.lang.catalogue import Catalogue
from zhiyan.lang.check import Name, Scope
from zhiyan.lang.counters import clocked
from zhiyan.lang.crossings import Crossing, Tick
from zhiyan.lang.measure_sql import other_rows
from zhiyan.lang.moment import Moment
from zhiyan.lang.plan import MeasureColumn, Part
from zhiyan.lang.sql import scalar_sql
from zhiyan.pipeline.compute.run import DIALECT, Job

#: (what happens, its details): causes with the same one are one.
_Key = tuple[str, ...]
_AGES = {Tick.DAY: "days_since", Tick.HOUR: "hours_since"}
_FULL = {Tick.DAY: 86_400, Tick.HOUR: 3_600}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A condition on the facts of a kind, and the names of the parts that it touches."""

    kind: str
    condition: exp.Expr
    parts: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The time between two snapshots: the as-of before (``old``) and the job's."""

    old: Moment
    new: Moment

    @classmethod
    def of(cls, job: Job, old: datetime) -> "Step":
        """Return the step from a moment to the job's."""
        before = Moment(as_of=old, offset_minutes=job.zone.offset_minutes)
        return cls(old=before, new=job.clock)

    def reaches_all(self, part: Part) -> bool:
        """Tell whether passing time may change a part for everybody who has rows."""
        seconds = (self.new.as_of - self.old.as_of).total_seconds()
        return (
            Tick.ALWAYS in part.ticks
            or (Tick.MIDNIGHT in part.ticks and self.new.today != self.old.today)
            or any(seconds >= _FULL.get(tick, seconds + 1) for tick in part.ticks)
            or any(landmark(self.old, days) != landmark(self.new, days) for days in part.stretches)
        )


def windows_are_stored(catalogue: Catalogue, part: Part) -> bool:
    """Tell whether the windows of a part run over stored columns, not computed ones."""
    return all(
        isinstance(member.columns.get(c.measure.window.on, Ref("")), Ref)
        for c in part.columns
        for member in catalogue.views[c.measure.source].parts
    )


def causes(job: Job, parts: Sequence[Part]) -> tuple[Cause, ...]:
    """Return the causes that may touch some parts; the same at every refresh."""
    touched: dict[tuple[str, _Key], set[str]] = {}
    for part in parts:
        for kind, key in job.once(("causes", part.name), lambda part=part: _keys(job, part)):
            touched.setdefault((kind, key), set()).add(part.name)
    return tuple(
        Cause(kind=kind, condition=_condition(key), parts=frozenset(names))
        for (kind, key), names in touched.items()
    )


def step_values(job: Job, step: Step) -> dict[str, Any]:
    """Return every value that the conditions of causes, and ``crossed``, may bind."""
    values: dict[str, Any] = {"old": step.old.as_of, "new": step.new.as_of}
    for span, ahead in job.once("crossings", lambda: _crossings(job)):
        bound = bound_name(span, ahead=ahead)
        values[f"old_{bound}"] = shift(step.old, span, ahead=ahead)
        values[f"new_{bound}"] = shift(step.new, span, ahead=ahead)
    return values


def _crossings(job: Job) -> frozenset[Crossing]:
    """Return every bound of a window and every age at which a measure or a tag can turn."""
    columns = [column for part in job.plan.parts for column in part.columns]
    windows = (c.measure.window for c in columns)
    passing = [column.passing for column in columns]
    passing += [tag.passing for tag in clocked(job.catalogue, job.plan).values()]
    ages = {crossing for one in passing for crossing in one.ages}
    return frozenset(ages | {(span, w.ahead) for w in windows for span in window_spans(w)})


def _keys(job: Job, part: Part) -> list[tuple[str, _Key]]:
    """Return (kind, key) of everything that may touch a part."""
    found: dict[tuple[str, _Key], None] = {}
    for column in part.columns:
        for kind in _kinds(job.catalogue, column.measure):
            for key in (("new",), ("corrected",)):
                found[kind, key] = None
            for name in moments(kind):
                for key in (("passed", name), *_timed(column, name)):
                    found[kind, key] = None
        for kind, key in _window_keys(job.catalogue, column.measure):
            found[kind, key] = None
    return list(found)


def _kinds(catalogue: Catalogue, measure: Measure) -> set[str]:
    sources = [measure.source, *(rows.source for rows in other_rows(measure))]
    return {member.kind for name in sources for member in catalogue.views[name].parts}


def _timed(column: MeasureColumn, name: str) -> Iterator[_Key]:
    """Yield the keys of the ages and ticks of a moment."""
    for span, ahead in column.passing.ages:
        yield _crossing(name, (span, ahead))
    for tick in column.passing.ticks & set(_AGES):
        yield ("tick", name, tick.value)


def _window_keys(catalogue: Catalogue, measure: Measure) -> Iterator[tuple[str, _Key]]:
    window: Window = measure.window
    for member in catalogue.views[measure.source].parts:
        node = member.columns.get(window.on, Ref(window.on))
        if isinstance(node, Ref):
            for span in window_spans(window):
                yield member.kind, _crossing(node.name, (span, window.ahead))


def _crossing(name: str, crossing: Crossing) -> _Key:
    span, ahead = crossing
    return ("crossed", name, str(span.count), span.unit.value, "ahead" if ahead else "")


def _condition(key: _Key) -> exp.Expr:
    """Return the condition of a key."""
    match key:
        case ("new",):
            return exp.condition("import_id > $last_import AND occurred_at < $new", dialect=DIALECT)
        case ("corrected",):
            return exp.condition("superseded_at >= $old_known", dialect=DIALECT)
        case ("passed", name):
            return crossed(name)
        case ("tick", name, tick):
            return _ticked(name, Tick(tick))
        case (_, name, count, unit, ahead):
            return crossed(name, (Span(int(count), Unit(unit)), bool(ahead)))
        case _:
            raise AssertionError(key)


def crossed(name: str, crossing: Crossing | None = None) -> exp.Expr:
    """Return the condition that a moment crossed an age between the snapshots, or has passed."""
    if crossing is None:
        return _between(name, "old", "new")
    bound = bound_name(crossing[0], ahead=crossing[1])
    return _between(name, f"old_{bound}", f"new_{bound}")


def _ticked(name: str, tick: Tick) -> exp.Expr:
    """Return the condition that the age of a moment, in whole days or hours, is not what it was."""
    scope = Scope(names={name: Name(type=ValueType.MOMENT)})
    ages: list[exp.Expr] = []
    for bound in ("old", "new"):
        age = scalar_sql(
            Call(_AGES[tick], (Ref(name),)),
            scope,
            lambda column: exp.column(column, quoted=True),
            Moment(as_of=datetime.min, offset_minutes=0),  # noqa: DTZ901 - bound when it runs
        )
        for place in list(age.find_all(exp.Placeholder)):
            place.set("this", bound)
        ages.append(age)
    return exp.NEQ(this=ages[0], expression=ages[1])


def moments(kind: str) -> list[str]:
    """Return the columns of a kind whose passing changes what is visible or due."""
    own = [c.name for c in KINDS[kind].columns if c.type is ColumnType.MOMENT]
    return ["occurred_at", *own]


def _between(name: str, low: str, high: str) -> exp.Expr:
    column = exp.column(name, quoted=True)
    return exp.and_(
        exp.GTE(this=column, expression=exp.Placeholder(this=low)),
        exp.LTE(this=column.copy(), expression=exp.Placeholder(this=high)),
        copy=False,
    )
