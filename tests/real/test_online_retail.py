"""UCI Online Retail through the whole product, against pandas straight from the file."""

import pandas as pd
import pytest
from tests.real import oracle
from tests.real.shop import EXAMPLES, Shop, differences

pytestmark = pytest.mark.slow

SERVICES = {"POST", "DOT", "M", "C2", "D", "S", "B", "BANK CHARGES", "AMAZONFEE", "CRUK", "PADS"}
#: The end; the middle; a window that begins exactly at the first invoice (and one minute later);
#: the very moment of the last invoice.
MOMENTS = (
    "2011-12-10",
    "2011-06-01",
    "2011-12-01T08:26",
    "2011-12-01T08:27",
    "2011-12-09T12:50",
)
#: Tags for which this data has no source: every customer has the same value.
CONSTANT = {
    "valid_customer": True,
    "cart_abandoned": False,
    "promo_driven": False,
    "open_complaint": False,
    "do_not_contact": False,
    "gender": "unknown",
    "web_active_30d": "none",
    "home_city": None,
    "home_region": None,
    "discount_share": None,
}


@pytest.fixture(scope="module")
def raw(data):
    frame = pd.read_parquet(data("online_retail.parquet"))
    # Exact: a thousandth of a pound is the finest price there is; halves of a penny go up.
    mills = (frame["UnitPrice"] * 1000).round().astype("int64") * frame["Quantity"]
    frame["pence"] = mills.abs().add(5).floordiv(10) * mills.map(lambda v: (v > 0) - (v < 0))
    frame["cancelled"] = frame["InvoiceNo"].str.startswith("C")
    return frame


@pytest.fixture(scope="module")
def known(raw):
    return raw[raw["CustomerID"].notna()].assign(customer=lambda f: f["CustomerID"].astype(str))


@pytest.fixture(scope="module")
def lines(known):
    sold = known[~known["cancelled"]]
    goods = ~sold["StockCode"].str.upper().isin(SERVICES)
    return pd.DataFrame(
        {
            "customer": sold["customer"],
            "order": sold["InvoiceNo"],
            "at": sold["InvoiceDate"],
            "good": sold["StockCode"].where(goods),
            "qty": sold["Quantity"].where(goods, 0),
            "pence": sold["pence"],
        }
    )


@pytest.fixture(scope="module")
def cash(known):
    moved = known[known["pence"] != 0]
    return pd.DataFrame(
        {"customer": moved["customer"], "at": moved["InvoiceDate"], "pence": moved["pence"]}
    )


@pytest.fixture(scope="module")
def shop(data, tmp_path_factory):
    shop = Shop(
        tmp_path_factory.mktemp("shop") / "w", EXAMPLES / "online_retail.yaml", "online_retail"
    )
    (shop.report,) = shop.take(data("online_retail.parquet"))
    yield shop
    shop.close()


def test_every_row_is_accounted_for(shop, raw, known):
    report = shop.report
    written_off = int(((raw["Quantity"] < 0) & (raw["pence"] == 0)).sum())
    assert (len(raw), len(known), written_off) == (541_909, 406_829, 1_336)
    assert report.rows_read == len(raw)
    assert report.accepted == len(known)
    assert report.drops == {"stock_adjustment": written_off}
    assert report.quarantine == {"no_person": len(raw) - len(known) - written_off}
    assert (report.duplicates, report.corrections, dict(report.unknown)) == (0, 0, {})
    waiting = shop.rows("SELECT reason, count(*) AS n FROM meta.quarantine GROUP BY reason")
    assert dict(zip(waiting["reason"], waiting["n"], strict=True)) == report.quarantine


def test_every_penny_is_accounted_for(shop, raw, known):
    money = {(line.kind, line.column): line for line in shop.report.money}
    sales, moved = money[("order_line", "net_fen")], money[("payment", "amount_fen")]
    assert moved.read == raw["pence"].sum() == 974_774_793
    assert moved.stored == known["pence"].sum() == 830_006_581
    assert moved.quarantined == raw["pence"].sum() - known["pence"].sum()
    assert sales.stored == known.loc[known["pence"] > 0, "pence"].sum() == 891_140_790
    assert shop.one("SELECT sum(net_fen) FROM event.order_line") == sales.stored


def test_the_published_counts(shop, known):
    """4,338 buyers, 18,532 invoices, 8,911,407.90 pounds: the figures of the literature."""
    assert (
        shop.one("SELECT count(DISTINCT party_id) FROM event.order_line WHERE net_fen > 0") == 4_338
    )
    assert (
        shop.one("SELECT count(DISTINCT order_no) FROM event.order_line WHERE net_fen > 0")
        == 18_532
    )
    # 397,884 lines have a price above zero; four of them cost a tenth of a penny.
    assert ((known["Quantity"] > 0) & (known["UnitPrice"] > 0)).sum() == 397_884
    assert shop.one("SELECT count(*) FROM event.order_line WHERE net_fen > 0") == 397_880
    assert shop.one("SELECT count(*) FROM event.order_line WHERE is_gift") == 44


def test_equal_lines_are_all_kept_and_refunds_are_no_orders(shop, known):
    assert known.drop(columns="customer").duplicated().sum() == 5_225
    assert shop.one("SELECT count(*) FROM event.order_line") == (~known["cancelled"]).sum()
    refunds = shop.rows("SELECT amount_fen FROM event.payment WHERE is_refund")["amount_fen"]
    cancelled = known.loc[known["cancelled"], "pence"]
    assert (len(refunds), refunds.sum()) == (8_905, cancelled.sum())
    assert shop.one("SELECT count(*) FROM event.order_line WHERE order_no LIKE 'C%'") == 0
    assert shop.one("SELECT count(*) FROM event.payment WHERE is_refund <> (amount_fen < 0)") == 0


@pytest.mark.parametrize("as_of", MOMENTS)
def test_every_tag_of_every_customer(shop, lines, cash, known, as_of):
    expected = oracle.tags(lines, cash, as_of)
    for name, value in CONSTANT.items():
        expected[name] = value
    tags = shop.tags(as_of, known["customer"].unique())
    assert set(expected.columns) == set(shop.workspace.catalogue.tags)
    assert differences(tags, expected) == {}


def test_the_boundary_of_the_window_matters(shop, known):
    """What is exactly 365 days old still counts, a minute later it does not."""
    numbers = known["customer"].unique()
    at, after = (shop.tags(moment, numbers)["order_cnt_12m"] for moment in MOMENTS[2:4])
    assert (at - after.reindex(at.index)).sum() > 0


@pytest.mark.parametrize("as_of", MOMENTS[:2])
def test_audiences(shop, lines, cash, known, as_of):
    expected = oracle.tags(lines, cash, as_of)
    shop.tags(as_of, known["customer"].unique())
    snapshot = shop.snapshot(as_of)
    counts = {
        code: shop.workspace.select(code, snapshot=snapshot).counts
        for code in shop.workspace.catalogue.segments
    }
    assert {code: count.matched for code, count in counts.items()} == oracle.segments(expected)
    assert {count.total for count in counts.values()} == {len(expected)}


@pytest.mark.parametrize(
    "where",
    [
        "repurchase_overdue_ratio > 1",
        "avg_order_value >= yuan(500) and refund_rate < 0.1",
        "top_item = '22423' or recency_days <= 30",
        "rfm_segment in ('champion', 'loyal') and lifecycle_stage = 'active'",
        "contains(top_items, '85123A')",
    ],
)
def test_a_segment_its_opposite_and_the_unknown_are_everybody(shop, known, where):
    tags = shop.tags(MOMENTS[0], known["customer"].unique())
    snapshot = shop.snapshot(MOMENTS[0])
    found = shop.workspace.select(where, snapshot=snapshot).counts
    opposite = shop.workspace.select(f"not ({where})", snapshot=snapshot).counts
    assert found.matched + opposite.matched + found.unknown == found.total == len(tags)
    assert (found.not_matched, found.unknown) == (opposite.matched, opposite.unknown)
    assert found.matched > 0


def test_the_same_file_again_changes_nothing(shop, data):
    before = shop.one("SELECT count(*) FROM event.payment")
    (report,) = shop.take(data("online_retail.parquet"))
    assert (report.committed, report.accepted, report.duplicates) == (False, 0, 541_909)
    assert shop.one("SELECT count(*) FROM event.payment") == before


def test_the_same_rows_in_another_order_and_form_change_nothing(shop, raw, known, tmp_path):
    """Shuffled, as CSV: other bytes, equal facts."""
    numbers = known["customer"].unique()
    shop.tags(MOMENTS[0], numbers)
    columns = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice",
               "CustomerID"]  # fmt: skip
    path = tmp_path / "again.csv"
    raw[columns].sample(frac=1, random_state=7).to_csv(path, index=False)
    (report,) = shop.take(path)
    assert (report.accepted, report.corrections, report.duplicates) == (0, 0, 406_829)
    assert sum(report.events.values()) == 0
    (again,) = [shop.workspace.compute(pd.Timestamp(MOMENTS[0], tz="UTC").to_pydatetime())]
    assert again.snapshot_id == shop.snapshot(MOMENTS[0])
