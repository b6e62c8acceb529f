"""Parquet copies follow the warehouse, and nothing half-written is ever believed."""

import json

import pyarrow.parquet as pq
import pytest

from zhiyan.engines.duckdb import DuckDBEngine
from zhiyan.engines.spark.replica import MOST_PARTS, POINTERS, Replicas
from zhiyan.engines.spark.translate import Name
from zhiyan.ports import Statement

VISIT = Name(schema="event", table="visit")


@pytest.fixture
def ledger():
    engine = DuckDBEngine(None)
    engine.run(Statement("CREATE SCHEMA event"))
    engine.run(
        Statement(
            "CREATE TABLE event.visit (event_id UUID, import_id INTEGER, content_hash UBIGINT,"
            " superseded_at TIMESTAMP, codes VARCHAR[])"
        )
    )
    yield engine
    engine.close()


def add(ledger, import_id, rows=3):
    ledger.run(
        Statement(
            "INSERT INTO event.visit SELECT uuid(), $id, 18446744073709551615, NULL, ['a', 'b']"
            " FROM range($rows)",
            {"id": import_id, "rows": rows},
        )
    )


def read(files):
    rows = []
    for file in files:
        rows += pq.read_table(file).to_pylist()
    return sorted(rows, key=lambda row: row["event_id"])


def home(ledger):
    query = "SELECT * REPLACE (event_id::VARCHAR AS event_id) FROM event.visit ORDER BY event_id"
    return ledger.query(Statement(query)).to_pylist()


def test_an_empty_table_has_its_columns(ledger, tmp_path):
    (file,) = Replicas(tmp_path, ledger).files(VISIT)
    assert pq.read_table(file).column_names == [
        "event_id", "import_id", "content_hash", "superseded_at", "codes",
    ]  # fmt: skip


def test_only_what_changed_is_written(ledger, tmp_path):
    copies = Replicas(tmp_path, ledger)
    add(ledger, 1)
    first = copies.files(VISIT)
    assert copies.files(VISIT) == first
    add(ledger, 2)
    second = copies.files(VISIT)
    assert second[: len(first)] == first
    assert len(second) == len(first) + 1
    assert read(second) == home(ledger)
    ledger.run(Statement("UPDATE event.visit SET superseded_at = '2026-01-01' WHERE import_id = 1"))
    third = copies.files(VISIT)
    assert set(third) & set(second) == {second[-1]}
    assert read(third) == home(ledger)


def test_many_small_parts_become_one(ledger, tmp_path):
    copies = Replicas(tmp_path, ledger)
    for number in range(MOST_PARTS + 1):
        add(ledger, number, rows=1)
        files = copies.files(VISIT)
    assert len(files) == 1
    assert read(files) == home(ledger)


def test_a_removed_import_is_gone(ledger, tmp_path):
    copies = Replicas(tmp_path, ledger)
    add(ledger, 1)
    add(ledger, 2)
    copies.files(VISIT)
    ledger.run(Statement("DELETE FROM event.visit WHERE import_id = 1"))
    assert read(copies.files(VISIT)) == home(ledger)


def test_what_was_saved_is_found_again_and_the_rest_swept_away(ledger, tmp_path):
    copies = Replicas(tmp_path, ledger)
    add(ledger, 1)
    files = copies.files(VISIT)
    copies.save()
    add(ledger, 2)
    unsaved = set(copies.files(VISIT)) - set(files)
    again = Replicas(tmp_path, ledger)
    assert not any((tmp_path / "tables" / "event.visit" / name).exists() for name in unsaved)
    assert again.files(VISIT)[: len(files)] == files
    assert read(again.files(VISIT)) == home(ledger)


def test_pointers_of_another_past_are_not_believed(ledger, tmp_path):
    copies = Replicas(tmp_path, ledger)
    add(ledger, 1)
    copies.files(VISIT)
    copies.save()
    ledger.run(Statement("DELETE FROM event.visit"))
    add(ledger, 1)  # the same number of rows in the same import, but other ones
    assert read(Replicas(tmp_path, ledger).files(VISIT)) == home(ledger)


def test_a_lost_file_is_written_again(ledger, tmp_path):
    copies = Replicas(tmp_path, ledger)
    add(ledger, 1)
    (file,) = copies.files(VISIT)
    copies.save()
    (tmp_path / file).unlink()
    assert read(Replicas(tmp_path, ledger).files(VISIT)) == home(ledger)
    assert set(json.loads((tmp_path / POINTERS).read_text("utf-8"))) == {'event."visit"'}
