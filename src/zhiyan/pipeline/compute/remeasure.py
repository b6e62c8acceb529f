"""Rows of measures of a refresh: parts are computed again for whom they were touched, and compared.

Facts of the touched are put aside first, one scan per kind, so that every part reads few rows. A row
of a strip is written anew for whom one of its measures differs.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from sqlglot import exp

from zhiyan.core.kinds import KINDS
from zhiyan.lang.bounds import named
from zhiyan.lang.plan import MeasureColumn, Part
from zhiyan.lang.term import DATA_TYPES, literal_sql
from zhiyan.pipeline.compute.full import (
    BUNDLE,
    Chunk,
    chunks,
    filling,
    joined,
    make_parts,
    within,
)
from zhiyan.pipeline.compute.generation import Generation, born_next, seen_by
from zhiyan.pipeline.compute.run import Job, Template, create_as, drop, template, union
from zhiyan.pipeline.compute.strips import Layout, Strip
from zhiyan.pipeline.compute.touched import MEMBERS, Touched
from zhiyan.ports import Statement

ID = "customer_id"
#: Temporary tables, a row per customer: what time changes for all, who may get a new row.
FOLLOWING, REPLACED = "following", "replaced"
SLICE = "slice_"
Names: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _PartStatement:
    """The statement of a part over slices, and the columns that it reads of each kind."""

    template: Template
    reads: Mapping[str, frozenset[str]]


def measured(strip: Strip) -> str:
    """Return the temporary table of the new rows of measures of a strip, a row per customer."""
    return f"measured_{strip.name}"


def remeasure(job: Job, touched: Touched, place: Generation) -> None:
    """Make the new rows of measures of each strip: of everybody for whom one of them differs."""
    parts = [part for part in job.plan.parts if part.name in touched.parties]
    _make_touched(job, parts, touched.parties)
    with job.timed("measures of all"):
        make_parts(job, touched.everybody, "identity.assignment")
    for strip in Layout.of(job).strips:
        rows = _Rows(
            strip=strip,
            parts=tuple(part for part in strip.parts if part.name in touched.parties),
            everybody=tuple(part for part in strip.parts if part in touched.everybody),
            place=place,
        )
        with job.timed("measures of all"):
            _make(
                job, FOLLOWING, partial(rows.following, touched), key=(rows.names, touched.resolved)
            )
            drop(job.engine, *(part.name for part in rows.everybody))
        with job.timed("new measures"):
            tables = tuple(sorted({touched.parties[part.name] for part in rows.parts}))
            made = partial(rows.replaced, tables)
            _make(job, REPLACED, made, key=(place.number, rows.names, tables), **place.numbers)
            for chunk in chunks(job, REPLACED):
                job.engine.run(rows.filling(job, chunk))
        drop(job.engine, FOLLOWING, REPLACED, *(part.name for part in rows.parts))


def _make_touched(job: Job, parts: Sequence[Part], parties: Mapping[str, str]) -> None:
    """Compute the touched parts, each for its customers; everyone of them gets a row."""
    made = {
        part.name: job.once(
            ("part", part.name, parties[part.name]),
            lambda part=part: _part_statement(job, part, parties[part.name]),
        )
        for part in parts
    }
    values = job.values
    with job.timed("facts of the touched"):
        kinds = _slices(made, parties)
        for kind, (columns, readers) in kinds.items():
            made_of = partial(_slice, kind, columns, readers)
            _make(job, f"{SLICE}{kind}", made_of, key=(columns, readers))
    for part in parts:
        with job.timed(f"source {part.source}"):
            job.engine.run(made[part.name].template.bind(values))
    drop(job.engine, *(f"{SLICE}{kind}" for kind in kinds))


def _part_statement(job: Job, part: Part, parties: str) -> _PartStatement:
    query = part.query(job.frame(parties, SLICE))
    reads: dict[str, set[str]] = {}
    for rows in query.find_all(exp.Select):
        source = rows.args.get("from_")
        table = source.this if source else None
        if isinstance(table, exp.Table) and table.name.startswith(SLICE):
            own = {c.name for c in rows.find_all(exp.Column) if c.table == table.alias}
            reads.setdefault(table.name.removeprefix(SLICE), set()).update(own)
    customers = exp.select(ID).distinct().from_(parties).subquery("customer")
    values = [named(column.filled("found"), column.name) for column in part.columns]
    rows = exp.select(f"customer.{ID}", *values, copy=False).from_(customers)
    rows = rows.join(
        query.subquery("found"), on=f"found.{ID} = customer.{ID}", join_type="left", copy=False
    )
    return _PartStatement(
        template(create_as(part.name, rows, temporary=True)),
        {kind: frozenset(own) for kind, own in reads.items()},
    )


def _slices(
    made: Mapping[str, _PartStatement], parties: Mapping[str, str]
) -> dict[str, tuple[Names, Names]]:
    """Return for each kind the columns that some touched parts read of it, and of which parties."""
    columns: dict[str, set[str]] = {}
    readers: dict[str, set[str]] = {}
    for name, part in made.items():
        for kind, own in part.reads.items():
            columns.setdefault(kind, {"party_id"}).update(own)
            readers.setdefault(kind, set()).add(parties[name])
    return {
        kind: (tuple(sorted(columns[kind])), tuple(sorted(readers[kind])))
        for kind in sorted(columns, key=list(KINDS).index)
    }


def _slice(kind: str, columns: Names, readers: Names) -> exp.Query:
    """Return some columns of the facts of a kind of everybody in some tables of parties."""
    wanted = union([exp.select("party_id").from_(table) for table in readers], distinct=True)
    rows = exp.select(*(exp.column(name, quoted=True) for name in columns))
    inside = exp.In(this=exp.column("party_id"), query=exp.Subquery(this=wanted))
    return rows.from_(f"event.{kind}").where(inside, copy=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """The rows of measures of one strip: ``parts`` are told anew for some, others for everybody.

    The snapshot before is ``place``.
    """

    strip: Strip
    parts: tuple[Part, ...]
    everybody: tuple[Part, ...]
    place: Generation

    @property
    def names(self) -> tuple[Names, Names]:
        """The names of its parts: those for some, those for everybody."""
        some, all_ = (tuple(part.name for part in one) for one in (self.parts, self.everybody))
        return some, all_

    def following(self, touched: Touched) -> exp.Query:
        """Return everybody with what time changes for all; without such, who may be new."""
        if self.everybody or not touched.resolved:
            return joined(self.everybody, "identity.assignment")
        return exp.select(ID).distinct().from_(MEMBERS)

    def replaced(self, tables: Names) -> exp.Query:
        """Return everybody whose measures may differ: touched, new, or moved by time.

        The touched are in some tables of parties.
        """
        differs = [
            differ(exp.column(c.name, table=FOLLOWING, quoted=True), _old(c))
            for part in self.everybody
            for c in part.columns
        ]
        moved = (
            exp.select(f"{FOLLOWING}.{ID}")
            .from_(FOLLOWING)
            .join(self._before(), on=f"old.{ID} = {FOLLOWING}.{ID}", join_type="left")
            .where(exp.or_(f"old.{ID} IS NULL", *differs, copy=False), copy=False)
        )
        return union([*(exp.select(ID).from_(name) for name in tables), moved], distinct=True)

    def filling(self, job: Job, chunk: Chunk) -> Statement:
        """Return the statement that puts the rows that differ into their table."""
        table = measured(self.strip)
        key = (table, self.place.number, self.names, chunk)
        written = job.written(key, lambda: filling(table, self.measured(chunk), chunk))
        return written.bind(self.place.numbers)

    def measured(self, chunk: Chunk) -> exp.Query:
        """Return the rows that differ: told anew where touched, else taken over, empty for the new."""
        bundles = {
            f"bundle_{first}": self.parts[first : first + BUNDLE]
            for first in range(0, len(self.parts), BUNDLE)
        }
        query = _replaced_of(chunk).join(FOLLOWING, on=f"{FOLLOWING}.{ID} = {REPLACED}.{ID}")
        query = query.join(self._before(), on=f"old.{ID} = {REPLACED}.{ID}", join_type="left")
        where: dict[str, str] = {}
        for name, some in bundles.items():
            where |= {part.name: name for part in some}
            query = query.join(
                _bundle(some, chunk).subquery(name), on=f"{name}.{ID} = {REPLACED}.{ID}", copy=False
            )
        differs: list[exp.Expr] = [exp.condition(f"old.{ID} IS NULL")]
        for part in self.strip.parts:
            for column in part.columns:
                value = _taken_over(column)
                if part in self.everybody:
                    value = exp.column(column.name, table=FOLLOWING, quoted=True)
                    differs.append(differ(value, _old(column)))
                elif bundle := where.get(part.name):
                    there = exp.column(f"in_{part.name}", table=bundle)
                    now = exp.column(column.name, table=bundle, quoted=True)
                    value = exp.Case(ifs=[exp.If(this=there, true=now)], default=value)
                    differs.append(exp.and_(there.copy(), differ(now, _old(column))))
                query = query.select(named(value, column.name), copy=False)
        return query.select(*born_next(), copy=False).where(exp.or_(*differs), copy=False)

    def _before(self) -> exp.Subquery:
        """Return the rows of the snapshot before as ``old``."""
        rows = exp.select("*").from_(self.place.measures(self.strip.name))
        return rows.where(seen_by("before")).subquery("old")


def _replaced_of(chunk: Chunk) -> exp.Select:
    rows = exp.select(ID).from_(REPLACED).where(within(chunk))
    return exp.select(f"{REPLACED}.{ID}").from_(rows.subquery(REPLACED))


def _bundle(parts: Sequence[Part], chunk: Chunk) -> exp.Select:
    """Return a row per customer who is replaced, with the measures of some parts if touched there."""
    query = _replaced_of(chunk)
    for part in parts:
        query = query.join(
            part.name, on=f"{part.name}.{ID} = {REPLACED}.{ID}", join_type="left", copy=False
        )
        there = exp.column(ID, table=part.name).is_(exp.null()).not_()
        columns = [exp.column(c.name, table=part.name, quoted=True) for c in part.columns]
        query = query.select(named(there, f"in_{part.name}"), *columns, copy=False)
    return query


def _taken_over(column: MeasureColumn) -> exp.Expr:
    """Return a measure of the snapshot before; as over no rows for whom it did not know."""
    value = _old(column)
    if column.empty.value is None:
        return value
    unknown = exp.column(ID, table="old").is_(exp.null())
    nothing = exp.cast(
        literal_sql(column.empty.value, column.empty.type), DATA_TYPES[column.measure.type]
    )
    return exp.Case(ifs=[exp.If(this=unknown, true=nothing)], default=value)


def _old(column: MeasureColumn) -> exp.Expr:
    return exp.column(column.name, table="old", quoted=True)


def differ(one: exp.Expr, other: exp.Expr) -> exp.Expr:
    """Return the condition that two values are not the same; two nulls are."""
    return exp.NullSafeNEQ(this=one.copy(), expression=other)


def _make(
    job: Job, table: str, query: Callable[[], exp.Query], *, key: Hashable, **values: int
) -> None:
    """Make a temporary table by a query that is the same for a key."""
    written = job.written((table, key), lambda: create_as(table, query(), temporary=True))
    job.engine.run(written.bind(values))
