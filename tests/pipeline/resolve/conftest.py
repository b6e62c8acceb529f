import pytest
from tests.pipeline.resolve.world import World, clear

from zhiyan.engines.duckdb import DuckDBEngine
from zhiyan.pipeline.schema import create_schema
from zhiyan.ports import Statement


@pytest.fixture(scope="session")
def warehouse():
    opened = DuckDBEngine(None)
    opened.run(Statement("SET threads = 1"))  # the worlds here are tiny
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
