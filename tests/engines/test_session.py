"""What is said where Spark cannot be had; nothing here starts it."""

import importlib.util
import shutil

import pytest

from zhiyan.app.settings import PACKS_FOLDER, Settings
from zhiyan.app.working import portable
from zhiyan.core.time import BusinessZone
from zhiyan.engines.duckdb import DuckDBEngine
from zhiyan.engines.spark import SparkEngine, engine, support
from zhiyan.errors import DefinitionError, UsageError
from zhiyan.lang.load import load_catalogue
from zhiyan.ports import Statement


@pytest.fixture
def spark(tmp_path):
    ledger = DuckDBEngine(None)
    ledger.run(Statement("CREATE SCHEMA meta"))
    ledger.run(Statement("CREATE TABLE meta.snapshot AS SELECT 7 AS n"))
    made = SparkEngine(ledger, tmp_path, {})
    yield made
    made.close()
    ledger.close()


def test_without_pyspark(spark, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"ZY109.*PySpark"):
        spark.query(Statement("SELECT 1 AS n"))


def test_without_java(spark, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: object())
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(engine.session, "errors_wrapped", warnings_only)
    with pytest.raises(UsageError, match=r"ZY109.*Java"):
        spark.query(Statement("SELECT 1 AS n"))


class warnings_only:  # noqa: N801 - stands for a context manager
    def __enter__(self):
        return self

    def __exit__(self, *_):
        return False


def test_the_ledger_answers_for_itself(spark):
    assert spark.query(Statement("SELECT n FROM meta.snapshot")).to_pylist() == [{"n": 7}]


def test_what_spark_refuses_is_refused_at_load(monkeypatch):
    catalogue = load_catalogue([PACKS_FOLDER / "retail"])
    settings = Settings(pack="retail", zone=BusinessZone.named(), engine="spark")
    assert portable(catalogue, settings) is catalogue
    monkeypatch.setitem(support.REFUSED, "median_gap_days", "it guesses")
    with pytest.raises(DefinitionError, match=r"ZY289.*repurchase.*median_gap_days.*it guesses"):
        portable(catalogue, settings)
    assert portable(catalogue, Settings(pack="retail", zone=BusinessZone.named())) is catalogue
