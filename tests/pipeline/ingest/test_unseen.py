"""Exports in the words of systems that nobody described to us: what must come in, to the fen."""

import json

from tests.pipeline.ingest.workshop import write_csv, write_xlsx

CLINIC = "悦容医疗美容门诊部"


def table(path, head, *rows, encoding="utf-8"):
    return write_csv(path, [head.split(","), *(row.split(",") for row in rows)], encoding)


def test_bill_of_alipay_with_a_tab_behind_every_cell(desk, tmp_path):
    head = "支付宝交易号,商户订单号,业务类型,创建时间,完成时间,对方账户,订单金额（元）,商家实收（元）,退款批次号/请求号"
    rows = (
        "2025060122001,Z1,交易,2025-06-01 09:00:00,2025-06-01 09:00:05,吴*颖(138***22),1500.00,1500.00,",
        "2025060122002,Z2,交易,2025-06-01 09:30:00,2025-06-01 09:30:05,abc***@163.com,8800.00,8700.00,",
        "2025060122001,Z1,退款,2025-06-01 09:00:00,2025-06-02 12:00:05,吴*颖(138***22),-500.00,-500.00,R1",
    )
    ruler = "#-----------业务明细列表-----------"
    lines = ["#支付宝业务明细查询", "#账号：[20885550000000156]", ruler]
    lines += ["\t,".join(line.split(",")) + "\t" for line in (head, *rows)]
    lines += [ruler, "#交易合计：2笔，商家实收共10200.00元", "#导出时间：[2025年07月01日 10:00:00]"]
    path = tmp_path / "20885550000000156_账务明细.csv"
    path.write_bytes("\r\n".join(lines).encode("gbk"))
    report = desk.take(path)
    assert (report.accepted, report.quarantined) == (3, 0)
    assert desk.one("SELECT sum(amount_fen)::BIGINT FROM event.payment") == 970_000
    assert desk.one("SELECT count(*) FROM event.payment WHERE is_refund AND matched") == 1
    assert desk.rows("SELECT DISTINCT quality FROM identity.observation") == [{"quality": "masked"}]


def test_answer_of_the_wecom_interface_with_more_than_the_list_in_it(desk, tmp_path):
    contact = {"external_userid": "wmA1", "name": "小美", "type": 1, "gender": 2, "unionid": "oU1"}
    follow = {
        "userid": "liu",
        "createtime": 1735952400,
        "remark_mobiles": ["13916200011"],
        "add_way": 1,
    }
    answer = {
        "errcode": 0,
        "external_contact_list": [{"external_contact": contact, "follow_info": follow}],
        "next_cursor": "",
        "fail_info": {"unlicensed_userid_list": ["li"]},
    }
    path = tmp_path / "batch_get_by_user.json"
    path.write_text(json.dumps(answer, ensure_ascii=False), encoding="utf-8")
    assert desk.take(path).events == {"wecom_contact": 1, "profile": 1}
    listed = table(
        tmp_path / "微盛企微管家_客户列表.csv",
        "客户名称,备注名,性别,客户ID,UnionID,手机号,所属员工,员工账号,添加时间,添加方式,流失状态,流失时间",
        "小美,周雨桐,女,wmA1,oU1,13916200011,刘顾问,liu,2025-01-04 09:00:00,扫描二维码,已流失,2025-04-01 08:00:00",
    )
    later = desk.take(listed)
    assert later.corrections == 1, "the same friendship, now over"
    assert desk.one("SELECT count(DISTINCT party_id) FROM identity.observation") == 1
    assert desk.reveal("phone") == {"+8613916200011"}


def test_day_and_time_of_day_in_two_columns(desk, tmp_path):
    head = "收款单号,关联单号,收款日期,收款时间,客户姓名,病历号,收款类型,付款方式,收款金额(元),院区"
    path = table(
        tmp_path / "收款流水.csv",
        head,
        f"S1,K1,2025/1/5,10:30:00,周雨桐,000101,收款,微信支付,100,{CLINIC}",
        f"S1,K1,2025/1/5,10:30:00,周雨桐,000101,收款,现金,200.50,{CLINIC}",
        f"S2,K1,20250201,9:05,周雨桐,000101,退费,微信支付,50,{CLINIC}",
    )
    report = desk.take(path)
    assert (report.accepted, report.quarantined) == (3, 0), "one receipt may be paid in two ways"
    found = desk.rows("SELECT amount_fen, occurred_at::VARCHAR AS at FROM event.payment ORDER BY 1")
    assert [tuple(row.values()) for row in found] == [
        (-5_000, "2025-02-01 01:05:00"), (10_000, "2025-01-05 02:30:00"), (20_050, "2025-01-05 02:30:00")
    ]  # fmt: skip
    booked = table(
        tmp_path / "预约列表.csv",
        "预约编号,预约日期,预约时段,登记时间,客户姓名,联系电话,预约项目,预约状态,门店",
        f"Y1,2025-06-10,14:00-14:30,2025-06-01 09:15,周雨桐,13916200011,光子嫩肤,待到院,{CLINIC}",
        encoding="gb18030",
    )
    desk.take(booked)
    found = desk.one("SELECT status, appt_at::VARCHAR AS at FROM event.appointment")
    assert found == {"status": "booked", "at": "2025-06-10 06:00:00"}


def test_takings_of_the_day_with_a_column_per_way_of_paying(desk, tmp_path):
    rows = [
        ["收费日报表（2025-06-01）"],
        ["收费单号", "收费时间", "病历号", "姓名", "收费项目", "现金", "微信", "储值卡", "实收合计", "门店"],
        ["F1", "2025-06-01 10:00:00", "000101", "周雨桐", "水光", 1000, 0, 500, 1500, CLINIC],
        ["F2", "2025-06-01 16:45:00", "000102", "吴思颖", "(退)光子嫩肤", 0, -5000, 0, -5000, CLINIC],
        ["合计", None, None, None, None, 1000, -5000, 500, -3500, None],
    ]  # fmt: skip
    report = desk.take(write_xlsx(tmp_path / "收费日报.xlsx", rows))
    assert (report.accepted, report.drops) == (2, {"title": 1, "total_row": 1})
    found = desk.rows("SELECT tender, amount_fen, is_refund FROM event.payment ORDER BY 1")
    assert [tuple(row.values()) for row in found] == [
        ("cash", 100_000, False), ("stored_value", 50_000, False), ("wechat", -500_000, True)
    ]  # fmt: skip
    assert desk.one("SELECT net_fen FROM event.order_line") == 150_000


PLATFORM = "订单编号,商品名称,券码,订单状态,下单时间,支付时间,核销时间,核销门店,订单实付金额,退款金额,手机号,用户昵称"


def test_a_refunded_sale_of_a_platform_leaves_nothing(desk, tmp_path):
    cases = [
        ("已核销", "0"),
        ("已退款", "980"),
        ("交易关闭", "980"),
        ("已关闭", "0"),
        ("已退款", ""),
    ]
    rows = [
        f"'1089{n},瘦脸 衡力,'1020{n},{status},2025/5/6 9:00,2025/5/6 9:01,,,980,{refund},138****002{n},抖友A"
        for n, (status, refund) in enumerate(cases)
    ]
    report = desk.take(table(tmp_path / "抖音来客.csv", PLATFORM, *rows), allow_unmapped=True)
    assert (report.accepted, report.quarantined) == (5, 0), "a refund needs no time of its own"
    found = desk.rows(
        """SELECT order_no, sum(amount_fen)::BIGINT AS fen, count(*) AS n FROM event.payment
        GROUP BY order_no ORDER BY order_no"""
    )
    assert [tuple(row.values()) for row in found] == [
        ("10890", 98_000, 1), ("10891", 0, 2), ("10892", 0, 2), ("10894", 0, 2)
    ]  # fmt: skip


def test_an_unpaid_order_is_kept_as_void(desk, tmp_path):
    row = "'10890012,光子嫩肤,,等待买家付款,2025/5/6 9:00,,,,0,0,138******22,抖友A"
    desk.take(table(tmp_path / "抖音来客.csv", PLATFORM, row))
    assert desk.one("SELECT status FROM event.order_line") == "void"
    assert desk.one("SELECT count(*) FROM event.payment") == 0


def test_coupons_of_one_order_stay_apart(desk, tmp_path):
    rows = [
        ["查询条件：2025-05-01至2025-05-31"],
        ["序号", "团购名称", "券号", "订单号", "验券时间", "消费门店", "用户手机号", "团购价(元)", "状态"],
        [1, "小气泡", "1234 5678 9012", "490011", "2025-05-03 15:20:11", CLINIC, "139****0011", 99, "已验券"],
        [2, "小气泡", "1234 5678 9013", "490011", "2025-05-04 15:20:11", CLINIC, "139****0011", 99, "已验券"],
        [3, "光子嫩肤", "1234 5678 9014", "490012", "2025-05-05 15:20:11", CLINIC, "150****0033", 599, "已撤销"],
    ]  # fmt: skip
    report = desk.take(write_xlsx(tmp_path / "美团开店宝_验券明细.xlsx", rows))
    assert (report.accepted, report.quarantined, report.drops) == (3, 0, {"title": 1})
    assert desk.one("SELECT sum(amount_fen)::BIGINT FROM event.payment") == 19_800


def test_a_mall_order_counts_its_lines_not_the_total_repeated(desk, tmp_path):
    head = "订单号,订单状态,下单时间,付款时间,商品名称,商品数量,商品实际成交金额(元),订单实付金额(元),支付方式,买家昵称,买家手机号,收货人/提货人,归属店铺,是否赠品"
    tail = "354.00,微信支付,小美,13916200011,周雨桐,商城"
    path = table(
        tmp_path / "有赞订单.csv",
        head,
        f"E1,交易完成,2025-05-01 12:00:00,2025-05-01 12:00:10,修复霜,2,256.00,{tail},否",
        f"E1,交易完成,2025-05-01 12:00:00,2025-05-01 12:00:10,防晒霜,1,98.00,{tail},否",
        f"E1,交易完成,2025-05-01 12:00:00,2025-05-01 12:00:10,小样,1,0.00,{tail},是",
        encoding="utf-8-sig",
    )
    desk.take(path, allow_unmapped=True)
    lines = desk.rows("SELECT net_fen, is_gift, channel FROM event.order_line ORDER BY 1 DESC")
    assert [tuple(row.values()) for row in lines] == [
        (25_600, False, "mini_program"), (9_800, False, "mini_program"), (0, True, "mini_program")
    ]  # fmt: skip
    assert desk.one("SELECT sum(amount_fen)::BIGINT FROM event.payment") == 35_400


def test_numbers_of_a_mall_are_not_those_of_the_clinic(desk, tmp_path):
    head = "客户ID,姓名,手机号,性别"
    desk.take(table(tmp_path / "客户资料.csv", head, "8801,何晴,13588880001,女"))
    joined = f"{head},成为客户时间"
    desk.take(table(tmp_path / "有赞客户.csv", joined, "8801,吴思颖,13817300022,女,2024-03-01"))
    assert (
        desk.one(
            "SELECT count(DISTINCT token) FROM identity.observation WHERE id_type = 'member_no'"
        )
        == 2
    )


def test_a_call_belongs_to_the_other_side(desk, tmp_path):
    path = table(
        tmp_path / "容联通话记录.csv",
        "通话ID,呼叫类型,主叫号码,被叫号码,坐席工号,呼叫时间,通话时长(秒),通话状态",
        "C1,呼出,13800001234,913916200011,8001,2025-06-05 10:00:00,172,已接听",
        "C2,呼出,13800001234,015021400033,8001,2025-06-05 10:10:00,0,未接听",
        "C3,呼入,18621500044,13800001234,8002,2025-06-05 11:10:00,335,已接听",
    )
    desk.take(path)
    assert desk.reveal("phone") == {"+8613916200011", "+8615021400033", "+8618621500044"}
    assert desk.one("SELECT count(DISTINCT party_id) FROM event.followup") == 3


def test_answers_in_words_are_marks(desk, tmp_path):
    head = "序号,提交答卷时间,1、您的姓名,2、您的手机号码,3、您对本次服务的整体满意度,5、您关注的肌肤问题(斑点),5、您关注的肌肤问题(毛孔),6、您希望的联系方式"
    words = ("非常不满意", "不满意", "一般", "满意", "非常满意")
    rows = [
        f"{n},2025/6/{n} 12:01:02,周雨桐,13916200011,{w},1,0,微信" for n, w in enumerate(words, 1)
    ]
    assert desk.take(table(tmp_path / "问卷星.csv", head, *rows)).accepted == 5
    found = desk.rows("SELECT score, concerns, preferred_channel FROM event.survey ORDER BY 1")
    assert [tuple(row.values()) for row in found] == [
        (n, ["pigment"], "wecom") for n in range(1, 6)
    ]


def test_failed_payments_of_shouqianba_are_no_payments(desk, tmp_path):
    path = table(
        tmp_path / "收钱吧对账单.csv",
        "交易日期,交易时间,收钱吧订单号,终端号,收款通道,交易类型,交易状态,付款账号,订单金额,实收金额",
        "20250601,10:00:05,`990001,`100,微信,收款,成功,`oWXa1,300.00,280.00",
        "20250601,12:30:05,`990004,`100,微信,收款,失败,`oWXa1,88.00,88.00",
    )
    report = desk.take(path)
    assert (report.accepted, report.drops) == (1, {"not_paid": 1})
    assert desk.one("SELECT amount_fen FROM event.payment") == 28_000


ORDER = "门店,订单号,病历号,姓名,开单时间,项目名称,数量,成交金额,支付方式,状态"


def _lines(price):
    goods = (("光子嫩肤", price), ("水光", 300), ("光子嫩肤", 0))
    return [
        f"一院,D1,000101,周雨桐,2025-03-05 10:00,{name},1,{net},微信,已收款" for name, net in goods
    ]


def test_a_changed_price_corrects_the_line_though_lines_have_no_numbers(desk, tmp_path):
    assert desk.take(table(tmp_path / "订单1.csv", ORDER, *_lines(880))).accepted == 3
    report = desk.take(table(tmp_path / "订单2.csv", ORDER, *_lines(780)))
    assert (report.corrections, report.duplicates, report.accepted) == (1, 2, 0)
    assert sum(row["net_fen"] for row in desk.content("order_line")) == 108_000
    assert sum(row["amount_fen"] for row in desk.content("payment")) == 108_000


def test_an_unknown_clinic_is_kept_and_said_how_to_name(desk, tmp_path):
    report = desk.take(table(tmp_path / "订单.csv", ORDER.replace("一院", CLINIC), *_lines(880)))
    assert {row["clinic"] for row in desk.content("order_line")} == {"一院"}
    assert any("一院" in text and "zhiyan.yaml" in text for text in report.warnings)


def test_parts_of_an_item_name_tell_it_if_they_agree(desk, tmp_path):
    names = {
        "热玛吉 面部900发": "EN08", "光子嫩肤-全脸": "EN01", "光子嫩肤 水光": None,
        "光子嫩肤 术后面膜": None, "光子嫩肤+水光": None, "神秘礼包": None,
    }  # fmt: skip
    rows = [f"一院,D1,000101,周雨桐,2025-03-05 10:00,{name},1,880,微信,已收款" for name in names]
    desk.take(table(tmp_path / "订单.csv", ORDER, *rows), allow_unmapped=True)
    found = desk.rows("SELECT item_name, item_code FROM event.order_line")
    assert {row["item_name"]: row["item_code"] for row in found} == names


def test_cards_without_a_type_and_without_an_end(desk, tmp_path):
    path = table(
        tmp_path / "会员卡.csv",
        "卡号,客户姓名,病历号,疗程名称,购买日期,总次数,剩余次数,购买金额,有效期至,所属门店",
        f"L1,周雨桐,000101,水光10次卡,2025-02-01,10,9,10000,长期有效,{CLINIC}",
    )
    assert desk.take(path).quarantined == 0
    found = desk.one(
        "SELECT type, item_code, total_sessions, principal_fen, expire_at FROM event.card"
    )
    assert tuple(found.values()) == ("course", "IN07", 10, 1_000_000, None)
