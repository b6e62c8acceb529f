"""The ten tags of the how-to load beside the pack and tell what their wishes say."""

import re
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
