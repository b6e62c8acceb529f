import pytest
from tests.lang.world import AGGREGATES, POPULATION, SCOPE

from zhiyan.core.expression import Call, Literal, Ref, ValueType
from zhiyan.lang.check import Scope, bind, check, inspect
from zhiyan.lang.functions import CALLABLE, REGISTRY, Aggregate
from zhiyan.lang.parse import parse


def types(source, scope=SCOPE):
    found, problems = check(parse(source), scope)
    assert problems == []
    return found.value


def codes(source, scope=SCOPE):
    return [problem.code for problem in check(parse(source), scope)[1]]


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("n + 1", "int"),
        ("n + r", "decimal"),
        ("n / 2", "decimal"),
        ("spend + paid", "money"),
        ("spend - 0", "money"),
        ("spend * n", "money"),
        ("2 * spend", "money"),
        ("spend / paid", "decimal"),
        ("spend / n", "decimal"),
        ("spend / 0.5", "decimal"),
        ("-spend", "money"),
        ("fen(spend / n)", "money"),
        ("spend > yuan(100)", "bool"),
        ("spend <= 0", "bool"),
        ("spend in (0, yuan(5))", "bool"),
        ("coalesce(spend, 0)", "money"),
        ("coalesce(n, r)", "decimal"),
        ("coalesce(status, 'none')", "enum"),
        ("nullif(word, '')", "text"),
        ("case when ok then n else 0.5 end", "decimal"),
        ("case when ok then spend else 0 end", "money"),
        ("case when ok then 'a' end", "text"),
        ("case when ok then status else 'booked' end", "enum"),
        ("status = word", "bool"),
        ("item.category in ('skin')", "bool"),
        ("days_since(at) > 3 and days_since(born) > 3", "bool"),
        ("days_between(born, on_day(as_of))", "int"),
        ("born < date '2020-01-01'", "bool"),
        ("at <= as_of", "bool"),
        ("least(born, due)", "date"),
        ("word < 'm'", "bool"),
        ("contains(tags, word)", "bool"),
        ("tags = list_of('a')", "bool"),
        ("list_of()", "list"),
        ("decay(n, 30, 1)", "int"),
        ("ok = (n > 1)", "bool"),
        ("null", "null"),
    ],
)
def test_gives_the_type(source, result):
    assert types(source) == result


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("count(*)", "int"),
        ("sum(spend)", "money"),
        ("max(at)", "moment"),
        ("any(n > 3)", "bool"),
        ("last(status)", "enum"),
        ("mode(item.category)", "ref"),
        ("top(word, 3)", "list"),
        ("top(word, 3, n)", "list"),
        ("top(word, 3, spend)", "list"),
        ("top1(n, spend)", "int"),
        ("top1(status, n)", "enum"),
        ("set(codes)", "list"),
        ("max_share(word)", "decimal"),
        ("median_gap_days(on_day(at))", "int"),
        ("streak(ok)", "int"),
    ],
)
def test_gives_the_type_of_an_aggregate(source, result):
    assert types(source, AGGREGATES) == result


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("m2 > 1", ["ZY205"]),
        ("param.unknown > 1", ["ZY205"]),
        ("spend > 5", ["ZY206"]),
        ("spend + n", ["ZY206"]),
        ("spend * spend", ["ZY206"]),
        ("spend * 0.5", ["ZY206"]),
        ("n / spend", ["ZY206"]),
        ("born < at", ["ZY206"]),
        ("born = '2020-01-01'", ["ZY206"]),
        ("n = 'a'", ["ZY206"]),
        ("n = null", ["ZY206"]),
        ("status < 'b'", ["ZY206"]),
        ("ok < vip", ["ZY206"]),
        ("n and ok", ["ZY206"]),
        ("not n", ["ZY206"]),
        ("case when n then 1 end", ["ZY206"]),
        ("case when ok then 1 else 'a' end", ["ZY206"]),
        ("days_since(word)", ["ZY206"]),
        ("years_since(at)", ["ZY206"]),
        ("on_day(born)", ["ZY206"]),
        ("size(word)", ["ZY206"]),
        ("contains(word, 'a')", ["ZY206"]),
        ("n in (m)", ["ZY206"]),
        ("at = '2020-01-01'", ["ZY206"]),
        ("least(n)", ["ZY207"]),
        ("abs(n, 1)", ["ZY207"]),
        ("decay(n, m, 1)", ["ZY207"]),
        ("decay(n, 0, 1)", ["ZY207"]),
        ("status = 'noshow'", ["ZY208"]),
        ("'noshow' <> status", ["ZY208"]),
        ("status in ('booked', 'arived', 'x')", ["ZY208", "ZY208"]),
        ("nullif(status, 'x') is null", ["ZY208"]),
        ("coalesce(status, 'none') = 'nnone'", ["ZY208"]),
        ("case when ok then 'a' else 'b' end = 'c'", ["ZY208"]),
        ("contains(codes, 'd')", ["ZY208"]),
        ("overlaps(codes, list_of('a', 'd'))", ["ZY208"]),
        ("count(*) > 3", ["ZY209"]),
        ("rank_share(n)", ["ZY209"]),
        (
            "n2 > 1 or status = 'z' or spend > 5 and foo is null",
            ["ZY205", "ZY208", "ZY206", "ZY205"],
        ),
    ],
)
def test_reports_every_problem(source, expected):
    assert codes(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("n + 1", ["ZY209"]),
        ("sum(n) + 1", ["ZY209"]),
        ("sum(count(*))", ["ZY209"]),
        ("sum(r)", ["ZY206"]),
        ("sum(null)", ["ZY206"]),
        ("any(n)", ["ZY206"]),
        ("min(status)", ["ZY206"]),
        ("count(distinct tags)", ["ZY206"]),
        ("count(n, m)", ["ZY207"]),
        ("top(word, n)", ["ZY207"]),
        ("top(word, -1)", ["ZY207"]),
        ("top(n, 3)", ["ZY206"]),
        ("sum(rank_share(n))", ["ZY209", "ZY206"]),
    ],
)
def test_reports_problems_of_aggregates(source, expected):
    assert codes(source, AGGREGATES) == expected


def test_rank_share_compares_customers_once():
    assert types("rank_share(spend) >= 0.8", POPULATION) == "bool"
    assert types("rank_share(spend, status)", POPULATION) == "decimal"
    assert types("rank_share(spend, status, word, n)", POPULATION) == "decimal"
    assert types("band(spend, 4, status, word)", POPULATION) == "int"
    assert codes("rank_share(spend, status, word, n, r)", POPULATION) == ["ZY207"]
    assert codes("rank_share(rank_share(n))", POPULATION) == ["ZY209"]


def test_hints_name_what_was_meant():
    hints = [problem.hint for problem in check(parse("stauts = 'no_shw'"), SCOPE)[1]]
    assert "status" in hints[0]
    hints = [problem.hint for problem in check(parse("status = 'no_shw'"), SCOPE)[1]]
    assert hints == ["did you mean no_show?"]
    hints = [problem.hint for problem in check(parse("status = 'laser'"), SCOPE)[1]]
    assert hints == ["values: arrived, booked, no_show"]


def test_an_unknown_function_in_a_tree_made_by_hand_is_a_problem():
    assert [p.code for p in check(Call("sinh", (Ref("n"),)), SCOPE)[1]] == ["ZY203"]


def test_domains_travel_with_values():
    assert inspect(parse("last(status)"), AGGREGATES).values == SCOPE.names["status"].values
    found = inspect(parse("case when ok then 'often' else 'rare' end"), SCOPE)
    assert found.values == ("often", "rare")
    assert inspect(parse("coalesce(status, word)"), SCOPE).values == ()


def test_bind_puts_literals_in_place_of_parameters():
    high = Literal(3_000_000, ValueType.MONEY)
    node = parse("case when spend > param.high then param.high else param.low end")
    bound = bind(node, {"high": high})
    assert bound == parse("case when spend > yuan(30000) then yuan(30000) else param.low end")
    assert bind(node, {"param.high": high}) == bound
    assert bind(Ref("high"), {"high": high}) == Ref("high")


def test_every_entry_is_documented_once():
    assert all(entry.doc.endswith(".") and entry.form for entry in REGISTRY.values())
    assert all(" -> " in entry.form for entry in REGISTRY.values())
    assert {"sum", "days_since", "yuan"} <= CALLABLE
    assert not {"and", "count_distinct", "negate"} & CALLABLE
    assert Scope({}).find("as_of") is not None
    assert isinstance(REGISTRY["last"], Aggregate)
