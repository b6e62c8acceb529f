"""Names, identity cards, e-mail: what may identify and what may not."""

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.pipeline.ingest.clean.cases import one, parse

from zhiyan.pipeline.ingest.clean.cards import check_digit, is_id_card


def graded(text):
    parsed = parse("name", [text])
    return (
        parsed.values[0].as_py(),
        parsed.quality[0].as_py(),
        parsed.extra["is_test"][0].as_py(),
        parsed.extra["pseudo_name"][0].as_py(),
    )


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("王伟", "王伟"),
        (" 张 伟 ", "张伟"),
        ("欧阳娜娜", "欧阳娜娜"),
        ("阿卜杜拉•买买提", "阿卜杜拉·买买提"),
        ("Anna  Wang", "Anna Wang"),
        ("王伟（VIP）", "王伟"),
        ("王伟(朋友介绍)", "王伟"),
    ],
)
def test_full_names(text, name):
    assert graded(text) == (name, "ok", False, False)


@pytest.mark.parametrize(
    "text",
    [
        "李女士",
        "王小姐",
        "小美",
        "阿珍",
        "李总",
        "王姐",
        "VIP客户",
        "1",
        "12345",
        "😊",
        "小可爱😊",
        "Lily",
        "A",
        "微信用户",
        "散客",
        "范冰冰",
        "张伟2",
        "王",
        "张伟/李娜",
        "。",
    ],
)
def test_nicknames_are_kept_but_do_not_identify(text):
    name, quality, is_test, pseudo = graded(text)
    assert (name, quality, is_test, pseudo) == (text, "placeholder", False, True)


@pytest.mark.parametrize(
    "text", ["测试", "测试客户", "张三", "李四1", "培训", "培训01", "demo", "Demo_2", "test user"]
)
def test_test_accounts_are_flagged(text):
    assert graded(text)[1:] == ("placeholder", True, True)


@pytest.mark.parametrize("text", ["王**", "王*", "*伟", "王某某", "王xx"])
def test_masked_names(text):
    assert graded(text)[1] == "masked"


CARD = "11010519491231002X"


def test_identity_card_states_birthdate_and_gender():
    parsed = parse("id_card", [CARD, CARD.lower(), "110105 19491231 002x", "110105491231002"])
    assert parsed.values.to_pylist() == [CARD] * 4
    assert parsed.quality.to_pylist() == ["ok"] * 4
    assert parsed.extra["birthdate"].to_pylist() == [dt.date(1949, 12, 31)] * 4
    assert parsed.extra["gender"].to_pylist() == ["female"] * 4


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("110105194912310021", "bad_checksum"),
        ("110105199002300011", "bad_id_card"),
        ("330106199001011000", "digits_lost"),
        ("3.30106199001011E+17", "digits_lost"),
        ("E12345678", "bad_id_card"),
    ],
)
def test_wrong_identity_cards(text, problem):
    assert one("id_card", text) == (None, problem)


def test_masked_identity_card():
    parsed = parse("id_card", ["3301**********1234"])
    assert (parsed.values.to_pylist(), parsed.quality.to_pylist()) == (
        ["3301**********1234"],
        ["masked"],
    )
    assert parsed.extra["birthdate"].to_pylist() == [None]


@settings(deadline=None, max_examples=40)
@given(st.dates(dt.date(1920, 1, 1), dt.date(2020, 1, 1)), st.integers(0, 999), st.integers(0, 17))
def test_check_character_finds_every_wrong_digit(born, number, place):
    body = f"330106{born:%Y%m%d}{number:03}"
    card = body + check_digit(body)
    assert is_id_card(card)
    if place < 17:
        wrong = card[:place] + str((int(card[place]) + 1) % 10) + card[place + 1 :]
        assert not is_id_card(wrong)


def test_email():
    parsed = parse("email", ["A.B@Example.COM", "a***@qq.com", "nobody", None])
    assert parsed.values.to_pylist() == ["a.b@example.com", "a***@qq.com", None, None]
    assert parsed.quality.to_pylist() == ["ok", "masked", None, None]
    assert parsed.problems.to_pylist() == [None, None, "bad_email", None]
