"""The population stability index against worked examples and its properties."""

from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhiyan.analytics.stability import HALF, psi

bins = st.lists(st.integers(0, 1000), min_size=2, max_size=8)


def test_nothing_moved_is_nought():
    assert psi([10, 20, 30], [10, 20, 30]) == 0
    assert psi([100, 200], [1000, 2000]) == pytest.approx(0, abs=1e-4)


def test_a_worked_example():
    """Half and half to one in four: with HALF added, (51 - 101) / 202 ... by hand."""
    shares = [((100 + HALF) / 201, (50 + HALF) / 201), ((100 + HALF) / 201, (150 + HALF) / 201)]
    by_hand = sum((a - b) * log(a / b) for b, a in shares)
    assert psi([100, 100], [50, 150]) == pytest.approx(by_hand)
    assert by_hand == pytest.approx(0.27, abs=0.01)


def test_a_bin_that_empties_is_finite_and_counts():
    found = psi([50, 50, 0], [100, 0, 0])
    assert found is not None
    assert 0.25 < found < 10
    assert found == psi([50, 50], [100, 0]), "bins empty on both sides are left out"


def test_nobody_on_a_side_has_no_index():
    assert psi([0, 0], [1, 2]) is None
    with pytest.raises(ValueError, match="zip"):
        psi([1], [1, 2])


@given(before=bins, after=bins)
def test_never_negative_and_the_same_both_ways(before: list[int], after: list[int]):
    size = min(len(before), len(after))
    there, back = psi(before[:size], after[:size]), psi(after[:size], before[:size])
    assert (there is None) == (back is None)
    if there is not None and back is not None:
        assert there >= 0
        assert there == pytest.approx(back)
