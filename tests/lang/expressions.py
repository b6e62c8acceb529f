"""Hypothesis strategies for random well-typed expressions over the world's scope."""

from functools import cache

from hypothesis import strategies as st
from tests.lang.world import DAYS, SCOPE, WORDS

from zhiyan.core.expression import Call, Case, Literal, Ref, ValueType

V = ValueType
REFS = {
    kind: [Ref(name) for name, known in SCOPE.names.items() if known.type is kind]
    for kind in ValueType
}
TEXTS = [*REFS[V.TEXT], *REFS[V.ENUM], *REFS[V.REF]]
LITERALS = {
    V.INT: st.integers(-3, 40).map(lambda n: Literal(n, V.INT)),
    V.DECIMAL: st.sampled_from([0.0, 0.1, 0.3, 1.0, -2.5, 1e-7, 1e16]).map(
        lambda r: Literal(r, V.DECIMAL)
    ),
    V.MONEY: st.sampled_from([0, 1, -100, 3_000_000]).map(lambda fen: Literal(fen, V.MONEY)),
    V.BOOL: st.booleans().map(lambda flag: Literal(flag, V.BOOL)),
    V.TEXT: st.sampled_from(WORDS).map(lambda word: Literal(word, V.TEXT)),
    V.DATE: st.sampled_from(DAYS).map(lambda day: Literal(day, V.DATE)),
}
NULL = st.just(Literal(None, V.NULL))


def call(op, *args):
    return st.tuples(*args).map(lambda made: Call(op, tuple(made)))


def many(op, part, least=2, most=3):
    return st.lists(part, min_size=least, max_size=most).map(lambda made: Call(op, tuple(made)))


def negated(part):
    """Strategy of opposites; that of a literal is read back as a literal."""
    return call("negate", part.filter(lambda node: not isinstance(node, Literal)))


@cache
def leaf(kind):
    refs = TEXTS if kind is V.TEXT else REFS[kind]
    options = [st.sampled_from(refs)]
    if kind in LITERALS:
        options.append(LITERALS[kind])
    if kind is V.MOMENT:
        options.append(st.just(Ref("as_of")))
    return st.one_of(options)


@cache
def case(kind, depth):
    branch = st.tuples(expression(V.BOOL, depth - 1), expression(kind, depth - 1))
    otherwise = expression(kind, depth - 1) | NULL
    branches = st.lists(branch, min_size=1, max_size=2).map(tuple)
    return st.builds(Case, branches, otherwise)


@cache
def expression(kind, depth):
    """Random expressions of a type, at most ``depth`` deep."""
    if depth <= 0:
        return leaf(kind)
    return st.deferred(
        lambda: st.one_of(
            leaf(kind), case(kind, depth), common(kind, depth), GROWN[kind](depth - 1)
        )
    )


@cache
def common(kind, depth):
    part = expression(kind, depth - 1)
    options = [many("coalesce", part | NULL, 1), call("nullif", part, part)]
    if kind in {V.INT, V.DECIMAL, V.MONEY, V.DATE, V.MOMENT}:
        options += [many("least", part), many("greatest", part)]
    return st.one_of(options)


@cache
def numbers(depth):
    return expression(V.INT, depth) | expression(V.DECIMAL, depth)


@cache
def whole(depth):
    part = expression(V.INT, depth)
    days, moments = expression(V.DATE, depth), expression(V.MOMENT, depth)
    half_life = st.integers(1, 90).map(lambda n: Literal(n, V.INT))
    return st.one_of(
        *(call(op, part, part) for op in "+-*"),
        negated(part),
        call("abs", part),
        call("round_down", expression(V.DECIMAL, depth)),
        *(call(op, moments) for op in ("days_since", "hours_since", "hour_of")),
        *(call(op, moments | days) for op in ("month_of", "weekday_of")),
        *(call(op, days) for op in ("days_since", "years_since", "days_until_anniversary")),
        call("days_between", moments, moments),
        call("days_between", days, days),
        call("size", expression(V.LIST, depth)),
        call("decay", part, half_life, part),
        call("landmark", half_life),
        *(call(op, moments | days) for op in ("day_number", "week_number", "month_number")),
    )


@cache
def decimal(depth):
    part = expression(V.DECIMAL, depth)
    money = expression(V.MONEY, depth)
    return st.one_of(
        *(call(op, part, numbers(depth)) for op in "+-*"),
        call("/", numbers(depth), numbers(depth)),
        call("/", money, money),
        call("/", money, numbers(depth)),
        negated(part),
        call("abs", part),
        call("least", part, expression(V.INT, depth)),
    )


@cache
def money(depth):
    part = expression(V.MONEY, depth)
    return st.one_of(
        *(call(op, part, part) for op in "+-"),
        call("*", part, expression(V.INT, depth)),
        negated(part),
        call("abs", part),
        call("fen", numbers(depth)),
    )


@cache
def boolean(depth):
    part = expression(V.BOOL, depth)
    text, tags = expression(V.TEXT, depth), expression(V.LIST, depth)
    pairs = [
        (numbers(depth), numbers(depth)),
        *((expression(kind, depth),) * 2 for kind in (V.MONEY, V.DATE, V.MOMENT)),
    ]
    order = [call(op, *pair) for pair in pairs for op in ("<", "<=", ">", ">=")]
    equal = [
        call(op, *pair)
        for pair in [*pairs, (text, text), (tags, tags), (part, part)]
        for op in ("=", "<>")
    ]
    chosen = st.lists(LITERALS[V.INT] | LITERALS[V.DECIMAL], min_size=1, max_size=3)
    words = st.lists(LITERALS[V.TEXT], min_size=1, max_size=3)
    anything = st.one_of(part, text, tags, numbers(depth))
    return st.one_of(
        many("and", part | NULL),
        many("or", part | NULL),
        call("not", part),
        call("is_null", anything),
        st.one_of(order),
        st.one_of(equal),
        st.builds(lambda x, xs: Call("in", (x, *xs)), numbers(depth), chosen),
        st.builds(lambda x, xs: Call("in", (x, *xs)), text, words),
        call("contains", tags, text),
        call("overlaps", tags, tags),
    )


GROWN = {
    V.INT: whole,
    V.DECIMAL: decimal,
    V.MONEY: money,
    V.BOOL: boolean,
    V.TEXT: lambda depth: st.one_of(
        case(V.TEXT, depth + 1),
        call("left", expression(V.TEXT, depth), st.integers(1, 3).map(lambda n: Literal(n, V.INT))),
        call("without_end", expression(V.TEXT, depth), expression(V.TEXT, depth)),
        call("date_range", expression(V.DATE, depth), expression(V.DATE, depth)),
    ),
    V.DATE: lambda depth: st.one_of(
        call("on_day", expression(V.MOMENT, depth)),
        *(
            call(op, expression(V.DATE, depth), expression(V.INT, depth))
            for op in ("add_days", "add_months")
        ),
    ),
    V.MOMENT: lambda depth: case(V.MOMENT, depth + 1),
    V.LIST: lambda depth: st.one_of(
        many("list_of", expression(V.TEXT, depth) | NULL, 0),
        *(
            call(op, expression(V.LIST, depth), expression(V.LIST, depth))
            for op in ("list_union", "list_common", "list_minus")
        ),
    ),
}
KINDS = tuple(GROWN)


def scalars(depth=3):
    """Random expressions of any type."""
    return st.sampled_from(KINDS).flatmap(lambda kind: expression(kind, depth))


def aggregates(depth=1):
    """Random aggregate calls."""
    whole_part, text = expression(V.INT, depth), expression(V.TEXT, depth)
    ordered = [expression(kind, depth) for kind in (V.INT, V.DECIMAL, V.MONEY, V.DATE, V.MOMENT)]
    single = st.one_of(*ordered, text, expression(V.BOOL, depth))
    tags = expression(V.LIST, depth)
    limit = st.integers(1, 4).map(lambda n: Literal(n, V.INT))
    return st.one_of(
        st.just(Call("count", ())),
        call("count", single | tags),
        *(call(op, single) for op in ("count_distinct", "mode", "max_share")),
        call("sum", whole_part | expression(V.MONEY, depth)),
        *(call(op, st.one_of(ordered)) for op in ("min", "max")),
        *(call(op, single | tags) for op in ("first", "last")),
        *(call(op, expression(V.BOOL, depth)) for op in ("any", "streak", "longest_streak")),
        *(call(op, whole_part) for op in ("longest_run", "latest_run")),
        call("top", text, limit),
        call("top", text, limit, whole_part),
        call("top1", single, whole_part),
        call("set", text | tags),
        call("median_gap_days", expression(V.DATE, depth)),
        call("latest_by", text, st.one_of(text, whole_part, expression(V.BOOL, depth))),
    )


@st.composite
def of_same_values(draw, depth=1):
    """A few aggregates of the values of one expression, each with a condition of its own or none.

    Some share a weight that is worked out once.
    """
    kind = draw(st.sampled_from([V.TEXT, V.INT, V.MONEY, V.DECIMAL, V.BOOL, V.DATE, V.MOMENT]))
    value, score = draw(expression(kind, depth)), draw(expression(V.INT, depth))
    weight = Call("decay", (Call("days_since", (Ref("at"),)), Literal(30, V.INT), Ref("n")))
    scores = st.sampled_from([score, weight])
    options = [
        st.sampled_from([Call(op, (value,)) for op in ("count_distinct", "mode", "max_share")]),
        scores.map(lambda one: Call("top1", (value, one))),
        st.sampled_from([Call("count", ()), Call("max", (value,)), Call("sum", (weight,))]),
    ]
    if kind is V.TEXT:
        limits = st.integers(1, 4).map(lambda n: Literal(n, V.INT))
        options += [
            limits.map(lambda n: Call("top", (value, n))),
            st.tuples(limits, scores).map(lambda made: Call("top", (value, *made))),
            st.just(Call("set", (value,))),
        ]
    if kind is V.DATE:
        options.append(st.just(Call("median_gap_days", (value,))))
    where = st.none() | expression(V.BOOL, depth)
    return draw(st.lists(st.tuples(st.one_of(options), where), min_size=2, max_size=6))
