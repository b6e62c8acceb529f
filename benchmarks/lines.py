"""The lines of the table, section by section."""

import json
import math
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.data import differences, exported
from benchmarks.group import Group, made
from benchmarks.rivals.base import SIMPLE, TAGS
from benchmarks.rivals.install import python_of

ROOT = Path(__file__).parent.parent
CODES = tuple(tag.code for tag in TAGS)
#: The 33 simple tags of behaviour, which the compiled loop tells.
WEB_CODES = tuple(tag.code for tag in SIMPLE if tag.source == "web_event")
Told = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Run:
    """One run of the benchmark and what it was asked for; ``wrong`` collects differing values."""

    cache: Path
    customers: int
    runs: int
    copies: int
    memory_limit: str
    sizes: tuple[int, ...]
    skip: frozenset[str]
    section: str = ""
    full: tuple[float, ...] = ()
    wrong: list[str] = field(default_factory=list[str])

    @property
    def rivals(self) -> Path:
        """Folder of the rivals' Python environment."""
        return self.cache / "rivals"

    @property
    def group(self) -> Group:
        """The group of the size asked for."""
        return made(self.cache, self.customers)

    @staticmethod
    def machine() -> str:
        """Return processors and load, which belong to every figure."""
        load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
        return f"{os.cpu_count()} processors{load}"

    def line(
        self, name: str, value: str, *, ratio: str = "", peak: float = 0, note: str = ""
    ) -> None:
        """Print a line of the table."""
        memory = f"{peak:,.0f}" if peak else ""
        print(f"| {self.section} | {name} | {value} | {ratio} | {memory} | {note} |", flush=True)

    def ours(self, job: str, **options: object) -> Told:
        """Run one of the product's jobs in a process of its own."""
        given = {
            "cache": self.cache,
            "customers": self.customers,
            "runs": self.runs,
            "memory-limit": self.memory_limit,
            **options,
        }
        words = [f"--{name}={value}" for name, value in given.items()]
        words += ["--full", *map(str, self.full)] if self.full else []
        return _child(sys.executable, "benchmarks.ours", job, *words)

    def rival(self, rival: "Rival") -> Told | None:
        """Run a rival in a process of its own; None if it is not installed."""
        own = rival.module == "duck"
        python = Path(sys.executable) if own else python_of(self.rivals)
        scratch = self.cache / "scratch"
        scratch.mkdir(exist_ok=True)
        if not python.is_file():
            return None
        paths = {
            "data": exported(self.group),
            "warehouse": self.group.warehouse,
            "scratch": scratch,
            "out": scratch / f"{rival.out}.parquet",
        }
        options = [*(f"--{name}={path}" for name, path in paths.items()), f"--runs={self.runs}"]
        found = _child(str(python), f"benchmarks.rivals.{rival.module}", *rival.words, *options)
        return None if "missing" in found else found


def _child(python: str, module: str, *words: str) -> Told:
    """Run a module; return the JSON of its last line."""
    done = subprocess.run(
        [python, "-m", module, *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{module} {' '.join(words)} failed:\n{done.stderr[-3000:]}")
    found: Told = json.loads(done.stdout.strip().splitlines()[-1])
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """A line: the module that computes it, and which of its values must equal ours.

    ``tenth`` says that it sees a tenth of the customers.
    """

    name: str
    module: str
    words: tuple[str, ...] = ()
    out: str
    codes: tuple[str, ...] = CODES
    tenth: bool = False


RIVALS = (
    Rival(name="DuckDB by hand, fused", module="duck", words=("fused",), out="fused"),
    Rival(name="DuckDB, a query per tag, one join", module="duck", words=("apart",), out="apart"),
    Rival(name="Polars streaming", module="polars_lazy", out="polars"),
    Rival(name="ClickHouse (chdb), fused", module="clickhouse", out="clickhouse"),
    Rival(name="PySpark local[2], fused", module="spark", out="spark"),
    Rival(
        name="PostgreSQL, fused, a tenth",
        module="postgres",
        words=("fused",),
        out="postgres",
        tenth=True,
    ),
    Rival(
        name="PostgreSQL, per tag, a tenth",
        module="postgres",
        words=("apart",),
        out="postgres",
        tenth=True,
    ),
    Rival(
        name="limit: bare scan of the columns", module="duck", words=("scan",), out="scan", codes=()
    ),
    Rival(
        name="limit: 33 tags, compiled loop, sorted arrays",
        module="loop",
        out="loop",
        codes=WEB_CODES,
    ),
)


def base(run: Run) -> None:
    """The 64 base tags, here and elsewhere."""
    group = run.group
    run.line("group made", f"{group.seconds:.0f} s", note=_size(group))
    scratch = run.cache / "scratch"
    scratch.mkdir(exist_ok=True)
    own = run.ours("base", out=scratch / "ours.parquet")
    whole = [statistics.median(own[name]) for name in ("seconds", "cpu")]
    run.line(
        "compute, kept as a snapshot", _time(own), peak=own["peak"], note=_slowest(own["timings"])
    )
    if "aside" not in run.skip:
        told = _seconds(run.ours("aside"), whole)
        run.line("compute, not kept", **told, note="no row versions, digest, views")
    for rival in RIVALS:
        if rival.out in run.skip:
            continue
        told = run.rival(rival)
        if told is None:
            run.line(rival.name, "not installed")
            continue
        line = _seconds(told, [one / (10 if rival.tenth else 1) for one in whole])
        run.line(rival.name, **line, note=_agreement(run, rival, told))


def _agreement(run: Run, rival: Rival, told: Told) -> str:
    """Compare a rival's values with ours; note what differs."""
    ready = f"{told['ready']:.1f} s to make ready; " if told["ready"] > 1 else ""
    if not rival.codes:
        return ready + told["version"]
    scratch = run.cache / "scratch"
    theirs = scratch / f"{rival.out}.parquet"
    wrong = differences(scratch / "ours.parquet", theirs, rival.codes, tenth=rival.tenth)
    if wrong:
        run.wrong.append(f"{rival.name}: {wrong}")
        return f"DIFFERS: {wrong}"
    return f"{ready}{told['version']}; all {len(rival.codes)} equal"


def library(run: Run) -> None:
    """The whole medical library."""
    told = run.ours("library")
    run.full = tuple(statistics.median(told[name]) for name in ("seconds", "cpu"))
    value = _time(told)
    note = f"{told['tags']} tags; {_slowest(told['timings'])}"
    run.line("full compute", value, peak=told["peak"], note=note)


def refresh(run: Run) -> None:
    """One ordinary day, then 100 events."""
    told = run.ours("refresh")
    full = told["full"]
    run.line("full compute", _both(full))
    for name, what in (("day", "one day"), ("hundred", "100 events")):
        events, customers = told[name]
        note = f"{events:,} events of {customers:,} customers; {_slowest(told[f'{name}_timings'])}"
        _beside(run, f"refresh after {what}", told[f"{name}_seconds"], full=full, note=note)
    run.line("peak", "", peak=told["peak"])
    if not told["day_same"]:
        run.wrong.append("refresh after one day is not what compute gives")


def segments(run: Run) -> None:
    """Random nested conditions of 3 to 8 clauses."""
    told = run.ours("segments", copies=run.copies)
    note = f"{told['customers']:,} customers; matched {told['matched']} (least, median, most)"
    run.line("all tags into one table", _both(told["aligning"]))
    run.line("count, p50 / p99", _spread(told["count"]), peak=told["peak"], note=note)
    if told["behaving"]:
        run.line("count with behaviours, p50 / p99", _spread(told["behaving"]))
    run.line("select (count and first page), p50 / p99", _spread(told["select"]))


def past(run: Run) -> None:
    """A day more than a year back."""
    told = run.ours("past")
    full = told["full"]
    run.line("full compute", _both(full), peak=told["peak"])
    _beside(run, "compute as of 400 days before", told["past"], full=full)
    run.line("put the first snapshot into history", _both(told["keeping"]))
    middle = sorted(told["members"])[len(told["members"]) // 2]
    run.line(
        "members as of that day, from history", _both(middle), note=f"{told['found']:,} members"
    )


def evidence(run: Run) -> None:
    """Why a customer has a value."""
    told = run.ours("evidence")
    slowest = ", ".join(
        f"{code} {seconds * 1000:.0f} ms" for code, seconds in told["slowest"].items()
    )
    run.line(
        "card, p50 / p99", _spread(told["cards"]), peak=told["peak"], note=f"slowest: {slowest}"
    )


def growth(run: Run) -> None:
    """The whole library over several sizes; the slope is the exponent of cpu seconds over customers."""
    before: tuple[int, float] | None = None
    for size in run.sizes:
        run.customers = size
        told = run.ours("library", runs=1)
        seconds, ratio = told["cpu"][0], ""
        if before:
            slope = math.log(seconds / before[1]) / math.log(size / before[0])
            ratio = f"slope {slope:.2f}"
        run.line(
            f"full compute, {size:,}",
            _time(told),
            ratio=ratio,
            peak=told["peak"],
            note=_size(run.group),
        )
        before = (size, seconds)


def _seconds(told: Told, ours: Sequence[float]) -> dict[str, Any]:
    """Return a line that sets our wall and processor seconds beside those of another."""
    wall, cpu = (
        own / statistics.median(told[name]) if any(told[name]) else 0
        for name, own in zip(("seconds", "cpu"), ours, strict=True)
    )
    ratio = f"ours is {wall:.2f} x" + (f" (cpu {cpu:.2f})" if cpu else "")
    return {"value": _time(told), "ratio": ratio, "peak": told["peak"]}


def _time(told: Told) -> str:
    return _both([statistics.median(told[name]) for name in ("seconds", "cpu")])


def _both(seconds: Sequence[float]) -> str:
    return f"{seconds[0]:.2f} s (cpu {seconds[1]:.2f})"


def _beside(
    run: Run, name: str, seconds: Sequence[float], *, full: Sequence[float], note: str = ""
) -> None:
    ratios = [one / whole for one, whole in zip(seconds, full, strict=True)]
    ratio = f"{ratios[0]:.2f} x full (cpu {ratios[1]:.2f})"
    run.line(name, _both(seconds), ratio=ratio, note=note)


def _spread(seconds: Sequence[float]) -> str:
    wall, cpu = (
        " / ".join(f"{1000 * one:.0f}" for one in part) for part in (seconds[:2], seconds[2:])
    )
    return f"{wall} ms (cpu {cpu})"


def _slowest(timings: dict[str, float]) -> str:
    ordered = sorted(timings.items(), key=lambda item: -item[1])[:4]
    return ", ".join(f"{name} {seconds:.2f}" for name, seconds in ordered)


def _size(group: Group) -> str:
    return f"{group.customers:,} customers, {sum(group.events.values()):,} events"


SECTIONS: dict[str, Callable[[Run], None]] = {
    section.__name__: section
    for section in (base, library, segments, evidence, past, refresh, growth)
}
