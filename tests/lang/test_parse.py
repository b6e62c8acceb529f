from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.effort import examples

from zhiyan.core.expression import Call, Case, Literal, Ref, ValueType
from zhiyan.core.kinds import KINDS
from zhiyan.errors import DefinitionError
from zhiyan.lang.parse import MAX_CHARACTERS, MAX_NODES, parse
from zhiyan.lang.render import render
from zhiyan.lang.translate import MAX_DEPTH

A, B, C = Ref("a"), Ref("b"), Ref("c")
ONE, TWO = Literal(1, ValueType.INT), Literal(2, ValueType.INT)


def text(value):
    return Literal(value, ValueType.TEXT)


@pytest.mark.parametrize(
    ("source", "node"),
    [
        ("a", A),
        ("param.value_high", Ref("param.value_high")),
        ("item.category", Ref("item.category")),
        ("type = 'x'", Call("=", (Ref("type"), text("x")))),
        ("'热玛吉'", text("热玛吉")),
        ("'it''s'", text("it's")),
        ("'a\\n'", text("a\\n")),
        ("1", ONE),
        ("-1", Literal(-1, ValueType.INT)),
        ("-9223372036854775808", Literal(-(2**63), ValueType.INT)),
        ("0.3", Literal(0.3, ValueType.DECIMAL)),
        (".5", Literal(0.5, ValueType.DECIMAL)),
        ("TRUE", Literal(True, ValueType.BOOL)),
        ("null", Literal(None, ValueType.NULL)),
        ("date '2024-02-29'", Literal(date(2024, 2, 29), ValueType.DATE)),
        ("yuan(99.5)", Literal(9950, ValueType.MONEY)),
        ("yuan(-0.01)", Literal(-1, ValueType.MONEY)),
        ("yuan(90071992547409.93)", Literal(9007199254740993, ValueType.MONEY)),
        ("a != 1", Call("<>", (A, ONE))),
        ("a is null", Call("is_null", (A,))),
        ("a is not null", Call("not", (Call("is_null", (A,)),))),
        ("a in (1, 2)", Call("in", (A, ONE, TWO))),
        ("a not in (1)", Call("not", (Call("in", (A, ONE)),))),
        ("a between 1 and 2", Call("and", (Call(">=", (A, ONE)), Call("<=", (A, TWO))))),
        ("a and b and c", Call("and", (A, B, C))),
        ("a or b and c", Call("or", (A, Call("and", (B, C))))),
        ("not a or b", Call("or", (Call("not", (A,)), B))),
        ("a - b - c", Call("-", (Call("-", (A, B)), C))),
        ("a + b * c", Call("+", (A, Call("*", (B, C))))),
        ("(a + b) * c", Call("*", (Call("+", (A, B)), C))),
        ("-a", Call("negate", (A,))),
        ("case when a then 1 end", Case(((A, ONE),), Literal(None, ValueType.NULL))),
        ("case when a then 1 else 2 end", Case(((A, ONE),), TWO)),
        ("count(*)", Call("count", ())),
        ("count(a)", Call("count", (A,))),
        ("count(distinct a)", Call("count_distinct", (A,))),
        ("first(a)", Call("first", (A,))),
        ("set(a)", Call("set", (A,))),
        ("any(a)", Call("any", (A,))),
        ("overlaps(a, b)", Call("overlaps", (A, B))),
        ("contains (a, 'b')", Call("contains", (A, text("b")))),
        ("Days_Since(a)", Call("days_since", (A,))),
        ("first", Ref("first")),
        ("  a\n\t", A),
    ],
)
def test_reads(source, node):
    assert parse(source) == node


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("", "ZY201"),
        (" \n", "ZY201"),
        ("a b", "ZY201"),
        ("a,", "ZY201"),
        ("'open", "ZY201"),
        ("(a", "ZY201"),
        ("a in ()", "ZY201"),
        ("a in b", "ZY202"),
        ("a between symmetric 1 and 2", "ZY202"),
        ("count(distinct on (a) b)", "ZY201"),
        ("a = ", "ZY201"),
        ("case when a", "ZY201"),
        ("lambda x: x", "ZY201"),
        ("sum(a) over ()", "ZY202"),
        ("count(a) filter (where b)", "ZY202"),
        ("a || b", "ZY202"),
        ("cast(a as int)", "ZY202"),
        ("a::int", "ZY202"),
        ("a like 'b'", "ZY202"),
        ("a in (select 1)", "ZY202"),
        ("(select 1)", "ZY202"),
        ("exists(select 1)", "ZY202"),
        ("[1, 2]", "ZY202"),
        ("{'a': 1}", "ZY202"),
        ("{ :", "ZY202"),
        ("a[1]", "ZY202"),
        ("a -> b", "ZY202"),
        ("a.b", "ZY202"),
        ("param.a.b", "ZY202"),
        ('"a"', "ZY202"),
        ("客户 = 1", "ZY202"),
        ("A = 1", "ZY202"),
        ("a % 2", "ZY202"),
        ("a // 2", "ZY202"),
        ("a ^ 2", "ZY202"),
        ("a is true", "ZY202"),
        ("a is distinct from b", "ZY202"),
        ("case a when 1 then 2 end", "ZY202"),
        ("interval '1' day", "ZY202"),
        ("date '2023-02-29'", "ZY202"),
        ("timestamp '2023-02-28 00:00:00'", "ZY202"),
        ("1e5", "ZY202"),
        ("9223372036854775808", "ZY202"),
        ("'a' 'b'", "ZY202"),
        ("E'a'", "ZY202"),
        ("$$a$$", "ZY202"),
        ("$as_of", "ZY202"),
        ("?", "ZY202"),
        ("*", "ZY202"),
        ("sum(*)", "ZY202"),
        ("sum(distinct a)", "ZY202"),
        ("a; drop table b", "ZY202"),
        ("a -- rest", "ZY202"),
        ("/* a */ b", "ZY202"),
        ("a\x00", "ZY202"),
        ("read_csv('x')", "ZY203"),
        ("ifnull(a, 0)", "ZY203"),
        ("count_distinct(a)", "ZY203"),
        ("negate(a)", "ZY203"),
        ("count()", "ZY207"),
        ("yuan(1.234)", "ZY207"),
        ("yuan(a)", "ZY207"),
        ("a" * (MAX_CHARACTERS + 1), "ZY204"),
        ("(" * 200 + "a" + ")" * 200, "ZY204"),
        ("not " * 200 + "a", "ZY204"),
        ("- " * 200 + "a", "ZY204"),
        (" + ".join(["a"] * (MAX_DEPTH + 2)), "ZY204"),
        (" or ".join(["a"] * MAX_NODES), "ZY204"),
    ],
)
def test_refuses(source, code):
    with pytest.raises(DefinitionError) as caught:
        parse(source, "pack.yaml:7")
    assert caught.value.code == code
    assert caught.value.problems[0].where == "pack.yaml:7"


def test_names_the_nearest_function():
    with pytest.raises(DefinitionError) as caught:
        parse("days_sinc(a) + lenght(b)")
    first, second = caught.value.problems
    assert "days_since" in first.hint
    assert second.code == "ZY203"


def test_reads_every_column_of_every_kind():
    kinds = KINDS.values() if isinstance(KINDS, dict) else KINDS
    for name in {own.name for kind in kinds for own in kind.columns}:
        source = f"count({name}) = 1 or not {name} is null and ({name}) in (1)"
        assert parse(name) == Ref(name)
        assert parse(source)


_PIECES = [
    "a",
    "b",
    "status",
    "count",
    "sum",
    "yuan",
    "set",
    "any",
    "days_since",
    "(",
    "(",
    ")",
    ")",
    ",",
    "=",
    "<>",
    "<",
    "+",
    "-",
    "*",
    "/",
    "and",
    "or",
    "not",
    "in",
    "is",
    "null",
    "between",
    "case",
    "when",
    "then",
    "else",
    "end",
    "true",
    "1",
    "2.5",
    "'x'",
    "'中'",
    ".",
    ";",
    "::",
    "->",
    "||",
    "[",
    "]",
    "{",
    "}",
    "$",
    "?",
    "@",
    "#",
    "%",
    '"',
    "'",
    "\\",
    "select",
    "from",
    "over",
    "filter",
    "cast",
    "as",
    "like",
    "lambda",
    ":",
    "values",
    "date",
    "interval",
    "count(distinct",
    "--",
    "/*",
    "*/",
    "exists",
    "distinct",
    "param.x",
    "item.y",
    "0x1",
    "1e5",
    "E'",
    "$$",
    "０",
    "é",
    "\u200b",
]


@settings(derandomize=True, max_examples=examples(150), deadline=None)
@given(st.one_of(st.text(max_size=40), st.lists(st.sampled_from(_PIECES), max_size=14)))
def test_rubbish_raises_nothing_else_and_what_is_read_is_written_back(source):
    joined = source if isinstance(source, str) else " ".join(source)
    try:
        node = parse(joined)
    except DefinitionError:
        return
    assert parse(render(node)) == node
