"""Options and fixtures of all tests."""

from collections.abc import Iterator

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


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture(scope="session")
def scratch_engine() -> Iterator[DuckDBEngine]:
    """An empty warehouse in memory, shared by tests that only query it or clean up."""
    engine = DuckDBEngine(None)
    yield engine
    engine.close()
