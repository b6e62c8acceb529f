"""A snapshot from nothing but events, catalogue and as-of."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from zhiyan.core.expression import Call, Literal
from zhiyan.core.snapshot import Manifest
from zhiyan.lang.bounds import named
from zhiyan.lang.plan import MeasureColumn, Part
from zhiyan.lang.tag_sql import tag_query, with_tags
from zhiyan.lang.term import DATA_TYPES, literal_sql
from zhiyan.pipeline.compute.generation import Layout, fresh_generation, keep_parties
from zhiyan.pipeline.compute.run import Job, create_as, drop, statement
from zhiyan.pipeline.compute.store import keep, keeping

#: What aggregates give over no rows; all others give null.
OVER_NOTHING = {"count": 0, "count_distinct": 0, "streak": 0, "any": False}

#: How many parts are joined before the bundles of them are.
BUNDLE = 9
_CUSTOMER = exp.column("customer_id", table="customer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """Where a computation aside reads who is who, and puts its measures and tags."""

    parties: str
    measures: str
    tags: str


def compute(job: Job) -> Manifest:
    """Compute all tags and keep them as a snapshot; all or nothing.

    The same events, catalogue and as-of give the same snapshot id again.
    """
    columns, values = job.plan.columns, Layout.of(job).values
    with keeping(job) as kept, job.engine.transaction():
        place = fresh_generation(job.engine)
        make_measures(job, place.measures, version=place.version)
        with job.timed("tags"):
            query = with_tags(job.frame(), columns, rows=place.measures, values=values)
            query = query.select(*place.version).order_by("customer_id", copy=False)
            job.engine.run(statement(create_as(place.tags, query), job.values))
        keep_parties(job, place)
        kept.append(keep(job, place, based_on=None))
    return kept[0]


def compute_aside(job: Job, tables: Tables) -> None:
    """Compute all tags into temporary tables that are no snapshot (a preview, a forecast)."""
    with job.engine.transaction():
        drop(job.engine, tables.measures, tables.tags)
        make_measures(job, tables.measures, parties=tables.parties)
        with job.timed("tags"):
            query = tag_query(job.frame(), job.plan, measures=tables.measures)
            query = query.order_by("customer_id", copy=False)
            made = create_as(tables.tags, query, temporary=True)
            job.engine.run(statement(made, job.values))


def make_measures(
    job: Job,
    table: str,
    *,
    parties: str = "identity.assignment",
    version: Sequence[exp.Expr] = (),
) -> None:
    """Make a table of measures, a row per customer, in the order of their ids.

    Without a ``version`` the table is temporary.
    """
    parts = job.plan.parts
    make_parts(job, parts, parties)
    with job.timed("join"):
        query = joined(parts, parties).select(*version)
        job.engine.run(statement(create_as(table, query, temporary=not version), job.values))
        drop(job.engine, *(part.name for part in parts))
    job.progress.step("compute", len(parts) + 1, len(parts) + 1)


def make_parts(job: Job, parts: Sequence[Part], parties: str) -> None:
    """Run the statements of a plan, each into a temporary table."""
    frame, values = job.frame(parties), job.values
    for number, part in enumerate(parts):
        job.progress.step("compute", number, len(parts) + 1)
        with job.timed(f"source {part.source}"):
            made = create_as(part.name, part.query(frame), temporary=True)
            job.engine.run(statement(made, values))


def joined(parts: Sequence[Part], parties: str) -> exp.Query:
    """Return one row per customer with every measure, empty ones filled.

    Parts are joined in bundles: planning one long chain of joins takes time by the square of it.
    """
    bundles = {
        f"bundle_{first}": parts[first : first + BUNDLE] for first in range(0, len(parts), BUNDLE)
    }
    query = _customers(parties)
    for name, some in bundles.items():
        query = query.join(
            _bundle(some, parties).subquery(name, copy=False),
            on=_same_customer(name),
            join_type="left",
            copy=False,
        )
    values = [
        exp.column(found.name, table=name, quoted=True)
        for name, some in bundles.items()
        for part in some
        for found in part.columns
    ]
    return query.select(*values, copy=False).order_by(_CUSTOMER.copy(), copy=False)


def _bundle(parts: Sequence[Part], parties: str) -> exp.Select:
    """Return one row per customer with the measures of some parts."""
    query = _customers(parties)
    for part in parts:
        query = query.join(
            exp.to_table(part.name), on=_same_customer(part.name), join_type="left", copy=False
        )
    values = [
        named(filled(found, part.name), found.name) for part in parts for found in part.columns
    ]
    return query.select(*values, copy=False)


def _customers(parties: str) -> exp.Select:
    rows = exp.select("customer_id").distinct().from_(exp.to_table(parties))
    return exp.select(_CUSTOMER.copy()).from_(rows.subquery("customer"))


def _same_customer(table: str) -> exp.Expr:
    return exp.EQ(this=exp.column("customer_id", table=table), expression=_CUSTOMER.copy())


def filled(found: MeasureColumn, table: str) -> exp.Expr:
    """Return a measure's column of a table, with its value over no rows where there is none."""
    value: exp.Expr = exp.column(found.name, table=table, quoted=True)
    empty = empty_value(found)
    if empty.value is not None:
        value = exp.func("coalesce", value, literal_sql(empty.value, empty.type))
    return exp.cast(value, DATA_TYPES[found.measure.type], copy=False)


def empty_value(found: MeasureColumn) -> Literal:
    """Return the value of a measure without rows: as declared, else what its aggregate gives."""
    node, declared = found.measure.aggregate, found.measure.empty
    if declared.value is None and isinstance(node, Call) and node.op in OVER_NOTHING:
        return Literal(OVER_NOTHING[node.op], found.measure.type)
    return declared
