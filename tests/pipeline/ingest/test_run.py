import random
from dataclasses import replace

import pytest
from tests.pipeline.ingest.workshop import ORDER_HEAD, bench, order, write_csv, write_xlsx

from zhiyan.errors import DataError
from zhiyan.pipeline.ingest.context import Reference

ORDERS = [
    ORDER_HEAD,
    order("S1", 1),
    order("S1", 2, item="水光", net="1,280.50"),
    order("S2", 1, file="00000018", item="光子嫩肤(体验)", net="0.01"),
    order("S3", 1, item="小气泡", net="0", 是否赠送="是"),
    order("S4", 1, net="-300.00", 状态="已退款"),
]


def content(desk):
    return {kind: desk.content(kind) for kind in ("order_line", "payment")}


def test_order_rows_become_lines_and_refunds(desk, tmp_path):
    report = desk.take(write_csv(tmp_path / "开单.csv", ORDERS))
    assert (report.rows_read, report.accepted, report.quarantined) == (5, 5, 0)
    lines = desk.rows(
        """SELECT order_no, line_no, item_code, net_fen, is_gift, is_test, status, clinic
        FROM event.order_line ORDER BY order_no, line_no"""
    )
    assert [(r["order_no"], r["item_code"], r["net_fen"]) for r in lines] == [
        ("S1", "EN01", 88_000), ("S1", "IN07", 128_050), ("S2", "EN01", 1), ("S3", "SK01", 0)
    ]  # fmt: skip
    assert [r["is_gift"] for r in lines] == [False, False, False, True]
    assert [r["is_test"] for r in lines] == [False, False, True, False]
    assert {r["clinic"] for r in lines} == {"SH01"}
    refund = desk.one("SELECT amount_fen, is_refund, matched, order_no FROM event.payment")
    assert refund == {"amount_fen": -30_000, "is_refund": True, "matched": False, "order_no": "S4"}
    occurred = desk.one("SELECT DISTINCT occurred_at FROM event.order_line")
    assert str(occurred) == "2025-03-05 06:30:00"


def test_money_is_accounted_for(desk, tmp_path):
    rows = [*ORDERS, order("S5", 1, net="待定"), order("S6", 1, 开单时间="2025-13-05", net="77")]
    report = desk.take(write_csv(tmp_path / "开单.csv", rows))
    line = next(one for one in report.money if one.column == "net_fen")
    assert (line.read, line.stored, line.duplicate, line.quarantined) == (
        223_751,
        216_051,
        0,
        7_700,
    )
    assert report.quarantine == {"bad_money": 1, "bad_date": 1}
    kept = desk.rows("SELECT row_no, column_name, reason FROM meta.quarantine ORDER BY row_no")
    assert [(r["row_no"], r["column_name"]) for r in kept] == [(7, "成交金额"), (8, "开单时间")]


def test_the_same_file_again_changes_nothing(desk, tmp_path):
    path = write_csv(tmp_path / "开单.csv", ORDERS)
    desk.take(path)
    before = content(desk), desk.rows("FROM meta.import_batch"), desk.kept()
    again = desk.take(path)
    assert (again.committed, again.known_as, again.duplicates) == (False, 1, 5)
    assert before == (content(desk), desk.rows("FROM meta.import_batch"), desk.kept())


def test_the_same_rows_in_another_file_are_duplicates(desk, tmp_path):
    desk.take(write_csv(tmp_path / "开单.csv", ORDERS))
    before = content(desk)
    report = desk.take(write_csv(tmp_path / "开单2.csv", ORDERS, encoding="gbk"))
    assert (report.accepted, report.duplicates, report.corrections) == (0, 5, 0)
    assert content(desk) == before


def test_shuffled_and_split_files_give_the_same_facts(tmp_path):
    whole, shuffled, split = bench(), bench(), bench()
    rows = ORDERS[1:] + [order("S9", n, item="水光", net=f"{n}00") for n in range(1, 9)]
    mixed = rows[:]
    random.Random(5).shuffle(mixed)
    whole.take(write_csv(tmp_path / "开单.csv", [ORDER_HEAD, *rows]))
    shuffled.take(write_csv(tmp_path / "开单b.csv", [ORDER_HEAD, *mixed]))
    split.take(write_csv(tmp_path / "开单c.csv", [ORDER_HEAD, *mixed[6:]]))
    split.take(write_csv(tmp_path / "开单d.csv", [ORDER_HEAD, *mixed[:6]]))
    assert content(whole) == content(shuffled) == content(split)


def test_rows_without_a_line_number_keep_what_was_bought_twice(tmp_path):
    head = [name for name in ORDER_HEAD if name != "行号"]

    def cut(*rows):
        return [
            head,
            *([v for n, v in zip(ORDER_HEAD, r, strict=True) if n != "行号"] for r in rows),
        ]

    one, two = bench(), bench()
    rows = [order("S1"), order("S1"), order("S1", item="水光"), order("S1", net="100")]
    report = one.take(write_csv(tmp_path / "开单.csv", cut(*rows)))
    assert (report.accepted, report.duplicates) == (4, 0)
    assert one.one("SELECT sum(net_fen)::BIGINT FROM event.order_line") == 88_000 * 3 + 10_000
    two.take(write_csv(tmp_path / "开单2.csv", cut(*reversed(rows))))
    assert one.content("order_line") == two.content("order_line")
    again = one.take(write_csv(tmp_path / "开单3.csv", cut(*rows, order("S2"))))
    assert (again.accepted, again.duplicates) == (1, 4)


def test_a_changed_row_is_a_new_version(desk, tmp_path):
    desk.take(write_csv(tmp_path / "a开单.csv", ORDERS))
    report = desk.take(write_csv(tmp_path / "b开单.csv", [ORDER_HEAD, order("S1", 1, net="700")]))
    assert (report.corrections, report.accepted) == (1, 0)
    versions = desk.rows(
        """SELECT net_fen, recorded_at, superseded_at FROM event.order_line
        WHERE order_no = 'S1' AND line_no = 1 ORDER BY recorded_at"""
    )
    assert [v["net_fen"] for v in versions] == [88_000, 70_000]
    assert versions[0]["superseded_at"] == versions[1]["recorded_at"]
    assert versions[1]["superseded_at"] is None
    older = desk.take(write_csv(tmp_path / "c开单.csv", [ORDER_HEAD, order("S1", 1)]))
    assert (older.duplicates, older.corrections) == (0, 1), "the last import wins"
    assert any("恢复为更早版本" in text for text in older.warnings)
    assert (
        desk.one("SELECT count(*) FROM event.order_line WHERE order_no = 'S1' AND line_no = 1") == 3
    )


def test_contradictions_in_one_file_go_to_quarantine_together(desk, tmp_path):
    rows = [ORDER_HEAD, order("S1", 1), order("S1", 1, net="5"), order("S2", 1)]
    report = desk.take(write_csv(tmp_path / "开单.csv", rows))
    assert (report.accepted, report.quarantined) == (1, 2)
    assert report.quarantine == {"key_conflict": 2}
    assert [r["row_no"] for r in desk.rows("FROM meta.quarantine ORDER BY row_no")] == [2, 3]


@pytest.mark.parametrize("refund_first", [False, True])
def test_refunds_find_their_order_in_either_sequence(desk, tmp_path, refund_first):
    orders = write_csv(tmp_path / "开单.csv", [ORDER_HEAD, order("S1", 1)])
    head = ["门店", "流水号", "订单号", "病历号", "收款时间", "收款类型", "支付方式", "金额"]
    row = ["上海一院", "P1", "退S1", "00000017", "2025-03-09 10:00:00", "退款", "微信", "(380.00)"]
    lost = [*row[:1], "P2", "S77", *row[3:]]
    refunds = write_csv(tmp_path / "收款流水.csv", [head, row, lost])
    for path in (refunds, orders) if refund_first else (orders, refunds):
        desk.take(path)
    found = desk.content("payment")
    assert {(r["order_no"], r["matched"]) for r in found} == {("S1", True), ("S77", False)}
    assert {r["amount_fen"] for r in found} == {-38_000}


def test_packages_share_their_price_by_list_price(desk, tmp_path):
    package = {"套餐名称": "焕新套餐", "套餐总价": "100.00", "net": ""}
    rows = [
        ORDER_HEAD,
        order("S1", 1, item="光子嫩肤", **package | {"原价": "100"}),
        order("S1", 2, item="水光", **package | {"原价": "100"}),
        order("S1", 3, item="热玛吉", **package | {"原价": "100"}),
        order("S2", 1, **package | {"套餐总价": ""}),
    ]
    report = desk.take(write_csv(tmp_path / "开单.csv", rows))
    shares = desk.rows("SELECT net_fen FROM event.order_line ORDER BY net_fen")
    assert [r["net_fen"] for r in shares] == [3333, 3333, 3334]
    assert report.quarantine == {"package_incomplete": 1}


def test_too_many_unknown_items_fail_the_import(desk, tmp_path):
    rows = [ORDER_HEAD, *(order(f"S{n}", item="谁也不认识的项目") for n in range(3))]
    rows += [order(f"T{n}") for n in range(100)]
    path = write_csv(tmp_path / "开单.csv", rows)
    with pytest.raises(DataError) as caught:
        desk.take(path)
    assert caught.value.code == "ZY337"
    assert desk.one("SELECT count(*) FROM event.order_line") == 0
    assert desk.kept() == 0
    report = desk.take(path, allow_unmapped=True)
    assert report.accepted == 103
    assert desk.one("SELECT name, rows FROM meta.unmapped_item") == {
        "name": "谁也不认识的项目", "rows": 3
    }  # fmt: skip
    assert desk.one("SELECT count(*) FROM event.order_line WHERE item_code IS NULL") == 3


def test_a_dry_run_keeps_nothing(desk, tmp_path):
    report = desk.take(write_csv(tmp_path / "开单.csv", ORDERS), dry_run=True)
    assert (report.committed, report.accepted) == (False, 5)
    assert desk.one("SELECT count(*) FROM event.order_line") == 0
    assert desk.one("SELECT count(*) FROM meta.import_batch") == 0
    assert desk.kept() == 0


def test_rows_about_nobody_and_ruined_text_are_kept_aside(desk, tmp_path):
    rows = [ORDER_HEAD, order("S1", file="", 姓名=""), order("S2"), order("S3", 姓名="张\ufffd")]
    report = desk.take(write_xlsx(tmp_path / "开单.xlsx", rows))
    assert report.quarantine == {"no_person": 1, "ruined_text": 1}
    assert report.accepted == 1


def test_an_unknown_clinic_is_taken_by_name_and_told(desk, tmp_path):
    report = desk.take(write_csv(tmp_path / "开单.csv", [ORDER_HEAD, order("S1", 门店="厦门一院")]))
    assert desk.one("SELECT clinic FROM event.order_line") == "厦门一院"
    assert any("不在门店表" in text for text in report.warnings)


def test_a_file_of_no_known_kind_is_refused_with_a_hint(desk, tmp_path):
    path = write_csv(tmp_path / "天气.csv", [["气温", "风力"], ["20", "3级"], ["21", "2级"]])
    with pytest.raises(DataError) as caught:
        desk.take(path)
    assert caught.value.code == "ZY336"
    assert "suggest" in caught.value.problems[0].hint


def test_a_better_alias_list_reads_the_same_file_again(desk, tmp_path):
    path = write_csv(tmp_path / "开单.csv", [ORDER_HEAD, order("S1", item="新潮项目")])
    desk.take(path)
    better = Reference(items={"新潮项目": "EN09"}, clinics={"上海一院": "SH01"})
    desk.importer = replace(desk.importer, reference=better)
    report = desk.take(path)
    assert (report.corrections, report.known_as) == (1, None)
    assert desk.one("SELECT item_code FROM event.order_line WHERE superseded_at IS NULL") == "EN09"
    assert desk.rows("FROM meta.unmapped_item") == []
