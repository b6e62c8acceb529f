"""The sample catalogue and jobs on warehouses in memory."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import sample

from zhiyan.core.time import AsOf, BusinessZone
from zhiyan.engines.duckdb import DuckDBEngine
from zhiyan.lang.catalogue import Catalogue
from zhiyan.lang.load import load_catalogue
from zhiyan.pipeline.compute import Job
from zhiyan.ports import Silent

NOW = datetime(2026, 6, 1, tzinfo=UTC)
JobMaker = Callable[..., Job]


@pytest.fixture(scope="session")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return load_catalogue([sample.write(tmp_path_factory.mktemp("sample") / "pack")])


@pytest.fixture(scope="session")
def job(catalogue: Catalogue) -> JobMaker:
    def make(
        engine: DuckDBEngine, as_of: datetime, known_at: datetime | None = None, now: datetime = NOW
    ) -> Job:
        return Job(
            engine=engine,
            catalogue=catalogue,
            moment=AsOf(as_of=as_of, known_at=known_at),
            zone=BusinessZone.named(),
            now=now,
            progress=Silent(),
        )

    return make
