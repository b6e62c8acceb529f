"""Random well-typed expressions over awkward rows: the reference and DuckDB agree on all of them."""

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.effort import examples
from tests.lang.expressions import aggregates, expression, of_same_values, scalars
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

from zhiyan.core.expression import ValueType
from zhiyan.errors import DataError
from zhiyan.lang.check import check
from zhiyan.lang.evaluate import aggregate, evaluate
from zhiyan.lang.parse import parse
from zhiyan.lang.render import render

many = settings(
    derandomize=True,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.large_base_example,
    ],
)


def valued(nodes, compute):
    """Pair expressions with their values, leaving out those that leave 64 bits."""
    pairs = []
    for node in nodes:
        try:
            pairs.append((node, compute(node)))
        except DataError:
            continue
    return pairs


def sound(nodes, scope):
    """Leave out what the checker refuses (a comparison with a bare null, null in every branch)."""
    return [node for node in nodes if not check(node, scope)[1]]


def told_of(asked, moment):
    """Pair aggregates and their conditions with what the reference gives for every customer."""
    asked = [
        (node, where)
        for node, where in asked
        if sound([node], AGGREGATES) and (where is None or sound([where], SCOPE))
    ]

    def value(one):
        node, where = one
        kept = [rows_of(customer, moment, where) for customer in range(CUSTOMERS)]
        return [aggregate(node, rows, moment) for rows in kept]

    return valued(asked, value)


@settings(many, max_examples=examples(8))
@given(st.lists(scalars(), min_size=8, max_size=16), st.sampled_from(MOMENTS))
def test_scalars_agree(scratch_engine, nodes, moment):
    pairs = valued(sound(nodes, SCOPE), lambda node: [evaluate(node, row, moment) for row in ROWS])
    found = scalar_columns(scratch_engine, [node for node, _ in pairs], moment) if pairs else []
    for (node, expected), values in zip(pairs, found, strict=True):
        assert values == expected, render(node)


@settings(many, max_examples=examples(8))
@given(
    st.lists(aggregates(), min_size=6, max_size=12),
    st.none() | expression(ValueType.BOOL, 2),
    st.sampled_from(MOMENTS),
)
def test_aggregates_agree(scratch_engine, nodes, where, moment):
    if where is not None and check(where, SCOPE)[1]:
        where = None
    try:
        kept = [rows_of(customer, moment, where) for customer in range(CUSTOMERS)]
    except DataError:
        return
    pairs = valued(
        sound(nodes, AGGREGATES), lambda node: [aggregate(node, rows, moment) for rows in kept]
    )
    found = aggregate_columns(scratch_engine, [node for node, _ in pairs], moment, where)
    for (node, expected), values in zip(pairs, found, strict=True):
        assert values == expected, render(node)


@settings(many, max_examples=examples(25))
@given(
    of_same_values() | st.lists(st.tuples(aggregates(1), st.none()), min_size=4, max_size=8),
    st.sampled_from(MOMENTS),
)
def test_aggregates_of_one_statement_agree(scratch_engine, asked, moment):
    told = told_of(asked, moment)
    found = fused_columns(scratch_engine, [one for one, _ in told], moment) if told else []
    for ((node, where), expected), values in zip(told, found, strict=True):
        assert values == expected, (render(node), where and render(where))


@settings(many, max_examples=examples(30))
@given(scalars() | aggregates(2))
def test_what_is_written_reads_back_and_means_the_same(node):
    text = render(node)
    again = parse(text)
    assert render(again) == text
    assert check(again, AGGREGATES)[0] == check(node, AGGREGATES)[0]


@pytest.mark.parametrize("kind", [ValueType.INT, ValueType.BOOL, ValueType.TEXT])
def test_rows_hold_nulls_of_every_kind(kind):
    names = [name for name, known in SCOPE.names.items() if known.type is kind]
    assert any(row[name] is None for row in ROWS for name in names)
    assert duckdb.__version__ >= "2"
