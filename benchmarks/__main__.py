"""Speed and memory beside rivals: `python3 run.py bench [SECTION ...] [OPTIONS]` prints the table.

Wall seconds of one machine say little; the ratios, taken in one run on the same data, are what
counts. Every figure comes from a process of its own, so that its peak memory is its own too.
"""

import argparse
import platform
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.lines import SECTIONS, Run
from benchmarks.rivals.install import install

CUSTOMERS = 100_000


def main() -> None:
    """Print the table; exit with 1 if a rival's values differ from ours."""
    chosen = options()
    run = Run(
        cache=chosen.cache or Path(tempfile.gettempdir()) / "zhiyan-bench",
        customers=chosen.customers,
        runs=chosen.runs,
        copies=chosen.copies,
        memory_limit=chosen.memory_limit,
        sizes=tuple(chosen.sizes),
        skip=frozenset(chosen.without),
    )
    run.cache.mkdir(parents=True, exist_ok=True)
    if chosen.rivals:
        install(run.rivals)
    print(f"{platform.platform()}, Python {platform.python_version()}, {run.machine()}\n")
    print("| section | figure | value | ratio | peak MB | |\n|---|---|---|---|---|---|")
    for name in chosen.sections or [n for n in SECTIONS if n != "growth"]:
        run.section = name
        SECTIONS[name](run)
    if run.wrong:
        sys.exit("values differ: " + "; ".join(run.wrong))


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="run.py bench", description=__doc__)
    add: Callable[..., object] = parser.add_argument
    add("sections", nargs="*", help=f"of {', '.join(SECTIONS)}; all but growth")
    add("--customers", type=int, default=CUSTOMERS, help=f"{CUSTOMERS} unless told")
    add("--cache", type=Path, help="folder that keeps groups and rivals for later runs")
    add("--runs", type=int, default=5, help="medians of so many runs (5)")
    add("--copies", type=int, default=1, help="segments: so many times the customers")
    add("--sizes", type=int, nargs="+", default=[100_000, 1_000_000], help="growth: customers")
    add("--memory-limit", default="", help="of DuckDB, such as 4GB")
    add(
        "--rivals",
        action="store_true",
        help="install benchmarks/requirements.txt into the cache first",
    )
    add(
        "--without",
        nargs="*",
        default=[],
        help="leave out: aside, fused, apart, polars, clickhouse, spark, postgres, scan, loop",
    )
    chosen = parser.parse_args()
    unknown = [name for name in chosen.sections if name not in SECTIONS]
    if unknown:
        parser.error(f"no such section: {', '.join(unknown)}; there are {', '.join(SECTIONS)}")
    return chosen


if __name__ == "__main__":
    main()
