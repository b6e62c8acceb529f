"""All tags of a snapshot in one table, so that questions about many tags join no strips.

Counts are told off the files that ``encoded`` makes of it.

The table is made anew when many customers changed, by the whole base as a day passes. Until then, a
later snapshot of the generation is read off it for whoever did not change, and off the strips for the
rest. Without a table near enough, everything is read off the strips: answers are the same.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from sqlglot import exp

from zhiyan.core.snapshot import Manifest
from zhiyan.lang.catalogue import Catalogue
from zhiyan.lang.tag_sql import VALID
from zhiyan.pipeline.select.encoded import encode
from zhiyan.pipeline.stored import Place, place_of, same_values, tag_rows
from zhiyan.ports import Engine, Statement

DIALECT = "duckdb"
WHOLE = "snapshot.whole_"
#: For fewer customers, joining strips costs less than looking for the table.
LEAST = 50_000
#: A table is of use while at most one customer of so many changed since.
MOST_CHANGED = 50

_TABLES = """
SELECT table_name AS name FROM duckdb_tables()
WHERE schema_name = 'snapshot' AND starts_with(table_name, 'whole_')
  AND database_name = current_database() ORDER BY table_name
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Whole:
    """A table of all tags: of this snapshot, or of one not far from it (``was``)."""

    table: str
    was: Place | None = None
    now: Place | None = None


def align(engine: Engine, snapshot: Manifest, folder: Path, *, least: int = LEAST) -> bool:
    """Put all tags of a snapshot into one table, unless one is near enough; tell whether it did.

    Its files lie in ``folder``. Tables and files of other snapshots go. Bases of fewer than ``least``
    customers need none.
    """
    if snapshot.customers < least or _nearest(engine, snapshot):
        return False
    table, rows = whole_table(snapshot.snapshot_id), f"snapshot.t_{snapshot.snapshot_id}"
    with engine.transaction():
        for name in _kept(engine):
            engine.run(Statement(f"DROP TABLE {whole_table(name)}"))
        engine.run(Statement(f"CREATE TABLE {table} AS FROM {rows}"))
        valid = exp.column(VALID, quoted=True) if VALID in snapshot.tags else exp.true()
        columns = [exp.column(code, quoted=True) for code in snapshot.tags]
        encode(
            engine, exp.select(*columns).from_(table).where(valid), folder / snapshot.snapshot_id
        )
    return True


def whole_table(snapshot_id: str) -> str:
    """Return the table of all tags of a snapshot: one row per customer."""
    return f"{WHOLE}{snapshot_id}"


def aligned_rows(
    engine: Engine, catalogue: Catalogue, snapshot: Manifest, *, codes: Collection[str]
) -> exp.Select:
    """Return what ``tag_rows`` returns, off a table of all tags as far as one serves."""
    found = _nearest(engine, snapshot)
    columns = [exp.column(code, quoted=True) for code in sorted(set(codes))]
    if found and found.was is None:
        return exp.select("customer_id", *columns).from_(found.table)
    rows = tag_rows(engine, catalogue, snapshot, codes=codes)
    if not (found and found.was and found.now and same_values(catalogue, snapshot, codes)):
        return rows
    changed = _changed(found.was, found.now)
    steady = exp.select("customer_id", *columns).from_(found.table)
    moved = exp.select("*").from_(rows.subquery("row"))
    parts = (_joined(steady, changed, "ANTI"), _joined(moved, changed.copy(), "SEMI"))
    return exp.select("*").from_(exp.union(*parts, distinct=False).subquery("part"))


def _nearest(engine: Engine, snapshot: Manifest) -> _Whole | None:
    """Return the table of a snapshot, or of another that it shares nearly all rows with."""
    kept = _kept(engine)
    if snapshot.snapshot_id in kept:
        return _Whole(table=whole_table(snapshot.snapshot_id))
    now = place_of(engine, snapshot.snapshot_id) if kept else None
    for name in kept if now else ():
        was = place_of(engine, name)
        if was and now and _few_changed(engine, was, now, of=snapshot.customers):
            return _Whole(table=whole_table(name), was=was, now=now)
    return None


def _few_changed(engine: Engine, was: Place, now: Place, *, of: int) -> bool:
    """Tell whether two snapshots keep the same tags, and the same values of nearly everybody."""
    if was.generation != now.generation or dict(was.strips) != dict(now.strips):
        return False
    many = exp.select("count(*) AS n").from_(_changed(was, now).subquery("changed"))
    found = engine.query(Statement(many.sql(dialect=DIALECT)))
    return bool(found.column("n")[0].as_py() * MOST_CHANGED <= of)


def _changed(was: Place, now: Place) -> exp.Query:
    """Return the ids of the customers of whom two snapshots see other rows."""
    return exp.union(
        *(
            exp.select("customer_id").from_(now.table(strip)).where(one.unlike(other))
            for strip in now.strips
            for one, other in ((was, now), (now, was))
        ),
        distinct=True,
    )


def _joined(rows: exp.Select, changed: exp.Query, kind: str) -> exp.Select:
    return rows.join(changed.subquery("changed"), using=["customer_id"], join_type=kind)


def _kept(engine: Engine) -> list[str]:
    """Return the snapshots that have a table of all tags."""
    names = engine.query(Statement(_TABLES)).column("name").to_pylist()
    prefix = WHOLE.partition(".")[2]
    return [str(name).removeprefix(prefix) for name in names]
