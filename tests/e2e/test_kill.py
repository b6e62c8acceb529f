"""A process killed in the middle: the workspace is as before or as after, never between."""

import random
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.app.group import copy_of, exports, rows
from tests.e2e.process import kill_after, run, run_json

from zhiyan.app.demo import name_clinics
from zhiyan.app.workspace import Workspace
from zhiyan.core.kinds import KINDS
from zhiyan.demo.exports.write import write_exports
from zhiyan.demo.world import build_world

pytestmark = pytest.mark.slow

STEMS = ("HIS客户档案_01", "HIS开单明细_01", "HIS收款流水_01", "HIS到店", "企微客户", "小程序行为")
AS_OF = "2026-09-01"
EVERY = 1_000_000


class Case(NamedTuple):
    """Workspaces with one key: empty, with the files imported, and computed; and how long it took."""

    files: list[Path]
    empty: Path
    imported: Path
    snapshot_id: str
    import_seconds: float
    compute_seconds: float


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    folder = tmp_path_factory.mktemp("kill")
    world = build_world(100, 5)
    empty = folder / "empty"
    Workspace.create(empty)
    name_clinics(empty, world)
    write_exports(world, folder)
    files = [path for path in exports(folder) if path.stem.startswith(STEMS)]
    assert len(files) == len(STEMS)
    with Workspace.open(empty) as opened, opened.open_vault():
        pass
    imported = copy_of(empty, folder / "imported")
    started = time.monotonic()
    run("import", "-w", imported, *files)
    between = time.monotonic()
    computed = copy_of(imported, folder / "computed")
    manifest = run_json("compute", "-w", computed, "--as-of", AS_OF)
    return Case(files, empty, imported, manifest["snapshot_id"], between - started,
                time.monotonic() - between)  # fmt: skip


def end_of(workspace: Workspace) -> datetime:
    return workspace.settings.zone.parse_moment(AS_OF).astimezone(UTC)


def facts(workspace: Workspace, last: int) -> dict[str, list[dict[str, object]]]:
    """Return how many rows each of the first imports brought, by table."""
    tables = [*(f"event.{kind}" for kind in KINDS), "identity.observation", "meta.quarantine"]
    query = """SELECT import_id, count(*) AS n FROM {table} GROUP BY import_id ORDER BY import_id"""
    found = {table: rows(workspace, query.format(table=table)) for table in tables}
    return {
        table: [row for row in counted if row["import_id"] <= last]
        for table, counted in found.items()
    }


def names(workspace: Workspace) -> list[str]:
    found = rows(workspace, "SELECT file_name FROM meta.import_batch ORDER BY import_id")
    return [row["file_name"] for row in found]


def tables_of(found: list[str]) -> set[str]:
    """Return the views of snapshots and the tables of their one generation."""
    strips = [f"{kind}_1_{strip}" for kind in ("measure", "tag") for strip in ("still", "ticking")]
    kept = {*strips, "party_1"} if found else set[str]()
    return kept | {f"{kind}_{one}" for one in found for kind in "mta"}


def snapshot_tables(workspace: Workspace) -> set[str]:
    found = rows(
        workspace,
        "SELECT table_name AS t FROM information_schema.tables WHERE table_schema = 'snapshot'",
    )
    return {row["t"] for row in found}


@pytest.mark.parametrize("share", [round(random.Random(8).uniform(0.45, 1), 2), 0.55, 0.75, 0.9])
def test_killed_import(case: Case, tmp_path: Path, share: float):
    folder = copy_of(case.empty, tmp_path / "killed")
    kill_after(share * case.import_seconds, "import", "-w", folder, *case.files)
    with Workspace.open(folder) as killed, Workspace.reading(case.imported) as whole:
        done = names(killed)
        assert done == [path.name for path in case.files][: len(done)]
        assert facts(killed, EVERY) == facts(whole, len(done))
    with Workspace.open(folder) as again, Workspace.reading(case.imported) as whole:
        again.ingest(case.files)
        assert names(again) == names(whole)
        assert facts(again, EVERY) == facts(whole, len(case.files))
        assert again.compute(end_of(again)).snapshot_id == case.snapshot_id


@pytest.mark.parametrize("share", [0.5, 0.7, round(random.Random(9).uniform(0.4, 1), 2), 0.93])
def test_killed_compute(case: Case, tmp_path: Path, share: float):
    folder = copy_of(case.imported, tmp_path / "killed")
    kill_after(share * case.compute_seconds, "compute", "-w", folder, "--as-of", AS_OF)
    with Workspace.open(folder) as killed:
        found = [manifest.snapshot_id for manifest in killed.snapshots()]
        assert found in ([], [case.snapshot_id])
        assert snapshot_tables(killed) == tables_of(found)
        assert names(killed) == [path.name for path in case.files]
    with Workspace.open(folder) as again:
        assert again.compute(end_of(again)).snapshot_id == case.snapshot_id
        assert [manifest.snapshot_id for manifest in again.snapshots()] == [case.snapshot_id]
        assert snapshot_tables(again) == tables_of([case.snapshot_id])
