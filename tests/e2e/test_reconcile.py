"""What the generator wrote down as true, against what the import made of it: row by row and fen."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.app.group import exports, reading, rows, truth

from zhiyan.app.workspace import Workspace

#: Money columns of the exports, by the beginning of the file's name: kind and column of events.
MONEY = {
    ("HIS开单明细", "成交金额"): ("order_line", "net_fen"),
    ("HIS开单明细", "原价"): ("order_line", "list_fen"),
    ("HIS收款流水_0", "金额"): ("payment", "amount_fen"),
    ("HIS执行划扣", "消耗金额"): ("treatment", "earned_fen"),
    ("HIS咨询面诊", "报价"): ("consult", "quoted_fen"),
    ("HIS疗程卡储值卡", "本金"): ("card", "principal_fen"),
    ("HIS疗程卡储值卡", "赠送金额"): ("card", "gift_fen"),
    ("HIS卡流水", "本金变动"): ("card_txn", "amount_fen"),
    ("HIS卡流水", "赠送变动"): ("card_txn", "gift_fen"),
    ("小程序优惠券", "面值"): ("coupon", "value_fen"),
    ("新氧订单", "实付金额"): ("order_line", "net_fen"),
    ("美团订单", "实付金额"): ("order_line", "net_fen"),
    ("抖音来客订单", "实付金额"): ("order_line", "net_fen"),
    ("小程序订单", "实付金额"): ("order_line", "net_fen"),
    ("微信支付账单", "订单金额"): ("payment", "amount_fen"),
}


@pytest.fixture(scope="module")
def seen(demo: Path) -> Iterator[Workspace]:
    with reading(demo) as workspace:
        yield workspace


@pytest.fixture(scope="module")
def imported(seen: Workspace) -> dict[str, dict[str, Any]]:
    found = rows(seen, "SELECT * FROM meta.import_batch")
    return {row["file_name"]: row for row in found}


@pytest.fixture(scope="module")
def planned(demo: Path) -> dict[str, dict[str, Any]]:
    """What should become of each file that the demo imports."""
    names = {path.name for path in exports(demo)}
    return {row["file"]: row for row in truth(demo, "files") if row["file"] in names}


def test_every_file_was_imported_once(imported: dict[str, Any], planned: dict[str, Any]):
    assert set(imported) == set(planned)
    assert len(planned) > 45


def test_rows_read_are_all_accounted_for(imported: dict[str, dict[str, Any]]):
    for name, row in imported.items():
        parts = ("accepted", "duplicates", "corrections", "quarantined", "dropped")
        assert row["rows_read"] == sum(row[part] for part in parts), name


def test_rows_by_outcome_are_those_planned(
    imported: dict[str, dict[str, Any]], planned: dict[str, dict[str, Any]]
):
    wrong: list[tuple[str, str, int, int]] = []
    for name, plan in planned.items():
        row = imported[name]
        stored = row["accepted"] + row["corrections"]
        for what, expected, found in (
            ("stored", plan["stored"], stored),
            ("corrections", plan["corrections"], row["corrections"]),
            ("duplicates", plan["duplicates"], row["duplicates"]),
            ("quarantined", plan["quarantined"], row["quarantined"]),
            ("data rows", plan["data_rows"], row["rows_read"] - row["dropped"]),
        ):
            if expected != found:
                wrong.append((name, what, expected, found))
    assert wrong == []


def test_quarantined_rows_are_exactly_those_planted(seen: Workspace, demo: Path):
    found = {
        (row["file_name"], row["row_no"])
        for row in rows(seen, "SELECT DISTINCT file_name, row_no FROM meta.quarantine")
    }
    planted = {
        (mark["file"], mark["row"])
        for mark in truth(demo, "mess")
        if mark["expected"] == "quarantine"
    }
    assert found == planted
    assert len(planted) > 5


def test_quarantine_names_the_column_and_masks_the_value(seen: Workspace, demo: Path):
    marks = {
        (mark["file"], mark["row"]): mark
        for mark in truth(demo, "mess")
        if mark["expected"] == "quarantine"
    }
    for row in rows(seen, "SELECT * FROM meta.quarantine"):
        mark = marks[row["file_name"], row["row_no"]]
        assert row["column_name"].rpartition("/")[2] == mark["column"]
        assert row["reason"]
        if len(mark["raw"]) >= 7 and mark["column"] in {"手机号", "手机", "电话", "姓名"}:
            assert row["value_masked"] != mark["raw"]


def test_money_is_stored_to_the_fen(seen: Workspace, demo: Path):
    """Sums over the events of a file against the generator's ledger, column by column.

    Lines of orders that pay back are payments, not order lines.
    """
    checked: Counter[tuple[str, str]] = Counter()
    wrong: list[tuple[str, str, int, int | None]] = []
    for line in truth(demo, "money"):
        for (stem, column), (kind, name) in MONEY.items():
            if not line["file"].startswith(stem) or line["column"] != column:
                continue
            (found,) = rows(
                seen,
                f"""SELECT sum({name})::BIGINT AS fen FROM event.{kind} AS e
                JOIN meta.import_batch AS b USING (import_id) WHERE b.file_name = $file""",
                file=line["file"],
            )
            checked[stem, column] += 1
            expected = line["stored_fen"] - line["refund_line_fen"]
            if (found["fen"] or 0) != expected:
                wrong.append((line["file"], column, expected, found["fen"]))
    assert set(checked) == set(MONEY)
    assert wrong == []


def test_money_read_is_money_stored_and_put_aside(seen: Workspace):
    """The report's own balance, which the import itself promises."""
    for row in rows(seen, "SELECT file_name, report FROM meta.import_batch"):
        for line in json.loads(row["report"])["money"]:
            parts = ("stored", "duplicate", "covered", "quarantined")
            assert line["read"] == sum(line[part] for part in parts), (
                row["file_name"],
                line,
            )


def test_cells_that_can_be_cleaned_are_in_the_warehouse_as_meant(seen: Workspace, demo: Path):
    """Nothing planted as readable became null: orders and payments keep every line."""
    for kind, stem in (("order_line", "HIS开单明细_01.csv"), ("payment", "HIS收款流水_01.csv")):
        (found,) = rows(
            seen,
            f"""SELECT count(DISTINCT row_no) AS n FROM event.{kind} AS e
            JOIN meta.import_batch AS b USING (import_id) WHERE b.file_name = $file""",
            file=stem,
        )
        plan = next(row for row in truth(demo, "files") if row["file"] == stem)
        assert found["n"] == plan["stored"] - plan["refund_lines"]


def test_damaged_files_are_refused_as_a_whole(demo: Path):
    marks = [mark for mark in truth(demo, "mess") if mark["expected"] == "reject_file"]
    assert len(marks) == 2
    for mark in marks:
        assert (demo / "exports" / mark["file"]).is_file()
