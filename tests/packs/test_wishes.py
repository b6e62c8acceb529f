"""The ten tags of the how-to load beside the pack and tell what their wishes say."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.packs import clinic as clinics
from tests.packs.clinic import PACKS, Clinic, ago

from zhiyan.lang.lint import read_only
from zhiyan.lang.load import load_catalogue

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "write-tags-from-a-wish-list.md"
WISHES = (
    "weekend_only_3", "filler_without_followup", "mostly_skin", "three_missed_since_visit",
    "buys_on_campaigns", "three_months_running", "top_quarter_of_clinic", "long_browsing",
    "slowing_down", "decides_at_once",
)  # fmt: skip


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    text = re.search(r"```yaml\n# packs/mine.yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert text
    path = tmp_path_factory.mktemp("own") / "mine.yaml"
    path.write_text(text[1], "utf-8")
    return load_catalogue([PACKS / "medical_aesthetics", path], clinics=clinics.CLINICS)


@pytest.fixture(scope="module")
def told(catalogue):
    """Return the tags of customer 1, who meets every wish, and of customer 2, who misses each."""
    made = Clinic()
    _wished(made)
    _missed(made)
    for other in (11, 12, 13):
        made.add("profile", other, ago(10), home_clinic="SH01")
        made.buy(other, ago(30), 10)
    keep, run = clinics.catalogue, clinics.statements
    clinics.catalogue = lambda _: catalogue
    clinics.statements = run.__wrapped__
    try:
        return made.tags()
    finally:
        clinics.catalogue, clinics.statements = keep, run


def _wished(clinic):
    clinic.add("profile", 1, ago(400), home_clinic="SH01")
    for days in (15, 8, 1):  # Saturdays: the as-of is a Sunday's midnight
        clinic.add("visit", 1, ago(days, hours=-10) - timedelta(days=63), effective=True)
    for days in (20, 15, 10):
        clinic.add("appointment", 1, ago(days), appt_at=ago(days - 1), status="no_show",
                   status_at=ago(days - 1))  # fmt: skip
    clinic.add("treatment", 1, ago(40), item_code="IN06")
    for days in (12, 45, 75):
        clinic.buy(1, ago(days), 1000, item_code="SK01")
    for days in (13, 46, 200):
        clinic.add("campaign_member", 1, ago(days), campaign=f"c{days}")
    for hours in (50, 100):
        for minutes in range(5):
            at = ago(hours=hours) + timedelta(minutes=minutes)
            clinic.add("web_event", 1, at, type="view")
    clinic.add("consult", 1, ago(14), type="face")


def _missed(clinic):
    clinic.add("profile", 2, ago(400), home_clinic="SH01")
    for days in (30, 20, 10):  # a Friday, a Monday ...
        clinic.add("visit", 2, ago(days), effective=True)
    for days in (25, 15, 5):
        clinic.add("appointment", 2, ago(days), appt_at=ago(days - 1), status="no_show",
                   status_at=ago(days - 1))  # fmt: skip
    clinic.add("treatment", 2, ago(40), item_code="IN06")
    clinic.add("followup", 2, ago(30), due_at=ago(30), done_at=ago(30))
    clinic.buy(2, ago(80), 1, item_code="SK01")
    clinic.buy(2, ago(20), 2, item_code="EN01")
    for days in (50, 40, 22):
        clinic.add("campaign_member", 2, ago(days), campaign=f"c{days}")
    for minutes in range(6):
        clinic.add("web_event", 2, ago(3) + timedelta(minutes=40 * minutes), type="view")
    clinic.add("consult", 2, ago(30), type="face")
    clinic.add("consult", 2, ago(85), type="face")
    clinic.add("consult", 2, ago(82), type="face")
    clinic.add("consult", 2, ago(21, hours=1), type="face")


def test_the_page_holds_ten_tags_without_a_complaint(catalogue):
    assert set(WISHES) <= set(catalogue.tags)
    assert [f for f in read_only(catalogue).findings if f.subject in WISHES] == []
    for code in WISHES:
        tag = catalogue.tags[code]
        assert all((tag.name_zh, tag.name_en, tag.description_zh, tag.description_en, tag.example))


@pytest.mark.parametrize("code", WISHES)
def test_who_meets_a_wish_is_told(told, code):
    assert told[1][code] is True


@pytest.mark.parametrize("code", [w for w in WISHES if w != "decides_at_once"])
def test_who_misses_it_is_not(told, code):
    assert told[2][code] is False


def test_the_last_of_two_consultations_leads_to_the_purchase(told):
    assert told[2]["decides_at_once"] is True  # the one of 82 days ago led to that of 80
    assert told[11]["decides_at_once"] is False


MORE = (
    "three_laser_in_180d", "consult_to_order_days", "stored_value_percent", "two_missed_in_a_row",
    "looked_not_bought", "top_two_items", "replied_in_48h", "spend_place", "injection_score",
    "injection_hot",
)  # fmt: skip


@pytest.fixture(scope="module")
def more(tmp_path_factory):
    text = re.search(r"```yaml\n# packs/more.yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert text
    path = tmp_path_factory.mktemp("more") / "more.yaml"
    path.write_text(text[1], "utf-8")
    own = [
        replace(clinic, params={"injection_hot": 12} if clinic.code == "HZ01" else {})
        for clinic in clinics.CLINICS
    ]
    return load_catalogue([PACKS / "medical_aesthetics", path], clinics=own)


@pytest.fixture(scope="module")
def counted(more):
    """Return the tags of customers 1 and 2 of one clinic, 3 of another, by the further wishes."""
    made = Clinic()
    for customer, where in ((1, "SH01"), (2, "SH01"), (3, "HZ01")):
        made.add("profile", customer, ago(900), home_clinic=where, gender="female")
    for customer, days in ((1, (700, 600, 521)), (2, (700, 600, 519))):
        for day in days:
            made.buy(customer, ago(day), 900 if customer == 1 else 10, item_code="EN01")
    made.add("consult", 1, ago(702), type="doctor")
    made.add("consult", 2, ago(690), type="phone")
    for amount, tender in ((2000, "wechat"), (999, "stored_value"), (500, "coupon")):
        made.add("payment", 1, ago(30), amount_fen=amount, tender=tender, is_refund=False)
    for days, status in ((9, "no_show"), (5, "cancelled"), (30, "arrived")):
        due = {"appt_at": ago(days), "status": status, "status_at": ago(days)}
        made.add("appointment", 1, ago(40 - days), **due)
    for customer, ordered in ((1, 20), (2, 3)):
        for days in (6, 5, 4):
            made.add("web_event", customer, ago(days), type="view", item_code="IN06")
        made.buy(customer, ago(ordered), 1, item_code="IN06")
    for item, fen in (("SK01", 500), ("EN01", 300), ("EN02", 300)):
        made.add("treatment", 1, ago(90), item_code=item, earned_fen=fen)
    for customer, hours in ((1, 48), (2, 49)):
        made.add("touch", customer, ago(10), **{"class": "marketing"})
        made.add(
            "wecom_event",
            customer,
            ago(10) + timedelta(hours=hours),
            type="message",
            direction="in",
        )
    for customer in (2, 3):
        made.add("consult", customer, ago(0, hours=5), type="online", item_code="IN06")
    keep, run = clinics.catalogue, clinics.statements
    clinics.catalogue = lambda _: more
    clinics.statements = run.__wrapped__
    try:
        return made.tags()
    finally:
        clinics.catalogue, clinics.statements = keep, run


def test_further_wishes_load_without_a_complaint(more):
    assert set(MORE) <= set(more.tags)
    assert [f for f in read_only(more).findings if f.subject in MORE] == []


@pytest.mark.parametrize(
    ("code", "values"),
    [
        ("three_laser_in_180d", (True, False, False)),
        ("consult_to_order_days", (2, None, None)),
        ("stored_value_percent", (33, None, None)),
        ("two_missed_in_a_row", (True, False, False)),
        ("looked_not_bought", (["IN06"], None, None)),
        ("top_two_items", (["EN01", "SK01"], None, None)),
        ("replied_in_48h", (True, False, None)),
        ("injection_hot", (False, True, False)),
    ],
)
def test_further_wishes_tell_who_meets_them(counted, code, values):
    assert tuple(counted[customer][code] for customer in (1, 2, 3)) == values


def test_interest_fades_and_a_clinic_has_its_own_line(counted):
    assert counted[3]["injection_score"] == 10
    assert counted[1]["spend_place"] == "rest"
