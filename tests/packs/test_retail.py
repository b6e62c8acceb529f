"""The retail pack on a handful of orders, computed by the real engine."""

from datetime import date, datetime

import pyarrow as pa
import pytest
from tests.packs.clinic import PACKS, Clinic, ago, compute_together

from zhiyan.core.snapshot import Manifest
from zhiyan.engines.duckdb import DuckDBEngine
from zhiyan.lang.load import load_catalogue
from zhiyan.pipeline.queue import Request, rank, run_of
from zhiyan.ports import Statement


def shop(clinic):
    clinic.buy(1, ago(400), 100, order_no="A", item_code="TEA")
    clinic.buy(1, ago(390), 50, order_no="B", item_code="CUP", qty=2)
    clinic.buy(1, ago(390), 30, order_no="B", item_code="TEA")
    clinic.add("payment", 1, ago(380), amount_fen=-3_000, tender="card")
    clinic.add("order_line", 1, ago(5), order_no="C", net_fen=0, item_code="BAG", qty=1)
    clinic.buy(2, ago(1000), 10, item_code=None, item_name="旧货")
    clinic.buy(2, ago(20), 20, item_code=None, item_name="旧货")
    clinic.buy(3, ago(7), 10)
    clinic.add("order_line", 4, ago(100), order_no="X", net_fen=9_900, list_fen=20_000, qty=1)
    clinic.add("profile", 5, ago(9), gender="female", province="浙江")
    clinic.add("profile", 6, ago(9), is_test=True)
    clinic.buy(6, ago(9), 99)
    clinic.add("web_event", 5, ago(2), type="cart")


@pytest.fixture(scope="module")
def tags():
    return compute_together(Clinic(pack="retail"), [shop])[shop]


def test_recency_frequency_and_money(tags):
    assert [tags[n]["recency_days"] for n in (1, 2, 3, 4, 5)] == [390, 20, 7, 100, None]
    assert [tags[n]["order_cnt"] for n in (1, 2, 3, 4, 5)] == [2, 2, 1, 1, 0]
    assert [tags[n]["net_spend"] for n in (1, 2, 3, 4, 5)] == [15_000, 3_000, 1_000, 9_900, 0]
    assert tags[1]["avg_order_value"] == 7_500
    assert tags[5]["avg_order_value"] is None
    assert tags[1]["refund_rate"] == pytest.approx(30 / 180)
    assert tags[1]["first_purchase_date"] == date(2025, 10, 18)


def test_goods_come_from_the_lines(tags):
    assert tags[1]["top_item"] == "TEA"
    assert tags[2]["top_item"] == "旧货"
    assert tags[1]["top_items"] == ["CUP", "TEA"]
    assert (tags[1]["units_bought"], tags[1]["item_variety"]) == (4, 2)
    assert tags[1]["basket_size"] == 1.5


def test_stages_and_scores(tags):
    stages = [tags[n]["lifecycle_stage"] for n in (1, 2, 3, 4, 5)]
    assert stages == ["lost", "reactivated", "new", "silent", "prospect"]
    assert [tags[n]["rfm_r"] for n in (1, 2, 3, 4, 5)] == [2, 4, 5, 3, None]
    assert [tags[n]["rfm_f"] for n in (1, 2, 3, 4, 5)] == [3, 3, 1, 1, None]
    assert [tags[n]["rfm_m"] for n in (1, 2, 3, 4, 5)] == [4, 2, 1, 3, None]
    assert tags[5]["rfm_segment"] == "na"
    assert [tags[n]["repeat_buyer"] for n in (1, 3, 5)] == ["returning", "first_time", "none"]
    assert tags[1]["repurchase_cycle_days"] == 10


def test_test_accounts_have_no_tags(tags):
    assert tags[6]["valid_customer"] is False
    assert tags[6]["net_spend"] is None
    assert tags[5]["cart_abandoned"] is True
    assert tags[4]["discount_share"] == 1.0


def ranked(tags, *, held):
    """Return (customer, action) of the queue over the tags."""
    catalogue = load_catalogue([PACKS / "retail"])
    at = datetime(2026, 11, 22)  # noqa: DTZ001 - naive UTC, as stored
    manifest = Manifest(
        snapshot_id="x", as_of=at, known_at=at, created_at=at, catalogue="", data="",
        customers=len(tags), events={}, tags=dict.fromkeys(catalogue.tags, ""), timings={},
    )  # fmt: skip
    rows = [{"customer_id": n, **{c: row[c] for c in catalogue.tags}} for n, row in tags.items()]
    engine = DuckDBEngine(None)
    engine.run(Statement("CREATE SCHEMA snapshot"))
    with engine.load("given", pa.Table.from_pylist(rows)):
        engine.run(Statement("CREATE TABLE snapshot.t_x AS SELECT * FROM given"))
    found = rank(run_of(engine, catalogue, manifest, offset=480), Request(held=held))
    engine.close()
    return [(entry.customer_id, entry.action) for entry in found.entries]


def served(clinic):
    clinic.add("web_event", 1, ago(2), type="cart")
    for customer in (2, 3, 4):
        clinic.buy(customer, ago(30), 500)
    clinic.add("complaint", 3, ago(3), status="open")
    clinic.add("consent", 4, ago(2), purpose="marketing", action="withdrawn")


def test_the_queue_serves_complaints_first_and_asks_nobody_who_refused():
    tags = compute_together(Clinic(pack="retail"), [served])[served]
    assert [tags[n]["do_not_contact"] for n in (1, 2, 3, 4)] == [False, False, False, True]
    able, held = ranked(tags, held=False), ranked(tags, held=True)
    assert able == [(3, "handle_complaint"), (1, "remind_cart"), (2, "second_order")]
    assert held == [(3, "second_order"), (4, "second_order")]
