"""A snapshot from nothing but events, catalogue and as-of."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from sqlglot import exp

from zhiyan.core.snapshot import Manifest
from zhiyan.lang.bounds import named
from zhiyan.lang.counters import compared, read_by
from zhiyan.lang.plan import Part
from zhiyan.lang.tag_sql import with_tags
from zhiyan.pipeline.compute.generation import fresh_generation, keep_parties
from zhiyan.pipeline.compute.run import Job, create_as, drop, statement
from zhiyan.pipeline.compute.store import keep, keeping
from zhiyan.pipeline.compute.strips import STILL, Layout, Strip, Tables, reading
from zhiyan.ports import Statement

#: How many parts are joined before the bundles of them are.
BUNDLE = 9
#: How many customers' wide rows are put together at a time; more take more memory.
CHUNK = 300_000
_CUSTOMER = exp.column("customer_id", table="customer")
#: Temporary table: comparisons, a row per customer.
RANKED = "ranked"
#: A range of customer ids, [first, last); None is open.
Chunk: TypeAlias = tuple[int | None, int | None]
ALL: Chunk = (None, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """The temporary tables of a computation beside the snapshots.

    ``parties`` names the table of who is who (party_id, customer_id).
    """

    parties: str

    def measures(self, strip: str = STILL) -> str:
        """Return the table of measures: one row per customer."""
        return f"aside_measure_{strip}"

    def tags(self, strip: str = STILL) -> str:
        """Return the table of tags, counters among them: one row per customer."""
        return f"aside_tag_{strip}"


def compute(job: Job) -> Manifest:
    """Compute all tags and keep them as a snapshot; all or nothing.

    The same events, catalogue and as-of give the same snapshot id again.
    """
    with keeping(job) as kept, job.engine.transaction():
        place = fresh_generation(job)
        layout = Layout.of(job)
        make_measures(job, layout, place, version=place.version)
        with job.timed("tags"):
            for strip in layout.strips:
                values = [*strip.values, *place.version]
                _make_tags(job, layout, place, strip=strip, values=values)
        keep_parties(job, place)
        kept.append(keep(job, place, based_on=None))
    return kept[0]


def compute_aside(job: Job, aside: Aside) -> None:
    """Compute all tags into temporary tables that are no snapshot (a preview, a forecast)."""
    layout = Layout.whole(job)
    (strip,) = layout.strips
    with job.engine.transaction():
        drop(job.engine, aside.measures(), aside.tags())
        make_measures(job, layout, aside, parties=aside.parties)
        with job.timed("tags"):
            codes = [exp.column(code, quoted=True) for code in job.catalogue.tags]
            values = [exp.column("customer_id"), *codes]
            _make_tags(job, layout, aside, strip=strip, values=values, temporary=True)


def make_measures(
    job: Job,
    layout: Layout,
    tables: Tables,
    *,
    parties: str = "identity.assignment",
    version: Sequence[exp.Expr] = (),
) -> None:
    """Make the tables of measures, each a row per customer, in the order of their ids.

    Without a ``version`` they are temporary.
    """
    parts = job.plan.parts
    make_parts(job, parts, parties)
    with job.timed("join"):
        found = chunks(job, parties)
        for strip in layout.strips:
            for chunk in found:
                query = joined(strip.parts, parties, chunk).select(*version)
                fill(job, tables.measures(strip.name), query, chunk, temporary=not version)
            drop(job.engine, *(part.name for part in strip.parts))
    job.progress.step("compute", len(parts) + 1, len(parts) + 1)


def make_parts(job: Job, parts: Sequence[Part], parties: str) -> None:
    """Run the statements of a plan, each into a temporary table."""
    frame, values = job.frame(parties), job.values
    for number, part in enumerate(parts):
        job.progress.step("compute", number, len(parts) + 1)
        with job.timed(f"source {part.source}"):
            made = create_as(part.name, part.query(frame), temporary=True)
            job.engine.run(statement(made, values))


def _make_tags(  # noqa: PLR0913 - what goes where
    job: Job,
    layout: Layout,
    tables: Tables,
    *,
    strip: Strip,
    values: Sequence[exp.Expr],
    temporary: bool = False,
) -> None:
    """Make the table of tags of a strip, a row per customer, in the order of their ids.

    Comparisons come first, over the few columns that they read of everybody.
    """
    found = sorted(compared(job.catalogue) & set(strip.tags))
    if found:
        chosen = {*found, *(read_by(job.catalogue, found) & set(strip.tags))}
        codes = [exp.column(code, quoted=True) for code in found]
        ranked = add_tags(
            job,
            layout,
            chosen=chosen,
            rows=layout.inputs(job, tables, strip, chosen=chosen, read=reading()),
            values=[exp.column("customer_id"), *codes],
        )
        job.engine.run(statement(create_as(RANKED, ranked, temporary=True), job.values))
    others = set(strip.tags) - set(found)
    for chunk in chunks(job, tables.measures(strip.name)):
        rows = layout.inputs(job, tables, strip, chosen=others, read=reading(within(chunk)))
        if found:
            known = [exp.column(code, table=RANKED, quoted=True) for code in found]
            rows = exp.select("measure.*", *known).from_(rows.subquery("measure"))
            rows = rows.join(RANKED, on=f"{RANKED}.customer_id = measure.customer_id")
        query = add_tags(job, layout, chosen=others, rows=rows, values=values)
        fill(job, tables.tags(strip.name), query, chunk, temporary=temporary)
    drop(job.engine, RANKED)


def add_tags(
    job: Job,
    layout: Layout,
    *,
    chosen: Collection[str],
    rows: exp.Query,
    values: Sequence[exp.Expr],
) -> exp.Select:
    """Add tags to some rows; counters, which no strip holds, are told wherever they are read."""
    read = read_by(job.catalogue, chosen) & layout.counters
    return with_tags(
        job.frame(), job.plan.columns, rows=rows, values=values, chosen={*chosen, *read}
    )


def fill(  # noqa: PLR0917 - what goes where
    job: Job, table: str, query: exp.Query, chunk: Chunk, *, temporary: bool
) -> None:
    """Put a query's rows into a table in the order of customers; the first chunk makes it."""
    made = filling(table, query.order_by("customer_id"), chunk, temporary=temporary)
    job.engine.run(statement(made, job.values))


def filling(table: str, query: exp.Query, chunk: Chunk, *, temporary: bool = True) -> exp.Expr:
    """Return the statement that puts a query's rows into a table; the first chunk makes it."""
    is_first = chunk[0] is None
    return create_as(table, query, temporary=temporary) if is_first else exp.insert(query, table)


def chunks(job: Job, table: str) -> list[Chunk]:
    """Return ranges of customer ids that together hold everybody of a table."""
    everybody = f"SELECT count(DISTINCT customer_id) AS n FROM {table}"  # noqa: S608 - our own table
    if job.engine.query(Statement(everybody)).column("n")[0].as_py() <= CHUNK:
        return [ALL]
    text = (
        "SELECT min(customer_id) AS first FROM (SELECT customer_id, "  # noqa: S608 - our own table
        f"(row_number() OVER (ORDER BY customer_id) - 1) // {CHUNK} AS chunk "
        f"FROM (SELECT DISTINCT customer_id FROM {table}) AS customer) AS numbered "
        "GROUP BY chunk ORDER BY first"
    )
    firsts = [int(row["first"]) for row in job.engine.query(Statement(text)).to_pylist()]
    return list(pairwise([None, *firsts[1:], None]))


def within(chunk: Chunk) -> exp.Expr | None:
    """Return the condition that a customer is in a chunk; None if everybody is."""
    bounds = [
        compare(this=exp.column("customer_id"), expression=exp.Literal.number(bound))
        for bound, compare in zip(chunk, (exp.GTE, exp.LT), strict=True)
        if bound is not None
    ]
    return exp.and_(*bounds) if bounds else None


def joined(parts: Sequence[Part], parties: str, chunk: Chunk = ALL) -> exp.Select:
    """Return one row per customer with every measure, empty ones filled.

    Parts are joined in bundles: planning one long chain of joins takes time by the square of it.
    """
    bundles = {
        f"bundle_{first}": parts[first : first + BUNDLE] for first in range(0, len(parts), BUNDLE)
    }
    query = _customers(parties, chunk)
    for name, some in bundles.items():
        query = query.join(
            _bundle(some, parties, chunk).subquery(name, copy=False),
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
    return query.select(*values, copy=False)


def _bundle(parts: Sequence[Part], parties: str, chunk: Chunk) -> exp.Select:
    """Return one row per customer with the measures of some parts."""
    query = _customers(parties, chunk)
    for part in parts:
        query = query.join(
            exp.to_table(part.name), on=_same_customer(part.name), join_type="left", copy=False
        )
    values = [
        named(found.filled(part.name), found.name) for part in parts for found in part.columns
    ]
    return query.select(*values, copy=False)


def _customers(parties: str, chunk: Chunk) -> exp.Select:
    rows = exp.select("customer_id").distinct().from_(exp.to_table(parties)).where(within(chunk))
    return exp.select(_CUSTOMER.copy()).from_(rows.subquery("customer"))


def _same_customer(table: str) -> exp.Expr:
    return exp.EQ(this=exp.column("customer_id", table=table), expression=_CUSTOMER.copy())
