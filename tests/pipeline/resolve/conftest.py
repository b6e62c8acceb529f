import pytest

from tests.pipeline.resolve.world import World, clear
from zhiyan.engines.duckdb import DuckDBEngine
from zhiyan.pipeline.schema import create_schema


@pytest.fixture(scope="session")
def warehouse():
    opened = DuckDBEngine(None, threads=1)
    create_schema(opened)
    yield opened
    opened.close()


@pytest.fixture
def engine(warehouse):
    clear(warehouse)
    return warehouse


@pytest.fixture
def world():
    return World()
