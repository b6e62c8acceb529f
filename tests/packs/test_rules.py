"""Rules at their boundaries, by the reference evaluator."""

from datetime import timedelta
from itertools import product

import pytest
from tests.packs.clinic import NOW, catalogue

from zhiyan.core.expression import Case
from zhiyan.lang.calendar import day_number, landmark
from zhiyan.lang.check import bind
from zhiyan.lang.decay import decay
from zhiyan.lang.evaluate import evaluate, evaluate_all
from zhiyan.lang.moment import Moment

MOMENT = Moment(as_of=NOW, offset_minutes=480)
PACKS = ("medical_aesthetics", "retail")


def rule(code, pack="medical_aesthetics"):
    found = catalogue(pack)
    tag = found.tags[code]
    node = Case(tuple((case.when, case.then) for case in tag.cases), tag.otherwise)
    return bind(node, found.literals)


def value(code, pack="medical_aesthetics", **row):
    return evaluate(rule(code, pack), row, MOMENT)


def segment_by_hand(r, f, m):
    """Return the RFM segment as the library lists it."""
    tests = {
        "champion": r >= 4 and f >= 4 and m >= 4,
        "big_spender": r >= 3 and f <= 3 and m >= 4,
        "loyal": r >= 3 and f >= 4,
        "at_risk": r <= 2 and m >= 4,
        "promising": r >= 4,
        "need_attention": r == 3,
        "hibernating": f >= 2,
    }
    return next((name for name, true in tests.items() if true), "lost_low")


@pytest.mark.parametrize("pack", PACKS)
def test_all_125_cells_of_rfm_have_one_segment(pack):
    node = rule("rfm_segment", pack)
    values = {v.value for v in catalogue(pack).tags["rfm_segment"].values}
    seen = set()
    for r, f, m in product(range(1, 6), repeat=3):
        found = evaluate(node, {"rfm_r": r, "rfm_f": f, "rfm_m": m}, MOMENT)
        assert found == segment_by_hand(r, f, m)
        seen.add(found)
    assert seen == values - {"na"}
    assert evaluate(node, {"rfm_r": 5, "rfm_f": None, "rfm_m": 1}, MOMENT) == "na"


BANDS = [
    ("customer_value_level", "net_spend_12m",
     {0: "none", 1: "low", 599_999: "low", 600_000: "mid", 2_999_999: "mid", 3_000_000: "high"}),
    ("due_status", "cycle_overdue_ratio",
     {0.79: "not_due", 0.8: "due", 1.29: "due", 1.3: "overdue", 2.49: "overdue", 2.5: "lapsed",
      None: "na"}),
    ("age_band", "age",
     {0: "u14", 13: "u14", 14: "14_17", 17: "14_17", 18: "18_24", 24: "18_24", 25: "25_29",
      29: "25_29", 30: "30_34", 34: "30_34", 35: "35_44", 44: "35_44", 45: "45_54", 54: "45_54",
      55: "55p", None: "unknown"}),
    ("purchase_freq_level", "paid_order_cnt_12m",
     {0: "none", 1: "low", 2: "low", 3: "mid", 4: "mid", 5: "high"}),
    ("visit_freq_level", "days", {0: "none", 1: "low", 3: "low", 4: "mid", 7: "mid", 8: "high"}),
    ("distance_band", "metres",
     {0: "lt3", 2999: "lt3", 3000: "3_10", 10_000: "10_30", 30_000: "gt30", None: "unknown"}),
    ("points_balance_level", "balance",
     {-5: "none", 0: "none", 1: "low", 999: "low", 1000: "mid", 4999: "mid", 5000: "high"}),
    ("stored_value_balance_level", "balance",
     {0: "none", 1: "low", 199_999: "low", 200_000: "mid", 1_000_000: "high"}),
    ("fatigue_level", "unanswered", {0: "low", 2: "low", 3: "mid", 4: "mid", 5: "high"}),
    ("mp_active_30d", "days", {0: "none", 1: "low", 3: "mid", 5: "mid", 6: "high"}),
    ("phone_shared", "persons", {1: "no", 2: "pair", 3: "many"}),
    ("city_tier", "home_city",
     {"上海": "t1", "上海市": "t1", "成都": "nt1", "昆明": "t2", "拉萨": "t3p", None: "unknown"}),
]  # fmt: skip


@pytest.mark.parametrize(("code", "name", "expected"), BANDS, ids=[band[0] for band in BANDS])
def test_bands_begin_at_their_lower_bound(code, name, expected):
    node = rule(code)
    assert {v: evaluate(node, {name: v}, MOMENT) for v in expected} == expected


@pytest.mark.parametrize("days", [0, 1, 17, 29, 30, 31])
def test_interaction_is_cut_at_60_and_25_of_today(days):
    moment = Moment(as_of=MOMENT.as_of + timedelta(days=days), offset_minutes=480)
    today = decay(landmark(moment, 30) - day_number(moment, moment.as_of), 30, 1)
    month_ago = decay(landmark(moment, 30) - day_number(moment, moment.as_of) + 30, 30, 1)
    assert abs(today - 2 * month_ago) <= 1
    levels = {
        0: "none", 1: "low", 25 * today - 1: "low", 25 * today: "mid", 60 * today - 1: "mid",
        60 * today: "high", 50 * month_ago + 25: "mid", 119 * month_ago: "mid",
    }  # fmt: skip
    node = rule("interaction_level")
    assert {score: evaluate(node, {"score": score}, moment) for score in levels} == levels


@pytest.mark.parametrize(
    ("ratio", "days", "score"),
    [
        (1.0, 900, 5),
        (1.01, 1, 4),
        (1.5, 1, 4),
        (2.5, 1, 3),
        (4.0, 1, 2),
        (4.01, 1, 1),
        (None, 90, 5),
        (None, 91, 4),
        (None, 180, 4),
        (None, 181, 3),
        (None, 365, 3),
        (None, 366, 2),
        (None, 540, 2),
        (None, 541, 1),
        (None, None, None),
    ],
)
def test_recency_goes_by_the_cycle_first(ratio, days, score):
    row = {"cycle_overdue_ratio": ratio, "days_since_last_activity": days}
    assert value("rfm_r", **row) == score


@pytest.mark.parametrize(
    ("days", "ever", "score"), [(0, 0, None), (0, 9, 1), (1, 1, 1), (2, 2, 2), (3, 3, 3),
     (4, 4, 3), (5, 5, 4), (7, 7, 4), (8, 8, 5)],
)  # fmt: skip
def test_frequency_counts_paid_days(days, ever, score):
    assert value("rfm_f", days=days, ever=ever) == score


def test_money_goes_by_quintiles_with_ties_low():
    spends = [100, 100, 100, 100, 100, 600, 700, 800, 900, 1000]
    rows = [{"net_spend_12m": fen} for fen in [*spends, None]]
    found = evaluate_all(rule("rfm_m"), rows, MOMENT)
    assert found == [1, 1, 1, 1, 1, 3, 4, 4, 5, 5, None]


@pytest.mark.parametrize(
    ("spend", "orders", "level"),
    [
        (0, 0, "none"),
        (0, 1, "low"),
        (199_999, 1, "low"),
        (400_000, 2, "mid"),
        (1_599_999, 2, "mid"),
        (1_600_000, 2, "high"),
        (2_400_000, 3, "high"),
    ],
)
def test_order_value_is_spend_per_order(spend, orders, level):
    assert value("aov_level", net_spend_12m=spend, paid_order_cnt_12m=orders) == level


@pytest.mark.parametrize(
    ("recent", "prior", "trend"),
    [
        (5, 0, "na"),
        (5, -1, "na"),
        (130, 100, "up"),
        (129, 100, "flat"),
        (70, 100, "flat"),
        (69, 100, "down"),
        (-5, 100, "down"),
    ],
)
def test_the_trend_compares_two_years(recent, prior, trend):
    assert value("spend_trend", recent=recent, prior=prior) == trend


def test_churn_level_leaves_prospects_and_lost_out():
    row = {"churn_risk_score": 0.7, "lifecycle_stage": "active"}
    assert value("churn_risk_level", **row) == "high"
    assert value("churn_risk_level", **{**row, "churn_risk_score": 0.699}) == "mid"
    assert value("churn_risk_level", **{**row, "lifecycle_stage": "lost"}) == "na"
    assert value("churn_risk_level", **{**row, "churn_risk_score": None}) == "na"
