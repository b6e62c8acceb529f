import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from zhiyan.analytics.linkage import (
    chained,
    components,
    counted,
    distinct,
    holders,
    integers,
    match,
    pack,
)

SIZE = 12
NODES = st.integers(0, SIZE - 1)
EDGES = st.lists(st.tuples(NODES, NODES), max_size=20)
ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2**61), st.integers(0, 3)), max_size=15)


QUICK = settings(max_examples=40, deadline=None)


def columns(rows, width):
    return [integers([row[at] for row in rows]) for at in range(width)]


def walk(size, edges):
    """Find components by walking, node by node."""
    beside = {node: {node} for node in range(size)}
    for a, b in edges:
        beside[a].add(b)
        beside[b].add(a)
    roots = [-1] * size
    for start in range(size):
        todo = [start] if roots[start] < 0 else []
        while todo:
            node = todo.pop()
            if roots[node] < 0:
                roots[node] = start
                todo += beside[node]
    return roots


@QUICK
@given(edges=EDGES)
def test_components_are_named_by_their_smallest_node(edges):
    assert components(SIZE, *columns(edges, 2)).tolist() == walk(SIZE, edges)


@QUICK
@given(edges=EDGES, seed=st.integers(0, 99))
def test_order_and_direction_of_edges_do_not_matter(edges, seed):
    left, right = columns(edges, 2)
    order = np.random.default_rng(seed).permutation(left.size)
    shuffled = components(SIZE, right[order], left[order])
    assert shuffled.tolist() == components(SIZE, left, right).tolist()


def test_a_long_chain_is_one_component():
    nodes = np.arange(200_000)
    assert not components(nodes.size, nodes[:-1], nodes[1:]).any()


@QUICK
@given(
    left=st.lists(st.integers(0, 5), max_size=12), right=st.lists(st.integers(0, 5), max_size=12)
)
def test_match_is_an_inner_join(left, right):
    i, j = match(integers(left), integers(right))
    expected = [(a, b) for a in range(len(left)) for b in range(len(right)) if left[a] == right[b]]
    assert sorted(zip(i.tolist(), j.tolist(), strict=True)) == expected


@QUICK
@given(rows=ROWS)
def test_distinct_rows_ascend(rows):
    found = distinct(*columns(rows, 3))
    assert list(zip(*(column.tolist() for column in found), strict=True)) == sorted(set(rows))


@QUICK
@given(rows=ROWS)
def test_codes_agree_exactly_where_rows_do(rows):
    """Also where the product of the ranges is beyond 64 bits."""
    code = pack(*columns([(*row, row[1]) for row in rows], 4)).tolist()
    assert all(
        (code[a] == code[b]) == (rows[a] == rows[b]) for a in range(len(rows)) for b in range(a)
    )
    assert min(code, default=0) >= 0


@QUICK
@given(rows=ROWS)
def test_counted_counts_equal_rows_and_names_the_first(rows):
    counts, first = counted(*columns(rows, 3))
    assert counts.tolist() == [rows.count(row) for row in rows]
    assert first.tolist() == [rows.index(row) for row in rows]


@QUICK
@given(rows=EDGES)
def test_holders_are_distinct_members(rows):
    expected = [len({member for group, member in rows if group == own}) for own, _ in rows]
    assert holders(*columns(rows, 2)).tolist() == expected


@QUICK
@given(rows=EDGES)
def test_a_chain_connects_the_members_of_a_group_with_as_few_edges_as_can_be(rows):
    left, right = chained(*columns(rows, 2))
    every = [(a, b) for g, a in rows for h, b in rows if g == h]
    assert components(SIZE, left, right).tolist() == walk(SIZE, every)
    assert left.size == len(set(rows)) - len({group for group, _ in rows})
