"""Every construct of the language, and random expressions, on Spark: the reference's values."""

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.lang.expressions import aggregates, expression, of_same_values, scalars
from tests.lang.test_agreement import sound, told_of, valued
from tests.lang.world import (
    AGGREGATES,
    CUSTOMERS,
    MOMENTS,
    ROWS,
    SCOPE,
    aggregate_columns,
    fused_columns,
    rows_of,
    scalar_columns,
)
from tools.docs.engines import EXAMPLES

from zhiyan.core.expression import ValueType
from zhiyan.engines.spark.support import REFUSED
from zhiyan.errors import DataError
from zhiyan.lang.check import check
from zhiyan.lang.evaluate import aggregate, evaluate
from zhiyan.lang.functions import REGISTRY, Aggregate, Population
from zhiyan.lang.parse import parse
from zhiyan.lang.render import render

pytestmark = pytest.mark.slow

few = settings(
    derandomize=True,
    deadline=None,
    max_examples=4,
    phases=[Phase.generate],  # shrinking would start some hundred jobs
    suppress_health_check=list(HealthCheck),
)


def examples(kinds):
    return [
        (text, parse(text))
        for name, texts in EXAMPLES.items()
        if isinstance(REGISTRY[name], kinds) and name not in REFUSED
        for text in texts
    ]


def test_every_construct_has_an_example():
    assert set(EXAMPLES) == set(REGISTRY)
    assert set(REFUSED) <= set(REGISTRY)


def same(found, expected):
    """Tell whether values are the same to the last digit, and of the same kind."""
    return found == expected and [type(v) for v in found] == [type(v) for v in expected]


@pytest.mark.parametrize("moment", MOMENTS[:2], ids=["midnight", "leap"])
def test_constructs_of_one_row(spark, scratch_engine, moment):
    cases = [(t, n) for t, n in examples(object) if not isinstance(entry_of(n), Aggregate)]
    nodes = [node for _, node in cases]
    found = scalar_columns(spark, nodes, moment)
    ours = scalar_columns(scratch_engine, nodes, moment)
    wrong = [text for (text, _), a, b in zip(cases, found, ours, strict=True) if not same(a, b)]
    assert wrong == []
    for (text, node), values in zip(cases, found, strict=True):
        if not isinstance(entry_of(node), Population):
            assert same(values, [evaluate(node, row, moment) for row in ROWS]), text


def test_aggregates(spark):
    cases = examples(Aggregate)
    for where in (None, parse("n > 1 or vip")):
        found = aggregate_columns(spark, [node for _, node in cases], MOMENTS[0], where)
        kept = [rows_of(customer, MOMENTS[0], where) for customer in range(CUSTOMERS)]
        expected = [[aggregate(node, rows, MOMENTS[0]) for rows in kept] for _, node in cases]
        wrong = [t for (t, _), a, b in zip(cases, found, expected, strict=True) if not same(a, b)]
        assert wrong == []


@few
@given(st.lists(scalars(), min_size=12, max_size=16), st.sampled_from(MOMENTS))
def test_random_expressions(spark, nodes, moment):
    pairs = valued(sound(nodes, SCOPE), lambda node: [evaluate(node, row, moment) for row in ROWS])
    found = scalar_columns(spark, [node for node, _ in pairs], moment) if pairs else []
    for (node, expected), values in zip(pairs, found, strict=True):
        assert values == expected, render(node)


@few
@given(
    st.lists(aggregates(), min_size=8, max_size=12),
    st.none() | expression(ValueType.BOOL, 2),
    st.sampled_from(MOMENTS),
)
def test_random_aggregates(spark, nodes, where, moment):
    if where is not None and check(where, SCOPE)[1]:
        where = None
    try:
        kept = [rows_of(customer, moment, where) for customer in range(CUSTOMERS)]
    except DataError:
        return
    pairs = valued(
        sound(nodes, AGGREGATES), lambda node: [aggregate(node, rows, moment) for rows in kept]
    )
    found = aggregate_columns(spark, [node for node, _ in pairs], moment, where)
    for (node, expected), values in zip(pairs, found, strict=True):
        assert values == expected, render(node)


def test_aggregates_of_one_statement(spark):
    """Examples of the same values beside each other, with conditions and without."""
    conditions = (None, parse("n > 1 or vip"), parse("ok"))
    asked = [(node, where) for _, node in examples(Aggregate) for where in conditions]
    told = told_of(asked, MOMENTS[0])
    found = fused_columns(spark, [one for one, _ in told], MOMENTS[0])
    wrong = [render(n) for ((n, _), b), a in zip(told, found, strict=True) if not same(a, b)]
    assert wrong == []


@few
@given(of_same_values(), st.sampled_from(MOMENTS))
def test_random_aggregates_of_one_statement(spark, asked, moment):
    told = told_of(asked, moment)
    found = fused_columns(spark, [one for one, _ in told], moment) if told else []
    for ((node, where), expected), values in zip(told, found, strict=True):
        assert values == expected, (render(node), where and render(where))


def entry_of(node):
    return REGISTRY[node.op]
