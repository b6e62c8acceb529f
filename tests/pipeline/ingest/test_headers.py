import pytest
from tests.pipeline.ingest.workshop import sources

from zhiyan.pipeline.ingest.headers import bind, header_unit, loose_forms, options, rivals
from zhiyan.pipeline.ingest.mapping import Field


def field(name, *headers, **more):
    return Field(name=name, headers=headers, **more)


def test_exact_names_go_before_patterns_and_earlier_synonyms_before_later():
    fields = [
        field("paid", "实收", "金额"),
        field("listed", "原价", "金额"),
        field("any", "*金额*"),
    ]
    assert bind(fields, ["金额", "实收", "退款金额"]) == {
        "paid": "实收",
        "listed": "金额",
        "any": "退款金额",
    }


def test_groups_numbers_brackets_and_width_do_not_matter():
    fields = [field("phone", "您的手机号"), field("net", "成交金额"), field("no", "订单号")]
    headers = ["1、您的手机号", "金额/成交金额（元）", "订单/订 单 号"]
    assert sorted(bind(fields, headers).values()) == sorted(headers)
    assert header_unit("金额/成交金额（万元）") == "wan"
    assert header_unit("成交金额") is None


def test_the_group_tells_two_columns_of_one_name_apart():
    fields = [field("referrer", "推荐人病历号"), field("his_no", "病历号")]
    assert bind(fields, ["客户/病历号", "推荐人/病历号"]) == {
        "referrer": "推荐人/病历号",
        "his_no": "客户/病历号",
    }


def test_a_shared_field_reads_a_column_that_another_one_has():
    fields = [field("a", "号码"), field("b", "号码", shared=True), field("c", "号码")]
    assert bind(fields, ["号码"]) == {"a": "号码", "b": "号码"}


def test_options_of_a_question():
    headers = ["5(运动)", "5、生活兴趣(旅行)", "生活兴趣:美食", "6(抗衰)"]
    assert options(["5(*)", "*兴趣*(*)", "*兴趣*:*"], headers) == {
        "5(运动)": "运动",
        "5、生活兴趣(旅行)": "旅行",
        "生活兴趣:美食": "美食",
    }


@pytest.mark.parametrize(
    ("header", "synonym"),
    [
        ("实收金额/元", "实收金额"),
        ("实收金额（单位：元）", "实收金额"),
        ("实收金额_RMB", "实收金额"),
        ("下单 时间", "下单时间"),
        ("下单日期", "下单时间"),
        ("＊手机号：", "手机号"),
        ("订单No.", "订单号"),
        ("订单编号", "订单号"),
        ("ＯｒｄｅｒＩＤ", "order_id"),
        ("会员卡号码", "会员卡号"),
        ("客户性别", "性别"),
        ("您的职业", "职业"),
        ("会员/出生日期", "出生日期"),
        ("实收总额", "实收金额"),
    ],
)
def test_one_meaning_written_in_many_ways(header, synonym):
    assert bind([field("it", synonym)], [header]) == {"it": header}


@pytest.mark.parametrize(
    ("header", "synonym"),
    [
        ("推荐人手机号", "手机号"),
        ("推荐人/手机号", "手机号"),
        ("紧急联系人/姓名", "姓名"),
        ("客户编号", "编号"),
        ("会员类型", "类型"),
        ("余额", "额"),
        ("生日", "生时间"),
        ("订单", "订单号"),
        ("退款金额", "金额"),
        ("原价", "价"),
    ],
)
def test_what_only_looks_alike_is_not_taken(header, synonym):
    assert bind([field("it", synonym)], [header]) == {}


def test_the_better_of_two_columns_is_taken_and_the_tie_known():
    fields = [field("no", "订单号"), field("net", "实收金额")]
    headers = ["订单编号", "订单号", "实收金额(元)", "实收金额(RMB)"]
    bound = bind(fields, headers)
    assert bound == {"no": "订单号", "net": "实收金额(元)"}
    assert rivals(fields, headers, bound) == {"net": ("实收金额(RMB)",)}


def test_the_unit_may_stand_behind_a_slash():
    assert header_unit("储值金额/万元") == "wan"
    assert header_unit("储值金额(单位:分)") == "fen"
    assert header_unit("初/复诊") is None


def test_no_synonym_of_a_pack_is_loosely_two_fields_of_one_source():
    """Loose forms must not blur what a source keeps apart by name."""
    for pack in ("medical_aesthetics", "retail"):
        for source in sources(pack):
            own = [
                f for f in source.fields if not f.shared and f.name not in source.recognise.never
            ]
            for one in own:
                header = one.headers[0]
                if "*" in header:
                    continue
                best = bind(own, [header])
                exact = [f.name for f in own if header in f.headers]
                assert set(best) <= {one.name, *exact}, (source.name, one.name, best)
    assert loose_forms("生日") == ("生日",)


def test_options_may_have_only_the_number_of_their_question():
    headers = ["5、您的生活兴趣(运动)", "5、(美食)", "5：旅行", "6、(抗衰)", "15、(露营)"]
    assert options(["*兴趣*(*)"], headers) == {
        "5、您的生活兴趣(运动)": "运动",
        "5、(美食)": "美食",
        "5：旅行": "旅行",
    }
