"""Items, aliases, cities and channels of the medical-aesthetics pack."""

import re
from collections import Counter

import pytest
import yaml
from tests.packs.clinic import PACKS, SHARED, catalogue

from zhiyan.core.kinds import KINDS

PACK = PACKS / "medical_aesthetics"
TREATMENTS = SHARED / "treatments.md"


def read(name):
    return yaml.safe_load((PACK / f"{name}.yaml").read_text("utf-8"))


@pytest.fixture(scope="module")
def catalogue_of_items():
    return read("items")


@pytest.fixture(scope="module")
def items(catalogue_of_items):
    return {item["code"]: item for item in catalogue_of_items["items"]}


def test_items_are_complete_and_refer_to_each_other(items, catalogue_of_items):
    flags = {*KINDS["medical_flag"].column("flag").values, "minor"}
    assert len(items) == 72
    for code, item in items.items():
        assert item["category"] in catalogue_of_items["categories"]
        assert item["subcategory"] in catalogue_of_items["subcategories"]
        assert item["ad_class"] in catalogue_of_items["ad_classes"]
        assert item.get("season") is None or item["season"] in catalogue_of_items["seasons"]
        assert set(item["contraindications"]) <= flags
        assert set(item["next_items"]) <= set(items) - {code}
        assert 0 <= item["price"]["low"] <= item["price"]["high"]
        assert item.get("min_interval_days", 0) <= item.get("interval_days", 10_000)
        assert set(item["name"]) == {"zh", "en"}


def test_minors_are_excluded_from_every_medical_item(items):
    medical = [item for item in items.values() if item["medical"] and item["code"] != "CK01"]
    assert all("minor" in item["contraindications"] for item in medical)


def test_what_a_doctor_alone_decides_is_never_recommended(items):
    assert {code for code, i in items.items() if i.get("never_recommend")} == {
        "SU14",
        "PR02",
        "IN16",
    }


def test_spot_values(items):
    assert items["EN08"]["interval_days"] == 365
    assert items["EN08"]["min_interval_days"] == 270
    assert items["IN01"]["max_per_year"] == 3
    assert items["IN01"]["ad_class"] == "toxic"
    assert items["SK01"]["course"] == {"min": 6, "max": 12}
    assert items["SU01"].get("interval_days") is None
    assert items["SP03"]["interval_days"] == 540
    assert items["EN06"]["contraindications"] == [
        "pregnant", "lactating", "photosensitive", "sunburn", "keloid", "infection",
        "low_immunity", "minor",
    ]  # fmt: skip


@pytest.mark.skipif(not TREATMENTS.is_file(), reason="the catalogue is not beside the project")
def test_items_agree_with_the_domain_catalogue(items):
    pattern = re.compile(r"^\| ([A-Z]{2}\d\d) \|(.*)\|$", re.MULTILINE)
    rows = {code: rest.split("|") for code, rest in pattern.findall(TREATMENTS.read_text("utf-8"))}
    classes = {"毒": "toxic", "药": "drug", "械": "device", "医": "medical", "生": "lifestyle"}
    assert set(rows) == set(items)
    for code, (name, _, price, interval, *_, following, _, grade) in rows.items():
        item = items[code]
        assert item["name"]["zh"] == name.strip()
        band = [int(n) for n in re.findall(r"\d+", re.split(r"[\[,]", price)[0])]
        assert (item["price"]["low"], item["price"]["high"]) == (band[0], band[-1])
        assert item["ad_class"] == classes.get(grade.strip(), "service")
        assert item["next_items"] == re.findall(r"[A-Z]{2}\d\d", following)
        plain = re.fullmatch(r" (\d+)/(\d+) ", interval)
        if plain:
            days = (item["interval_days"], item["min_interval_days"])
            assert days == tuple(int(day) for day in plain.groups())


def test_aliases_are_unambiguous_and_know_what_clinics_write(items):
    aliases = read("aliases")["aliases"]
    counted = Counter(name.upper() for names in aliases.values() for name in names)
    codes = {name: code for code, names in aliases.items() for name in names}
    assert set(aliases) == set(items)
    assert [name for name, n in counted.items() if n > 1] == []
    assert min(len(names) for names in aliases.values()) >= 3
    wanted = {"光子": "EN01", "光子嫩肤(体验)": "EN01", "M22": "EN01", "王者之心": "EN01"}
    wanted |= {"热玛吉": "EN08", "保妥适": "IN01", "小气泡": "SK01", "水光针": "IN07"}
    assert {name: codes[name] for name in wanted} == wanted
    own = {item["name"]["zh"]: code for code, item in items.items()}
    assert {name: codes.get(name) for name in own} == own


def test_cities_are_distinct_and_tiered():
    cities = read("cities")["cities"]
    names = [entry["city"] for entry in cities]
    tiers = Counter(entry["tier"] for entry in cities)
    assert len(names) == len(set(names)) >= 337
    assert (tiers["t1"], tiers["nt1"], tiers["t2"]) == (4, 15, 30)
    assert len({entry["province"] for entry in cities}) == 34


def test_the_tier_tag_repeats_the_city_dictionary():
    text = (PACK / "tags" / "basic.yaml").read_text("utf-8")
    rule = text[text.index("- code: city_tier") : text.index("- code: distance_band")]
    named = set(re.findall(r"'([^' ]+)'", rule))
    upper = {e["city"] for e in read("cities")["cities"] if e["tier"] != "t3p"}
    assert named == upper | {f"{city}市" for city in upper}


def test_channels_are_the_values_of_the_source_tags():
    channels = read("channels")["channels"]
    codes = [entry["code"] for entry in channels]
    for tag in ("first_source_channel", "last_source_channel"):
        values = catalogue("medical_aesthetics").tags[tag].values
        assert codes == [value.value for value in values]
    texts = [alias for entry in channels for alias in entry["aliases"]]
    assert len(texts) == len(set(texts))


def test_contraindicated_items_follow_the_catalogue(items):
    words = {
        "preg": "pregnant", "lact": "lactating", "coag": "anticoagulant", "keloid": "keloid",
        "photo": "photosensitive", "sun": "sunburn", "infect": "infection", "implant": "implant",
        "neuro": "neuromuscular", "immune": "low_immunity", "allergy": "allergy",
        "minor_flag": "minor",
    }  # fmt: skip
    text = (PACK / "tags" / "risk.yaml").read_text("utf-8")
    rule = " ".join(text[text.index("- code: contraindicated_items") :].split())
    written = re.findall(r"case when ([a-z_ ]+?) then '([A-Z]{2}\d\d)' end", rule)
    found = {code: [words[word] for word in when.split(" or ")] for when, code in written}
    assert found == {c: i["contraindications"] for c, i in items.items() if i["contraindications"]}
