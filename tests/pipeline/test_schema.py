from zhiyan.core.event import BOOKKEEPING, SHARED_COLUMNS
from zhiyan.core.kinds import KINDS
from zhiyan.engines.duckdb import DuckDBEngine
from zhiyan.pipeline.schema import create_schema, event_columns
from zhiyan.ports import Statement

COLUMNS = """
SELECT column_name FROM information_schema.columns
WHERE table_schema = $schema AND table_name = $table ORDER BY ordinal_position
"""


def columns(engine, schema, table):
    found = engine.query(Statement(COLUMNS, {"schema": schema, "table": table}))
    return found.column("column_name").to_pylist()


def test_every_kind_has_its_table_and_creating_twice_keeps_the_rows():
    engine = DuckDBEngine(None)
    create_schema(engine)
    engine.run(Statement("INSERT INTO ref.clinic VALUES ('SH01', '上海一院', '上海', '知颜')"))
    create_schema(engine)
    assert engine.query(Statement("FROM ref.clinic")).num_rows == 1
    for kind in KINDS.values():
        expected = [name for name, _ in BOOKKEEPING]
        expected += [column.name for column in (*SHARED_COLUMNS, *kind.columns)]
        assert columns(engine, "event", kind.name) == expected
        assert [name for name, _ in event_columns(kind)] == expected
    assert columns(engine, "meta", "quarantine")[:3] == ["import_id", "file_name", "sheet"]
    engine.close()
