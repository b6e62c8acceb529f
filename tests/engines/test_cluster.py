"""Real executor processes, and processes that are killed."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC
from pathlib import Path

import pytest
import yaml
from tests.app.group import copy_of, group
from tests.engines.conftest import SMALL, needs_spark
from tests.engines.test_workspace import set_up

from zhiyan.app.workspace import Workspace

pytestmark = [pytest.mark.slow, needs_spark]

ROOT = Path(__file__).parents[2]
CLUSTER = {
    **SMALL,
    "spark.master": "local-cluster[2,1,1024]",
    "spark.executor.memory": "1g",
    "spark.sql.shuffle.partitions": "2",
}


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str, tmp_path: Path) -> Path:
    """A workspace on Spark with the retail pack, not computed yet with it."""
    demo = group(tmp_path_factory, worker_id)
    return set_up(copy_of(demo, tmp_path / "group"), "spark", "retail")


def expected(folder: Path, elsewhere: Path) -> tuple[str, str]:
    """Return the as-of, and the snapshot id that DuckDB gives for it."""
    copy = set_up(copy_of(folder, elsewhere), "duckdb", "retail")
    with Workspace.open(copy) as workspace:
        as_of = workspace.snapshots()[0].as_of.replace(tzinfo=UTC)
        return as_of.isoformat(), workspace.compute(as_of).snapshot_id


def start(folder: Path, as_of: str) -> subprocess.Popen[str]:
    """Start a compute in a session of its own, so that all its processes can be told."""
    environment = {
        **os.environ,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "tests.engines.work", str(folder), as_of],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


def end(process: subprocess.Popen[str]) -> None:
    """Kill what is left of a process and its children."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout:
        process.stdout.close()


def test_two_executors_give_the_same_snapshot(folder: Path, tmp_path: Path):
    as_of, snapshot = expected(folder, tmp_path / "other")
    settings = yaml.safe_load((folder / "zhiyan.yaml").read_text("utf-8"))
    settings["spark"] = CLUSTER
    (folder / "zhiyan.yaml").write_text(yaml.safe_dump(settings, allow_unicode=True), "utf-8")
    process = start(folder, as_of)
    try:
        told = json.loads(process.communicate(timeout=900)[0].splitlines()[-1])
    finally:
        end(process)
    assert told == {"snapshot": snapshot, "executors": 2}


def reached(scratch: Path) -> int:
    """Return how many working tables a job has begun."""
    return max((int(place.name) for place in scratch.glob("[0-9]*")), default=0)


@pytest.mark.parametrize("steps", [3, 22])
def test_a_killed_job_leaves_the_state_before_it(folder: Path, tmp_path: Path, steps: int):
    as_of, snapshot = expected(folder, tmp_path / "other")
    with Workspace.reading(folder) as workspace:
        before = workspace.snapshots()
    process = start(folder, as_of)
    scratch = folder / "spark" / "scratch"
    deadline = time.monotonic() + 600
    try:
        while process.poll() is None and reached(scratch) < steps:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert process.poll() is None, "it ended before it could be killed"
    finally:
        end(process)
    with Workspace.reading(folder) as workspace:
        assert workspace.snapshots() == before
    with Workspace.open(folder) as workspace:
        made = workspace.compute(workspace.snapshots()[0].as_of.replace(tzinfo=UTC))
    assert made.snapshot_id == snapshot
