"""The product's own figures, each job in a process of its own, told as one line of JSON."""

import argparse
import json
import shutil
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.group import Group, add_day, forget_days, made
from benchmarks.rivals.child import measured, peak_megabytes
from benchmarks.trees import behaving, trees
from zhiyan.app import history as kept
from zhiyan.app.workspace import Workspace
from zhiyan.core.identity import public_id
from zhiyan.core.snapshot import Manifest
from zhiyan.lang.load import load_catalogue
from zhiyan.pipeline import compute as computing
from zhiyan.pipeline import history
from zhiyan.pipeline.select import align, count, whole_table
from zhiyan.pipeline.stored import place_of
from zhiyan.ports import Statement

BASE_TAGS = Path(__file__).parent / "base_tags"
ASIDE = computing.Aside(parties="identity.assignment")
TREES, BEHAVING, CARDS = 200, 50, 200
Told = dict[str, Any]


def forget(workspace: Workspace) -> None:
    """Drop every snapshot and its history, so that the next compute starts from nothing."""
    _forget_snapshots(workspace)
    run(workspace, "DROP SCHEMA IF EXISTS history CASCADE")
    history.create_tables(workspace.engine)
    run(workspace, "CHECKPOINT")


def run(workspace: Workspace, text: str) -> None:
    """Run a statement of the benchmark's own."""
    workspace.engine.run(Statement(text))


def timed(work: Callable[[], object]) -> list[float]:
    """Return the wall and processor seconds of some work."""
    begin, used = time.perf_counter(), time.process_time()
    work()
    return [time.perf_counter() - begin, time.process_time() - used]


def base(workspace: Workspace, group: Group, chosen: argparse.Namespace) -> Told:
    """Compute the 64 base tags and keep them as a snapshot."""
    job = _base_job(workspace, group)
    runs: list[tuple[list[float], list[float]]] = []
    for _ in range(chosen.runs):
        forget(workspace)
        job.timings.clear()
        runs.append(measured(lambda: computing.compute(job), 1))
    peak = peak_megabytes()
    manifest = workspace.snapshot()
    codes = ", ".join(job.catalogue.tags)
    run(
        workspace,
        f"COPY (SELECT customer_id, {codes} FROM snapshot.t_{manifest.snapshot_id})"
        f" TO '{chosen.out}' (FORMAT parquet)",
    )
    forget(workspace)
    return {**_both(runs), "peak": peak, "timings": manifest.timings}


def aside(workspace: Workspace, group: Group, chosen: argparse.Namespace) -> Told:
    """Compute the 64 base tags into temporary tables: no versions, no digest, no snapshot."""
    job = _base_job(workspace, group)
    runs = measured(lambda: computing.compute_aside(job, ASIDE), chosen.runs)
    return {**_both([runs]), "peak": peak_megabytes()}


def library(workspace: Workspace, group: Group, chosen: argparse.Namespace) -> Told:
    """Compute every tag of the medical library."""
    runs: list[tuple[list[float], list[float]]] = []
    for _ in range(chosen.runs):
        forget(workspace)
        runs.append(measured(lambda: computing.compute(workspace.job(group.as_of)), 1))
    manifest = workspace.snapshot()
    return {
        **_both(runs),
        "peak": peak_megabytes(),
        "timings": manifest.timings,
        "tags": len(manifest.tags),
        "told": manifest.customers,
    }


def refresh(workspace: Workspace, group: Group, chosen: argparse.Namespace) -> Told:
    """Compute, import an ordinary day, refresh; then 100 events more, refresh; check the result."""
    told: Told = {"full": _full(workspace, group, chosen)}
    moment = group.as_of + timedelta(days=1)
    told["day"] = add_day(group.warehouse, group.customers)
    told["day_seconds"] = timed(lambda: computing.refresh(workspace.job(moment)))
    told["day_timings"] = workspace.snapshot().timings
    told["day_same"] = _is_what_compute_gives(workspace, moment)
    hundred = 100 / max(100, told["day"][0])
    told["hundred"] = add_day(group.warehouse, group.customers, hundred)
    moment += timedelta(minutes=1)
    told["hundred_seconds"] = timed(lambda: computing.refresh(workspace.job(moment)))
    told["hundred_timings"] = workspace.snapshot().timings
    told["peak"] = peak_megabytes()
    forget(workspace)
    return told


def _is_what_compute_gives(workspace: Workspace, moment: Any) -> bool:
    """Tell whether a full compute finds the newest snapshot again."""
    refreshed = workspace.snapshot()
    return computing.compute(workspace.job(moment)).snapshot_id == refreshed.snapshot_id


def segments(workspace: Workspace, group: Group, chosen: argparse.Namespace) -> Told:
    """Count random nested conditions over the library's tags."""
    _full(workspace, group, chosen)
    manifest = workspace.snapshot()
    if chosen.copies > 1:
        _multiply(workspace, manifest, chosen.copies)
    aligning = timed(lambda: align(workspace.engine, manifest, workspace.aligned))
    texts = trees(workspace, manifest, TREES)
    workspace.select(texts[0])
    counted = [
        timed(lambda text=text: count(workspace.judgement(text, manifest))) for text in texts
    ]
    # Copies of customers have no facts of their own.
    more = behaving(workspace, manifest, BEHAVING) if chosen.copies == 1 else ()
    behaved = [timed(lambda text=text: count(workspace.judgement(text, manifest))) for text in more]
    matched = [workspace.select(text).counts.matched for text in texts[:50]]
    selected = [timed(lambda text=text: workspace.select(text)) for text in texts[:100]]
    told = {
        "aligning": aligning,
        "count": _spread(counted),
        "behaving": _spread(behaved),
        "select": _spread(selected),
        "matched": [min(matched), statistics.median(matched), max(matched)],
        "customers": manifest.customers * chosen.copies,
        "peak": peak_megabytes(),
    }
    if chosen.copies > 1:
        forget(workspace)
    return told


def _multiply(workspace: Workspace, manifest: Manifest, copies: int) -> None:
    """Put the rows of a snapshot's tags there so many times, as so many more customers."""
    run(workspace, f"DROP TABLE IF EXISTS {whole_table(manifest.snapshot_id)}")
    place = place_of(workspace.engine, manifest.snapshot_id)
    for table in map(place.table, place.strips) if place else ():
        run(workspace, f"CREATE TEMP TABLE once AS FROM {table}")
        for number in range(1, copies):
            run(
                workspace,
                f"INSERT INTO {table} SELECT * REPLACE ((hash(customer_id, {number}) >> 1)::BIGINT"
                " AS customer_id) FROM once",
            )
        run(workspace, "DROP TABLE once")


def past(workspace: Workspace, group: Group, chosen: argparse.Namespace) -> Told:
    """Tell the whole base as of a day more than a year back: anew, and from kept history.

    The snapshot is dropped before history is asked, so that intervals alone answer.
    """
    forget(workspace)
    day = group.as_of - timedelta(days=400)
    again = timed(lambda: computing.compute(workspace.job(day)))
    keeping = timed(lambda: kept.remembered(workspace, workspace.snapshot()))
    peak = peak_megabytes()
    _forget_snapshots(workspace)
    sighting = kept.sighting_at(workspace, day + timedelta(hours=1))
    asked = "net_spend_lifetime > 0 and lifecycle_stage <> 'lost'"
    members = [timed(lambda: kept.members(workspace, sighting, asked)) for _ in range(chosen.runs)]
    found = kept.members(workspace, sighting, asked).num_rows
    forget(workspace)
    told = {
        "full": _full(workspace, group, chosen),
        "past": again,
        "keeping": keeping,
        "members": members,
        "found": found,
        "peak": peak,
    }
    forget(workspace)
    return told


def _forget_snapshots(workspace: Workspace) -> None:
    """Drop every snapshot, and leave what history keeps of it."""
    run(workspace, "DROP SCHEMA IF EXISTS snapshot CASCADE")
    run(workspace, "DELETE FROM meta.snapshot")
    shutil.rmtree(workspace.aligned, ignore_errors=True)
    computing.create_tables(workspace.engine)


def evidence(workspace: Workspace, group: Group, chosen: argparse.Namespace) -> Told:
    """Explain random tags of random customers."""
    _full(workspace, group, chosen)
    manifest = workspace.snapshot()
    draw = Random(3)
    rows = workspace.engine.query(
        Statement(
            f"SELECT customer_id FROM snapshot.t_{manifest.snapshot_id}"
            " ORDER BY hash(customer_id) LIMIT 500"
        )
    ).to_pylist()
    asked = [
        (public_id(draw.choice(rows)["customer_id"]), draw.choice(sorted(manifest.tags)))
        for _ in range(CARDS)
    ]
    workspace.explain(*asked[0])
    seconds = {
        f"{code} {customer}": timed(partial(workspace.explain, customer, code))
        for customer, code in asked
    }
    slowest = sorted(seconds, key=lambda name: -seconds[name][0])[:5]
    return {
        "cards": _spread(list(seconds.values())),
        "slowest": {name.split()[0]: seconds[name][0] for name in slowest},
        "peak": peak_megabytes(),
    }


def _full(workspace: Workspace, group: Group, chosen: argparse.Namespace) -> list[float]:
    """Have a snapshot of the whole library; return the seconds of a full compute.

    The snapshot of the section before is taken again where the parent tells its seconds.
    """
    found = workspace.snapshots()
    job = workspace.job(group.as_of)
    if chosen.full and [m.catalogue for m in found] == [job.definitions]:
        return list(chosen.full)
    forget(workspace)
    return timed(lambda: computing.compute(job))


def _both(runs: list[tuple[list[float], list[float]]]) -> Told:
    wall, cpu = ([one for run in runs for one in run[part]] for part in (0, 1))
    return {"seconds": wall, "cpu": cpu}


def _spread(seconds: list[list[float]]) -> list[float]:
    """Return p50 and p99 of wall seconds, then of processor seconds."""
    found: list[float] = []
    for clock in zip(*seconds, strict=True):
        ordered = sorted(clock)
        found += [
            statistics.median(ordered),
            ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))],
        ]
    return found


def _base_job(workspace: Workspace, group: Group) -> computing.Job:
    return replace(workspace.job(group.as_of), catalogue=load_catalogue([BASE_TAGS]))


JOBS = {job.__name__: job for job in (base, aside, library, refresh, segments, past, evidence)}


def main() -> None:
    """Run one job on the group of a size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("job", choices=JOBS)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--customers", type=int, required=True)
    parser.add_argument("--out", type=Path, default=Path("ours.parquet"))
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--copies", type=int, default=1)
    parser.add_argument("--memory-limit", default="")
    parser.add_argument("--full", type=float, nargs=2, help="seconds of the compute before")
    chosen = parser.parse_args()
    group = made(chosen.cache, chosen.customers)
    forget_days(group.warehouse)
    with Workspace.open(group.folder) as workspace:
        if chosen.memory_limit:
            run(workspace, f"SET memory_limit = '{chosen.memory_limit}'")
        print(json.dumps(JOBS[chosen.job](workspace, group, chosen)), flush=True)
    forget_days(group.warehouse)


if __name__ == "__main__":
    main()
