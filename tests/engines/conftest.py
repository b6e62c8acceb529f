"""Engines on Spark: a session of this machine, or of a small cluster, for all tests that need one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from zhiyan.engines.duckdb import DuckDBEngine
from zhiyan.engines.spark import SparkEngine, is_available

#: Small tables: nothing is compiled or adapted for long runs, hardly anything is shuffled.
SMALL = {
    "spark.master": "local[2]",
    "spark.driver.memory": "1g",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}

needs_spark = pytest.mark.skipif(
    not is_available(), reason="needs PySpark (run.py setup --spark) and Java 17"
)


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkEngine]:
    """Spark beside an empty warehouse in memory; skips where there is no Spark."""
    if not is_available():
        pytest.skip("needs PySpark (run.py setup --spark) and Java 17")
    ledger = DuckDBEngine(None)
    folder: Path = tmp_path_factory.mktemp("spark")
    engine = SparkEngine(ledger, folder, SMALL)
    yield engine
    engine.close()
    ledger.close()
