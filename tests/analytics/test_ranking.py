"""Rankings under moved weights: the exact least changes against trying every weight."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau

from zhiyan.analytics.ranking import Board, Shift, kendall_tau, least_shift, shifted

MOST = 12


def board_of(rows, weights, size):
    return Board(
        classes=np.array([r[0] for r in rows]),
        customers=np.array([r[1] for r in rows]),
        actions=np.array([r[2] for r in rows]),
        strengths=np.array([r[3] for r in rows]),
        weights=np.array(weights),
        size=size,
    )


@st.composite
def boards(draw):
    keys = draw(
        st.lists(
            st.tuples(st.integers(0, 4), st.integers(0, 2)), min_size=1, max_size=9, unique=True
        )
    )
    rows = [
        (
            draw(st.integers(0, 1)),
            *key,
            draw(st.tuples(st.integers(0, 5), st.integers(0, 5))),
        )
        for key in keys
    ]
    weights = draw(st.tuples(st.integers(0, MOST), st.integers(0, MOST)))
    return board_of(rows, weights, draw(st.integers(1, 5)))


def head_with(board, place, weight):
    weights = board.weights.copy()
    weights[place] = weight
    return board.head(weights).tolist()


def tried(board, place, differs):
    now = board.head(board.weights).tolist()
    weight = int(board.weights[place])
    changes = [w - weight for w in range(MOST + 1) if differs(now, head_with(board, place, w))]
    return min(changes, key=lambda change: (abs(change), change < 0), default=None)


@settings(max_examples=150, deadline=None)
@given(boards(), st.integers(0, 1))
def test_the_least_change_is_what_trying_all_weights_finds(board, place):
    found = least_shift(board, place, most=MOST)
    assert found.reorders == tried(board, place, lambda a, b: a != b)
    assert found.replaces == tried(board, place, lambda a, b: set(a) != set(b))


@given(st.permutations(range(8)))
def test_tau_is_scipys(ranks):
    expected = kendalltau(np.arange(8), np.array(ranks)).statistic
    assert kendall_tau(np.array(ranks)) == pytest.approx(expected)


def test_tau_needs_two():
    assert kendall_tau(np.array([3])) is None


def test_order_is_class_then_score_then_customer_then_action():
    rows = [(1, 1, 0, (9,)), (0, 5, 0, (1,)), (0, 2, 1, (3,)), (0, 2, 0, (3,)), (0, 1, 0, (2,))]
    board = board_of(rows, [10], 5)
    assert board.order(board.weights).tolist() == [3, 2, 4, 1, 0]


def test_a_moved_weight_tells_who_leaves_and_who_moves():
    rows = [(0, 1, 0, (3, 0)), (0, 2, 0, (2, 0)), (0, 3, 0, (0, 2))]
    board = board_of(rows, [4, 1], 2)
    assert shifted(board, 0, 4) == Shift(tau=1.0, left=0, moved=0)
    assert shifted(board, 1, 5) == Shift(tau=1.0, left=1, moved=1)
    assert shifted(board, 1, 12) == Shift(tau=1.0, left=1, moved=2)
    assert shifted(board, 0, 0).left == 1
