"""Thinning takes out what no remaining snapshot sees, and nothing else."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from zhiyan.core.snapshot import Manifest
from zhiyan.engines.duckdb import DuckDBEngine
from zhiyan.pipeline import history
from zhiyan.pipeline.compute import create_tables, snapshots
from zhiyan.pipeline.compute import thin as thinning
from zhiyan.pipeline.compute.generation import ALIVE
from zhiyan.ports import Statement

DAY = datetime(2026, 11, 20)  # noqa: DTZ001 - naive UTC, as stored
#: The tables of a generation, without its number.
TABLES = (
    "measure_{}_still", "measure_{}_ticking", "tag_{}_still", "tag_{}_ticking", "party_{}",
)  # fmt: skip


@pytest.fixture
def engine() -> Iterator[DuckDBEngine]:
    found = DuckDBEngine(None)
    create_tables(found)
    history.create_tables(found)
    thinning.create_tables(found)
    yield found
    found.close()


def keep(engine: DuckDBEngine, *places: tuple[int, int]) -> list[str]:
    """Write manifests and views of snapshots at (generation, number)."""
    names = []
    for generation, number in places:
        name = f"{generation:08x}{number:08x}"
        at = DAY + timedelta(seconds=100 * generation + number)
        engine.run(
            Statement(
                "INSERT INTO meta.snapshot BY NAME SELECT $name AS snapshot_id, $at AS as_of,"
                " $at AS known_at, $at AS created_at, '' AS catalogue, '' AS data, 0 AS customers,"
                " '{}' AS events, '{}' AS tags, '{}' AS timings, true AS complete,"
                " 0 AS last_import, $generation AS generation, $number AS number,"
                """ '{"still": [], "ticking": []}' AS strips""",
                {"name": name, "at": at, "generation": generation, "number": number},
            )
        )
        for letter, table in zip("mta", TABLES[::2], strict=True):
            engine.run(
                Statement(
                    f"CREATE VIEW snapshot.{letter}_{name} AS SELECT k FROM"
                    f" snapshot.{table.format(generation)} WHERE born <= {number} AND died > {number}"
                )
            )
        names.append(name)
    return names


def versions(engine: DuckDBEngine, generation: int, *rows: tuple[int, int]) -> None:
    """Make the tables of a generation with row versions (born, died), each named after itself."""
    for table in TABLES:
        name = f"snapshot.{table.format(generation)}"
        engine.run(Statement(f"CREATE TABLE {name} (k VARCHAR, born INTEGER, died INTEGER)"))
        for born, died in rows:
            values = {"k": f"{born}-{died}", "born": born, "died": died}
            engine.run(Statement(f"INSERT INTO {name} VALUES ($k, $born, $died)", values))


def seen(engine: DuckDBEngine, name: str) -> set[str]:
    query = f"SELECT k FROM snapshot.t_{name}"
    return {row["k"] for row in engine.query(Statement(query)).to_pylist()}


def left(engine: DuckDBEngine, table: str) -> set[str]:
    query = f"SELECT k FROM snapshot.{table}"
    return {row["k"] for row in engine.query(Statement(query)).to_pylist()}


def newest(engine: DuckDBEngine) -> Manifest:
    return snapshots(engine)[0]


EVERY = [(b, d) for b in range(1, 6) for d in (*range(b + 1, 7), ALIVE)]


def test_only_the_kept_and_the_newest_stay(engine: DuckDBEngine):
    versions(engine, 1, *EVERY)
    first, second, third, fourth = keep(engine, (1, 1), (1, 2), (1, 3), (1, 4))
    for name in (second, third, fourth):
        thinning.mark_live(engine, name)
    before = seen(engine, first), seen(engine, fourth)
    assert thinning.thin(engine, newest(engine)) == 2
    assert [one.snapshot_id for one in snapshots(engine)] == [fourth, first]
    assert (seen(engine, first), seen(engine, fourth)) == before
    unseen = {f"{b}-{d}" for b, d in EVERY if not (b <= 1 < d or b <= 4 < d or b == 5)}
    for table in TABLES:
        assert left(engine, table.format(1)) == {f"{b}-{d}" for b, d in EVERY} - unseen
    views = engine.query(Statement("SELECT view_name FROM duckdb_views() WHERE NOT internal"))
    assert views.num_rows == 6
    assert thinning.thin(engine, newest(engine)) == 0


def test_what_is_pinned_or_in_history_stays(engine: DuckDBEngine):
    versions(engine, 1, (1, 2), (2, 3), (3, ALIVE))
    first, second, third = keep(engine, (1, 1), (1, 2), (1, 3))
    for name in (first, second, third):
        thinning.mark_live(engine, name)
        thinning.mark_live(engine, name)
    thinning.pin(engine, first)
    text = "INSERT INTO history.sighting SELECT 1, $name, $at, $at, '{}'"
    engine.run(Statement(text, {"name": second, "at": DAY}))
    assert thinning.thin(engine, newest(engine)) == 0
    assert len(snapshots(engine)) == 3
    assert left(engine, "tag_1_ticking") == {"1-2", "2-3", f"3-{ALIVE}"}


def test_a_generation_that_nothing_is_left_of_goes(engine: DuckDBEngine):
    versions(engine, 1, (1, ALIVE))
    versions(engine, 2, (1, ALIVE))
    old, new = keep(engine, (1, 1), (2, 1))
    thinning.mark_live(engine, old)
    assert thinning.thin(engine, newest(engine)) == 1
    assert seen(engine, new) == {f"1-{ALIVE}"}
    tables = engine.query(
        Statement("SELECT table_name AS t FROM duckdb_tables() WHERE schema_name = 'snapshot'")
    )
    assert {row["t"] for row in tables.to_pylist()} == {one.format(2) for one in TABLES}


def test_the_last_of_a_generation_takes_its_own_rows_only(engine: DuckDBEngine):
    versions(engine, 1, (1, 2), (1, ALIVE), (2, ALIVE))
    versions(engine, 2, (1, ALIVE))
    kept, old, _ = keep(engine, (1, 1), (1, 2), (2, 1))
    thinning.mark_live(engine, old)
    before = seen(engine, kept)
    assert thinning.thin(engine, newest(engine)) == 1
    assert seen(engine, kept) == before
