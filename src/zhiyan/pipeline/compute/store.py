"""Snapshots in the warehouse: their tables, their manifests, and the id that their content gives.

``snapshot.m_ID`` holds the measures, ``snapshot.t_ID`` the tags, both with one row per customer;
``snapshot.a_ID`` holds which party belonged to which customer. ``meta.snapshot`` has one row per
manifest.
"""

import hashlib
import json
from datetime import datetime
from functools import cache
from typing import Any

import pyarrow as pa
from sqlglot import exp

from zhiyan.core.expression import ValueType
from zhiyan.core.kinds import KINDS
from zhiyan.core.snapshot import Manifest
from zhiyan.core.time import naive_utc
from zhiyan.lang.catalogue import Catalogue
from zhiyan.lang.rows import known_condition
from zhiyan.lang.tag_sql import VALID
from zhiyan.pipeline.compute.run import DIALECT, Job, create_as, drop, statement
from zhiyan.ports import Engine, Statement

TABLES = (
    "CREATE SCHEMA IF NOT EXISTS snapshot",
    "CREATE SCHEMA IF NOT EXISTS meta",
    """CREATE TABLE IF NOT EXISTS meta.snapshot (
        snapshot_id VARCHAR PRIMARY KEY, as_of TIMESTAMP NOT NULL, known_at TIMESTAMP NOT NULL,
        created_at TIMESTAMP NOT NULL, catalogue VARCHAR NOT NULL, data VARCHAR NOT NULL,
        customers BIGINT NOT NULL, events VARCHAR NOT NULL, tags VARCHAR NOT NULL,
        timings VARCHAR NOT NULL, based_on VARCHAR, complete BOOLEAN NOT NULL,
        last_import INTEGER NOT NULL
    )""",
)


def create_tables(engine: Engine) -> None:
    """Create what snapshots need, if it is not there."""
    for text in TABLES:
        engine.run(Statement(text))


def snapshots(engine: Engine) -> list[Manifest]:
    """Return all manifests, latest as-of first."""
    rows = engine.query(
        Statement("SELECT * FROM meta.snapshot ORDER BY as_of DESC, created_at DESC, snapshot_id")
    )
    return [_manifest(row) for row in rows.to_pylist()]


def last_import(engine: Engine, snapshot_id: str) -> int:
    """Return the id of the newest import that a snapshot knew of."""
    rows = engine.query(
        Statement(
            "SELECT last_import FROM meta.snapshot WHERE snapshot_id = $id", {"id": snapshot_id}
        )
    )
    return int(rows.column(0)[0].as_py())


def _manifest(row: dict[str, Any]) -> Manifest:
    parsed = {name: json.loads(row[name]) for name in ("events", "tags", "timings")}
    plain = {name: value for name, value in row.items() if name != "last_import"}
    return Manifest(**{**plain, **parsed})


def keep(job: Job, *, measures: str, tags: str, based_on: str | None) -> Manifest:
    """Turn freshly made tables into a snapshot, or find that it exists already.

    ``measures`` and ``tags`` name tables of this transaction; they are renamed or dropped.
    """
    with job.timed("fingerprint"):
        content, customers = _content(job, tags)
        parts = (job.definitions, job.moment.stored_as_of.isoformat(), content)
        snapshot_id = hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]
        events = _event_counts(job)
    known = [found for found in snapshots(job.engine) if found.snapshot_id == snapshot_id]
    if known:
        _forget(job.engine, snapshot_id)
    for table, letter in ((measures, "m"), (tags, "t")):
        job.engine.run(Statement(f"ALTER TABLE {table} RENAME TO {letter}_{snapshot_id}"))
    assignment = exp.select("party_id", "customer_id").from_("identity.assignment")
    job.engine.run(statement(create_as(f"snapshot.a_{snapshot_id}", assignment), {}))
    manifest = Manifest(
        snapshot_id=snapshot_id,
        as_of=job.moment.stored_as_of,
        known_at=min(job.moment.stored_known_at, naive_utc(job.now)),
        created_at=known[0].created_at if known else naive_utc(job.now),
        catalogue=job.definitions,
        data=content,
        customers=customers,
        events=events,
        tags={tag.code: tag.fingerprint for tag in job.catalogue.tags.values()},
        timings={name: round(seconds, 3) for name, seconds in job.timings.items()},
        based_on=based_on,
        complete=job.moment.known_at is None,
    )
    _insert(job.engine, manifest)
    return manifest


def _forget(engine: Engine, snapshot_id: str) -> None:
    drop(engine, *(f"snapshot.{letter}_{snapshot_id}" for letter in "mta"))
    engine.run(Statement("DELETE FROM meta.snapshot WHERE snapshot_id = $id", {"id": snapshot_id}))


def _insert(engine: Engine, manifest: Manifest) -> None:
    newest = "SELECT coalesce(max(import_id), 0) FROM meta.import_batch"
    texts = {
        name: json.dumps(dict(getattr(manifest, name)), sort_keys=True)
        for name in ("events", "tags", "timings")
    }
    plain = {
        name: getattr(manifest, name)
        for name in (
            "snapshot_id", "as_of", "known_at", "created_at", "catalogue", "data", "customers",
            "based_on", "complete",
        )
    }  # fmt: skip
    engine.run(
        Statement(
            "INSERT INTO meta.snapshot SELECT $snapshot_id, $as_of, $known_at, $created_at,"
            " $catalogue, $data, $customers, $events, $tags, $timings, $based_on, $complete,"
            f" ({newest})",
            {**plain, **texts},
        )
    )


def _content(job: Job, tags: str) -> tuple[str, int]:
    """Return a hash of all tag values, whatever the order of rows, and how many are customers.

    Everybody's values count for the hash; test accounts and staff are no customers.
    """
    texts = [_canonical(job.catalogue, code) for code in job.catalogue.tags]
    row = exp.func("concat_ws", exp.Literal.string("|"), exp.column("customer_id"), *texts)
    valid = exp.column(VALID, quoted=True) if VALID in job.catalogue.tags else exp.true()
    hashed = exp.select(
        exp.alias_(exp.func("md5_number", row), "digest"), exp.alias_(valid, "is_valid")
    ).from_(exp.to_table(tags))
    total = exp.select(
        "to_hex(bit_xor(digest)) AS mixed",
        "count(*) AS n",
        "count(CASE WHEN is_valid THEN 1 END) AS customers",
    ).from_(hashed.subquery("customer"))
    found = job.engine.query(statement(total, {})).to_pylist()[0]
    text = f"{found['mixed']}|{found['n']}"
    return hashlib.sha256(text.encode()).hexdigest()[:32], int(found["customers"])


def _canonical(catalogue: Catalogue, code: str) -> exp.Expr:
    """Return a text of a tag's value that is the same on every engine; null is ``~``."""
    value: exp.Expr = exp.column(code, quoted=True)
    if catalogue.tags[code].type is ValueType.DECIMAL:
        value = exp.cast(
            exp.func("round", exp.Mul(this=value, expression="1000000000")), "DECIMAL(38,0)"
        )
    if catalogue.tags[code].type is ValueType.LIST:
        value = exp.func("array_to_string", value, exp.Literal.string(","))
    return exp.func("coalesce", exp.cast(value, exp.DType.VARCHAR), exp.Literal.string("~"))


def _event_counts(job: Job) -> dict[str, int]:
    """Return how many rows of each kind the snapshot saw."""
    bound = {
        "facts_before": job.facts_before or job.moment.stored_as_of,
        "known_at": job.moment.stored_known_at,
    }
    table: pa.Table = job.engine.query(Statement(_counting(), bound))
    rows = sorted((row["kind"], int(row["n"])) for row in table.to_pylist())
    return {kind: n for kind, n in rows if n}


@cache
def _counting() -> str:
    """Return the query that counts the known rows of every kind; the same for every snapshot."""
    query: exp.Query | None = None
    for kind in KINDS:
        rows = (
            exp.select(exp.alias_(exp.Literal.string(kind), "kind"), "count(*) AS n")
            .from_(exp.to_table(f"event.{kind}", alias="fact"))
            .where(known_condition("fact"))
        )
        query = exp.union(query, rows, distinct=False, copy=False) if query else rows
    return query.sql(dialect=DIALECT) if query else ""


def newest(engine: Engine, *, before: datetime | None = None) -> Manifest | None:
    """Return the snapshot of the latest as-of, optionally not after a moment; None if none is."""
    found = [m for m in snapshots(engine) if before is None or m.as_of <= before]
    return found[0] if found else None
