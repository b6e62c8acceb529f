"""Values as people type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhiyan.core.expression import Literal, ValueType
from zhiyan.core.tag import Tag, TagKind, TagValue
from zhiyan.lang.entered import MAX_TEXT, entered, may_enter

VALUES = (
    TagValue(value="a", zh="A 强", en="A strong"),
    TagValue(value="b", zh="中", en="Same"),
    TagValue(value="c", zh="弱", en="Same"),
)


def tag_of(type_, values=(), kind=TagKind.MANUAL, **more):
    return Tag(
        code="t", name_zh="标签", name_en="Tag", description_zh="", description_en="",
        category=("x",), kind=kind, type=type_, values=values,
        otherwise=Literal(None, ValueType.NULL), owner="部", **more,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("type_", "values", "text", "stored"),
    [
        (ValueType.BOOL, (), " 是 ", ("true",)),
        (ValueType.BOOL, (), "No", ("false",)),
        (ValueType.ENUM, VALUES, "a", ("a",)),
        (ValueType.ENUM, VALUES, "a 强", ("a",)),
        (ValueType.ENUM, VALUES, "Ａ 强", ("a",)),
        (ValueType.LIST, VALUES, "弱、a, a", ("a", "c")),
        (ValueType.LIST, (), "x;y", ("x", "y")),
        (ValueType.TEXT, (), " 轮椅 ", ("轮椅",)),
        (ValueType.INT, (), "-12", ("-12",)),
        (ValueType.MONEY, (), "19.90", ("19.90",)),
        (ValueType.DATE, (), "2026-11-22", ("2026-11-22",)),
    ],
)
def test_values_are_understood(type_, values, text, stored):
    assert entered(tag_of(type_, values), text) == (stored, None)


@pytest.mark.parametrize(
    ("type_", "values", "text"),
    [
        (ValueType.BOOL, (), "maybe"),
        (ValueType.ENUM, VALUES, "d"),
        (ValueType.ENUM, VALUES, "Same"),  # the name of two values names none
        (ValueType.LIST, VALUES, "a,d"),
        (ValueType.LIST, (), " , "),
        (ValueType.TEXT, (), "长" * (MAX_TEXT + 1)),
        (ValueType.TEXT, (), "a\nb"),
        (ValueType.INT, (), "1.5"),
        (ValueType.MONEY, (), "1.234"),
        (ValueType.DATE, (), "2026-2-30"),
        (ValueType.TEXT, (), "  "),
    ],
)
def test_what_is_no_value_is_refused(type_, values, text):
    stored, problem = entered(tag_of(type_, values), text)
    assert stored == ()
    assert problem is not None
    assert problem.code == "ZY521"


@given(st.text(max_size=80), st.sampled_from(["enum", "list", "bool", "text", "int", "date"]))
def test_whatever_is_stored_is_a_value(text, name):
    type_ = ValueType(name)
    values = VALUES if name in ("enum", "list") else ()
    stored, problem = entered(tag_of(type_, values), text)
    assert (problem is None) == bool(stored)
    if values:
        assert set(stored) <= {value.value for value in values}
    again = entered(tag_of(type_, values), ",".join(stored)) if stored else ((), None)
    assert again == (stored, None)


def test_computed_tags_are_refused_unless_they_allow_it():
    assert may_enter(tag_of(ValueType.BOOL)) is None
    assert may_enter(tag_of(ValueType.BOOL, kind=TagKind.FACT, manual=True)) is None
    for tag in (
        tag_of(ValueType.BOOL, kind=TagKind.RULE),
        tag_of(ValueType.BOOL, status="retired"),
    ):
        problem = may_enter(tag)
        assert problem is not None
        assert problem.code == "ZY520"
