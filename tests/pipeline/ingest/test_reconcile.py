"""Whatever the rows look like: rows read are the sum of what became of them, and so is money."""

import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.effort import examples
from tests.pipeline.ingest.workshop import ORDER_HEAD, bench, order, write_csv

dirt = st.text(string.ascii_letters + string.digits + "年月日 .,-()¥万%=@'\"/张测试", max_size=9)
cell = {
    "门店": st.sampled_from(["上海一院", "杭州一院", "", "小计", "合计"]) | dirt,
    "订单号": st.sampled_from(["S1", "S2", "退S1", ""]) | dirt,
    "行号": st.sampled_from(["1", "2", "x", ""]),
    "病历号": st.sampled_from(["00000017", "00000018", ""]) | dirt,
    "姓名": st.sampled_from(["王芳", "", "李女士", "测试"]) | dirt,
    "开单时间": st.sampled_from(["2025-03-05", "2025/3/5 14:30", "45356", "0000-00-00", ""]) | dirt,
    "套餐名称": st.sampled_from(["", "套餐A"]),
    "套餐总价": st.sampled_from(["", "100.01"]),
    "成交金额": st.sampled_from(["880", "-880", "1,2.5", "(3.00)", "", "1.2万", "0.01", "待定"])
    | dirt,
    "数量": st.sampled_from(["1", "-1", "1.5", ""]),
    "是否赠送": st.sampled_from(["是", "否", "", "或许"]),
    "状态": st.sampled_from(["已收款", "作废", "已退款", "?", "怪状态"]),
}
rows = st.lists(st.fixed_dictionaries({}, optional=cell), max_size=25)


@pytest.fixture(scope="module")
def shared():
    return bench()


@settings(
    max_examples=examples(3),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rows)
def test_rows_and_money_always_add_up(shared, tmp_path, changes):
    lines = [order(f"N{number}", **change) for number, change in enumerate(changes)]
    path = write_csv(tmp_path / "开单.csv", [ORDER_HEAD, *lines, order("Z9")])
    report = shared.take(path)
    parts = (
        report.accepted,
        report.corrections,
        report.duplicates,
        report.quarantined,
        report.dropped,
    )
    assert sum(parts) == report.rows_read
    assert report.known_as or report.rows_read == len(lines) + 1
    assert sum(report.quarantine.values()) == report.quarantined
    for money in report.money:
        assert money.read == money.stored + money.duplicate + money.covered + money.quarantined
    number = report.import_id
    if report.known_as is None:
        kept = shared.one(
            f"SELECT count(DISTINCT row_no) FROM meta.quarantine WHERE import_id = {number}"
        )
        assert kept == report.quarantined
    stored = shared.one("SELECT coalesce(sum(net_fen), 0)::BIGINT FROM event.order_line WHERE "
                        f"import_id = {number}")  # fmt: skip
    if report.known_as is None and report.money:
        assert stored == next((m.stored for m in report.money if m.column == "net_fen"), 0)
    keys = shared.one(
        """SELECT count(*) FROM (SELECT event_id FROM event.order_line WHERE superseded_at IS NULL
        GROUP BY event_id HAVING count(*) > 1)"""
    )
    assert keys == 0
