"""Words: expressions and values as people say them."""

from datetime import date, datetime

import pytest

from zhiyan.api import words
from zhiyan.api.failures import column_of
from zhiyan.api.show import edge, show
from zhiyan.api.words import Writer
from zhiyan.app.reads import Label
from zhiyan.core.expression import Literal, Ref, ValueType
from zhiyan.core.measure import LIFETIME, Measure, Span, Unit, Window
from zhiyan.errors import Problem
from zhiyan.lang.functions import REGISTRY
from zhiyan.lang.parse import parse

STAGES = {"silent": Label("沉默", "Silent"), "lost": Label("流失", "Lost")}
NAMES = {"stage": Label("阶段", "Stage"), "spend": Label("消费", "Spend")}


def writer(*, chinese: bool) -> Writer:
    return Writer(
        chinese=chinese, name=NAMES.get, values=lambda name: STAGES if name == "stage" else {}
    )


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("stage = 'silent'", "阶段 = 沉默", "Stage = Silent"),
        ("stage in ('silent', 'lost')", "阶段 属于 沉默、流失", "Stage is one of Silent, Lost"),
        ("stage not in ('lost', 'silent')", "阶段 不属于 流失、沉默", "Stage is none of Lost, Silent"),
        ("spend >= yuan(6000)", "消费 ≥ ¥6,000", "Spend ≥ ¥6,000"),
        ("spend is not null", "消费 已知", "Spend is known"),
        ("not spend is null and true", "消费 已知 且 是", "Spend is known and Yes"),
        ("a and b and (c or d)", "a 且 b 且 (c 或 d)", "a and b and (c or d)"),
        ("coalesce(a, false)", "a", "a"),
        ("coalesce(spend, yuan(0.5))", "消费(未知时 ¥0.50)", "Spend (¥0.50 if unknown)"),
        ("count(*)", "行数", "number of rows"),
        ("(a - b) / c", "(a − b) ÷ c", "(a − b) ÷ c"),
        ("days_since(day) > 90", "距 day 天数 > 90", "days since day > 90"),
        ("case when a then 'lost' else 'x' end", "a 时取 lost;否则 x", "lost if a; otherwise x"),
    ],
)  # fmt: skip
def test_expressions_in_words(text, zh, en):
    node = parse(text)
    assert writer(chinese=True).write(node) == zh
    assert writer(chinese=False).write(node) == en


def test_every_function_of_the_language_has_words():
    said = {*words._FORMS, *words._JOINS, *words._SIGNS, *words._SUMS, "in"}
    assert set(REGISTRY) - said == set()


@pytest.mark.parametrize(
    ("window", "zh", "en"),
    [
        (LIFETIME, "全部历史", "all history"),
        (Window(start=Span(12, Unit.MONTH)), "近 12 个月", "last 12 months"),
        (Window(start=Span(730, Unit.DAY), end=Span(365, Unit.DAY)),
         "730 天前至 365 天前", "730 days to 365 days ago"),
        (Window(ahead=True, start=Span(14, Unit.DAY), on="day"), "未来 14 天(按 day)", "next 14 days (by day)"),
    ],
)  # fmt: skip
def test_windows_in_words(window, zh, en):
    assert writer(chinese=True).window(window) == zh
    assert writer(chinese=False).window(window) == en


def test_measure_in_words_names_what_it_groups_by():
    measure = Measure(
        name="m", source="treatment", aggregate=parse("min(latest)"), type=ValueType.INT,
        per=("stage",), inner=(("latest", parse("max(spend)")),), having=parse("latest > 1"),
    )  # fmt: skip
    assert writer(chinese=True).measure(measure, Label("治疗", "treatment")) == (
        "全部历史 · 治疗 · 按 阶段 归组 · latest = 最大(最近)消费 · 保留 latest > 1 · 最小(最早)latest"
    )


@pytest.mark.parametrize(
    ("value", "kind", "zh", "raw"),
    [
        (None, ValueType.INT, "未知", None),
        (False, ValueType.BOOL, "否", False),
        (1234, ValueType.INT, "1,234", 1234),
        (-123450, ValueType.MONEY, "-¥1,234.50", -123450),
        (0.1 + 0.2, ValueType.DECIMAL, "0.3", 0.1 + 0.2),
        (0.0, ValueType.DECIMAL, "0", 0.0),
        (date(2026, 2, 1), ValueType.DATE, "2026-02-01", "2026-02-01"),
        (datetime(2026, 2, 1, 20), ValueType.MOMENT, "2026-02-02 04:00", "2026-02-01T20:00:00Z"),  # noqa: DTZ001
        (("lost", "x"), ValueType.LIST, "流失、x", ["lost", "x"]),
        ((), ValueType.LIST, "无", []),
        ("silent", ValueType.ENUM, "沉默", "silent"),
    ],
)
def test_values_as_text(value, kind, zh, raw):
    shown = show(value, kind, STAGES, offset=480)
    assert (shown.zh, shown.value) == (zh, raw)


def test_edges_of_bins():
    assert edge(20454.0, ValueType.DATE).zh == "2026-01-01"
    assert edge(3.0, ValueType.INT).zh == "3"
    assert edge(3.5, ValueType.INT).zh == "3.5"
    assert edge(600000.0, ValueType.MONEY).zh == "¥6,000"
    assert edge(9468671.8, ValueType.MONEY).zh == "¥94,687"
    assert edge(26.94721, ValueType.DECIMAL).zh == "26.9"
    assert edge(12345.6, ValueType.DECIMAL).zh == "12,300"


@pytest.mark.parametrize(
    ("problem", "column"),
    [
        (Problem(code="ZY201", message="wrong", where="expression:1:7"), 7),
        (Problem(code="ZY201", message="cannot be read (line 1, column 12 of it)"), 12),
        (Problem(code="ZY205", message="there is no name stge"), 11),
        (Problem(code="ZY206", message="`stge = 1` is bool"), 11),
        (Problem(code="ZY208", message="'tge' is not a value"), None),
        (Problem(code="ZY206", message="int and text do not go together", where="tags.yaml"), None),
    ],
)
def test_places_of_problems(problem, column):
    assert column_of(problem, "stage and stge = 1") == column


def test_unknown_names_are_written_as_words():
    assert writer(chinese=False).write(Ref("no_such")) == "no such"
    assert writer(chinese=True).write(Literal(("a",), ValueType.LIST)) == "a"


def test_a_place_in_a_later_line_is_one_of_the_whole_text():
    text = "stage = 'new'\nand [count(*) of visit\n where pag = 1] > 2"
    problem = Problem(code="ZY205", message="there is no name pag", where="question:3:8")
    assert column_of(problem, text) == text.index("pag") + 1
    unnamed = Problem(code="ZY201", message="it has no partner", where="question:2:5")
    assert column_of(unnamed, text) == text.index("[") + 1


def test_a_name_is_looked_for_from_the_place_on():
    text = "kind = 1 and [count(*) of visit where a = 1 and kind = 2] > 1"
    problem = Problem(code="ZY205", message="there is no name kind", where="question:1:39")
    assert column_of(problem, text) == text.rindex("kind") + 1
