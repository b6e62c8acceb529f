"""Parameters that clinics set for themselves, and the cities of clinics."""

import pytest
from tests.lang.definitions import PACK, load, tag, write
from tests.lang.world import MOMENTS

from zhiyan.errors import DefinitionError
from zhiyan.lang.check import bind
from zhiyan.lang.clinics import ClinicSettings
from zhiyan.lang.evaluate import evaluate
from zhiyan.lang.load import load_catalogue
from zhiyan.lang.render import render

HOME = tag("home_clinic", "kind: fact\ntype: ref\nsource: profile\naggregate: last(home_clinic)")
MANY = tag(
    "many",
    "kind: rule\ntype: bool\nmeasures:\n  n: {source: visit, aggregate: count(*)}\nvalue: n >= param.few",
)
CLINICS = (
    ClinicSettings(code="C1", city="上海", params={"few": 5}),
    ClinicSettings(code="C2", city="杭州", params={"few": 5}),
    ClinicSettings(code="C3", params={"few": 3}),
)


def made(folder, *tags, clinics=CLINICS, files=None, params=None):
    texts = {"tags/t.yaml": "tags:\n" + "".join(tags), **(files or {})}
    return load_catalogue([write(folder, texts)], params or {}, clinics=clinics)


def faults(folder, *tags, clinics=CLINICS, files=None):
    with pytest.raises(DefinitionError) as caught:
        made(folder, *tags, clinics=clinics, files=files)
    return caught.value.problems


def test_a_tag_takes_the_value_of_the_home_clinic(tmp_path):
    catalogue = made(tmp_path, HOME, MANY)
    found = catalogue.tags["many"]
    assert found.depends_on == ("home_clinic",)
    assert list(catalogue.tags) == ["home_clinic", "many"]
    node = bind(found.otherwise, catalogue.literals)
    assert render(node) == "n >= case when home_clinic in ('C1', 'C2') then 5 else 3 end"
    for clinic, expected in (("C1", False), ("C2", False), ("C3", True), ("X", True), (None, True)):
        row = {"n": 4, "home_clinic": clinic}
        assert evaluate(node, row, MOMENTS[0]) is expected


def test_a_clinic_that_says_what_the_group_says_changes_nothing(tmp_path):
    plain = load(tmp_path / "a", HOME, MANY)
    same = made(tmp_path / "b", HOME, MANY, clinics=CLINICS[2:])
    other = made(tmp_path / "c", HOME, MANY)
    assert plain.fingerprint == same.fingerprint != other.fingerprint
    assert plain.tags["many"].depends_on == ()


def test_rows_of_events_cannot_read_it(tmp_path):
    row = tag(
        "r",
        "kind: fact\ntype: int\nsource: treatment\nwhere: sessions > param.few\naggregate: count(*)",
    )
    found = faults(tmp_path, HOME, row)
    assert [(p.code, "rows of events" in p.message) for p in found] == [("ZY245", True)]


def test_a_constant_cannot_differ_between_clinics(tmp_path):
    banded = tag("b", "kind: rule\ntype: int\nvalue: band(size(list_of('a')), param.few)")
    assert [p.code for p in faults(tmp_path, HOME, banded)] == ["ZY245"]


def test_without_a_home_clinic_nobody_decides(tmp_path):
    assert [p.code for p in faults(tmp_path, MANY)] == ["ZY245"]


def test_the_home_clinic_itself_cannot_depend_on_it(tmp_path):
    home = HOME.replace("  source: profile\n  aggregate: last(home_clinic)\n", "") + (
        "  measures:\n    n: {source: visit, aggregate: count(*)}\n"
        "  value: case when n > param.few then 'C1' end\n"
    )
    assert [p.code for p in faults(tmp_path, home)] == ["ZY234"]


@pytest.mark.parametrize("params", [{"fw": 3}, {"few": "many"}, {"few": 1000}])
def test_values_of_clinics_are_checked(tmp_path, params):
    clinics = [ClinicSettings(code="C1", params=params)]
    assert [p.code for p in faults(tmp_path, HOME, MANY, clinics=clinics)] == ["ZY240"]


def test_cases_are_analysed_for_every_clinic(tmp_path):
    rule = tag(
        "t",
        "kind: rule\ntype: enum\nvalues: {a: {zh: 甲, en: A}, b: {zh: 乙, en: B}, c: {zh: 丙, en: C}}\n"
        "measures:\n  n: {source: visit, aggregate: count(*)}\n"
        "cases:\n- {when: n >= 4, then: a}\n- {when: n >= param.few, then: b}\notherwise: c",
    )
    made(tmp_path / "a", HOME, rule, clinics=CLINICS[2:])
    found = faults(tmp_path / "b", HOME, rule)
    assert [p.code for p in found] == ["ZY241"]
    assert "at clinic C1" in found[0].message


def test_cities_of_clinics_fill_a_parameter(tmp_path):
    pack = PACK.replace(
        "params:\n", "params:\n  clinic_cities: {type: list, default: [], zh: 城市, en: Cities}\n"
    )
    away = tag("away", "kind: rule\ntype: text\nvalue: value_of(param.clinic_cities, home_clinic)")
    catalogue = made(tmp_path, HOME, away, files={"pack.yaml": pack})
    node = bind(catalogue.tags["away"].otherwise, catalogue.literals)
    for clinic, city in (("C1", "上海"), ("C3", None), (None, None)):
        assert evaluate(node, {"home_clinic": clinic}, MOMENTS[0]) == city
    empty = made(tmp_path / "b", HOME, away, files={"pack.yaml": pack}, clinics=())
    assert empty.params["clinic_cities"].literal.value == ()
