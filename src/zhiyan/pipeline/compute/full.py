"""A snapshot from nothing but events, catalogue and as-of."""

from dataclasses import dataclass

from sqlglot import exp

from zhiyan.core.expression import Call, Literal
from zhiyan.core.snapshot import Manifest
from zhiyan.lang.bounds import named
from zhiyan.lang.plan import MeasureColumn, Part, Plan, make_plan
from zhiyan.lang.tag_sql import tag_query
from zhiyan.lang.term import DATA_TYPES, literal_sql
from zhiyan.pipeline.compute.run import Job, create_as, drop, statement
from zhiyan.pipeline.compute.store import keep

MEASURES = "snapshot.m_new"
TAGS = "snapshot.t_new"

#: What aggregates give over no rows; all others give null.
OVER_NOTHING = {"count": 0, "count_distinct": 0, "streak": 0, "any": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """Where a computation reads who is who, and puts its measures and tags."""

    parties: str = "identity.assignment"
    measures: str = MEASURES
    tags: str = TAGS
    temporary: bool = False


KEPT = Tables()


def compute(job: Job) -> Manifest:
    """Compute all tags and keep them as a snapshot; all or nothing.

    The same events, catalogue and as-of give the same snapshot id again.
    """
    plan = make_plan(job.frame())
    with job.engine.transaction():
        make_measures(job, plan, KEPT)
        make_tags(job, plan, KEPT)
        return keep(job, measures=MEASURES, tags=TAGS, based_on=None)


def compute_aside(job: Job, tables: Tables) -> None:
    """Compute all tags into temporary tables that are no snapshot (a preview, a forecast)."""
    plan = make_plan(job.frame(tables.parties))
    with job.engine.transaction():
        drop(job.engine, tables.measures, tables.tags)
        make_measures(job, plan, tables)
        make_tags(job, plan, tables)


def make_measures(job: Job, plan: Plan, tables: Tables) -> None:
    """Make the table of measures, a row per customer, in the order of their ids."""
    values = job.values(plan)
    for number, part in enumerate(plan.parts):
        job.progress.step("compute", number, len(plan.parts) + 1)
        with job.timed(f"source {part.source}"):
            job.engine.run(statement(create_as(part.name, part.query, temporary=True), values))
    with job.timed("join"):
        query = joined(plan.parts, tables.parties)
        made = create_as(tables.measures, query, temporary=tables.temporary)
        job.engine.run(statement(made, values))
        drop(job.engine, *(part.name for part in plan.parts))
    job.progress.step("compute", len(plan.parts) + 1, len(plan.parts) + 1)


def make_tags(job: Job, plan: Plan, tables: Tables) -> None:
    """Make the table of tags from the table of measures."""
    with job.timed("tags"):
        query = tag_query(job.frame(), plan, measures=tables.measures).order_by(
            "customer_id", copy=False
        )
        made = create_as(tables.tags, query, temporary=tables.temporary)
        job.engine.run(statement(made, job.values(plan)))


def joined(parts: tuple[Part, ...], parties: str) -> exp.Query:
    """Return one row per customer with every measure, empty ones filled."""
    customers = exp.select("customer_id").distinct().from_(exp.to_table(parties))
    customer = exp.column("customer_id", table="customer")
    query = exp.select(customer.copy()).from_(customers.subquery("customer"))
    for part in parts:
        same = exp.EQ(this=exp.column("customer_id", table=part.name), expression=customer.copy())
        query = query.join(exp.to_table(part.name), on=same, join_type="left", copy=False)
    values = [named(_filled(part, found), found.name) for part in parts for found in part.columns]
    return query.select(*values, copy=False).order_by(customer, copy=False)


def _filled(part: Part, found: MeasureColumn) -> exp.Expr:
    """Return a measure's column, with its value over no rows for customers who have none."""
    column = exp.column(found.name, table=part.name, quoted=True)
    value: exp.Expr = column
    empty = empty_value(found)
    if empty.value is not None:
        value = exp.func("coalesce", column, literal_sql(empty.value, empty.type))
    return exp.cast(value, DATA_TYPES[found.measure.type], copy=False)


def empty_value(found: MeasureColumn) -> Literal:
    """Return the value of a measure without rows: as declared, else what its aggregate gives."""
    node, declared = found.measure.aggregate, found.measure.empty
    if declared.value is None and isinstance(node, Call) and node.op in OVER_NOTHING:
        return Literal(OVER_NOTHING[node.op], found.measure.type)
    return declared
