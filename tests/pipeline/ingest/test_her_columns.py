"""What exports say about the person beside what they are made for: level, gender, nickname."""

import json

from tests.pipeline.ingest.workshop import bench, write_csv


def test_the_level_in_a_customer_file(desk, tmp_path):
    head = ["院区", "病历号", "姓名", "手机号", "性别", "VIP等级", "建档时间"]
    rows = [
        ["上海一院", "0001", "王芳", "13911110001", "女", "黄金会员", "2024-01-01"],
        ["上海一院", "0002", "李梅", "13911110002", "女", "", "2024-01-02"],
    ]
    report = desk.take(write_csv(tmp_path / "客户档案.csv", [head, *rows]))
    assert report.events == {"profile": 2, "member_level": 1}
    assert desk.one("SELECT tier FROM event.member_level") == "gold"
    changed = [head, [*rows[0][:5], "黑金", rows[0][6]], rows[1]]
    assert desk.take(write_csv(tmp_path / "客户档案2.csv", changed)).corrections == 1
    assert [row["tier"] for row in desk.content("member_level")] == ["black"]


def contact(remark, gender=2, userid="wmB1"):
    return {
        "external_contact": {"external_userid": userid, "name": "小鱼儿", "gender": gender},
        "follow_user": [
            {"userid": who, "createtime": 1735952400 + 90_000 * place, "remark": text}
            for place, (who, text) in enumerate(remark)
        ],
    }


def test_gender_and_remark_of_a_contact(desk, tmp_path):
    listed = [
        contact([("li", "王晓雨"), ("zhao", "王晓雨 13911110001 热玛吉")]),
        contact([("li", "身份证11010519491231002X")], gender=0, userid="wmB2"),
    ]
    path = tmp_path / "contacts.json"
    path.write_text(json.dumps({"list": listed}, ensure_ascii=False), "utf-8")
    report = desk.take(path)
    assert report.quarantined == 0
    assert report.events == {"wecom_contact": 3, "profile": 2}
    assert desk.rows("SELECT DISTINCT gender FROM event.profile") == [{"gender": "female"}]
    assert desk.reveal("name") == {"小鱼儿", "王晓雨"}, "remarks with numbers are dropped"
    good = desk.rows("SELECT token FROM identity.observation WHERE id_type='name' AND quality='ok'")
    assert len(good) == 1
    assert report.unknown == {}


def test_the_nickname_of_a_buyer_is_kept_but_is_no_name(desk, tmp_path):
    head = ["订单号", "订单状态", "付款时间", "买家昵称", "买家手机号", "收货人/提货人", "商品名称",
            "商品数量", "商品实际成交金额"]  # fmt: skip
    row = ["E1", "交易完成", "2025-03-01 10:00", "王小丽", "13911110001", "李梅", "光子", "1", "88"]
    desk.take(write_csv(tmp_path / "有赞订单.csv", [head, row]))
    assert desk.reveal("name") == {"王小丽", "李梅"}
    found = desk.rows("SELECT quality FROM identity.observation WHERE id_type = 'name' ORDER BY 1")
    assert [one["quality"] for one in found] == ["ok", "placeholder"]


HIS_HEAD = ["院区", "病历号", "姓名", "性别", "年龄", "客户城市", "会员等级", "订单号", "开单时间",
            "项目名称", "实收金额"]  # fmt: skip


def his(number, *, gender="女", age="35", city="杭州", tier="金卡"):
    return ["上海一院", "0001", "王芳", gender, age, city, tier, number, "2025-03-01 10:00",
            "光子", "880"]  # fmt: skip


def test_what_an_order_says_about_the_person(desk, tmp_path):
    rows = [his("S1"), his("S2", gender="", age="", city="", tier="")]
    report = desk.take(write_csv(tmp_path / "开单明细.csv", [HIS_HEAD, *rows]))
    assert report.events == {"order_line": 2, "profile": 1, "member_level": 1}
    assert desk.rows("SELECT gender, age_stated, city FROM event.profile") == [
        {"gender": "female", "age_stated": 35, "city": "杭州"}
    ]


def test_what_cannot_be_read_about_the_person_does_not_cost_the_order(desk, tmp_path):
    rows = [his("S1", age="三十五岁多", city="火星基地 (3)"), his("S2", gender="人妖")]
    report = desk.take(write_csv(tmp_path / "开单明细.csv", [HIS_HEAD, *rows]))
    assert (report.accepted, report.quarantined) == (2, 0)
    assert desk.one("SELECT sum(net_fen)::BIGINT FROM event.order_line") == 176_000
    assert sum(report.unknown.values()) >= 2, report.unknown


def test_orders_without_such_columns_make_no_profiles(desk, tmp_path):
    head = [h for h in HIS_HEAD if h not in {"性别", "年龄", "客户城市", "会员等级"}]
    row = ["上海一院", "0001", "王芳", "S1", "2025-03-01 10:00", "光子", "880"]
    report = desk.take(write_csv(tmp_path / "开单明细.csv", [head, row]))
    assert set(report.events) == {"order_line"}


def test_receipts_of_a_shop_with_the_member_on_them(tmp_path):
    desk = bench(pack="retail")
    head = [
        "小票",
        "时间",
        "会员卡号",
        "会员姓名",
        "会员手机",
        "性别",
        "会员等级",
        "品名",
        "数量",
        "实收(元)",
    ]
    rows = [
        [
            "LS1",
            "2025-05-01 12:30:45",
            "`8800012",
            "王芳",
            "139 1234 5670",
            "女",
            "金卡",
            "眼霜",
            "1",
            "499",
        ],
        [
            "LS2",
            "2025-05-02 12:30:45",
            "`8800013",
            "李梅",
            "139 1234 5671",
            "F",
            "钻石卡",
            "口红",
            "-1",
            "-220",
        ],
    ]
    report = desk.take(write_csv(tmp_path / "零售小票.csv", [head, *rows], encoding="gbk"))
    assert (report.accepted, report.quarantined) == (2, 0)
    assert report.events["profile"] == 2
    assert [
        row["tier"] for row in desk.rows("SELECT tier FROM event.member_level ORDER BY occurred_at")
    ] == ["gold", "black"]
    assert desk.one("SELECT sum(amount_fen)::BIGINT FROM event.payment") == 27_900
    assert desk.reveal("member_no") == {"shop|8800012", "shop|8800013"}
