"""Tags against the industry library, where it lies beside the project."""

import pytest
import yaml
from tests.packs.clinic import SHARED, catalogue

FILE = SHARED / "tag_library.yaml"
#: What the library does not list: who is a customer, and the parts of ``next_visit_window``.
ADDED = {"valid_customer", "next_visit_gap_days", "next_visit_from", "next_visit_to"}
TYPES = {"string": "text", "map": "list", "date_range": "text"}

pytestmark = pytest.mark.skipif(not FILE.is_file(), reason="the library is not beside the project")


@pytest.fixture(scope="module")
def library():
    return yaml.safe_load(FILE.read_text("utf-8"))


@pytest.fixture(scope="module")
def pairs(library):
    tags = catalogue("medical_aesthetics").tags
    return [(tags[wanted["code"]], wanted) for wanted in library["tags"] if wanted["code"] in tags]


def test_all_tags_are_there(library):
    wanted = {tag["code"] for tag in library["tags"]}
    tags = set(catalogue("medical_aesthetics").tags)
    assert wanted - tags == set()
    assert len(wanted) == library["meta"]["tag_count"] == 160
    assert tags - wanted == ADDED


def test_metadata_is_that_of_the_library(pairs):
    for tag, wanted in pairs:
        assert (tag.name_zh, tag.name_en) == (wanted["name_zh"], wanted["name_en"]), tag.code
        for key in ("weight", "priority", "sensitivity", "marketing_use", "consent", "refresh"):
            assert getattr(tag, key) == wanted[key], (tag.code, key)
        for key in ("purposes", "origin"):
            assert getattr(tag, key) == tuple(wanted[key]), (tag.code, key)
        assert tag.stale_after_days == wanted.get("stale_after_days"), tag.code
        assert tag.type == TYPES.get(wanted["value"]["type"], wanted["value"]["type"]), tag.code


def test_value_domains_are_those_of_the_library(pairs):
    for tag, wanted in pairs:
        domain = wanted["value"].get("domain")
        if isinstance(domain, list):
            listed = {entry["v"]: entry["zh"] for entry in domain}
            assert {value.value: value.zh for value in tag.values} == listed, tag.code


def test_forbidden_tags_are_those_of_the_library(library):
    wanted = {
        entry["code"]: (entry["name_zh"], entry["rule"]) for entry in library["forbidden_tags"]
    }
    for pack in ("medical_aesthetics", "retail"):
        listed = {f.code: (f.name_zh, f.rule) for f in catalogue(pack).forbidden}
        assert listed == wanted


def test_parameters_have_the_defaults_of_the_library(library):
    wanted = library["params"]
    params = {c: p.default.value for c, p in catalogue("medical_aesthetics").params.items()}
    assert (params["value_high"], params["value_mid"]) == (
        wanted["value_high"] * 100,
        wanted["value_mid"] * 100,
    )
    for code in ("freq_high", "freq_mid", "visit_high", "visit_mid", "active_days", "silent_days"):
        assert params[code] == wanted[code]
    for code in ("dormant_days", "new_days", "touch_cap_7d", "touch_cap_30d", "fatigue_unanswered"):
        assert params[code] == wanted[code]
    bounds = ("overdue_due", "overdue_over", "overdue_lapsed", "overdue_lost")
    assert [params[code] for code in bounds] == wanted["overdue"]
    assert [params["churn_mid"], params["churn_high"]] == wanted["churn"]


@pytest.mark.parametrize("pack", ["medical_aesthetics", "retail"])
def test_every_tag_says_in_two_languages_what_it_is_and_gives_an_example(pack):
    for tag in catalogue(pack).tags.values():
        texts = (tag.name_zh, tag.name_en, tag.description_zh, tag.description_en, tag.example)
        assert all(text.strip() for text in texts), tag.code
        assert all(value.zh and value.en for value in tag.values), tag.code
