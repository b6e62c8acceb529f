"""One small file per form in which source systems hand over their data."""

import json

import xlsxwriter
from tests.pipeline.ingest.workshop import bench, write_csv, write_xlsx


def test_a_workbook_with_title_group_headers_merges_and_totals(desk, tmp_path):
    rows = [
        ["客户开单明细表 2025年3月"] + [None] * 8,
        ["门店", "订单信息", None, None, "客户", None, "项目", None, None],
        [
            None,
            "单据编号",
            "开单日期",
            "明细号",
            "病案号",
            "客户姓名",
            "品项名称",
            "数量",
            "实收金额(元)",
        ],
        ["上海一院", "D001", "2025/3/5", 1, "00000017", "王芳", "光子嫩肤", 1, 880],
        [None, "D001", "2025/3/5", 2, "00000017", "王芳", "水光", 2, "¥1,760.00"],
        ["小计", None, None, None, None, None, None, 3, 2640],
        ["杭州一院", "D002", "2025/3/6", 1, "00000017", "李丽", "热玛吉", 1, "1.2万"],
        ["合计", None, None, None, None, None, None, 4, 14640],
    ]
    merges = [
        (0, 0, 0, 8, rows[0][0]), (1, 0, 2, 0, "门店"), (1, 1, 1, 3, "订单信息"),
        (1, 4, 1, 5, "客户"), (1, 6, 1, 8, "项目"), (3, 0, 4, 0, "上海一院"),
    ]  # fmt: skip
    report = desk.take(write_xlsx(tmp_path / "消费明细.xlsx", rows, merges))
    assert report.tables[0].source == "his_orders"
    assert (report.accepted, report.drops) == (3, {"title": 1, "total_row": 2})
    found = desk.rows(
        "SELECT clinic, net_fen, party_id FROM event.order_line ORDER BY order_no, line_no"
    )
    assert [(r["clinic"], r["net_fen"]) for r in found] == [
        ("SH01", 88_000), ("SH01", 176_000), ("HZ01", 1_200_000)
    ]  # fmt: skip
    assert found[0]["party_id"] == found[1]["party_id"] != found[2]["party_id"]


def test_an_html_table_renamed_xls_becomes_customer_files(desk, tmp_path):
    names = [
        "病历号",
        "姓名",
        "性别",
        "出生日期",
        "年龄",
        "手机号",
        "证件号",
        "来源渠道",
        "建档时间",
        "备注",
    ]
    people = [
        ["00000017", "王芳", "女", "1990-03-05", "", "138 0000 1234/13900005678", "", "新氧",
         "2024-01-02 09:00:00", "加微信13712345678"],
        ["00000018", "李女士", "未知", "1900-01-01", "33", "17031756208", "", "老带新", "2024-01-03", ""],
        ["00000019", "测试", "1", "", "", "13800138000", "", "其他", "2024-01-03", ""],
    ]  # fmt: skip
    cells = "".join(
        "<tr>" + "".join(f"<td>{cell}</td>" for cell in ["上海一院", *row]) + "</tr>"
        for row in people
    )
    heads = "".join(f"<th>{name}</th>" for name in ["门店", *names])
    path = tmp_path / "客户档案.xls"
    path.write_text(f'<html><meta charset="utf-8"><table><tr>{heads}</tr>{cells}</table></html>')
    report = desk.take(path)
    assert (report.tables[0].source, report.accepted) == ("his_customers", 3)
    found = desk.rows("SELECT * FROM event.profile ORDER BY row_no")
    assert [r["gender"] for r in found] == ["female", None, "male"]
    assert [str(r["birthdate"]) for r in found] == ["1990-03-05", "None", "None"]
    assert [r["is_test"] for r in found] == [False, False, True]
    assert [r["pseudo_name"] for r in found][1] is True
    assert [r["origin"] for r in found] == ["soyoung", "referral", "other"]
    phones = desk.rows(
        "SELECT quality FROM identity.observation WHERE id_type = 'phone' ORDER BY 1"
    )
    assert [r["quality"] for r in phones] == ["ok", "ok", "pattern", "virtual"]
    assert desk.reveal("phone") >= {"+8613800001234", "+8613900005678"}
    assert desk.reveal("his_no") == {f"his|SH01|000000{n}" for n in (17, 18, 19)}


def test_numbers_of_different_clinics_are_different_people(desk, tmp_path):
    head = ["门店", "病历号", "姓名", "性别", "建档时间"]
    rows = [
        ["上海一院", "1", "王芳", "女", "2024-01-02"],
        ["杭州一院", "1", "李丽", "女", "2024-01-02"],
    ]
    desk.take(write_csv(tmp_path / "客户档案.csv", [head, *rows]))
    assert desk.one("SELECT count(DISTINCT party_id) FROM event.profile") == 2


def test_a_migrated_system_counts_men_as_one_and_women_as_zero(desk, tmp_path):
    head = ["门店", "病历号", "客户姓名", "性别", "生日", "电话", "登记日期"]
    rows = [["上海一院", "1", "王芳", "0", "1990-01-02", "13812340000", "2020-01-01"],
            ["上海一院", "2", "王强", "1", "1990-01-02", "13812340001", "2020-01-01"]]  # fmt: skip
    report = desk.take(write_csv(tmp_path / "老系统客户.csv", [head, *rows]))
    assert report.tables[0].source == "his_old_customers"
    genders = desk.rows("SELECT gender FROM event.profile ORDER BY row_no")
    assert [r["gender"] for r in genders] == ["female", "male"]


def test_platform_orders_in_gbk_give_lines_payments_and_refunds(desk, tmp_path):
    head = ["订单编号", "商品名称", "数量", "原价", "实付金额", "支付时间", "核销时间", "核销门店",
            "买家ID", "买家昵称", "买家手机号", "订单状态", "退款时间", "退款金额"]  # fmt: skip
    rows = [
        ["8001", "【新客】光子嫩肤(体验)", 1, "￥1,280.00", "￥880.00", "2025/3/5 14:30", "", "",
         "u1", "王**", "138****8000", "待核销", "", ""],
        ["8002", "水光", 1, "500", "500", "2025/3/5 23:59:59", "2025/3/6 10:00", "上海一院",
         "u2", "李**", "17011112222", "已退款", "2025/3/7 9:00", "500"],
    ]  # fmt: skip
    report = desk.take(write_csv(tmp_path / "美团订单.csv", [head, *rows], "gbk"))
    assert (report.accepted, report.events) == (2, {"order_line": 2, "payment": 3})
    found = desk.rows(
        "SELECT source, item_code, status, clinic FROM event.order_line ORDER BY order_no"
    )
    assert [tuple(r.values()) for r in found] == [
        ("meituan", "EN01", "paid", None), ("meituan", "IN07", "refunded", "SH01")
    ]  # fmt: skip
    refund = desk.one("SELECT order_no, amount_fen, matched FROM event.payment WHERE is_refund")
    assert refund == {"order_no": "8002", "amount_fen": -50_000, "matched": True}
    rows[0][6:8], rows[0][11] = ["2025/3/9 10:00", "杭州一院"], "已核销"
    later = desk.take(write_csv(tmp_path / "美团订单2.csv", [head, *rows], "gbk"))
    assert (later.corrections, later.duplicates, later.accepted) == (1, 1, 0)


def test_a_day_and_a_time_of_day_in_two_columns(desk, tmp_path):
    head = ["门店", "预约编号", "病历号", "登记时间", "预约日期", "预约时间", "预约项目", "状态"]
    row = ["上海一院", "Y1", "1", "2025-03-01 09:00", "2025-03-05", "14:30", "光子", "已约"]
    desk.take(write_csv(tmp_path / "预约.csv", [head, row]))
    assert str(desk.one("SELECT appt_at FROM event.appointment")) == "2025-03-05 06:30:00"


def test_a_list_of_refunds_printed_as_positive_amounts(desk, tmp_path):
    head = ["门店", "退款单号", "原单号", "病历号", "退款时间", "退款方式", "退款金额", "经办人"]
    row = ["上海一院", "T1", "S1", "1", "2025-03-05 09:00", "微信", "80.50", "李四"]
    report = desk.take(write_csv(tmp_path / "退款明细.csv", [head, row]))
    assert report.tables[0].source == "his_refunds"
    assert desk.one("SELECT amount_fen, is_refund, matched, tender FROM event.payment") == {
        "amount_fen": -8_050, "is_refund": True, "matched": False, "tender": "wechat"
    }  # fmt: skip


def test_names_of_staff_do_not_stay_in_clear(desk, tmp_path):
    head = ["门店", "到店单号", "病历号", "到店时间", "接待人"]
    rows = [
        ["上海一院", "V1", "1", "2025-03-05", "张美丽"],
        ["上海一院", "V2", "1", "2025-03-06", "E01"],
    ]
    desk.take(write_csv(tmp_path / "到店.csv", [head, *rows]))
    found = [
        r["receptionist"] for r in desk.rows("SELECT receptionist FROM event.visit ORDER BY row_no")
    ]
    assert found[0].startswith("st_")
    assert found[1] == "E01"


def test_wecom_contacts_as_the_interface_returns_them(desk, tmp_path):
    contact = {
        "external_contact": {"external_userid": "wmA", "name": "小芳", "unionid": "oU1"},
        "follow_user": [
            {"userid": "ZhangMin", "createtime": 1740000000, "add_way": 1,
             "remark_mobiles": ["13812345678"], "remark": "王芳 光子"},
            {"userid": "LiLei", "createtime": 1741000000, "add_way": 2},
        ],
    }  # fmt: skip
    lines = [contact, {**contact, "external_contact": {"external_userid": "wmB", "name": "李"}}]
    path = tmp_path / "企微客户.json"
    path.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines))
    report = desk.take(path)
    assert report.tables[0].source == "wecom_contacts"
    found = desk.rows("SELECT staff, add_way, occurred_at FROM event.wecom_contact ORDER BY ALL")
    assert len(found) == 4
    assert {(r["staff"], r["add_way"]) for r in found} == {
        ("ZhangMin", "scan"),
        ("LiLei", "search"),
    }
    assert desk.reveal("external_userid") == {"wecom|wmA", "wecom|wmB"}
    assert desk.reveal("phone") == {"+8613812345678"}


def test_wecom_messages_keep_time_stamps_only(desk, tmp_path):
    path = tmp_path / "企微互动.json"
    line = {"msgid": "m1", "external_userid": "wmA", "userid": "ZhangMin", "direction": "in",
            "type": "message", "msgtime": 1740000000123, "content": "我想做光子"}  # fmt: skip
    path.write_text(json.dumps(line, ensure_ascii=False) + "\n")
    report = desk.take(path)
    assert report.tables[0].unused == ("content",)
    found = desk.one("SELECT direction, staff, occurred_at FROM event.wecom_event")
    assert found["direction"] == "in"
    assert str(found["occurred_at"]) == "2025-02-19 21:20:00.123000"


def test_a_wechat_bill_with_comments_and_back_ticks(desk, tmp_path):
    names = ["交易时间", "商户号", "微信订单号", "商户订单号", "用户标识", "交易状态", "付款方式",
             "货币种类", "订单金额", "微信退款单号", "退款金额", "手续费", "商品名称"]  # fmt: skip
    paid = ["2025-03-05 14:30:00", "16", "4200001", "M1", "oA", "SUCCESS", "零钱", "CNY", "880.00",
            "0", "0.00", "5.28", "光子"]  # fmt: skip
    back = ["2025-03-06 09:00:00", "16", "4200001", "M1", "oA", "REFUND", "零钱", "CNY", "880.00",
            "5030001", "80.00", "-0.48", "光子"]  # fmt: skip
    lines = ["#微信支付账单", "#起始时间:[2025-03-01]", ",".join(names)]
    lines += [",".join(f"`{cell}" for cell in row) for row in (paid, back)]
    lines += ["总交易单数,总金额", "`2,`800.00"]
    path = tmp_path / "微信支付账单.csv"
    path.write_bytes("\r\n".join(lines).encode("gbk"))
    report = desk.take(path)
    assert (report.tables[0].source, report.accepted) == ("wechat_bill", 2)
    found = desk.rows(
        "SELECT payment_no, order_no, amount_fen, matched FROM event.payment ORDER BY 1"
    )
    assert [tuple(r.values()) for r in found] == [
        ("4200001", "M1", 88_000, None), ("5030001", "M1", -8_000, True)
    ]  # fmt: skip
    assert desk.reveal("openid") == {"mini|oA"}


def test_an_alipay_bill_drops_fees_and_signs_refunds(desk, tmp_path):
    head = ["账务流水号", "业务流水号", "商户订单号", "发生时间", "对方账号", "收入金额（+元）",
            "支出金额（-元）", "业务类型"]  # fmt: skip
    rows = [
        ["L1", "T1", "M1", "2025-03-05 14:30:00", "138****8000", "880.00", "0.00", "在线支付"],
        ["L2", "T1", "M1", "2025-03-06 14:30:00", "138****8000", "0.00", "-80.00", "退款"],
        ["L3", "T1", "M1", "2025-03-06 14:30:00", "", "0.00", "-5.00", "收费"],
    ]
    report = desk.take(write_csv(tmp_path / "支付宝账务明细.csv", [head, *rows], "gbk"))
    assert (report.tables[0].source, report.drops) == ("alipay_bill", {"fee": 1})
    amounts = desk.rows("SELECT amount_fen, is_refund FROM event.payment ORDER BY occurred_at")
    assert [tuple(r.values()) for r in amounts] == [(88_000, False), (-8_000, True)]


def test_calls_with_a_dialling_prefix(desk, tmp_path):
    head = ["通话编号", "客户号码", "通话类型", "呼叫时间", "通话秒数", "结果", "坐席工号"]
    rows = [["c1", "013812345678", "邀约", "2025-03-05 10:00:00", "61", "已预约", "8001"],
            ["c2", "913812345678", "回访", "2025-03-06 10:00:00", "0", "未接", "8001"]]  # fmt: skip
    report = desk.take(write_csv(tmp_path / "呼叫中心通话.csv", [head, *rows]))
    assert (report.tables[0].source, report.accepted) == ("call_centre", 2)
    assert desk.reveal("phone") == {"+8613812345678"}
    assert desk.one("SELECT count(DISTINCT party_id) FROM event.followup") == 1


def test_a_survey_with_one_column_per_option(desk, tmp_path):
    rows = [
        ["序号", "发送时间", "提交答卷时间", "1、您的手机号", "2、本次服务满意度（1-5分）",
         "3、您有多大可能向朋友推荐我们（0-10分）", "4、首选沟通渠道", "5、生活兴趣(运动)",
         "5、生活兴趣(旅行)", "6、关注诉求(抗衰)", "6、关注诉求(色斑)"],
        [1, "2025-03-01 09:00", "2025-03-01 12:00", "13812345678", 5, 9, "企微", 1, 1, 0, 1],
        [2, "2025-03-01 09:00", None, "13812345679", None, None, None, None, None, None, None],
    ]  # fmt: skip
    report = desk.take(write_xlsx(tmp_path / "满意度问卷.xlsx", rows))
    assert (report.tables[0].source, report.accepted) == ("survey", 2)
    found = desk.rows(
        """SELECT score, nps, preferred_channel, interests, concerns, answered_at IS NULL AS open
        FROM event.survey ORDER BY row_no"""
    )
    assert list(found[0].values()) == [5, 9, "wecom", ["sport", "travel"], ["pigment"], False]
    assert list(found[1].values()) == [None, None, None, None, None, True]


def test_members_with_levels_in_utf16(desk, tmp_path):
    rows = [["会员号", "姓名", "手机号", "性别", "等级", "入会时间"],
            ["M001", "王芳", "13812345678", "女", "黑金卡", "2024-05-06"],
            ["M002", "李丽", "13812345679", "女", "无", "2024-05-06"]]  # fmt: skip
    report = desk.take(write_csv(tmp_path / "会员资料.csv", rows, "utf-16"))
    assert (report.tables[0].source, report.accepted) == ("members", 2)
    tiers = desk.rows("SELECT tier FROM event.member_level ORDER BY row_no")
    assert [r["tier"] for r in tiers] == ["black", "none"]


def test_consents_refuse_what_they_cannot_read(desk, tmp_path):
    head = ["门店", "记录号", "病历号", "时间", "目的", "渠道", "动作"]
    rows = [["上海一院", "R1", "1", "2025-03-05 10:00", "营销", "短信", "同意"],
            ["上海一院", "R2", "1", "2025-03-06 10:00", "营销", "", "撤回"],
            ["上海一院", "R3", "1", "2025-03-07 10:00", "营销", "飞鸽", "同意"]]  # fmt: skip
    report = desk.take(write_csv(tmp_path / "授权同意.csv", [head, *rows]))
    assert (report.accepted, report.quarantine) == (2, {"unmapped_code": 1})
    found = desk.rows("SELECT purpose, channel, action FROM event.consent ORDER BY occurred_at")
    assert [tuple(r.values()) for r in found] == [
        ("marketing", "sms", "granted"), ("marketing", None, "withdrawn")
    ]  # fmt: skip


def test_sms_touches_without_a_channel_column(desk, tmp_path):
    head = ["触达编号", "手机号", "活动", "类别", "模板", "发送时间", "送达时间", "退订时间"]
    row = [
        "t1",
        "13812345678",
        "春季焕新",
        "营销",
        "T01",
        "2025-03-05 10:00",
        "2025-03-05 10:01",
        "",
    ]
    path = tmp_path / "短信触达.txt"
    path.write_bytes("\n".join("\t".join(r) for r in (head, row)).encode("utf-16"))
    report = desk.take(path)
    assert report.tables[0].source == "touches"
    assert desk.one("SELECT source, channel, class FROM event.touch") == {
        "source": "sms", "channel": "sms", "class": "marketing"
    }  # fmt: skip


def test_a_household_keeps_all_its_members(desk, tmp_path):
    head = ["门店", "家庭编号", "病历号", "登记时间", "关系"]
    rows = [
        ["上海一院", "F1", "1", "2025-03-05", "母亲"],
        ["上海一院", "F1", "2", "2025-03-05", "女儿"],
    ]
    report = desk.take(write_csv(tmp_path / "家庭关系.csv", [head, *rows]))
    assert (report.accepted, report.quarantined) == (2, 0)


def test_several_sheets_are_one_import_and_strange_ones_are_told(desk, tmp_path):
    book = xlsxwriter.Workbook(str(tmp_path / "导出.xlsx"))
    for name, rows in {
        "到店": [["门店", "到店单号", "病历号", "到店时间", "到店类型"],
               ["上海一院", "V1", "1", "2025-03-05 10:00", "初诊"]],
        "投诉": [["门店", "投诉编号", "病历号", "投诉时间", "类型", "级别", "状态"],
               ["上海一院", "C1", "1", "2025-03-05 10:00", "服务", "轻", "处理中"]],
        "说明": [["气温", "风力"], ["20", "3级"]],
    }.items():  # fmt: skip
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    book.close()
    report = desk.take(tmp_path / "导出.xlsx")
    assert [table.source for table in report.tables] == ["his_visits", "his_complaints", None]
    assert report.events == {"visit": 1, "complaint": 1}
    assert any("说明" in text for text in report.warnings)


def test_shop_lines_with_a_unit_price(tmp_path):
    shop = bench(pack="retail")
    head = [
        "InvoiceNo",
        "StockCode",
        "Description",
        "Quantity",
        "InvoiceDate",
        "UnitPrice",
        "CustomerID",
    ]
    rows = [["536365", "85123A", "HEART", 6, "2010-12-01 08:26:00", "2.55", "17850"],
            ["C536366", "85123A", "HEART", -2, "2010-12-02 08:26:00", "2.55", "17850"],
            ["536367", "22633", "UNION JACK", 1, "2010-12-02 08:28:00", "1.85", ""]]  # fmt: skip
    report = shop.take(write_csv(tmp_path / "retail.csv", [head, *rows]))
    assert (report.accepted, report.quarantine) == (2, {"no_person": 1})
    assert shop.one("SELECT sum(amount_fen)::BIGINT FROM event.payment") == 1_530 - 510
    assert shop.one("SELECT item_code, net_fen FROM event.order_line") == {
        "item_code": "85123A", "net_fen": 1_530
    }  # fmt: skip
