"""Plan: the whole catalogue as few fused statements per source.

A *column* is one distinct measure (two tags that ask the same share it). A *part* is one statement
that computes all columns of one source that can share a scan: every plain aggregate of a source is
one part; measures that group twice, look back or look ahead have a part for each distinct shape.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sqlglot import exp

from zhiyan.core.expression import Call, Literal, Node
from zhiyan.core.measure import Measure, Rows, Window
from zhiyan.lang.catalogue import Catalogue
from zhiyan.lang.check import bind
from zhiyan.lang.crossings import Passing, Tick, measure_passing
from zhiyan.lang.measure_sql import is_shaped, part_query, reads_back
from zhiyan.lang.rows import Frame
from zhiyan.lang.term import DATA_TYPES, literal_sql

#: What aggregates give over no rows; all others give null.
_OVER_NOTHING = {
    "any": False, "count": 0, "count_distinct": 0, "streak": 0, "longest_streak": 0,
    "longest_run": 0, "latest_run": 0,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureColumn:
    """One distinct measure and the column that holds it; parameters are bound.

    ``passing`` is what time alone does to it.
    """

    name: str
    measure: Measure
    passing: Passing

    @property
    def empty(self) -> Literal:
        """The value without rows: as declared, else what the aggregate gives."""
        node, declared = self.measure.aggregate, self.measure.empty
        if declared.value is None and isinstance(node, Call) and node.op in _OVER_NOTHING:
            return Literal(_OVER_NOTHING[node.op], self.measure.type)
        return declared

    def filled(self, table: str) -> exp.Expr:
        """Return the column of a table, with the value without rows where there is none."""
        value: exp.Expr = exp.column(self.name, table=table, quoted=True)
        if self.empty.value is not None:
            value = exp.func("coalesce", value, literal_sql(self.empty.value, self.empty.type))
        return exp.cast(value, DATA_TYPES[self.measure.type], copy=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One statement: a row per customer who has rows, with the columns of one shape."""

    name: str
    source: str
    columns: tuple[MeasureColumn, ...]

    @property
    def ticks(self) -> frozenset[Tick]:
        """How its measures follow the clock, the same for all of them."""
        return self.columns[0].passing.ticks

    @property
    def stretches(self) -> frozenset[int]:
        """The stretches of days at whose ends any of its measures may turn."""
        return frozenset(days for column in self.columns for days in column.passing.stretches)

    def query(self, frame: Frame) -> exp.Query:
        """Return the query: customer_id and the columns."""
        return part_query(frame, [(column.name, column.measure) for column in self.columns])


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The parts of a catalogue; ``columns`` maps (tag code, measure name) to a column name."""

    parts: tuple[Part, ...]
    columns: Mapping[tuple[str, str], str]

    @property
    def windows(self) -> tuple[Window, ...]:
        """Return every window that any part reads."""
        return tuple(dict.fromkeys(c.measure.window for part in self.parts for c in part.columns))


def bind_measure(measure: Measure, literals: Mapping[str, Node]) -> Measure:
    """Replace the parameters in every expression of a measure by their values."""

    def bound(node: Node | None) -> Node | None:
        return None if node is None else bind(node, literals)

    def bound_rows(rows: Rows | None) -> Rows | None:
        return rows and replace(rows, where=bound(rows.where))

    follow = measure.follow and replace(
        measure.follow,
        where=bound(measure.follow.where),
        without=bound_rows(measure.follow.without),
    )
    since = measure.since and replace(
        measure.since, rows=bound_rows(measure.since.rows) or measure.since.rows
    )
    return replace(
        measure,
        aggregate=bind(measure.aggregate, literals),
        where=bound(measure.where),
        inner=tuple((name, bind(node, literals)) for name, node in measure.inner),
        having=bound(measure.having),
        follow=follow,
        since=since,
        latest=bound(measure.latest),
    )


def make_plan(catalogue: Catalogue) -> Plan:
    """Put the measures of all tags into as few statements as can be."""
    distinct, columns = measure_columns(catalogue)
    shapes: dict[tuple[object, ...], list[MeasureColumn]] = {}
    for found in distinct:
        shapes.setdefault(_shape(found), []).append(found)
    parts = tuple(
        Part(
            name=f"part_{number}",
            source=group[0].measure.source,
            columns=tuple(group),
        )
        for number, group in enumerate(shapes.values())
    )
    return Plan(parts=parts, columns=columns)


def measure_columns(
    catalogue: Catalogue, asked: Mapping[str, Iterable[Measure]] | None = None
) -> tuple[list[MeasureColumn], dict[tuple[str, str], str]]:
    """Return distinct measures, and the column of each one asked for (tag code, measure name).

    ``asked`` are measures by who asks for them; without, those of all tags.
    """
    columns: dict[tuple[str, str], str] = {}
    distinct: dict[Measure, MeasureColumn] = {}
    literals = catalogue.literals
    if asked is None:
        asked = {code: tag.measures for code, tag in catalogue.tags.items()}
    for code, measures in asked.items():
        for measure in measures:
            bound = bind_measure(measure, literals)
            key = replace(bound, name="")
            if key not in distinct:
                name = f"{code}__{measure.name}"
                passing = measure_passing(bound, catalogue)
                distinct[key] = MeasureColumn(name=name, measure=bound, passing=passing)
            columns[code, measure.name] = distinct[key].name
    return list(distinct.values()), columns


def _shape(found: MeasureColumn) -> tuple[object, ...]:
    """Return what measures must have in common to share one statement."""
    measure = found.measure
    if not is_shaped(measure):
        return (measure.source, found.passing.ticks)
    return (
        measure.source, found.passing.ticks, measure.where, measure.window, measure.per,
        measure.follow, measure.having, reads_back(measure), measure.since, measure.latest,
        measure.session, *(measure.inner if measure.grouped else ()),
    )  # fmt: skip
