"""Telephone numbers: restored only where nothing is lost, typed, split, never guessed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.pipeline.ingest.clean.cases import one, parse

GOOD = "+8613812345679"


@pytest.mark.parametrize(
    "text",
    [
        "13812345679",
        "+86 138-1234-5679",
        "+8613812345679",
        "0086 13812345679",
        "86 13812345679",
        "８６１３８１２３４５６７９",
        "１３８１２３４５６７９",
        "138 1234 5679",
        "(86)13812345679",
        "13812345679.0",
        "1.3812345679E+10",
        "`13812345679",
        '="13812345679"',
        "013812345679",
        "\u200b13812345679\xa0",
        "13812345679(女儿)",
        "妈妈13812345679",
        "13812345679 微信同号",
        "13812345679/13812345679",
    ],
)
def test_one_mobile_written_in_many_ways(text):
    parsed = parse("phone", [text])
    assert parsed.values.to_pylist() == [[GOOD]]
    assert parsed.quality.to_pylist() == [["ok"]]
    assert parsed.problems.to_pylist() == [None]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("1.38E+10", "digits_lost"),
        ("1.38001E+10", "digits_lost"),
        ("1381234567", "bad_phone"),
        ("138123456799", "bad_phone"),
        ("12345", "bad_phone"),
        ("1", "bad_phone"),
        ("913812345679", "bad_phone"),
        ("没留电话", "bad_phone"),
    ],
)
def test_what_is_no_number_is_a_problem(text, problem):
    assert one("phone", text) == (None, problem)


@pytest.mark.parametrize(
    "text", ["{}/{}", "{}、{}", "{};{}", "{}；{}", "{},{}", "{} {}", "{}\n{}", "{}{}", "{}或{}"]
)
def test_two_numbers_in_a_cell(text):
    assert one("phone", text.format("13812345679", "13900001234")) == (
        [GOOD, "+8613900001234"],
        None,
    )


def test_a_good_number_beside_rubbish_is_kept_and_reported():
    assert one("phone", "13812345679、139") == ([GOOD], "bad_phone")


@pytest.mark.parametrize(
    ("text", "number", "quality"),
    [
        ("17012345670", "+8617012345670", "virtual"),
        ("17112345670", "+8617112345670", "virtual"),
        ("16712345670", "+8616712345670", "virtual"),
        ("16212345670", "+8616212345670", "virtual"),
        ("16512345670", "+8616512345670", "virtual"),
        ("17012345670转1234", "+8617012345670;ext=1234", "virtual"),
        ("17012345670,1234", "+8617012345670;ext=1234", "virtual"),
        ("13812345679-1234", "+8613812345679;ext=1234", "virtual"),
        ("021-62345678", "+862162345678", "landline"),
        ("(0571)8765 4321", "+8657187654321", "landline"),
        ("021-62345678转801", "+862162345678;ext=801", "landline"),
        ("88886666", "88886666", "landline"),
        ("400-800-1234", "+864008001234", "landline"),
        ("8008101234", "+868008101234", "landline"),
        ("138****8000", "138****8000", "masked"),
        ("138xxxx8000", "138xxxx8000", "masked"),
        ("+852 9123 4567", "+85291234567", "ok"),
    ],
)
def test_other_numbers_are_typed(text, number, quality):
    parsed = parse("phone", [text])
    assert (parsed.values.to_pylist(), parsed.quality.to_pylist()) == ([[number]], [[quality]])
    assert parsed.problems.to_pylist() == [None]


@pytest.mark.parametrize(
    "text",
    ["13800138000", "11111111111", "00000000000", "13888888888", "12345678901", "13812345678"],
)
def test_patterns_are_no_identifiers(text):
    parsed = parse("phone", [text, "13812345679", None])
    assert parsed.quality.to_pylist()[:2] == [["pattern"], ["ok"]]
    assert parsed.extra["fake_phone"].to_pylist() == [True, False, None]


def test_call_centre_prefix_by_option():
    assert one("phone", "913812345679", dial_prefixes=("0", "9")) == ([GOOD], None)


mobiles = st.from_regex(r"\A1[3-9][0-9]{9}\Z")


@settings(deadline=None, max_examples=40)
@given(mobiles, st.sampled_from(["{}", "+86{}", "0086{}", "86 {}", "{}.0", "`{}", "0{}"]))
def test_any_mobile_is_read_back(mobile, form):
    assert one("phone", form.format(mobile)) == ([f"+86{mobile}"], None)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.text(alphabet="0123456789+-*/、.;,() Ee转xX", max_size=16), max_size=6))
def test_every_cell_is_a_number_a_blank_or_a_problem(texts):
    parsed = parse("phone", texts)
    for text, value, problem, quality in zip(
        texts,
        parsed.values.to_pylist(),
        parsed.problems.to_pylist(),
        parsed.quality.to_pylist(),
        strict=True,
    ):
        assert (value is None) == (quality is None)
        if value is None and problem is None:
            assert not any(character.isdigit() for character in text)
