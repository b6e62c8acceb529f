"""What all rivals share: options, the clock, and what they tell the parent as one line of JSON."""

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, NoReturn


class Options(NamedTuple):
    """``data`` holds Parquet files, ``scratch`` may be written to, ``out`` gets the wide table."""

    data: Path
    warehouse: Path
    scratch: Path
    out: Path
    runs: int


class Entry(NamedTuple):
    """``work`` computes the wide table and keeps it in the engine; ``write`` puts it into ``out``."""

    work: Callable[[], Any]
    write: Callable[[Path], None]
    version: str = ""
    peak: Callable[[], float] | None = None
    cpu: Callable[[], float] = time.process_time


def options() -> Options:
    """Read the options that the parent passed."""
    parser = argparse.ArgumentParser()
    for name in ("data", "warehouse", "scratch", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=1)
    return Options(**vars(parser.parse_args()))


def enter(entry: Callable[[Options], Entry]) -> None:
    """Run a rival and tell its seconds, peak memory and version."""
    chosen = options()
    begin = time.perf_counter()
    found = entry(chosen)
    ready = time.perf_counter() - begin
    seconds, cpu = measured(found.work, chosen.runs, clock=found.cpu)
    peak = found.peak() if found.peak else peak_megabytes()
    found.write(chosen.out)
    told = {"seconds": seconds, "cpu": cpu, "ready": ready, "peak": peak, "version": found.version}
    print(json.dumps(told), flush=True)


def measured(
    work: Callable[[], object], runs: int, *, clock: Callable[[], float] = time.process_time
) -> tuple[list[float], list[float]]:
    """Run some work several times; return wall and processor seconds of each run."""
    seconds: list[float] = []
    cpu: list[float] = []
    for _ in range(runs):
        begin, used = time.perf_counter(), clock()
        work()
        seconds.append(time.perf_counter() - begin)
        cpu.append(clock() - used)
    return seconds, cpu


def missing(name: str) -> NoReturn:
    """Tell the parent that something is not installed, and end."""
    print(json.dumps({"missing": name}), flush=True)
    sys.exit(0)


def peak_megabytes() -> float:
    """Return the peak resident memory of this process."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 if sys.platform != "darwin" else 1024 * 1024)
