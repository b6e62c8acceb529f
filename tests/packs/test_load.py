"""Both packs load without mistakes or warnings, and say what they must."""

import pytest
from tests.packs.clinic import PACKS, catalogue

from zhiyan.core.expression import names
from zhiyan.lang.load import load_catalogue

FAMILIES = ("basic", "behaviour", "interest", "value", "lifecycle", "status", "response", "special")
GATES = ("do_not_contact", "open_complaint", "adverse_event_open", "minor_flag")
#: Audiences that serve, not market: whom a complaint or an appointment is about.
SERVICE = {"complaint_first", "no_show_reminder"}


@pytest.mark.parametrize(("pack", "least"), [("medical_aesthetics", 150), ("retail", 30)])
def test_a_pack_loads_without_warnings(pack, least):
    found = catalogue(pack)
    assert found.name == pack
    assert found.warnings == ()
    assert len(found.tags) >= least
    assert found.segments
    assert len(found.forbidden) == 25


@pytest.mark.parametrize("pack", ["medical_aesthetics", "retail"])
def test_every_tag_says_what_it_means_in_both_languages(pack):
    for tag in catalogue(pack).tags.values():
        assert len(tag.description_zh) >= 12, tag.code
        assert len(tag.description_en.split()) >= 6, tag.code
        assert tag.owner
        assert tag.purposes
        for value in tag.values:
            assert all((value.zh, value.en, value.meaning)), (tag.code, value.value)


def test_every_family_has_tags():
    counts = dict.fromkeys(FAMILIES, 0)
    for tag in catalogue("medical_aesthetics").tags.values():
        if tag.category[0] in counts:
            counts[tag.category[0]] += 1
    assert min(counts.values()) >= 10


@pytest.mark.parametrize(
    ("pack", "taxonomy", "groups"),
    [
        ("medical_aesthetics", "a", 5),
        ("medical_aesthetics", "c", 6),
        ("retail", "c", 6),
        ("retail", "e", 4),
    ],
)
def test_a_taxonomy_holds_every_descriptive_tag_once(pack, taxonomy, groups):
    found = catalogue(pack)
    listed = [code for group in found.taxonomies[taxonomy].groups for code in group.tags]
    assert len(found.taxonomies[taxonomy].groups) == groups
    assert len(listed) == len(set(listed))
    outside = set(found.tags) - set(listed)
    assert {found.tags[code].category[0] for code in outside} <= {"risk"}


def test_no_audience_forgets_its_gates():
    for segment in catalogue("medical_aesthetics").segments.values():
        if segment.code not in SERVICE:
            assert set(GATES) <= names(segment.where), segment.code


def test_marketing_audiences_that_read_sensitive_tags_need_separate_consent():
    found = catalogue("medical_aesthetics")
    for segment in found.segments.values():
        read = [found.tags[name] for name in names(segment.where) if name in found.tags]
        if any(tag.sensitivity == "S3" for tag in read):
            assert "consent_sensitive" in names(segment.where), segment.code


def test_no_audience_selects_by_a_tag_that_marketing_may_not_see():
    found = catalogue("medical_aesthetics")
    for segment in found.segments.values():
        for name in names(segment.where) & set(found.tags):
            assert found.tags[name].marketing_use != "never", (segment.code, name)


def test_a_clinic_may_set_thresholds():
    found = load_catalogue([PACKS / "medical_aesthetics"], {"value_high": 50_000})
    assert found.params["value_high"].literal.value == 5_000_000
    assert found.fingerprint != catalogue("medical_aesthetics").fingerprint
