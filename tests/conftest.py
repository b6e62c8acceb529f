"""Options and fixtures of all tests."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from tests import effort

from zhiyan.engines.duckdb import DuckDBEngine


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        default=False,
        help="write what is produced into the golden files instead of comparing",
    )
    parser.addoption(
        "--thorough",
        action="store_true",
        default=False,
        help="try several times as many examples of every property",
    )
    parser.addoption(
        "--require-browser",
        action="store_true",
        default=False,
        help="fail instead of skip where browser tests lack a Chromium or the built console",
    )


def pytest_configure(config: pytest.Config) -> None:
    effort.choose(everything=bool(config.getoption("--thorough")))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers > 1:
        items[:] = long_first(items, workers)


def long_first(items: Sequence[pytest.Item], workers: int) -> list[pytest.Item]:
    """Return tests so that each worker's share begins with files of long tests.

    Every worker begins with one of equal parts of the list; who is done takes from the end of
    another's. So short tests are what is left to share out, and nobody waits for a long one.
    """
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    long: dict[Path, list[pytest.Item]] = {}
    short: list[pytest.Item] = []
    for path, tests in files.items():
        marks = [{mark.name for mark in test.iter_markers()} for test in tests]
        is_long = all(names & {"slow", "browser"} for names in marks)
        (long.setdefault(path.parent, []) if is_long else short).extend(tests)
    shares: list[list[pytest.Item]] = [[] for _ in range(workers)]
    for number, tests in enumerate(long.values()):
        shares[number % workers] += tests
    found: list[pytest.Item] = []
    for number, share in enumerate(shares):
        room = (len(items) - len(found)) // (workers - number) - len(share)
        found += share + short[: max(room, 0)]
        del short[: max(room, 0)]
    return found + short


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture(scope="session")
def scratch_engine() -> Iterator[DuckDBEngine]:
    """An empty warehouse in memory, shared by tests that only query it or clean up."""
    engine = DuckDBEngine(None)
    yield engine
    engine.close()
