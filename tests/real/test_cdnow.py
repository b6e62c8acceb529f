"""CDNOW through the whole product, against pandas straight from the file."""

import pandas as pd
import pytest
from tests.real import oracle
from tests.real.shop import EXAMPLES, Shop, differences

pytestmark = pytest.mark.slow

MOMENTS = ("1998-07-01", "1997-10-01", "1998-01-01T00:00", "1998-01-02")
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
    frame = pd.read_csv(data("cdnow_master.csv.gz"), dtype=str)
    frame["at"] = pd.to_datetime(frame["date"])
    digits = frame["amount"].str.extract(r"^(\d+)\.(\d{1,2})$")
    frame["pence"] = digits[0].astype("int64") * 100 + digits[1].str.ljust(2, "0").astype("int64")
    frame["qty"] = frame["cds"].astype("int64")
    return frame.rename(columns={"customer_id": "customer"})


@pytest.fixture(scope="module")
def lines(raw):
    return raw[["customer", "at", "qty", "pence"]].assign(order=range(len(raw)), good=None)


@pytest.fixture(scope="module")
def cash(raw):
    return raw.loc[raw["pence"] != 0, ["customer", "at", "pence"]]


@pytest.fixture(scope="module")
def shop(data, tmp_path_factory):
    shop = Shop(tmp_path_factory.mktemp("cdnow") / "w", EXAMPLES / "cdnow.yaml", "cdnow")
    (shop.report,) = shop.take(data("cdnow_master.csv.gz"))
    yield shop
    shop.close()


def test_the_published_counts(shop, raw):
    """23,570 customers, 69,659 transactions, 2,500,315.63 dollars, 167,881 CDs."""
    assert (shop.report.rows_read, shop.report.accepted) == (69_659, 69_659)
    assert (shop.report.quarantined, shop.report.dropped, shop.report.duplicates) == (0, 0, 0)
    found = shop.rows(
        """SELECT count(DISTINCT party_id) AS people, count(*) AS rows, sum(net_fen) AS cents,
          sum(qty) AS cds, count(DISTINCT order_no) AS orders FROM event.order_line"""
    )
    assert found.iloc[0].to_list() == [23_570, 69_659, 250_031_563, 167_881, 69_659]
    assert raw["pence"].sum() == 250_031_563
    assert raw.duplicated().sum() == 255


def test_free_purchases_are_kept_but_are_no_orders(shop, raw):
    assert shop.one("SELECT count(*) FROM event.order_line WHERE is_gift") == 80
    tags = shop.tags(MOMENTS[0], raw["customer"].unique())
    assert tags["order_cnt"].sum() == 69_659 - 80
    assert len(tags) == 23_570
    assert (tags["order_cnt"] == 0).sum() == 68


@pytest.mark.parametrize("as_of", MOMENTS)
def test_every_tag_of_every_customer(shop, lines, cash, raw, as_of):
    expected = oracle.tags(lines, cash, as_of)
    for name, value in CONSTANT.items():
        expected[name] = value
    tags = shop.tags(as_of, raw["customer"].unique())
    assert set(expected.columns) == set(shop.workspace.catalogue.tags)
    assert differences(tags, expected) == {}


def test_audiences(shop, lines, cash, raw):
    expected = oracle.tags(lines, cash, MOMENTS[0])
    shop.tags(MOMENTS[0], raw["customer"].unique())
    counts = {
        code: shop.workspace.select(code, snapshot=shop.snapshot(MOMENTS[0])).counts
        for code in shop.workspace.catalogue.segments
    }
    assert {code: count.matched for code, count in counts.items()} == oracle.segments(expected)
    for count in counts.values():
        assert count.matched + count.not_matched + count.unknown == count.total == len(expected)


def test_split_and_shuffled_files_give_the_same_snapshot(shop, raw, tmp_path):
    shop.tags(MOMENTS[0], raw["customer"].unique())
    other = Shop.like(shop, tmp_path / "other")
    mixed = raw.rename(columns={"customer": "customer_id"}).sample(frac=1, random_state=3)
    third = mixed["customer_id"].str[-1].isin(["1", "4", "7"])
    paths = [tmp_path / "a.csv", tmp_path / "b.csv.gz"]
    for path, part in zip(paths, (mixed[third], mixed[~third]), strict=True):
        part.to_csv(path, columns=["customer_id", "date", "cds", "amount"], index=False)
    reports = other.take(*paths)
    assert sum(report.accepted for report in reports) == 69_659
    other.tags(MOMENTS[0], raw["customer"].unique())
    assert other.snapshot(MOMENTS[0]) == shop.snapshot(MOMENTS[0])
    other.close()
