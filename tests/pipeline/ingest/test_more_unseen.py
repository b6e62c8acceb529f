"""Further exports as clinics and shops have them: new products, old traps in new combinations."""

import json

import xlsxwriter
from tests.pipeline.ingest.workshop import bench, write_csv, write_xlsx

HTML = """<html><head><meta charset="gb2312"></head><body><table>
<tr><td colspan=10><b>顾客消费明细表</b></td></tr>
<tr><th rowspan=2>消费院区</th><th colspan=3>顾客</th><th colspan=4>消费项目</th><th colspan=2>收费</th></tr>
<tr><th>消费单编号</th><th>病历号</th><th>联系电话</th><th>项目名称</th><th>消费 时间</th>
<th>数量(次)</th><th>原价(元)</th><th>实收金额/元</th><th>单据状态</th></tr>
<tr><td rowspan=2>上海一院</td><td>K1</td><td>00012345</td><td>13812345671</td><td>光子</td>
<td>2025-03-01 10:20</td><td>1</td><td>1,280.00</td><td>￥980.00</td><td>已收款</td></tr>
<tr><td>K2</td><td>00000777</td><td>13912345672</td><td>热玛吉</td>
<td>2025-03-02 11:00</td><td>1</td><td>18,800.00</td><td>1.58万</td><td>已收款</td></tr>
<tr><td colspan=7>上海一院小计</td><td></td><td>16,780.00</td><td></td></tr>
<tr><td rowspan=2>杭州一院</td><td>K1</td><td>00012345</td><td>13712345673</td><td>水光</td>
<td>2025-03-03 09:00</td><td>3</td><td>3,000.00</td><td>2,400</td><td>已收款</td></tr>
<tr><td>K3</td><td>00012399</td><td>+86 136-1234-5674</td><td>光子</td>
<td>2025-03-04 23:59:59</td><td>1</td><td>1280</td><td>(980.00)</td><td>已退款</td></tr>
<tr><td colspan=7>合  计</td><td></td><td>18,200.00</td><td></td></tr></table></body></html>"""


def test_html_with_two_header_rows_and_totals_between_clinics(desk, tmp_path):
    path = tmp_path / "01_顾客消费明细.xls"
    path.write_bytes(HTML.encode("gb18030"))
    report = desk.take(path)
    assert (report.accepted, report.quarantined) == (4, 0)
    assert report.drops["total_row"] == 2
    assert desk.one("SELECT sum(net_fen)::BIGINT FROM event.order_line") == 1_918_000
    assert desk.one("SELECT sum(amount_fen)::BIGINT FROM event.payment WHERE is_refund") == -98_000
    seen = desk.rows("SELECT DISTINCT clinic, party_id FROM event.order_line WHERE order_no = 'K1'")
    assert {row["clinic"] for row in seen} == {"SH01", "HZ01"}
    assert len({row["party_id"] for row in seen}) == 2, "one number, two clinics, two people"


def test_an_order_of_a_platform_with_a_left_number_and_a_hospital(desk, tmp_path):
    head = [
        "订单ID",
        "项目",
        "尾款/元",
        "实付总额（元）",
        "下单 时间",
        "预留手机",
        "用户ID",
        "昵称",
        "医院",
    ]
    rows = [["XY1", "热玛吉", 15800, "1.68万", "2025-03-01 10:00:00", "13922223333", "80012345",
             "爱美的小七", "上海一院"]]  # fmt: skip
    desk.take(write_xlsx(tmp_path / "15_新氧订单.xlsx", [head, *rows]))
    assert desk.rows("SELECT clinic, source, net_fen FROM event.order_line") == [
        {"clinic": "SH01", "source": "soyoung", "net_fen": 1_680_000}
    ]
    assert desk.reveal("phone") == {"+8613922223333"}
    assert desk.reveal("platform_uid") == {"soyoung|80012345"}


def test_orders_in_json_with_their_lines_inside(desk, tmp_path):
    orders = [
        {"order_no": "W1", "pay_time": "2025-03-01T10:00:00+08:00",
         "buyer": {"openid": "oQ1", "phone": "13911110001"}, "staff": {"phone": "13900000000"},
         "items": [{"商品名称": "光子", "数量": 1, "实付金额": 980.0},
                   {"商品名称": "小气泡", "数量": 2, "实付金额": 198.5}]},
        {"order_no": "W2", "pay_time": "2025-03-02T10:00:00+08:00",
         "buyer": {"openid": "oQ2", "phone": "13911110002"},
         "items": [{"商品名称": "水光", "数量": 1, "实付金额": 1200}]},
    ]  # fmt: skip
    path = tmp_path / "orders.json"
    path.write_text(
        json.dumps({"code": 0, "data": {"orders": orders}}, ensure_ascii=False), "utf-8"
    )
    report = desk.take(path)
    assert (report.accepted, report.quarantined) == (3, 0)
    assert desk.one("SELECT sum(net_fen)::BIGINT FROM event.order_line") == 237_850
    assert desk.reveal("phone") == {"+8613911110001", "+8613911110002"}
    assert str(desk.one("SELECT min(occurred_at) FROM event.order_line")) == "2025-03-01 02:00:00"


def test_a_questionnaire_with_numbers_alone_and_its_own_word_for_empty(desk, tmp_path):
    head = ["序号", "提交答卷时间", "1、您的姓名", "2、您的手机号码", "3、您对本次服务的总体满意度",
            "5、您感兴趣的生活方式(运动)", "5、(美食)", "5、(旅行)", "6、您目前最关注的问题(抗衰)", "6、(祛斑)"]  # fmt: skip
    rows = [
        [1, "2025/3/10 10:20:30", "王晓雨", "13812345671", "非常满意", 1, 0, 1, 1, 0],
        [2, "2025/3/11 9:00:00", "(空)", "13912345672", "一般", 0, 0, 0, 0, 1],
        [3, "2025/3/12 9:00:00", "(空)", "(跳过)", "满意", 0, 0, 0, 0, 1],
    ]
    report = desk.take(write_xlsx(tmp_path / "287654_满意度调查.xlsx", [head, *rows]))
    assert report.quarantine == {"no_person": 1}
    answers = desk.rows("SELECT interests, concerns FROM event.survey ORDER BY occurred_at")
    assert answers == [
        {"interests": ["sport", "travel"], "concerns": ["anti_age"]},
        {"interests": [], "concerns": ["pigment"]},
    ]


def test_days_before_months_with_the_hour_in_another_column(desk, tmp_path):
    head = [
        "预约编号",
        "门店",
        "病历号",
        "登记时间",
        "预约日期",
        "预约时段",
        "预约项目",
        "预约状态",
    ]
    rows = [
        [
            "Y1",
            "上海一院",
            "0001",
            "2025-02-27 10:00",
            "03/04/2025",
            "14:00-14:30",
            "光子",
            "已到店",
        ],
        ["Y2", "上海一院", "0002", "2025-02-27 10:00", "25/03/2025", "9:00-9:30", "光子", "爽约"],
    ]
    desk.take(write_csv(tmp_path / "预约列表.csv", [head, *rows]))
    found = desk.rows("SELECT appt_at FROM event.appointment ORDER BY appointment_no")
    assert [str(row["appt_at"]) for row in found] == ["2025-04-03 06:00:00", "2025-03-25 01:00:00"]


def test_the_receipt_that_a_refund_names_as_its_origin(desk, tmp_path):
    head = [
        "收款单编号",
        "原开单号",
        "院区",
        "病历号",
        "收款日期",
        "收款方式",
        "收款类型",
        "收款金额（元）",
    ]
    rows = [
        ["SK1", "KD1", "上海一院", "0001", "2025/3/5 14:03", "微信", "收款", "1,280.00"],
        ["SK3", "KD1", "上海一院", "0001", "2025/3/8 10:00", "微信", "退款", "280.00"],
        ["", "", "", "", "", "", "合计", "1,000.00"],
    ]
    path = tmp_path / "收款流水.txt"
    path.write_bytes("\r\n".join("\t".join(row) for row in [head, *rows]).encode("utf-16"))
    desk.take(path)
    assert desk.one("SELECT sum(amount_fen)::BIGINT FROM event.payment") == 100_000
    assert desk.one("SELECT bool_and(matched) FROM event.payment WHERE is_refund") is True


def test_a_hidden_sheet_is_taken_and_told(tmp_path):
    path = tmp_path / "会员.xlsx"
    book = xlsxwriter.Workbook(str(path))
    for name, row in (
        ("会员", ["A1", "王芳", "13812340001", 45300]),
        ("旧", ["X1", "李梅", "13899990000", 45000]),
    ):
        sheet = book.add_worksheet(name)
        sheet.write_row(0, 0, ["会员卡编号", "会员姓名", "手机号码", "开卡日期"])
        sheet.write_row(1, 0, row)
        if name == "旧":
            sheet.hide()
    book.close()
    report = bench(pack="retail").take(path)
    assert report.accepted == 2
    assert any("隐藏" in told and "旧" in told for told in report.warnings)
