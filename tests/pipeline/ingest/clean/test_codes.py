"""Codes, lists of codes, yes and no, places, staff, options of a mapping."""

import pyarrow as pa
import pytest
from tests.pipeline.ingest.clean.cases import one, parse, problems, values

from zhiyan.errors import DefinitionError
from zhiyan.pipeline.ingest.clean import PARSERS, REASON_ZH, ParseOptions, Reason, parse_options


def test_gender_by_source():
    assert values("code", ["男", "女", "M", "f", "先生", "女士", "未知"], table="gender") == (
        ["male", "female", "male", "female", "male", "female", None]
    )
    assert values("code", ["1", "2", "1.0"], table="gender_1_2") == ["male", "female", "male"]
    assert values("code", ["1", "0"], table="gender_1_0") == ["male", "female"]
    assert values("code", ["1", "0"], table="gender_0_1") == ["female", "male"]


def test_unmapped_is_a_problem_unknown_or_kept_but_never_a_default():
    assert one("code", "1", table="gender") == (None, "unmapped_code")
    parsed = parse("code", ["1", "男", None], table="gender", unmapped="unknown")
    assert parsed.values.to_pylist() == [None, "male", None]
    assert parsed.problems.to_pylist() == [None] * 3
    assert parsed.extra["unmapped"].to_pylist() == [True, False, None]
    assert one("code", "其它", table="gender", unmapped="keep") == ("其它", None)
    assert one("code", "其它") == ("其它", None)


def test_own_codes_go_before_the_named_table_and_over_null_words():
    assert values("code", ["无", "ＶＩＰ"], codes={"无": "none", "vip": "v"}) == ["none", "v"]
    assert one("code", "男", table="gender", codes={"男": "m"}) == ("m", None)
    with pytest.raises(DefinitionError) as caught:
        one("code", "男", table="sex")
    assert caught.value.code == "ZY323"


def test_lists_of_codes():
    table = {"光子": "ipl", "水光": "hydro"}
    texts = ["光子、水光", "水光，光子,光子", "光子/水光;", None, "光子|甲"]
    assert values("codes", texts, codes=table) == [["hydro", "ipl"]] * 3 + [None, None]
    assert problems("codes", texts, codes=table)[4] == "unmapped_code"
    assert values("codes", texts, codes=table, unmapped="unknown")[4] == ["ipl"]
    assert values("codes", ["b、a、b"]) == [["a", "b"]]


def test_yes_and_no():
    texts = ["是", "否", "有", "无", "Y", "n", "1", "0", "1.0", "√", "×", "TRUE", "", "-", "大概"]
    assert values("bool", texts) == (
        [
            True,
            False,
            True,
            False,
            True,
            False,
            True,
            False,
            True,
            True,
            False,
            True,
            None,
            None,
            None,
        ]
    )
    assert problems("bool", texts) == [None] * 14 + ["bad_bool"]
    assert one("bool", "已核销", true_words=("已核销",)) == (True, None)


def test_native_ids_keep_leading_zeros():
    texts = ["000123", "123.0", "`123", '="007"', "1.23E+2", "1.5E+10", "AB-1.0", " x "]
    assert values("native_id", texts) == ["000123", "123", "123", "007", "123", None, "AB-1.0", "x"]
    assert problems("native_id", texts)[5] == "digits_lost"
    assert values("native_id", ["12", "a"], width=6) == ["000012", "a"]


def test_staff_codes_beside_names():
    parsed = parse("staff", ["S012 王芳", "王芳(S012)", "D001", "王芳"])
    assert parsed.values.to_pylist() == ["S012", "S012", "D001", "王芳"]
    assert parsed.extra["unmapped"].to_pylist() == [False, False, False, True]
    assert one("clinic", "总院", codes={"总院": "c1"}) == ("c1", None)


def test_places():
    cities = {"杭州": "浙江"}
    texts = [
        "浙江省杭州市西湖区文三路1号",
        "上海市浦东新区",
        "北京",
        "杭州",
        "广西壮族自治区南宁市青秀区",
        "12",
    ]
    assert values("city", texts, cities=cities) == ["杭州", "上海", "北京", "杭州", "南宁", None]
    assert values("province", texts, cities=cities) == [
        "浙江",
        "上海",
        "北京",
        "浙江",
        "广西",
        None,
    ]
    assert values("district", texts, cities=cities) == [
        "西湖区",
        "浦东新区",
        None,
        None,
        "青秀区",
        None,
    ]
    assert problems("city", texts) == [None] * 5 + ["bad_place"]


def test_every_parser_takes_empty_chunked_and_null_columns():
    for parse_column in PARSERS.values():
        for column in (
            pa.array([], pa.string()),
            pa.nulls(2),
            pa.chunked_array([["2024-03-05"], [None, "2024-03-05"]], pa.string()),
            pa.chunked_array([], pa.string()),
        ):
            parsed = parse_column(column, ParseOptions())
            assert len(parsed.values) == len(parsed.problems) == len(column)
            assert isinstance(parsed.values, pa.Array)
            for more in parsed.extra.values():
                assert len(more) == len(column)


def test_options_of_a_mapping():
    options = parse_options({"unit": "fen", "codes": {1: "a"}, "dial_prefixes": ["9"], "width": 8})
    assert (options.unit, options.codes, options.dial_prefixes, options.width) == (
        "fen", {"1": "a"}, ("9",), 8,
    )  # fmt: skip
    with pytest.raises(DefinitionError) as caught:
        parse_options({"unti": "fen", "unit": "dollar", "codes": []})
    assert [p.code for p in caught.value.problems] == ["ZY321", "ZY322", "ZY322"]
    assert "unit" in caught.value.problems[0].hint


def test_every_reason_is_explained():
    assert set(REASON_ZH) == set(Reason)
