from zhiyan.pipeline.ingest.headers import bind, header_unit, options
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
