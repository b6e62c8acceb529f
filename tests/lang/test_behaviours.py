"""Behaviours in brackets: what they read as, and what is said of those that are wrong."""

import pytest
from tests.packs.clinic import catalogue

from zhiyan.core.measure import Span, Unit
from zhiyan.errors import DefinitionError
from zhiyan.lang.behaviours import check_question
from zhiyan.lang.catalogue import check_expression
from zhiyan.lang.chinese import chinese
from zhiyan.lang.render import render

MEDICAL = catalogue("medical_aesthetics")

#: Mistakes: the code, where, and words of the message, in English and in Chinese.
WRONG = {
    "[count(*) of visits] > 1": ("ZY228", "question:1:14", "unknown source 'visits'", "没有来源"),
    "[count(*) visit] > 1": ("ZY223", "question:1:1", "'source' is missing", "缺少"),
    "[count(*) of visit > 1": ("ZY201", "question:1:1", "no closing `]`", "缺少右括号"),
    "age > 1 ]": ("ZY201", "question:1:9", "`]` has no partner", "没有配对"),
    "[[count(*) of visit]] > 1": ("ZY201", "question:1:2", "`[` has no partner", "没有配对"),
    "[] > 1": ("ZY201", "question:1:2", "names no aggregate", "没有写 aggregate"),
    "[count(*) of visit of visit] > 1": ("ZY201", "question:1:23", "twice", "写了两次"),
    "[count(*) of visit where ] > 1": ("ZY201", "question:1:26", "names no where", "没有写 where"),
    "true and\n[count(*) of visit where effectiv] > 1": (
        "ZY205", "question:2:26", "there is no name effectiv", "没有名称",
    ),
    "[count(*) of visit window 3x] > 1": ("ZY227", "question:1:27", "not a length", "不是时间长度"),
    "[count(*) of visit where age > 3] > 1": ("ZY205", "question:1:26", "no name age", "没有名称"),
    "[effective of visit] = true": ("ZY209", "question:1:2", "not one aggregate", "聚合"),
    "[last(status) of appointment] = 'no_shw'": ("ZY208", "", "not one of the values", "取值之内"),
    "[count(*) of visit]": ("ZY232", "", "must be true or false", "真或假"),
    "[count(*) of visit] > foo": ("ZY205", "", "no name foo", "没有名称"),
    "[count(*) of medical_flag] > 0": ("ZY286", "question:1:1", "class S4", "S4 级"),
    "[last(privacy_vip) of profile]": ("ZY286", "question:1:1", "privacy_vip", "S4 级"),
    "[count(*) of identifier] > 1": ("ZY287", "question:1:1", "identifiers", "标识"),
    "[count(*) of visit latest 0] > 1": ("ZY207", "question:1:27", "how many", "1 或更大"),
    "【count(*) of visit】 > 1": ("ZY201", "", "cannot be read near", "读不懂"),
}  # fmt: skip


def test_a_behaviour_is_a_measure():
    text = (
        "[sum(net_fen) of order_line where status <> 'void' and channel in ('store', 'platform')"
        " window 365d..30d on occurred_at latest 3] > yuan(100) and age >= 30"
    )
    found = check_question(MEDICAL, text)
    assert render(found.node) == text
    ((name, read),) = found.behaviours.items()
    assert text.startswith(name + " > ")
    measure = read.measure
    assert measure.source == "order_line"
    assert render(measure.aggregate) == "sum(net_fen)"
    assert render(measure.where) == "status <> 'void' and channel in ('store', 'platform')"
    assert (measure.window.start, measure.window.end) == (Span(365, Unit.DAY), Span(30, Unit.DAY))
    assert render(measure.latest) == "3"


def test_words_inside_texts_and_calls_begin_no_field():
    text = "[count(*) of web_event where page = 'latest of window] [' window 7d] = 0"
    (read,) = check_question(MEDICAL, text).behaviours.values()
    assert render(read.measure.where) == "page = 'latest of window] ['"
    (read,) = check_question(
        MEDICAL, "[latest_by(type, page) of web_event] is null"
    ).behaviours.values()
    assert render(read.measure.aggregate) == "latest_by(type, page)"


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (
            "[count(*) of visit where (effective or clinic = 'a') window 30d] > 1",
            "effective or clinic = 'a'",
        ),
        ("[count(*) of visit where(effective)] > 1", "effective"),
        ("[count(*) of visit WHERE not (effective)] > 1", "not effective"),
    ],
)
def test_a_parenthesis_may_follow_a_word(text: str, where: str):
    (read,) = check_question(MEDICAL, text).behaviours.values()
    assert render(read.measure.where) == where


@pytest.mark.parametrize(
    ("text", "hint", "zh"),
    [
        ("[count(*) of visit where age > 3] > 1", "write it outside of the brackets", "方括号外"),
        ("【count(*) of visit】 > 1", "write plain signs such as [", "半角符号 ["),
        ("[count(*) / 2 of visit] > 1", "arithmetic goes", "方括号外"),
    ],
)
def test_refusals_say_what_to_do(text: str, hint: str, zh: str):
    with pytest.raises(DefinitionError) as refused:
        check_question(MEDICAL, text)
    hints = [problem.hint for problem in refused.value.problems]
    assert any(hint in one for one in hints), hints
    assert any(zh in chinese(one) for one in hints), [chinese(one) for one in hints]


def test_the_same_behaviour_twice_is_one():
    found = check_question(MEDICAL, "[count(*) of visit] > 1 and [count(*) of visit] < 9")
    assert list(found.behaviours) == ["[count(*) of visit]"]


def test_a_condition_without_behaviours_is_what_it_was():
    text = "age >= 30 and wecom_friend"
    assert check_question(MEDICAL, text).node == check_expression(MEDICAL, text)
    assert not check_question(MEDICAL, text).behaviours


@pytest.mark.parametrize("text", WRONG, ids=lambda text: text[:40])
def test_mistakes_say_where_and_what(text: str):
    code, where, english, zh = WRONG[text]
    with pytest.raises(DefinitionError) as refused:
        check_question(MEDICAL, text)
    found = [one for one in refused.value.problems if one.code == code]
    assert found, refused.value.problems
    assert any(one.where == where and english in one.message for one in found), found
    assert any(zh in chinese(one.message) for one in found), [chinese(one.message) for one in found]


def test_rubbish_is_not_told_character_by_character():
    with pytest.raises(DefinitionError) as refused:
        check_question(MEDICAL, "[" * 5_000)
    assert len(refused.value.problems) == 20


def test_what_follows_customers_over_time_reads_tags_only():
    with pytest.raises(DefinitionError, match="make it a tag"):
        check_expression(MEDICAL, "[count(*) of visit window 30d] > 1")
