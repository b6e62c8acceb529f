"""Money and whole numbers are exact or a problem; blanks are neither."""

from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.pipeline.ingest.clean.cases import one, parse


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("¥1,234.50", 123450),
        ("￥ 5元", 500),
        ("RMB 12", 1200),
        ("1.2万", 1200000),
        ("1.23456万元", 1234560),
        ("3千", 300000),
        ("(12.00)", -1200),
        ("（1,200）", -120000),
        ("-12", -1200),
        ("－12", -1200),
        ("-¥5", -500),
        ("¥-5", -500),
        ("100-", -10000),
        ("１２．５", 1250),
        ("1，234．5", 123450),
        ("0.01", 1),
        ("0", 0),
        ("-0.01", -1),
        (".5", 50),
        ("5.", 500),
        ("12.500", 1250),
        ("`5.00", 500),
        ("  7 ", 700),
        ("9999999999999.99", 999999999999999),
    ],
)
def test_money_to_fen(text, fen):
    assert one("money", text) == (fen, None)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("12.345", "too_many_decimals"),
        ("0.001", "too_many_decimals"),
        ("1.1234567万", "too_many_decimals"),
        ("1E+5", "digits_lost"),
        ("1.23e4", "digits_lost"),
        ("1,23", "bad_money"),
        ("12,34,567", "bad_money"),
        ("1.2.3", "bad_money"),
        ("(-5)", "bad_money"),
        ("(5", "bad_money"),
        ("abc", "bad_money"),
        ("5美元", "bad_money"),
        ("99999999999999999999", "out_of_range"),
        ("#REF!", "bad_money"),
    ],
)
def test_what_is_no_money_is_a_problem_and_null(text, problem):
    assert one("money", text) == (None, problem)


@pytest.mark.parametrize(
    "text", [None, "", "  ", "-", "--", "/", "无", "NULL", "N/A", "未填写", "　"]
)
@pytest.mark.parametrize(
    "parser", ["money", "int", "date", "datetime", "phone", "name", "id_card", "native_id"]
)
def test_blanks_and_null_words_are_null_without_problem(parser, text):
    assert one(parser, text) == (None, None)


def test_null_words_can_be_set():
    assert one("money", "待定", null_words=("待定",)) == (None, None)
    assert one("money", "无", null_words=("待定",)) == (None, "bad_money")


def test_units_and_rounding():
    assert one("money", "1234", unit="fen") == (1234, None)
    assert one("money", "12.5", unit="fen") == (None, "too_many_decimals")
    assert one("money", "12.5元", unit="fen") == (1250, None)
    assert one("money", "1.5", unit="wan") == (1500000, None)
    assert one("money", "12.345", rounding="half_up") == (1235, None)
    assert one("money", "-12.345", rounding="half_up") == (-1235, None)
    assert one("money", "12.3449", rounding="half_up") == (1234, None)


@settings(deadline=None, max_examples=40)
@given(st.decimals(-(10**12), 10**12, places=2), st.sampled_from(["{}", "¥{}", "{}元", "￥ {}"]))
def test_money_written_is_money_read(amount, form):
    text = form.format(f"{amount:,}" if amount > 1000 else f"{amount}")
    assert one("money", text) == (int(amount * 100), None)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.decimals(-(10**9), 10**9, places=2), max_size=30))
def test_the_sum_of_money_is_kept(amounts):
    parsed = parse("money", [str(amount) for amount in amounts])
    assert sum(parsed.values.to_pylist()) == int(sum(amounts, Decimal(0)) * 100)
    assert parsed.values.type == pa.int64()


@pytest.mark.parametrize(
    ("text", "number", "problem"),
    [
        ("1,200", 1200, None),
        ("28岁", 28, None),
        ("3.0", 3, None),
        ("-4", -4, None),
        ("00012", 12, None),
        ("３次", 3, None),
        ("3.5", None, "not_whole"),
        ("1e5", None, "digits_lost"),
        ("三", None, "bad_int"),
        ("9" * 25, None, "out_of_range"),
    ],
)
def test_whole_numbers(text, number, problem):
    assert one("int", text) == (number, problem)


@settings(deadline=None, max_examples=40)
@given(st.integers(-(10**17), 10**17))
def test_whole_number_round_trip(number):
    assert one("int", f"{number:,}") == (number, None)
