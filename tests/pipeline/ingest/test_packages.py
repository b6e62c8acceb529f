import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from zhiyan.pipeline.ingest.packages import share

lines = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 10**12)), min_size=1, max_size=30)
prices = st.lists(st.integers(0, 10**13), min_size=4, max_size=4)


@given(lines, prices, st.randoms(use_true_random=False))
def test_shares_add_up_and_do_not_depend_on_the_order_of_lines(lines, prices, chance):
    def shared(order):
        group = np.array([lines[i][0] for i in order], dtype=np.int64)
        weight = np.array([lines[i][1] for i in order], dtype=np.int64)
        got = share(group, np.array(prices), weight=weight, order=np.array(order, dtype=np.int64))
        return dict(zip(order, got.tolist(), strict=True))

    first = shared(list(range(len(lines))))
    mixed = list(range(len(lines)))
    chance.shuffle(mixed)
    assert shared(mixed) == first
    for number, price in enumerate(prices):
        mine = [first[i] for i, (group, _) in enumerate(lines) if group == number]
        assert not mine or sum(mine) == price


def test_a_share_is_within_a_fen_of_its_exact_part():
    got = share(
        np.array([0, 0, 0]), np.array([10_000]), weight=np.array([1, 1, 4]), order=np.arange(3)
    )
    assert got.tolist() == [1667, 1666, 6667]
