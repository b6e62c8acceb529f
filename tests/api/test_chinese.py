"""Refusals in the language that the client prefers."""

import re
from pathlib import Path

import pytest
from tests.api.client import Client
from tests.api.clinic import Clinic

from zhiyan.api.chinese import chinese, prefers_chinese
from zhiyan.app.settings import PACKS_FOLDER
from zhiyan.errors import DefinitionError, Problem
from zhiyan.lang.catalogue import Catalogue, check_expression
from zhiyan.lang.load import load_catalogue

CHINESE = re.compile("[\u4e00-\u9fff]")
#: Every way in which an expression over tags can be wrong, and what the reader must be told.
WRONG = {
    "": "表达式是空的",
    "age >": "读不懂",
    "age > 3 -- old": "不能写注释",
    "age > 3; drop table x": "不在表达式语言之内",
    "age > (select 1)": "不在表达式语言之内",
    "age like 3": "不在表达式语言之内",
    "age is true": "后面只能是 null",
    "age > 99999999999999999999": "超出了 64 位",
    "last_visit_date > date '2026-02-31'": "不是日期",
    "(" * 200 + "true" + ")" * 200: "嵌套",
    " and ".join(["age > 3"] * 3000): "表达式超过",
    "agee > 3": "没有名称 agee",
    "read_csv('x') > 3": "没有函数 read_csv",
    "rfm_segment = 'loyl'": "不在取值之内",
    "net_spend_12m > 100": "金额",
    "net_spend_12m * net_spend_12m > yuan(3)": "金额只能乘以整数",
    "net_spend_12m > yuan(1.234)": "最多两位小数",
    "age = null": "与 null 比较永远不成立",
    "age in (age, 3)": "后面只能是写明的值",
    "age and wecom_friend": "第 1 个参数是整数，要的是真假",
    "case when age then true else false end": "这里要的是条件",
    "case when wecom_friend then age else 'x' end = 3": "case 的各个分支",
    "abs(age, age) > 3": "写了 2 个",
    "coalesce() > 3": "参数",
    "sum(age) > 3": "聚合 sum(...) 不能写在这里",
    "age": "条件的结果只能是真或假，这里是整数",
    "days_since(age) > 3": "第 1 个参数是整数",
    "last_visit_date > 'x'": "日期与文本不能放在一起",
}  # fmt: skip


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue([Path(PACKS_FOLDER) / "medical_aesthetics"])


@pytest.mark.parametrize("text", WRONG, ids=lambda text: text[:30])
def test_every_refusal_of_an_expression_is_told_in_chinese(catalogue: Catalogue, text: str):
    with pytest.raises(DefinitionError) as refused:
        check_expression(catalogue, text)
    problems = refused.value.problems
    told = [chinese(problem.message) for problem in problems]
    assert any(WRONG[text] in one for one in told), (told, problems)
    assert [one for one in told if not CHINESE.search(one)] == []
    hints = [problem.hint for problem in problems if problem.hint]
    assert [hint for hint in hints if not CHINESE.search(chinese(hint)) and "->" not in hint] == []


def test_names_and_values_are_kept():
    assert chinese("there is no name rfm_segmnt") == "没有名称 rfm_segmnt"
    assert chinese("did you mean a or b?") == "是不是 a 或 b？"
    assert (
        chinese("`age + 1`: text and int do not go together") == "`age + 1`：文本与整数不能放在一起"
    )
    assert chinese("`{x}` is not part of the language") == "`{x}` 不在表达式语言之内"
    assert chinese("something new") == "something new"
    assert chinese("") == ""


@pytest.mark.parametrize(
    ("header", "answer"),
    [
        ("", False), ("zh-CN", True), ("zh", True), ("en-GB,en;q=0.9", False), ("fr", False),
        ("zh-CN,zh;q=0.9,en;q=0.8", True), ("en,zh;q=0.9", False), ("fr, zh;q=0.5", True),
        ("en;q=0.5, zh;q=0.6", True), ("zh;q=0", False), ("*", False), ("zh;q=nonsense", True),
        (";q=;;,,", False),
    ],
)  # fmt: skip
def test_preference(header: str, answer: bool):
    assert prefers_chinese(header) is answer


def test_the_api_answers_in_the_language_of_the_request(
    api: Client, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
):
    def refuse(_where: str) -> None:
        raise DefinitionError(
            Problem(code="ZY205", message="there is no name nope", hint="did you mean a or b?")
        )

    monkeypatch.setattr(clinic, "audience", refuse)
    body = {"where": "a = 3 and nope"}
    path = "/api/audience/count"
    english = api.call("POST", path, json=body).json()
    told = api.call("POST", path, json=body, headers={"accept-language": "zh-CN"}).json()
    assert (english["message"], english["hint"]) == (
        "there is no name nope",
        "did you mean a or b?",
    )
    assert (told["message"], told["hint"]) == ("没有名称 nope", "是不是 a 或 b？")
    assert told["problems"][0]["message"] == told["message"]
    assert [one["column"] for one in told["problems"]] == [11]
    assert [one["column"] for one in english["problems"]] == [11]


def test_the_guard_answers_in_the_language_of_the_request(api: Client):
    stranger = Client(api.app, host="http://elsewhere.example")
    assert not CHINESE.search(stranger.get("/api/overview").json()["message"])
    answer = stranger.get("/api/overview", headers={"accept-language": "zh"})
    assert answer.status_code == 421
    assert CHINESE.search(answer.json()["message"])
