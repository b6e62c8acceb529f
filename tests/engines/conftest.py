"""Engines on Spark: one Spark of this machine for all tests of a process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from zhiyan.engines.duckdb import DuckDBEngine
from zhiyan.engines.spark import SparkEngine, is_available
from zhiyan.ports import Statement

#: Small tables: nothing is compiled or adapted for long runs, hardly anything is shuffled.
SMALL = {
    "spark.master": "local[2]",
    "spark.driver.memory": "2g",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}

needs_spark = pytest.mark.skipif(
    not is_available(), reason="needs PySpark (run.py setup --spark) and Java 17"
)


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkEngine]:
    """Spark beside an empty warehouse in memory; skips where there is no Spark.

    It is started at once and stays: every other engine of the process joins it, with views of its own.
    """
    if not is_available():
        pytest.skip("needs PySpark (run.py setup --spark) and Java 17")
    ledger = DuckDBEngine(None)
    folder: Path = tmp_path_factory.mktemp("spark")
    engine = SparkEngine(ledger, folder, SMALL)
    engine.query(Statement("SELECT 1 AS n"))
    yield engine
    engine.close()
    ledger.close()
