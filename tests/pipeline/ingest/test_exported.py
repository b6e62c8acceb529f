"""Refunds that do not tell their own time."""

import pytest
from tests.pipeline.ingest.workshop import bench, write_csv, write_xlsx

HEAD = [
    "订单编号",
    "商品名称",
    "订单状态",
    "支付时间",
    "实付金额",
    "退款金额",
    "手机号",
    "用户昵称",
]
ROW = ["490011", "水光", "已退款", "2025-05-01 09:00", "198", "198", "139****0011", "小美"]


def refunded_at(desk):
    rows = desk.rows(
        """SELECT occurred_at::VARCHAR AS at FROM event.payment
        WHERE is_refund AND superseded_at IS NULL"""
    )
    return [row["at"] for row in rows]


@pytest.mark.parametrize(
    ("name", "titles", "expected"),
    [
        ("美团订单", [], "2025-05-01 01:00:00"),
        ("美团订单_20250501-20250531", [], "2025-05-31 15:59:59"),
        ("美团订单_2025-05-31", [], "2025-05-31 15:59:59"),
        ("美团订单", [["统计区间：2025-05-01 至 2025-05-31"]], "2025-05-31 15:59:59"),
        ("美团订单20250701", [["导出时间：2025年06月02日 10:30:00"]], "2025-06-02 02:30:00"),
        ("美团订单_20991231", [], "2026-01-02 00:00:00"),
        ("美团订单_20250101", [], "2025-05-01 01:00:00"),
        ("美团订单_20250231", [], "2025-05-01 01:00:00"),
    ],
)
def test_a_refund_is_dated_by_the_export_never_after_its_record(tmp_path, name, titles, expected):
    desk = bench()
    report = desk.take(write_xlsx(tmp_path / f"{name}.xlsx", [*titles, HEAD, ROW]))
    assert refunded_at(desk) == [expected]
    told = [text for text in report.warnings if "按成交时间记录" in text]
    assert bool(told) == (expected == "2025-05-01 01:00:00")
    if told:
        assert told == ["1 笔退款没有退款时间,文件也没有写明导出时间,按成交时间记录"]


def test_a_time_of_closing_is_better_than_that_of_the_export(tmp_path):
    desk = bench()
    head, row = [*HEAD, "交易关闭时间"], [*ROW, "2025-05-09 10:00"]
    desk.take(write_csv(tmp_path / "美团订单_20250630.csv", [head, row]))
    assert refunded_at(desk) == ["2025-05-09 02:00:00"]


@pytest.mark.parametrize("months", [("0531", "0630"), ("0630", "0531")])
def test_the_earliest_export_that_knows_the_refund_dates_it(tmp_path, months):
    desk = bench()
    for month in months:
        desk.take(
            write_csv(tmp_path / f"美团订单_2025{month}.csv", [HEAD, ROW, [f"9{month}", *ROW[1:]]])
        )
    found = desk.rows(
        """SELECT occurred_at::VARCHAR AS at FROM event.payment
        WHERE is_refund AND order_no = '490011' AND superseded_at IS NULL"""
    )
    assert found == [{"at": "2025-05-31 15:59:59"}]


def test_a_later_export_with_a_real_time_corrects_it(tmp_path):
    desk = bench()
    desk.take(write_csv(tmp_path / "美团订单_20250531.csv", [HEAD, ROW]))
    head, row = [*HEAD, "退款时间"], [*ROW, "2025-06-03 10:00"]
    assert desk.take(write_csv(tmp_path / "美团订单_20250630.csv", [head, row])).corrections == 1
    assert refunded_at(desk) == ["2025-06-03 02:00:00"]
