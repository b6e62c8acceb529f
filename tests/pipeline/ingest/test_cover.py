"""One purchase seen by two lists counts once, whichever list comes first."""

import pytest
from tests.pipeline.ingest.workshop import bench, write_csv

SOLD = "门店,订单号,病历号,姓名,开单时间,项目名称,数量,成交金额,支付方式,状态"
PAID = "门店,流水号,订单号,病历号,收款时间,收款类型,支付方式,金额"
BOUGHT = "订单编号,商品名称,券码,订单状态,支付时间,实付金额,退款金额,退款时间,手机号,用户昵称"
USED = "团购名称,券号,订单号,验券时间,消费门店,用户手机号,团购价,状态"


def table(path, head, *rows):
    return write_csv(path, [head.split(","), *(row.split(",") for row in rows)])


def orders(folder, *rows, name="开单明细"):
    return table(folder / f"{name}.csv", SOLD, *rows)


def sold(number, item, net, tender="微信", status="已收款"):
    return f"上海一院,{number},000101,周雨桐,2025-03-05 10:00,{item},1,{net},{tender},{status}"


def receipts(folder, *rows, name="收款流水"):
    return table(folder / f"{name}.csv", PAID, *rows)


def paid(number, order, fen, tender="微信", kind="收款"):
    return f"上海一院,{number},{order},000101,2025-03-05 10:00:00,{kind},{tender},{fen}"


def state(desk):
    """What counts now, without the history of how it came."""
    keep = ("order_no", "amount_fen", "tender", "basis", "is_refund")
    money = [tuple(row[name] for name in keep) for row in desk.content("payment")]
    lines = [
        tuple(row[name] for name in ("order_no", "item_code", "net_fen", "basis"))
        for row in desk.content("order_line")
    ]
    return sorted(money, key=str), sorted(lines, key=str)


def both_ways(*paths, **options):
    """Import in both orders; return the one state and the reports of each order."""
    states, reports = [], []
    for sequence in (paths, paths[::-1]):
        desk = bench()
        reports.append([desk.take(path, **options) for path in sequence])
        states.append(state(desk))
        for report in reports[-1]:
            parts = (report.accepted, report.corrections, report.duplicates, report.quarantined)
            assert sum(parts) + report.dropped == report.rows_read
            for line in report.money:
                assert line.read == line.stored + line.duplicate + line.covered + line.quarantined
    assert states[0] == states[1]
    return states[0], reports


def test_receipts_outdo_what_the_orders_say(tmp_path):
    listed = orders(
        tmp_path, sold("D1", "光子嫩肤", 880), sold("D1", "水光", 300), sold("D2", "水光", 66)
    )
    taken = receipts(tmp_path, paid("R1", "D1", 680), paid("R1", "D1", 500, "银行卡"))
    (money, lines), (first, second) = both_ways(listed, taken)
    assert [(row[0], row[1], row[3]) for row in money] == [
        ("D1", 50_000, "receipt"), ("D1", 68_000, "receipt"), ("D2", 6_600, "order")
    ]  # fmt: skip
    assert sum(row[2] for row in lines) == 124_600
    assert any("已由收款流水" in text for text in first[1].warnings)
    line = next(one for one in second[1].money if one.kind == "payment")
    assert (line.read, line.stored, line.covered) == (124_600, 6_600, 118_000)
    assert second[1].accepted == 3, "the order lines themselves are new"


def test_what_was_outdone_stays_in_history_and_comes_back_to_no_second_life(tmp_path):
    desk = bench()
    listed = orders(tmp_path, sold("D1", "光子嫩肤", 880))
    desk.take(listed)
    desk.take(receipts(tmp_path, paid("R1", "D1", 880)))
    versions = desk.rows("SELECT basis, superseded_at IS NULL AS now FROM event.payment ORDER BY 1")
    assert versions == [{"basis": "order", "now": False}, {"basis": "receipt", "now": True}]
    assert desk.take(listed).known_as == 1
    other = orders(tmp_path, sold("D1", "光子嫩肤", 880), sold("D9", "水光", 1), name="开单明细2")
    report = desk.take(other)
    assert (report.duplicates, report.accepted) == (1, 1)
    assert sum(row["amount_fen"] for row in desk.content("payment")) == 88_100


def test_a_refund_line_gives_way_to_the_refund_receipt_of_its_amount_only(tmp_path):
    listed = orders(
        tmp_path, sold("D1", "光子嫩肤", 880), sold("D1", "水光", -300), sold("D1", "小气泡", -99)
    )
    taken = receipts(tmp_path, paid("R1", "D1", 880), paid("R2", "D1", 300, kind="退款"))
    (money, _), _ = both_ways(listed, taken)
    assert [(row[1], row[3]) for row in money] == [
        (-30_000, "receipt"), (-9_900, "order"), (88_000, "receipt")
    ]  # fmt: skip


def test_receipts_that_say_something_else_than_the_order_are_told(tmp_path):
    paths = orders(tmp_path, sold("D1", "光子嫩肤", 880)), receipts(tmp_path, paid("R1", "D1", 500))
    (money, _), (first, second) = both_ways(*paths)
    assert [row[1] for row in money] == [50_000]
    for report in (first[1], second[1]):
        assert any("合计与开单实收不一致" in text for text in report.warnings)


def test_receipts_without_an_order_number_stay_and_are_told(tmp_path):
    paths = orders(tmp_path, sold("D1", "光子嫩肤", 880)), receipts(tmp_path, paid("R1", "", 880))
    (money, _), (first, second) = both_ways(*paths)
    assert len(money) == 2
    for report in (first[1], second[1]):
        assert any("没有订单号" in text for text in report.warnings)


def test_only_systems_that_bring_payments_are_told_of_them(tmp_path):
    """What an import of another system says of these would be repeated by every batch of events."""
    desk = bench()
    desk.take(orders(tmp_path, sold("D1", "光子嫩肤", 880)))
    desk.take(receipts(tmp_path, paid("R1", "", 880)))
    listed = bought("490011", "小气泡", "", 198)
    report = desk.take(table(tmp_path / "美团订单.csv", BOUGHT, listed))
    assert report.accepted == 1
    assert not any("没有订单号" in text for text in report.warnings)


def test_the_same_order_again_outdoes_nothing_and_asks_for_no_anchors(tmp_path, monkeypatch):
    """Orders under numbers that nothing else carries are the everyday case of events."""
    desk = bench()
    asked: list[str] = []
    run = type(desk.importer.engine).run

    def noted(engine, statement):
        asked.append(statement.text)
        run(engine, statement)

    monkeypatch.setattr(type(desk.importer.engine), "run", noted)
    desk.take(orders(tmp_path, sold("D1", "光子嫩肤", 880)))
    desk.take(orders(tmp_path, sold("D2", "光子嫩肤", 660), name="开单明细2"))
    assert not any('"anchor_payment" AS' in text for text in asked)
    desk.take(receipts(tmp_path, paid("R1", "D2", 660)))
    assert any('"anchor_payment" AS' in text for text in asked)
    assert [row[1] for row in state(desk)[0]] == [88_000, 66_000]


def bought(number, item, code, net, status="已核销", refund=""):
    moved = "2025-05-09 10:00" if refund else ""
    return (
        f"{number},{item},{code},{status},2025-05-01 09:00,{net},{refund},{moved},139****0011,小美"
    )


def used(item, code, number, net, status="已验券"):
    return f"{item},{code},{number},2025-05-03 15:20:11,上海一院,139****0011,{net},{status}"


@pytest.mark.parametrize("names", [("美团订单", "美团验券明细"), ("美团订单", "验券明细")])
def test_vouchers_of_an_order_by_its_number(tmp_path, names):
    listed = table(tmp_path / f"{names[0]}.csv", BOUGHT, bought("490011", "小气泡", "", 198))
    redeemed = table(
        tmp_path / f"{names[1]}.csv",
        USED,
        used("小气泡", "1234 5678 9012", "490011", 99),
        used("小气泡", "1234 5678 9013", "490011", 99),
    )
    (money, lines), (_, second) = both_ways(listed, redeemed)
    assert [(row[1], row[3]) for row in money] == [(19_800, "order")]
    assert [(row[2], row[3]) for row in lines] == [(19_800, "order")]
    assert any("已由收款流水或平台订单取代" in text for text in second[1].warnings)


def test_vouchers_of_an_order_by_their_codes(tmp_path):
    listed = table(
        tmp_path / "美团订单.csv",
        BOUGHT,
        bought("490011", "小气泡", "123456789012、123456789013", 198),
        bought("490012", "光子嫩肤", "123456789099", 599, "已退款", "599"),
    )
    redeemed = table(
        tmp_path / "美团验券明细.csv",
        USED,
        used("小气泡", "1234 5678 9012", "", 99),
        used("小气泡", "123456789013", "", 99),
        used("水光", "777700001111", "", 66),
    )
    (money, _), (first, second) = both_ways(listed, redeemed)
    assert sorted((row[1], row[3]) for row in money) == [
        (-59_900, "order"), (6_600, "voucher"), (19_800, "order"), (59_900, "order")
    ]  # fmt: skip
    line = next(one for one in first[1].money if one.kind == "payment")
    assert (line.read, line.stored, line.covered) == (26_400, 6_600, 19_800)
    assert any("找不到同号订单或券码" in text for text in first[1].warnings)
    assert second[0].accepted == 3


def test_a_bill_of_the_payment_provider_outdoes_the_order_of_the_mall(tmp_path):
    head = "订单号,订单状态,下单时间,付款时间,商品名称,商品数量,商品实际成交金额(元),支付方式,买家手机号,收货人/提货人,归属店铺"
    listed = table(
        tmp_path / "有赞订单.csv",
        head,
        "E2025050100001,交易完成,2025-05-01 12:00:00,2025-05-01 12:00:10,水光,2,256.00,微信支付,13916200011,周雨桐,商城",
    )
    bill = table(
        tmp_path / "微信支付账单.csv",
        "交易时间,商户号,微信订单号,商户订单号,用户标识,交易状态,订单金额,手续费",
        "2025-05-01 12:00:10,19,4200001,E2025050100001,oA1,SUCCESS,256.00,1.54",
    )
    (money, lines), _ = both_ways(listed, bill)
    assert [(row[1], row[3]) for row in money] == [(25_600, "bill")]
    assert len(lines) == 1


def test_takings_of_the_day_and_the_orders_they_are_of(tmp_path):
    daily = table(
        tmp_path / "收费日报.csv",
        "收费单号,收费时间,病历号,姓名,收费项目,现金,微信,实收合计,门店",
        "D1,2025-03-05 10:00:00,000101,周雨桐,光子嫩肤,800,80,880,上海一院",
    )
    (money, lines), _ = both_ways(orders(tmp_path, sold("D1", "光子嫩肤", 880)), daily)
    assert sorted((row[1], row[3]) for row in money) == [(8_000, "receipt"), (80_000, "receipt")]
    assert [(row[2], row[3]) for row in lines] == [(88_000, "order")]


def test_a_dry_run_covers_without_keeping(tmp_path):
    desk = bench()
    desk.take(orders(tmp_path, sold("D1", "光子嫩肤", 880)))
    before = state(desk)
    report = desk.take(receipts(tmp_path, paid("R1", "D1", 880)), dry_run=True)
    assert report.accepted == 1
    assert state(desk) == before
