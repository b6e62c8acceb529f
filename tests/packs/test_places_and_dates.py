"""Tags of areas, cities, expected visits and retention, computed by the real engine."""

from datetime import date

import pytest
from tests.packs.clinic import Clinic, ago, compute_together

SCENARIOS = []


def scenario(build):
    """Register what happens to the customers of one test; all are computed together."""
    SCENARIOS.append(build)
    return build


@pytest.fixture(scope="module")
def found():
    """Return the tags of a scenario's customers, by its own numbers."""
    return compute_together(Clinic(), SCENARIOS).__getitem__


@scenario
def areas_with_few_customers_stay_hidden(clinic):
    for customer in range(1, 21):
        clinic.add("profile", customer, ago(10), postal_code=f"2000{customer:02d}")
    for customer in range(21, 40):
        clinic.add("profile", customer, ago(10), postal_code="310001")
    clinic.add("profile", 40, ago(10), postal_code="310001", is_test=True)
    clinic.add("profile", 41, ago(10))


def test_areas_with_few_customers_stay_hidden(found):
    tags = found(areas_with_few_customers_stay_hidden)
    assert {tags[n]["postal_prefix"] for n in range(1, 21)} == {"2000"}
    assert {tags[n]["postal_prefix"] for n in range(21, 42)} == {None}


@scenario
def who_lives_elsewhere(clinic):
    for customer, city, home in (
        (1, "上海", "SH01"),
        (2, "上海市", "SH01"),
        (3, "杭州", "HZ01"),
        (4, "杭州", "SH01"),
        (5, None, "SH01"),
        (6, "上海", "NN01"),
        (7, "上海", None),
    ):
        clinic.add("profile", customer, ago(10), city=city, home_clinic=home)


def test_who_lives_elsewhere(found):
    tags = found(who_lives_elsewhere)
    seen = [tags[n]["cross_city_customer"] for n in range(1, 8)]
    assert seen == [False, False, False, True, None, None, None]


@scenario
def when_she_comes_again(clinic):
    for days in (100, 60, 20):
        clinic.add("treatment", 1, ago(days), item_code="IN01")  # gaps of 40 days, interval 120
    clinic.add("treatment", 2, ago(20), item_code="IN01")  # no gap yet
    for days in (50, 20):
        clinic.add("treatment", 3, ago(days), item_code="SU01")  # no interval
    clinic.add("treatment", 4, ago(20), item_code="IN01")
    clinic.add("model_score", 4, ago(1), tag="next_visit_window", model="m", score_ppm=30_400_000)
    clinic.add("profile", 5, ago(10))
    clinic.add("treatment", 6, ago(1096), item_code="IN01")


def test_when_she_comes_again(found):
    tags = found(when_she_comes_again)
    expected = {1: (2 * 40 + 3 * 120) // 5, 2: 120, 3: 30, 4: 30, 5: None, 6: None}
    assert {n: tags[n]["next_visit_gap_days"] for n in expected} == expected
    last = date(2026, 11, 2)
    for customer, gap in expected.items():
        if gap is None:
            assert tags[customer]["next_visit_window"] is None
            continue
        middle, half = last.toordinal() + gap, max(gap // 5, 3)
        first, latest = (date.fromordinal(middle + sign * half) for sign in (-1, 1))
        assert (tags[customer]["next_visit_from"], tags[customer]["next_visit_to"]) == (
            first,
            latest,
        )
        assert tags[customer]["next_visit_window"] == f"{first}..{latest}"


@scenario
def how_long_records_are_kept(clinic):
    clinic.add("treatment", 1, ago(300), item_code="IN01")
    clinic.add("treatment", 2, ago(300), item_code="SU01", discharged_at=ago(295))
    clinic.add("treatment", 3, ago(300), item_code="SU01", discharged_at=ago(-1))
    clinic.add("treatment", 4, ago(5000), item_code="SU01", discharged_at=ago(4990))
    clinic.add("treatment", 4, ago(1), item_code="IN01")
    clinic.add("treatment", 5, ago(300), item_code="SP01")
    clinic.add("profile", 6, ago(10), is_test=True)
    clinic.add("treatment", 6, ago(300), item_code="IN01")


def test_how_long_records_are_kept(found):
    tags = found(how_long_records_are_kept)
    kept = {n: tags[n]["record_retention_lock"] for n in range(1, 7)}
    assert kept[1] == kept[3] == kept[6] == date(2041, 1, 26)
    assert kept[2] == date(2056, 1, 31)
    assert kept[4] == date(2043, 3, 25)
    assert kept[5] is None
