from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from zhiyan.lang.order import topological

NAMES = "abcdef"
GRAPHS = st.dictionaries(st.sampled_from(NAMES), st.lists(st.sampled_from(NAMES), max_size=3))


@given(GRAPHS)
def test_every_name_stands_after_what_it_reads_or_lies_on_or_behind_a_cycle(graph):
    order, cycles = topological(graph)
    for place, name in enumerate(order):
        needed = set(graph[name]) & set(graph)
        assert needed <= set(order[:place])
    assert (len(order) == len(graph)) == (not cycles)
    for cycle in cycles:
        assert cycle[0] == cycle[-1]
        for name, up in pairwise(cycle):
            assert up in graph[name]


def test_ties_are_in_the_order_of_names():
    assert topological({"b": [], "c": ["a"], "a": []}) == (["a", "b", "c"], [])


def test_the_path_of_a_cycle_is_shown():
    assert topological({"a": ["b"], "b": ["c"], "c": ["a"]})[1] == [("a", "b", "c", "a")]
