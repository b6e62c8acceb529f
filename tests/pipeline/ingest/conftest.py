"""A fresh bench per test."""

import pytest
from tests.pipeline.ingest.workshop import bench, taken_back


@pytest.fixture(autouse=True)
def _tidy():
    """Let the next test have the benches of this one, emptied."""
    with taken_back():
        yield


@pytest.fixture
def desk():
    return bench()
