"""``mapping suggest`` on real files: the draft, as it stands, must give every row and every penny."""

import pandas as pd
import pytest
from tests.real.shop import Shop

from zhiyan.pipeline.ingest.load import load_mapping


def drafted(folder, path, system):
    """A shop that imports a file by the draft that the product makes of it."""
    shop = Shop(folder / "w", None, system)
    shop.mapping = folder / "draft.yaml"
    shop.mapping.write_text(shop.workspace.suggest_mapping(path), "utf-8")
    assert load_mapping(shop.mapping)
    return shop


@pytest.mark.slow
def test_invoice_lines_with_a_unit_price(data, tmp_path):
    """A line is worth its price times its quantity, not its price."""
    raw = pd.read_parquet(data("online_retail.parquet")).head(3_000)
    pence = ((raw["UnitPrice"] * 100).round().astype("int64") * raw["Quantity"]).where(
        raw["CustomerID"].notna(), 0
    )
    assert (raw["Quantity"] > 1).any()
    assert raw["InvoiceNo"].str.startswith("C").any()
    path = tmp_path / "lines.csv"
    raw.to_csv(path, index=False)
    shop = drafted(tmp_path, path, "shop")
    (report,) = shop.take(path)
    assert report.accepted == raw["CustomerID"].notna().sum()
    assert report.quarantine == {"no_person": raw["CustomerID"].isna().sum()}
    assert shop.one("SELECT sum(amount_fen) FROM event.payment") == pence.sum()
    assert shop.one("SELECT sum(net_fen) FROM event.order_line") == pence.clip(lower=0).sum()
    shop.close()


@pytest.mark.slow
def test_purchases_without_an_order_number(data, tmp_path):
    path = data("cdnow_master.csv.gz")
    shop = drafted(tmp_path, path, "shop")
    (report,) = shop.take(path)
    assert (report.rows_read, report.accepted) == (69_659, 69_659)
    assert shop.one("SELECT sum(net_fen) FROM event.order_line") == 250_031_563
    shop.close()
