"""Snapshots of a live stream, thinned: the newest stays, those before it go once they are outdone.

A refresh each second would leave tens of thousands of snapshots a day. One that is marked as live is
taken out by the next: its manifest, its three views, and the row versions that no other snapshot
sees. What history has kept of a snapshot pins it.
"""

from zhiyan.core.snapshot import Manifest
from zhiyan.pipeline.compute.generation import Generation
from zhiyan.pipeline.compute.store import place_of
from zhiyan.ports import Engine, Statement

_TABLE = "CREATE TABLE IF NOT EXISTS meta.live_snapshot (snapshot_id VARCHAR PRIMARY KEY)"

_OUTDONE = """
SELECT snapshot_id FROM meta.live_snapshot SEMI JOIN meta.snapshot USING (snapshot_id)
WHERE snapshot_id <> $newest AND snapshot_id NOT IN (SELECT snapshot_id FROM history.sighting)
ORDER BY snapshot_id
"""

_NEIGHBOURS = """
SELECT coalesce(max(number) FILTER (number < $number), 0) AS below,
  min(number) FILTER (number > $number) AS above
FROM meta.snapshot WHERE generation = $generation AND snapshot_id <> $gone
"""


def create_tables(engine: Engine) -> None:
    """Create the list of snapshots that may go, if it is not there.

    Grain: one row of ``meta.live_snapshot`` is one snapshot that a live stream made.
    """
    engine.run(Statement(_TABLE))


def mark_live(engine: Engine, snapshot_id: str) -> None:
    """Let a snapshot go as soon as a later one of the stream is there."""
    text = "INSERT OR IGNORE INTO meta.live_snapshot VALUES ($id)"
    engine.run(Statement(text, {"id": snapshot_id}))


def pin(engine: Engine, snapshot_id: str) -> None:
    """Keep a snapshot of the stream for good."""
    text = "DELETE FROM meta.live_snapshot WHERE snapshot_id = $id"
    engine.run(Statement(text, {"id": snapshot_id}))


def thin(engine: Engine, newest: Manifest) -> int:
    """Take out the live snapshots before the newest, all or nothing; return how many went.

    The tables of history are there.
    """
    rows = engine.query(Statement(_OUTDONE, {"newest": newest.snapshot_id})).to_pylist()
    if not rows:
        return 0
    with engine.transaction():
        for row in rows:
            _take_out(engine, str(row["snapshot_id"]))
    return len(rows)


def _take_out(engine: Engine, snapshot_id: str) -> None:
    place = place_of(engine, snapshot_id)
    for letter in "mta":
        engine.run(Statement(f"DROP VIEW IF EXISTS snapshot.{letter}_{snapshot_id}"))
    if place is not None:
        _drop_versions(engine, place, snapshot_id)
    for table in ("meta.snapshot", "meta.live_snapshot"):
        text = f"DELETE FROM {table} WHERE snapshot_id = $id"  # noqa: S608 - names of two tables
        engine.run(Statement(text, {"id": snapshot_id}))


def _drop_versions(engine: Engine, place: Generation, snapshot_id: str) -> None:
    """Delete the rows that were alive between the snapshots on both sides only.

    Without a snapshot below and above, the whole generation goes.
    """
    values = {"number": place.snapshot, "generation": place.number, "gone": snapshot_id}
    row = engine.query(Statement(_NEIGHBOURS, values)).to_pylist()[0]
    for table in (*place.customers, place.parties):
        if row["above"] is None and not row["below"]:
            engine.run(Statement(f"DROP TABLE IF EXISTS {table}"))
        elif row["above"] is not None:
            text = f"DELETE FROM {table} WHERE born > $below AND died <= $above"  # noqa: S608 - names of our own tables
            engine.run(Statement(text, {"below": row["below"], "above": row["above"]}))
