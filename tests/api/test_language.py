"""Refusals in the language that the client prefers."""

import re

import pytest
from tests.api.client import Client
from tests.api.clinic import Clinic

from zhiyan.api.language import prefers_chinese
from zhiyan.errors import DefinitionError, Problem

CHINESE = re.compile("[\u4e00-\u9fff]")


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
