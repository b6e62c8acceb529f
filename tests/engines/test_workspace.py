"""A workspace whose engine is Spark: the same snapshots, and everything else as before."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from tests.app.group import copy_of, group
from tests.engines.conftest import SMALL, needs_spark

from zhiyan.app.workspace import Workspace
from zhiyan.core.identity import public_id
from zhiyan.ports import Statement

pytestmark = [pytest.mark.slow, needs_spark]

BEHAVIOURS = (
    "[count(*) of web_event where type = 'view' window 12mo] >= 1 and net_spend > 0",
    "[sum(net_fen) of order_line latest 2] > yuan(500) or [any(effective) of visit window 400d]",
    "[count(*) of visit window 400d] >= 1 and [count(distinct item_code) of order_line] >= 2",
)
IDENTITY = ("assignment", "link", "identifier", "conflict")


def set_up(folder: Path, engine: str, pack: str) -> Path:
    """Give a copy of the group another engine and pack; its facts are the same."""
    path = folder / "zhiyan.yaml"
    settings = yaml.safe_load(path.read_text("utf-8"))
    settings |= {"pack": pack, "engine": engine, "spark": SMALL if engine == "spark" else {}}
    path.write_text(yaml.safe_dump(settings, allow_unicode=True), "utf-8")
    return folder


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    return group(tmp_path_factory, worker_id)


Opened = Callable[[str, str], Workspace]


@pytest.fixture
def opened(demo: Path, tmp_path: Path) -> Iterator[Opened]:
    """Open a copy of the group with an engine and a pack."""
    found: list[Workspace] = []

    def open_(engine: str, pack: str) -> Workspace:
        folder = copy_of(demo, tmp_path / engine)
        found.append(Workspace.open(set_up(folder, engine, pack)))
        return found[-1]

    yield open_
    for workspace in found:
        workspace.close()


def rows(workspace: Workspace, table: str):
    found = workspace.engine.query(Statement(f"SELECT * FROM {table}")).to_pylist()
    return sorted(found, key=repr)


def end_of(workspace: Workspace) -> datetime:
    return workspace.snapshots()[0].as_of.replace(tzinfo=UTC)


def same_tables(ours: Workspace, theirs: Workspace, snapshot: str) -> None:
    """Compare every measure and tag, value by value, and who is who."""
    made = (f"snapshot.{letter}_{snapshot}" for letter in "mta")
    for table in (*(f"identity.{name}" for name in IDENTITY), *made):
        assert rows(theirs, table) == rows(ours, table), table


def test_the_whole_library_is_the_same(opened: Opened):
    ours, theirs = (opened(engine, "medical_aesthetics") for engine in ("duckdb", "spark"))
    as_of = end_of(ours)
    one, other = ours.compute(as_of), theirs.compute(as_of)
    assert other.snapshot_id == one.snapshot_id
    assert other.data == one.data
    same_tables(ours, theirs, one.snapshot_id)


def test_compute_refresh_select_and_explain(opened: Opened):
    ours, theirs = (opened(engine, "retail") for engine in ("duckdb", "spark"))
    early = end_of(ours) + timedelta(days=1)  # later than the snapshot that the demo made
    as_of = early + timedelta(days=9)
    assert theirs.compute(early).snapshot_id == ours.compute(early).snapshot_id
    one, other = ours.refresh(as_of), theirs.refresh(as_of)
    assert (other.snapshot_id, other.based_on) == (one.snapshot_id, one.based_on)
    assert other.based_on is not None
    same_tables(ours, theirs, one.snapshot_id)
    for code in ours.catalogue.segments:
        mine, spark = (w.select(code, limit=None, columns=["net_spend"]) for w in (ours, theirs))
        assert spark.counts == mine.counts
        assert spark.rows.to_pylist() == mine.rows.to_pylist()
    for text in BEHAVIOURS:
        mine, spark = (w.select(text, limit=None) for w in (ours, theirs))
        assert spark.counts == mine.counts
        assert 0 < mine.counts.matched < mine.counts.total
        assert spark.rows.to_pylist() == mine.rows.to_pylist()
    customer = public_id(rows(ours, f"snapshot.t_{one.snapshot_id}")[0]["customer_id"])
    theirs.close()
    with Workspace.reading(theirs.folder) as reader:
        assert reader.explain(customer, "net_spend") == ours.explain(customer, "net_spend")


def test_what_a_switched_engine_left_is_used(opened: Opened):
    theirs = opened("spark", "retail")
    early = end_of(theirs) + timedelta(days=1)
    first = theirs.compute(early)
    theirs.close()
    with Workspace.open(set_up(theirs.folder, "duckdb", "retail")) as again:
        assert again.refresh(early + timedelta(days=9)).based_on == first.snapshot_id
