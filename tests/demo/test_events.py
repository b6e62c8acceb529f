"""Clean events: the columns of the warehouse, keys that identify, bounded parts."""

import tracemalloc
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from zhiyan.core.event import ColumnType
from zhiyan.core.kinds import KINDS
from zhiyan.demo.columns import times
from zhiyan.demo.events import ARROW, write_events
from zhiyan.demo.world import build_world


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("events")
    write_events(replace(build_world(600, seed=2), chunk_size=200), folder)
    return folder


def read(folder: Path, kind: str) -> pa.Table:
    return pq.read_table(folder / "events" / kind)


def test_columns_are_those_of_the_kinds(written: Path):
    folders = sorted(path.name for path in (written / "events").iterdir())
    assert set(folders) == set(KINDS) - {"model_score"}
    for name in folders:
        rows = read(written, name)
        own = [column.name for column in KINDS[name].columns]
        assert rows.column_names == ["party_id", "source", "clinic", "occurred_at", *own]
        for column in KINDS[name].columns:
            assert rows.schema.field(column.name).type == ARROW[column.type], (name, column.name)


def test_the_key_identifies_a_fact_over_all_parts(written: Path):
    for name, kind in KINDS.items():
        if name == "model_score":
            continue
        rows = read(written, name)
        whole = ("party_id", "occurred_at", *(column.name for column in kind.columns))
        key = ("source", "clinic", *(kind.key or whole))
        keys = [rows[column].to_pylist() for column in key]
        seen = list(zip(*keys, strict=True))
        assert len(set(seen)) == len(seen), name


def test_every_event_hangs_on_a_known_party(written: Path):
    parties = pq.read_table(written / "parties")
    known = set(parties["party_id"].to_pylist())
    assert len(known) == parties.num_rows
    for name in ("order_line", "web_event", "wecom_event", "touch", "consent"):
        assert set(read(written, name)["party_id"].to_pylist()) <= known


def test_moments_are_stored_in_utc(written: Path):
    world = replace(build_world(600, seed=2), chunk_size=200)
    local = times(world.chunk(0).tables["visit"], "at").min()
    stored = times(
        read(written, "visit").slice(0, world.chunk(0).tables["visit"].num_rows), "occurred_at"
    )
    assert (local - stored.min()).astype(int) == 8 * 3600
    assert all(
        column.type is not ColumnType.MOMENT or column.name != "at"
        for column in KINDS["visit"].columns
    )


@pytest.mark.parametrize("size", [100, pytest.param(200, marks=pytest.mark.slow)])
def test_memory_is_bounded_by_the_chunk(size: int):
    def peak(customers: int) -> int:
        world = replace(build_world(customers, seed=2), chunk_size=size)
        tracemalloc.start()
        before = pa.total_allocated_bytes()
        most = 0
        for chunk in world.chunks():
            most = max(most, pa.total_allocated_bytes() - before)
            assert chunk.stage.people.count == size
        heap = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most + heap

    assert peak(6 * size) < 2.2 * peak(2 * size)
