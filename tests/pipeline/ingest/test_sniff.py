"""Which parser a column seems to want: by its name and by how its values are spread."""

import pyarrow as pa
import pytest
from tests.pipeline.ingest.workshop import sources, write_csv

from zhiyan.pipeline.ingest.load import load_mapping
from zhiyan.pipeline.ingest.sniff import said_by, sniff
from zhiyan.pipeline.ingest.suggest import suggest

SERIALS = [str(80_000 + 7 * n) for n in range(300)]
DAYS = [str(45_000 + n) for n in range(300)]
PHONES = [f"139{n:08d}" for n in range(20_000_000, 20_000_300)]
AMOUNTS = [str(40_000 + 500 * (n % 40)) for n in range(300)]
COUNTS = [str(n % 7 + 1) for n in range(300)]
LONG = [f"2025{n:010d}" for n in range(300)]
STAMPS = ["2025-03-01 10:00"] * 300


@pytest.mark.parametrize(
    ("header", "values", "parser"),
    [
        ("客户编号", SERIALS, "native_id"),
        ("卡", SERIALS, "native_id"),
        ("column_3", DAYS, "native_id"),
        ("到访日期", DAYS, "datetime"),
        ("column_1", [f"{n}.0" for n in SERIALS], "native_id"),
        ("联络", PHONES, "phone"),
        ("会员编号", PHONES, "native_id"),
        ("手机", [f"{n}.0" for n in PHONES], "phone"),
        ("实收(元)", AMOUNTS, "money"),
        ("花费", AMOUNTS, "money"),
        ("数量", COUNTS, "int"),
        ("档", ["00012", "00913", "01234"] * 9, "native_id"),
        ("单据", LONG, "native_id"),
        ("什么时候", ["20250301", "20250302", "20241231"] * 9, "datetime"),
        ("何时", STAMPS, "datetime"),
        ("备注", ["随便", "写写"] * 30, "code"),
    ],
)
def test_ids_phones_and_amounts_are_no_dates(header, values, parser):
    assert sniff(pa.array(values), header).parser == parser


def test_a_name_says_what_its_end_says():
    assert said_by("开单日期") == "datetime"
    assert said_by("实收金额/元") == "money"
    assert said_by("客户/手机号码") == "phone"
    assert said_by("套餐") == ""


def test_the_draft_does_not_date_orders_by_their_numbers(tmp_path):
    rows = [["单据", "客人手机", "购买", "日子", "应付"]]
    rows += [
        [80_000 + 3 * n, f"1391111{n:04d}", "光子", f"2025-01-{n % 28 + 1:02d} 10:00", 40_000 + n]
        for n in range(60)
    ]
    path = write_csv(tmp_path / "odd.csv", rows)
    text = suggest(path, sources())
    dated = [line for line in text.splitlines() if "parse: datetime" in line]
    assert dated
    assert all("[日子]" in line for line in dated), dated
    draft = tmp_path / "draft.yaml"
    draft.write_text(text)
    assert load_mapping(draft, sources())
