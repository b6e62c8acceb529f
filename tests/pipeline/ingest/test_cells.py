"""Unit prices: multiplied exactly, rounded once."""

import pytest
from tests.pipeline.ingest.workshop import bench, write_csv

HEAD = ["InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"]


@pytest.mark.parametrize(
    ("price", "count", "fen"),
    [
        ("0.335", "100", 3350),
        ("0.3350", "1", 34),
        ("0.3349", "1", 33),
        ("2.55", "6", 1530),
        ("0.001", "4", 0),
        ("0.001", "5", 1),
        ("0.335", "-1", -34),
        ("1.2万", "3", 3_600_000),
    ],
)
def test_a_price_is_rounded_after_it_is_multiplied(tmp_path, price, count, fen):
    desk = bench(pack="retail")
    rows = [HEAD, ["1", "A", count, "2025-01-02 10:00", price, "17"]]
    assert desk.take(write_csv(tmp_path / "retail.csv", rows)).quarantined == 0
    found = desk.rows("SELECT amount_fen FROM event.payment")
    assert [row["amount_fen"] for row in found] == [fen]


def test_a_product_beyond_all_money_is_put_aside(tmp_path):
    desk = bench(pack="retail")
    rows = [
        HEAD,
        ["1", "A", "999999999999999", "2025-01-02", "9999999999", "17"],
        ["2", "A", "2", "2025-01-02", "1", "17"],
    ]
    report = desk.take(write_csv(tmp_path / "retail.csv", rows))
    assert (report.quarantine, report.accepted) == ({"out_of_range": 1}, 1)
