"""Rows in quarantine leave the open list when a later import brings them in."""

import pytest
from tests.pipeline.ingest.workshop import ORDER_HEAD, bench, order, write_csv

from zhiyan.ports import Statement


def waiting(desk):
    found = desk.rows(
        """SELECT DISTINCT import_id, row_no FROM meta.quarantine WHERE resolved_by IS NULL
        ORDER BY ALL"""
    )
    return [(row["import_id"], row["row_no"]) for row in found]


BAD = [order("S1"), order("S2", net="待定"), order("S3", 开单时间="2025-13-05")]


@pytest.fixture
def desk(tmp_path):
    desk = bench()
    desk.take(write_csv(tmp_path / "开单.csv", [ORDER_HEAD, *BAD]))
    assert waiting(desk) == [(1, 3), (1, 4)]
    return desk


def test_a_row_of_the_same_key_in_any_file_mends_it(desk, tmp_path):
    report = desk.take(write_csv(tmp_path / "补.csv", [ORDER_HEAD, order("S2", net="99")]))
    assert waiting(desk) == [(1, 4)]
    assert "1 行此前隔离的数据已由本次导入补上" in report.warnings
    kept = desk.rows("SELECT resolved_by FROM meta.quarantine ORDER BY row_no")
    assert [row["resolved_by"] for row in kept] == [2, None], "what was wrong stays on record"


def test_the_clinic_may_have_been_the_fault(desk, tmp_path):
    desk.take(write_csv(tmp_path / "补.csv", [ORDER_HEAD, order("S3", 门店="杭州一院")]))
    assert waiting(desk) == [(1, 3)]


def test_another_month_under_the_same_name_mends_nothing(desk, tmp_path):
    desk.take(write_csv(tmp_path / "开单.csv", [ORDER_HEAD, order("T1"), order("T2", net="?")]))
    assert waiting(desk) == [(1, 3), (1, 4), (2, 3)]


def test_a_mended_file_mends_rows_that_had_no_key(tmp_path):
    desk = bench()
    rows = [ORDER_HEAD, order("S1"), order("", 1), order("S3")]
    desk.take(write_csv(tmp_path / "开单.csv", rows))
    assert waiting(desk) == [(1, 3)]
    rows[2] = order("S2", 1)
    report = desk.take(write_csv(tmp_path / "开单.csv", rows))
    assert (report.accepted, report.duplicates) == (1, 2)
    assert waiting(desk) == []


def test_a_row_that_is_still_wrong_stays_open_once(desk, tmp_path):
    rows = [ORDER_HEAD, BAD[0], order("S2", net="99"), BAD[2]]
    desk.take(write_csv(tmp_path / "开单.csv", rows))
    assert waiting(desk) == [(2, 4)]


def test_a_dry_run_mends_nothing(desk, tmp_path):
    path = write_csv(tmp_path / "补.csv", [ORDER_HEAD, order("S2", net="99")])
    desk.take(path, dry_run=True)
    assert waiting(desk) == [(1, 3), (1, 4)]


def test_an_older_warehouse_gets_the_columns_it_lacks(tmp_path):
    desk = bench(tmp_path)
    engine = desk.importer.engine
    for table, column in (("meta.quarantine", "resolved_by"), ("event.payment", "voucher_no")):
        engine.run(Statement(f"ALTER TABLE {table} DROP COLUMN {column}"))
    engine.close()
    desk.vault_engine.close()
    again = bench(tmp_path)
    again.take(write_csv(tmp_path / "开单.csv", [ORDER_HEAD, *BAD]))
    assert waiting(again) == [(1, 3), (1, 4)]
