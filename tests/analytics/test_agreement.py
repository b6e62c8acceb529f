"""Agreement against published examples, bounds that must hold, and the cases that give no value."""

from collections import Counter
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhiyan.analytics.agreement import cohen_kappa, krippendorff_alpha

LABELS = st.sampled_from("abc")


def pairs_of(table):
    return [(one, other) for (one, other), n in table.items() for _ in range(n)]


def test_kappa_of_the_classic_grant_table():
    # 50 applications: both yes 20, both no 15, A yes B no 5, A no B yes 10 -> (0.7 - 0.5) / 0.5
    table = {("y", "y"): 20, ("n", "n"): 15, ("y", "n"): 5, ("n", "y"): 10}
    assert cohen_kappa(pairs_of(table), least=10).value == pytest.approx(0.4)


def test_alpha_of_the_published_two_observer_example():
    # Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability", example B: 10 units, 0.095
    first, second = "0101000000", "1110010000"
    units = list(zip(first, second, strict=True))
    assert krippendorff_alpha(units, least=1).value == pytest.approx(0.095, abs=0.0005)


def test_alpha_of_the_published_example_with_missing_labels():
    # the same paper, example C: four observers, twelve units, nominal alpha 0.743
    rows = (
        "1 2 3 3 2 1 4 1 2 . . .", "1 2 3 3 2 2 4 1 2 5 . 3",
        ". 3 3 3 2 3 4 2 2 5 1 .", "1 2 3 3 2 4 4 1 2 5 1 .",
    )  # fmt: skip
    units = [[x for x in unit if x != "."] for unit in zip(*(r.split() for r in rows), strict=True)]
    assert krippendorff_alpha(units, least=1).value == pytest.approx(0.743, abs=0.0005)


def test_too_few_units_and_no_variation_give_no_value():
    assert cohen_kappa([("a", "b")] * 9, least=10).value is None
    assert cohen_kappa([("a", "b")] * 10, least=10).value == 0
    assert cohen_kappa([], least=0).value is None
    same = cohen_kappa([("a", "a")] * 30, least=10)
    assert (same.units, same.same, same.value) == (30, 30, None)
    assert krippendorff_alpha([("a", "a")] * 30, least=10).value is None
    assert krippendorff_alpha([("a",)] * 30, least=1).units == 0
    assert krippendorff_alpha([("a", "b")] * 3, least=4).value is None


@given(st.lists(st.tuples(LABELS, LABELS), min_size=1, max_size=40))
def test_kappa_is_symmetric_bounded_and_one_only_when_all_agree(pairs):
    found = cohen_kappa(pairs, least=1)
    turned = cohen_kappa([(b, a) for a, b in pairs], least=1)
    assert found == turned
    if found.value is not None:
        assert -1 <= found.value <= 1
        assert (found.value == 1) == all(a == b for a, b in pairs)


@given(st.lists(st.lists(LABELS, max_size=4), min_size=1, max_size=12), st.randoms())
def test_alpha_knows_no_order_and_no_names(units, random):
    found = krippendorff_alpha(units, least=1)
    mixed = [random.sample(labels, len(labels)) for labels in random.sample(units, len(units))]
    assert krippendorff_alpha(mixed, least=1) == found
    renamed = [[{"a": "x", "b": "y", "c": "z"}[label] for label in unit] for unit in units]
    assert krippendorff_alpha(renamed, least=1) == found


@given(st.lists(st.lists(LABELS, min_size=2, max_size=4), min_size=2, max_size=10))
def test_alpha_equals_the_matrix_of_coincidences_written_out(units):
    coincidences: Counter = Counter()
    for unit in units:
        for i, j in permutations(range(len(unit)), 2):
            coincidences[unit[i], unit[j]] += 1 / (len(unit) - 1)
    n = sum(coincidences.values())
    margin = {c: sum(v for (a, _), v in coincidences.items() if a == c) for c in "abc"}
    observed = sum(v for (a, b), v in coincidences.items() if a != b)
    expected = sum(margin[a] * margin[b] for a, b in permutations("abc", 2)) / (n - 1)
    found = krippendorff_alpha(units, least=1)
    if expected == 0:
        assert found.value is None
    else:
        assert found.value == pytest.approx(1 - observed / expected)
