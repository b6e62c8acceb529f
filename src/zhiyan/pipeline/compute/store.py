"""Snapshots in the warehouse: their tables, their manifests, and the id that their content gives.

``snapshot.m_ID`` shows the measures, ``snapshot.t_ID`` the tags, both with one row per customer;
``snapshot.a_ID`` shows which party belonged to which customer. ``meta.snapshot`` has one row per
manifest.
"""

import hashlib
import json
from collections.abc import Collection, Generator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any

from sqlglot import exp

from zhiyan.core.kinds import KINDS
from zhiyan.core.snapshot import Manifest
from zhiyan.core.time import naive_utc
from zhiyan.lang.rows import known_condition
from zhiyan.pipeline import stored
from zhiyan.pipeline.compute.generation import Generation, content, publish
from zhiyan.pipeline.compute.run import DIALECT, Job, union
from zhiyan.pipeline.compute.strips import Layout
from zhiyan.ports import Engine, Statement

TABLES = (
    "CREATE SCHEMA IF NOT EXISTS snapshot",
    "CREATE SCHEMA IF NOT EXISTS meta",
    """CREATE TABLE IF NOT EXISTS meta.snapshot (
        snapshot_id VARCHAR PRIMARY KEY, as_of TIMESTAMP NOT NULL, known_at TIMESTAMP NOT NULL,
        created_at TIMESTAMP NOT NULL, catalogue VARCHAR NOT NULL, data VARCHAR NOT NULL,
        customers BIGINT NOT NULL, events VARCHAR NOT NULL, tags VARCHAR NOT NULL,
        timings VARCHAR NOT NULL, based_on VARCHAR, complete BOOLEAN NOT NULL,
        last_import INTEGER NOT NULL, generation INTEGER, number INTEGER, resolution BIGINT,
        strips VARCHAR
    )""",
    # snapshots of earlier versions have none: they can be read, and no refresh builds on them
    "ALTER TABLE meta.snapshot ADD COLUMN IF NOT EXISTS generation INTEGER",
    "ALTER TABLE meta.snapshot ADD COLUMN IF NOT EXISTS number INTEGER",
    "ALTER TABLE meta.snapshot ADD COLUMN IF NOT EXISTS resolution BIGINT",
    "ALTER TABLE meta.snapshot ADD COLUMN IF NOT EXISTS strips VARCHAR",
)


#: A kind with more rows is read once for each condition asked of it.
LONG = 1_000_000
#: Columns of a manifest's row that the manifest does not show.
BOOKKEEPING = frozenset({"last_import", "generation", "number", "resolution", "strips"})


def create_tables(engine: Engine) -> None:
    """Create what snapshots need, if it is not there."""
    for text in TABLES:
        engine.run(Statement(text))


def snapshots(engine: Engine, snapshot_id: str | None = None) -> list[Manifest]:
    """Return all manifests, latest as-of first; with an id, the one of it if there is one."""
    one = "" if snapshot_id is None else " WHERE snapshot_id = $id"
    rows = engine.query(
        Statement(
            f"SELECT * FROM meta.snapshot{one} ORDER BY as_of DESC, created_at DESC, snapshot_id",  # noqa: S608 - ours
            {} if snapshot_id is None else {"id": snapshot_id},
        )
    )
    return [_manifest(row) for row in rows.to_pylist()]


def last_import(engine: Engine, snapshot_id: str) -> int:
    """Return the id of the newest import that a snapshot knew of."""
    return int(_bookkept(engine, snapshot_id)["last_import"])


def resolution(engine: Engine, snapshot_id: str) -> int | None:
    """Return the number of the resolve that a snapshot is made on; None if that is not known."""
    return _bookkept(engine, snapshot_id)["resolution"]


def _bookkept(engine: Engine, snapshot_id: str) -> dict[str, Any]:
    text = "SELECT last_import, resolution FROM meta.snapshot WHERE snapshot_id = $id"
    return engine.query(Statement(text, {"id": snapshot_id})).to_pylist()[0]


def _manifest(row: dict[str, Any]) -> Manifest:
    parsed = {name: json.loads(row[name]) for name in ("events", "tags", "timings")}
    plain = {name: value for name, value in row.items() if name not in BOOKKEEPING}
    return Manifest(**{**plain, **parsed})


class _Known(Exception):  # noqa: N818 - a signal to roll back, not an error
    """Leaves a transaction whose result is a snapshot that exists already."""

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest


@contextmanager
def keeping(job: Job) -> Generator[list[Manifest]]:
    """Give a list for the manifest of the transaction inside; a snapshot known already is put there.

    What the transaction made of a known snapshot again is rolled back.
    """
    kept: list[Manifest] = []
    try:
        yield kept
    except _Known as known:
        kept.append(known.manifest)
        if job.moment.known_at is None:
            job.engine.run(
                _with_newest_import(
                    _STILL_TRUE,
                    {
                        "id": known.manifest.snapshot_id,
                        "known_at": naive_utc(job.now),
                    },
                )
            )


#: A snapshot that was found true again, now with all that is known.
_STILL_TRUE = """
UPDATE meta.snapshot SET complete = true, known_at = greatest(known_at, $known_at),
  last_import = {newest} WHERE snapshot_id = $id
"""


def keep(
    job: Job, place: Generation, *, based_on: Manifest | None, kinds: Collection[str] = tuple(KINDS)
) -> Manifest:
    """Turn the freshly made rows of a generation into a snapshot; call inside ``keeping``.

    Of all kinds of facts but ``kinds``, the snapshot that it is based on saw the same rows.
    """
    with job.timed("fingerprint"):
        text, customers = content(job, place)
        data = hashlib.sha256(text.encode()).hexdigest()[:32]
        parts = (job.definitions, job.moment.stored_as_of.isoformat(), data)
        snapshot_id = hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]
        for found in snapshots(job.engine, snapshot_id):
            raise _Known(found)
        events = _event_counts(job, based_on, kinds)
    manifest = Manifest(
        snapshot_id=snapshot_id,
        as_of=job.moment.stored_as_of,
        known_at=min(job.moment.stored_known_at, naive_utc(job.now)),
        created_at=naive_utc(job.now),
        catalogue=job.definitions,
        data=data,
        customers=customers,
        events=events,
        tags={tag.code: tag.fingerprint for tag in job.catalogue.tags.values()},
        timings={name: round(seconds, 3) for name, seconds in job.timings.items()},
        based_on=based_on and based_on.snapshot_id,
        complete=job.moment.known_at is None,
    )
    _insert(job, manifest, place)
    publish(job, place, snapshot_id=manifest.snapshot_id)
    return manifest


def place_of(engine: Engine, snapshot_id: str) -> Generation | None:
    """Return where the rows of a snapshot lie, None if they are in no strips."""
    found = stored.place_of(engine, snapshot_id)
    if found is None:
        return None
    strips = tuple(found.strips)
    return Generation(number=found.generation, snapshot=found.number, strips=strips)


def _insert(job: Job, manifest: Manifest, place: Generation) -> None:
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
    strips = {strip.name: strip.tags for strip in Layout.of(job).strips}
    where = {"generation": place.number, "number": place.snapshot, "strips": json.dumps(strips)}
    values = {**plain, **texts, **where}
    named_values = ", ".join(f"${name} AS {name}" for name in values)
    text = (
        f"INSERT INTO meta.snapshot BY NAME SELECT {named_values}, {{newest}} AS last_import, "  # noqa: S608 - names of our own columns
        "(SELECT max(resolution) FROM identity.resolution) AS resolution"
    )
    job.engine.run(_with_newest_import(text, values))


def _with_newest_import(text: str, values: dict[str, Any]) -> Statement:
    newest = "(SELECT coalesce(max(import_id), 0) FROM meta.import_batch)"
    return Statement(text.replace("{newest}", newest), values)


def _event_counts(job: Job, base: Manifest | None, kinds: Collection[str]) -> dict[str, int]:
    """Return how many rows of each kind the snapshot saw; told from the one before if there is one.

    Of the others than ``kinds``, it saw as many as the one before.
    """
    bound = {
        "facts_before": job.facts_before or job.moment.stored_as_of,
        "known_at": job.moment.stored_known_at,
    }
    counts = dict[str, int]()
    if base is not None:
        counts.update(base.events)
        bound |= {
            "old": base.as_of,
            "old_known": base.known_at,
            "last_import": last_import(job.engine, base.snapshot_id),
        }
    long = frozenset(kind for kind, rows in counts.items() if rows > LONG)
    if not kinds:
        return dict(counts)
    query = _counting() if base is None else _counting_changes(frozenset(kinds), long)
    for row in job.engine.query(Statement(query, bound)).to_pylist():
        counts[row["kind"]] = counts.get(row["kind"], 0) + int(row["n"] or 0)
    return {kind: counts[kind] for kind in sorted(counts) if counts[kind]}


@cache
def _counting() -> str:
    """Return the query that counts the known rows of every kind."""
    return union([_count(kind, "count(*)", known_condition("fact")) for kind in KINDS]).sql(
        dialect=DIALECT
    )


@cache
def _counting_changes(kinds: frozenset[str], long: frozenset[str]) -> str:
    """Return the query that counts the rows of some kinds that a snapshot knows and one before not.

    Rows that are known no more count less. Long kinds are read once for each reason, which reads few
    blocks of a table in the order in which rows came.
    """
    now = known_condition("fact")
    older = "fact.import_id <= $last_import AND fact.occurred_at"
    new = exp.and_("fact.import_id > $last_import", now, dialect=DIALECT)
    due = exp.and_(f"{older} >= $old", now, dialect=DIALECT)
    gone = exp.and_(
        f"{older} < $old AND fact.superseded_at > $old_known",
        "fact.superseded_at <= $known_at",
        dialect=DIALECT,
    )
    sign = exp.Case(ifs=[exp.If(this=gone, true="-1")], default="1")
    queries: list[exp.Query] = []
    for kind in sorted(kinds):
        if kind in long:
            queries += [_count(kind, "count(*)", one) for one in (new, due)]
            queries.append(_count(kind, "-count(*)", gone))
        else:
            queries.append(_count(kind, exp.Sum(this=sign), exp.or_(new, due, gone)))
    return union(queries).sql(dialect=DIALECT)


def _count(kind: str, number: str | exp.Expr, where: exp.Expr) -> exp.Query:
    told = exp.maybe_parse(number, dialect=DIALECT)
    rows = exp.select(exp.alias_(exp.Literal.string(kind), "kind"), exp.alias_(told, "n"))
    return rows.from_(exp.to_table(f"event.{kind}", alias="fact")).where(where)


def newest(engine: Engine, *, before: datetime | None = None) -> Manifest | None:
    """Return the snapshot of the latest as-of, optionally not after a moment; None if none is."""
    found = [m for m in snapshots(engine) if before is None or m.as_of <= before]
    return found[0] if found else None
