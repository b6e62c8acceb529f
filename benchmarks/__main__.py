"""The main job, step by step, and the fused plan beside one query per measure.

Wall seconds of one machine say little; the ratios, taken in one run on the same data, are what counts.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.grow import grow
from zhiyan.app.demo import end_of, is_export, name_clinics
from zhiyan.app.records import imports
from zhiyan.app.session import WAREHOUSE
from zhiyan.app.workspace import Workspace
from zhiyan.demo.exports.write import write_exports
from zhiyan.demo.world import build_world
from zhiyan.lang.measure_sql import part_query
from zhiyan.lang.plan import Plan, make_plan
from zhiyan.pipeline.compute import compute, refresh
from zhiyan.pipeline.compute.run import Job, statement

SEGMENT = "high_value_due"


def timed(work: Callable[[], object]) -> float:
    """Return the wall seconds of some work."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def median(work: Callable[[], object], runs: int) -> float:
    """Return the median wall seconds of several runs."""
    return statistics.median(timed(work) for _ in range(runs))


def row(name: str, seconds: float, note: str = "") -> None:
    """Print one line of the table."""
    print(f"| {name} | {seconds:.2f} | {note} |")


def fused(job: Job, plan: Plan) -> None:
    """Run all parts of the plan, each reading its source once."""
    values = job.values(plan)
    for part in plan.parts:
        job.engine.query(statement(part.query.copy(), values))


def one_by_one(job: Job, plan: Plan) -> None:
    """Run one query per measure, as tools do that compute each tag by itself."""
    values = job.values(plan)
    frame = job.frame()
    for part in plan.parts:
        for column in part.columns:
            query = part_query(frame, [(column.name, column.measure)])
            job.engine.query(statement(query, values))


def main() -> None:
    """Run everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument(
        "--copies", type=int, default=1, help="compute and refresh over so many times the customers"
    )
    chosen = parser.parse_args()
    print("| step | wall s | |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "bench"
        world = build_world(chosen.customers)
        Workspace.create(folder)
        name_clinics(folder, world)
        row("write exports", timed(lambda: write_exports(world, folder)))
        with Workspace.open(folder) as workspace:
            main_job(workspace, end_of(workspace, world), chosen.runs)
            plan_beside_rival(workspace, end_of(workspace, world), chosen.runs)
            end = end_of(workspace, world)
        large = Path(place) / "large"
        Workspace.create(large)
        Workspace.open(large).close()
        grow(folder / WAREHOUSE, large / WAREHOUSE, chosen.copies)
        with Workspace.open(large) as workspace:
            refresh_beside_compute(workspace, end)
    print(f"| peak memory of the process, MB | {peak_megabytes():.0f} | |")


def main_job(workspace: Workspace, as_of: datetime, runs: int) -> None:
    """Time import, resolve, compute and select."""
    files = sorted(path for path in (workspace.folder / "exports").iterdir() if is_export(path))
    seconds = timed(lambda: workspace.ingest(files))
    rows = sum(item["rows_read"] for item in imports(workspace.engine).to_pylist())
    row("import", seconds, f"{rows:,} rows, {rows / seconds:,.0f} rows/s")
    row("resolve", median(lambda: workspace.resolve(as_of), runs))
    row("compute (resolve included)", median(lambda: workspace.compute(as_of), runs))
    row("select, count of a nested segment", median(lambda: workspace.select(SEGMENT), runs))


def plan_beside_rival(workspace: Workspace, as_of: datetime, runs: int) -> None:
    """Time the fused plan beside one query per measure."""
    job = workspace.job(as_of)
    plan = make_plan(job.frame())
    measures = sum(len(part.columns) for part in plan.parts)
    together = median(lambda: fused(job, plan), runs)
    apart = median(lambda: one_by_one(job, plan), runs)
    row(f"{measures} measures in {len(plan.parts)} statements", together)
    row(f"{measures} measures in {measures} statements", apart, f"{apart / together:.1f} x")


def refresh_beside_compute(workspace: Workspace, end: datetime) -> None:
    """Time a full compute of an earlier day, then a refresh over one day and over five minutes."""
    day = end - timedelta(days=2)
    whole = timed(lambda: compute(workspace.job(day)))
    customers = workspace.snapshots()[0].customers
    row("full compute, resolved before", whole, f"{customers:,} valid customers")
    for name, later in (("one day", timedelta(days=1)), ("five minutes", timedelta(minutes=5))):
        day += later
        moment = day
        seconds = timed(lambda moment=moment: refresh(workspace.job(moment)))
        row(f"refresh over {name}", seconds, f"{seconds / whole:.2f} x full")


def peak_megabytes() -> float:
    """Return the peak memory of this process; 0 where the system does not tell."""
    if sys.platform == "win32":
        return 0.0
    import resource  # noqa: PLC0415 - not on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 if sys.platform != "darwin" else 1024 * 1024)


if __name__ == "__main__":
    main()
