"""The comparison itself: it must see any single wrong value, or the rest proves nothing."""

import pandas as pd
import pytest
from tests.real import oracle
from tests.real.shop import differences


def expected():
    lines = pd.DataFrame(
        {
            "customer": ["a", "a", "b", "b"],
            "order": ["1", "2", "3", "4"],
            "at": pd.to_datetime(["2011-01-01", "2011-03-01", "2011-03-02", "2010-02-02"]),
            "good": ["x", "y", "x", "x"],
            "qty": [1, 2, 3, 1],
            "pence": [100, 200, 300, 5],
        }
    )
    return oracle.tags(lines, lines[["customer", "at", "pence"]], "2011-04-01")


RIGHT = expected()


def test_right_values_differ_nowhere():
    assert differences(expected(), RIGHT) == {}


@pytest.mark.parametrize("name", RIGHT.columns)
def test_any_wrong_value_is_seen(name):
    right = RIGHT
    for wrong in (None, "other", 17, ["x"], 0.123):
        values = [wrong, *list(right[name])[1:]]
        tags = right.assign(**{name: pd.Series(values, index=right.index, dtype=object)})
        assert list(differences(tags, right)) == [name]


def test_the_oracle_by_hand():
    row = expected().loc["a"]
    assert (row["recency_days"], row["order_cnt"], row["order_cnt_90d"]) == (31, 2, 2)
    assert (row["net_spend"], row["avg_order_value"]) == (300, 150)
    assert (row["top_item"], row["top_items"], row["repurchase_cycle_days"]) == (
        "y",
        ["x", "y"],
        59,
    )
    assert (row["lifecycle_stage"], row["next_action"]) == ("active", "keep")
    back = expected().loc["b"]
    assert (back["lifecycle_stage"], back["order_cnt_12m"]) == ("reactivated", 1)
