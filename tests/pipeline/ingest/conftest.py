"""A fresh bench per test."""

import pytest
from tests.pipeline.ingest.workshop import bench


@pytest.fixture
def desk():
    opened = bench()
    yield opened
    opened.importer.engine.close()
    opened.vault_engine.close()
