"""Rows without a line number of their own, over several files: nothing lost, nothing twice."""

import random
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.effort import examples
from tests.pipeline.ingest.workshop import bench, write_csv

PAID = ["门店", "流水号", "订单号", "病历号", "收款时间", "收款类型", "支付方式", "金额"]
SOLD = [
    "门店",
    "订单号",
    "病历号",
    "姓名",
    "开单时间",
    "项目名称",
    "数量",
    "成交金额",
    "是否赠送",
    "状态",
]


def paid(number, tender, fen, *, order="D1", kind="收款", at="2025-03-05 10:00:00"):
    return ["上海一院", number, order, "000101", at, kind, tender, fen]


def sold(item, net, *, order="D1", gift="否", status="已收款", qty=1):
    row = ["上海一院", order, "000101", "王芳", "2025-03-05 10:00", item, qty, net, gift, status]
    return [str(cell) for cell in row]


def payments(folder, name, *rows):
    return write_csv(folder / f"收款流水_{name}.csv", [PAID, *rows])


def orders(folder, name, *rows):
    return write_csv(folder / f"开单_{name}.csv", [SOLD, *rows])


def taken(desk, kind="payment"):
    column = {"payment": "amount_fen", "order_line": "net_fen"}[kind]
    return sorted(row[column] for row in desk.content(kind))


@pytest.fixture
def desk():
    return bench()


MIXED = (paid("R1", "微信", "500"), paid("R1", "银行卡", "300"))


@pytest.mark.parametrize("sequence", [MIXED, MIXED[::-1]])
def test_a_receipt_paid_in_two_ways_over_two_files(desk, tmp_path, sequence):
    for name, row in enumerate(sequence):
        report = desk.take(payments(tmp_path, name, row))
        assert (report.accepted, report.corrections) == (1, 0)
    assert taken(desk) == [30_000, 50_000]
    whole = desk.take(payments(tmp_path, "全", *MIXED))
    assert (whole.accepted, whole.duplicates) == (0, 2)
    one = bench()
    one.take(payments(tmp_path, "全", *MIXED))
    assert one.content("payment") == desk.content("payment"), "split or not, the same facts"


def test_payment_and_refund_of_one_number_and_orders_paid_together(desk, tmp_path):
    desk.take(
        payments(tmp_path, 1, paid("R1", "微信", "500"), paid("R1", "微信", "300", order="D2"))
    )
    desk.take(payments(tmp_path, 2, paid("R1", "微信", "200", kind="退款")))
    assert taken(desk) == [-20_000, 30_000, 50_000]


def test_a_changed_amount_of_the_same_way_of_paying_is_a_correction(desk, tmp_path):
    desk.take(payments(tmp_path, 1, *MIXED))
    report = desk.take(payments(tmp_path, 2, paid("R1", "微信", "450"), MIXED[1]))
    assert (report.corrections, report.duplicates, report.accepted) == (1, 1, 0)
    assert taken(desk) == [30_000, 45_000]


def test_the_same_number_and_amount_paid_in_another_way_is_told(desk, tmp_path):
    desk.take(payments(tmp_path, 1, paid("R1", "微信", "500")))
    report = desk.take(payments(tmp_path, 2, paid("R1", "现金", "500")))
    assert report.accepted == 1
    assert any("支付方式不同" in text for text in report.warnings)


def test_two_amounts_in_one_way_are_two_payments_and_equal_rows_one(desk, tmp_path):
    rows = [paid("R1", "微信", "500"), paid("R1", "微信", "300"), paid("R1", "微信", "500")]
    report = desk.take(payments(tmp_path, 1, *rows))
    assert (report.accepted, report.duplicates, report.quarantined) == (2, 1, 0)
    assert desk.take(payments(tmp_path, 2, rows[0])).duplicates == 1, "the dearer one is no change"
    assert taken(desk) == [30_000, 50_000]


@pytest.mark.parametrize("turn", [1, -1])
def test_lines_of_an_order_over_two_files(tmp_path, turn):
    desk, whole = bench(), bench()
    rows = [
        sold("光子嫩肤", 880),
        sold("水光", 300),
        sold("光子嫩肤", 0, gift="是"),
        sold("神秘项目", 66),
        sold("神秘礼盒", 77),
    ]
    parts = [rows[:2], rows[2:]][::turn]
    for name, part in enumerate(parts):
        assert desk.take(orders(tmp_path, name, *part), allow_unmapped=True).corrections == 0
    whole.take(orders(tmp_path, "全", *rows), allow_unmapped=True)
    assert desk.content("order_line") == whole.content("order_line")
    assert taken(desk, "order_line") == [0, 6_600, 7_700, 30_000, 88_000]


@pytest.mark.parametrize(
    "change", [{"net": 780}, {"net": 880, "status": "已退款"}, {"net": 880, "qty": 2}]
)
def test_a_changed_line_is_a_correction(desk, tmp_path, change):
    desk.take(orders(tmp_path, 1, sold("光子嫩肤", 880), sold("水光", 300)))
    net = change.pop("net")
    report = desk.take(orders(tmp_path, 2, sold("光子嫩肤", net, **change)))
    assert (report.corrections, report.accepted) == (1, 0)
    assert len(desk.content("order_line")) == 2


def test_an_alias_that_comes_later_makes_no_second_line(desk, tmp_path):
    desk.take(orders(tmp_path, 1, sold("新潮项目", 880)))
    more = {**desk.importer.reference.items, "新潮项目": "EN09"}
    better = replace(desk.importer.reference, items=more)
    desk.importer = replace(desk.importer, reference=better)
    report = desk.take(orders(tmp_path, 2, sold("新潮项目", 880), sold("水光", 300)))
    assert (report.corrections, report.accepted) == (1, 1)
    assert taken(desk, "order_line") == [30_000, 88_000]


def test_equal_lines_count_as_often_as_the_fullest_file_has_them(desk, tmp_path):
    line = sold("水光", 300)
    counts = []
    for name, times in enumerate((2, 1, 3, 2)):
        desk.take(
            orders(tmp_path, name, *[line] * times, sold("小气泡", name + 1, order=f"N{name}"))
        )
        counts.append(len([fen for fen in taken(desk, "order_line") if fen == 30_000]))
    assert counts == [2, 2, 3, 3]


def test_an_overlap_that_may_be_a_split_is_told(desk, tmp_path):
    desk.take(orders(tmp_path, 1, sold("水光", 300)))
    quiet = desk.take(orders(tmp_path, 2, sold("水光", 300), sold("小气泡", 99, order="D2")))
    assert not any("只计一次" in text for text in quiet.warnings)
    report = desk.take(orders(tmp_path, 3, sold("水光", 300), sold("小气泡", 99)))
    assert (report.duplicates, report.accepted) == (1, 1)
    assert "1 行与此前文件中同一单据的行完全相同,按重复导出只计一次" in report.warnings


def test_a_part_of_the_lines_of_an_item_is_no_correction_of_the_others(desk, tmp_path):
    desk.take(orders(tmp_path, 1, sold("水光", 300), sold("水光", 500)))
    for name, net in ((2, 500), (3, 300)):
        report = desk.take(orders(tmp_path, name, sold("水光", net)))
        assert (report.duplicates, report.corrections) == (1, 0)
    report = desk.take(orders(tmp_path, 4, sold("水光", 500), sold("水光", 400)))
    assert (report.duplicates, report.corrections) == (1, 1)
    assert taken(desk, "order_line") == [40_000, 50_000]


def test_back_to_the_first_content(desk, tmp_path):
    first = orders(tmp_path, "甲", sold("水光", 300), sold("小气泡", 99))
    second = orders(tmp_path, "乙", sold("水光", 280))
    desk.take(first)
    assert desk.take(second).corrections == 1
    assert desk.take(second).known_as == 2, "twice in a row changes nothing"
    back = desk.take(first)
    assert (back.committed, back.corrections, back.duplicates, back.known_as) == (True, 1, 1, None)
    assert any("恢复为更早版本" in text for text in back.warnings)
    assert taken(desk, "order_line") == [9_900, 30_000]
    history = desk.rows(
        "SELECT net_fen FROM event.order_line WHERE net_fen > 10000 ORDER BY recorded_at"
    )
    assert [row["net_fen"] for row in history] == [30_000, 28_000, 30_000]
    again = desk.take(first)
    assert (again.committed, again.known_as) == (False, 3)
    for money in back.money:
        assert money.read == money.stored + money.duplicate + money.covered + money.quarantined


def test_a_folder_taken_again_in_the_same_order_changes_nothing(desk, tmp_path):
    first = orders(tmp_path, "甲", sold("水光", 300))
    second = orders(tmp_path, "乙", sold("水光", 280))
    desk.take(first)
    desk.take(second)
    digest = desk.rows("SELECT file_sha256 FROM meta.import_batch ORDER BY import_id")[1]
    report = desk.importer.ingest(first, desk.moment, [digest["file_sha256"]])
    assert (report.committed, report.known_as) == (False, 1)
    assert taken(desk, "order_line") == [28_000]


def test_a_dry_run_of_the_first_content_tells_but_keeps_nothing(desk, tmp_path):
    first = orders(tmp_path, "甲", sold("水光", 300))
    desk.take(first)
    desk.take(orders(tmp_path, "乙", sold("水光", 280)))
    report = desk.take(first, dry_run=True)
    assert (report.committed, report.corrections) == (False, 1)
    assert taken(desk, "order_line") == [28_000]


lines = st.lists(
    st.tuples(
        st.sampled_from(["D1", "D2"]), st.sampled_from(["光子嫩肤", "水光"]), st.integers(0, 3)
    ),
    min_size=1,
    max_size=8,
)


@settings(
    max_examples=examples(3),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(lines, st.integers(0, 99))
def test_overlapping_exports_hold_the_fullest_of_each_line(tmp_path, rows, seed):
    """A file with everything and any part of it, shuffled, in both orders: the same facts."""
    whole = [sold(item, net, order=number) for number, item, net in rows]
    mixed = random.Random(seed).sample(whole, len(whole))
    part = mixed[: len(mixed) // 2 + 1]
    desk = bench()
    desk.take(orders(tmp_path, f"全{seed}", *whole))
    before = taken(desk, "order_line")
    assert before == sorted(net * 100 for _, _, net in rows)
    report = desk.take(orders(tmp_path, f"半{seed}", *part, sold("小气泡", 9, order="Z")))
    assert (report.duplicates, report.corrections) == (len(part), 0)
    assert taken(desk, "order_line") == sorted([*before, 900])
