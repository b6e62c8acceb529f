"""Every statement that resolve, compute, refresh and select run can be said to Spark."""

from datetime import UTC, timedelta
from pathlib import Path

import pytest
from tests.app.group import copy_of, group

from zhiyan.app.workspace import Workspace
from zhiyan.engines.spark.joins import MOST_JOINS
from zhiyan.engines.spark.translate import parse, point_to_views, spark_sql, tables_of
from zhiyan.ports import Statement


class Told:
    """DuckDB, but every statement is said to Spark as well."""

    def __init__(self, engine) -> None:
        self._engine = engine
        self.texts: list[str] = []

    def _tell(self, statement: Statement) -> None:
        tree = parse(statement)
        point_to_views(tables_of(tree))
        self.texts.append(spark_sql(tree))

    def run(self, statement: Statement) -> None:
        self._tell(statement)
        self._engine.run(statement)

    def query(self, statement: Statement):
        self._tell(statement)
        return self._engine.query(statement)

    def __getattr__(self, name: str):
        return getattr(self._engine, name)


@pytest.mark.slow
def test_all_statements_can_be_said(
    tmp_path_factory: pytest.TempPathFactory, worker_id: str, tmp_path: Path
):
    with Workspace.open(copy_of(group(tmp_path_factory, worker_id), tmp_path / "group")) as opened:
        told = Told(opened.engine)
        opened.__dict__["worker"] = told
        as_of = opened.snapshots()[0].as_of.replace(tzinfo=UTC)
        opened.compute(as_of - timedelta(days=3))
        opened.refresh(as_of)
        for code in opened.catalogue.segments:
            opened.select(code, limit=2)
        del opened.__dict__["worker"]
    assert len(told.texts) > 100
    assert not [text for text in told.texts if "$" in text.replace("$2$1", "")]
    assert max(text.count("LEFT JOIN `part_") for text in told.texts) > MOST_JOINS
