"""The catalogue as a whole: order, where-used, taxonomies, fingerprints, expressions."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.lang.definitions import PACK, load, problems, tag

from zhiyan.core.expression import Literal, ValueType
from zhiyan.errors import DefinitionError
from zhiyan.lang.catalogue import Range, check_expression
from zhiyan.lang.check import bind
from zhiyan.lang.render import render

COUNT = "kind: fact\ntype: int\nsource: visit\nwindow: 365d\naggregate: count(*)\nempty: 0"
LEVEL = """\
kind: rule
type: enum
values: {often: {zh: 常, en: Often}, rare: {zh: 少, en: Rare}}
measures:
  n: {source: live, where: "what = 'visit'", window: 365d, aggregate: count(*), empty: 0}
  m: {source: visit, per: clinic, inner: {k: count(*), l: any(effective)}, having: l,
      aggregate: max(k), empty: 0}
cases:
- {when: n + visits >= param.few, then: often}
- {when: m > 7 , then: often}
otherwise: rare
"""
VIEWS = """\
views:
  live:
    zh: 活动
    en: Activity
    union:
    - {source: visit, where: effective, columns: {what: "'visit'", staff: receptionist}}
    - {source: order_line, columns: {what: "'order'", staff: sales_staff}}
"""
SEGMENTS = """\
segments:
- code: regulars
  name: {zh: 常客, en: Regulars}
  description: {zh: 常来的客户}
  owner: 运营部
  where: level = 'often' and visits >= param.few
"""
TAXONOMIES = """\
taxonomies:
  a:
    name: {zh: 甲, en: A}
    groups:
    - {code: all, name: {zh: 全部, en: All}, categories: [behaviour]}
    - {code: some, name: {zh: 部分, en: Some}, tags: [level], categories: [value]}
"""
FILES = {"views.yaml": VIEWS, "segments.yaml": SEGMENTS, "pack.yaml": PACK + TAXONOMIES}
TAGS = (tag("level", LEVEL), tag("visits", COUNT), tag("free", COUNT))


@pytest.fixture
def catalogue(tmp_path):
    return load(tmp_path, *TAGS, files=FILES)


def test_tags_stand_after_what_they_read(catalogue):
    assert list(catalogue.tags) == ["free", "visits", "level"]
    assert catalogue.tags["level"].depends_on == ("visits",)


def test_where_used(catalogue):
    assert catalogue.used_by["visits"] == ("level", "segment:regulars")
    assert catalogue.used_by["param.few"] == ("level", "segment:regulars")
    assert catalogue.used_by["view:live"] == ("level",)
    assert catalogue.used_by["view:visit"] == ("free", "visits", "level")
    assert "free" not in catalogue.used_by


def test_categories_have_two_levels(catalogue):
    assert catalogue.categories["behaviour"].parent is None
    child = catalogue.categories["behaviour/booking"]
    assert (child.code, child.parent, child.name_zh) == ("booking", "behaviour", "预约")


def test_taxonomies_are_views_on_the_same_tags(catalogue):
    groups = {group.code: group.tags for group in catalogue.taxonomies["a"].groups}
    assert groups == {"all": ("level", "visits", "free"), "some": ("level",)}
    assert catalogue.taxonomies["a"].group_of("visits").code == "all"
    assert catalogue.taxonomies["a"].group_of("nobody") is None


@pytest.mark.parametrize(
    ("old", "new", "code", "hint"),
    [
        ("tags: [level]", "tags: [levl]", "ZY231", "level"),
        ("categories: [value]", "categories: [valu]", "ZY231", "value"),
        ("categories: [value]", "category: [value]", "ZY222", "categories"),
    ],
)
def test_mistakes_in_a_taxonomy(tmp_path, old, new, code, hint):
    files = {**FILES, "pack.yaml": PACK + TAXONOMIES.replace(old, new)}
    found = problems(tmp_path, *TAGS, files=files)
    assert [p.code for p in found] == [code]
    assert hint in found[0].hint


def test_a_segment_is_checked(catalogue, tmp_path):
    segment = catalogue.segments["regulars"]
    assert render(segment.where) == segment.text
    files = {**FILES, "segments.yaml": SEGMENTS.replace("'often'", "'oftn'")}
    found = problems(tmp_path, *TAGS, files=files)
    assert [(p.code, "often" in p.hint) for p in found] == [("ZY208", True)]


def test_an_expression_reads_all_tags_and_parameters(catalogue):
    node = check_expression(catalogue, "level = 'often' and rank_share(visits) > 0.8 or free > 1")
    assert render(node) == "level = 'often' and rank_share(visits) > 0.8 or free > 1"
    node = check_expression(catalogue, "visits >= param.few")
    assert bind(node, catalogue.literals).args[1] == Literal(3, ValueType.INT)


@pytest.mark.parametrize(
    ("text", "code", "hint"),
    [
        ("levl = 'often'", "ZY205", "level"),
        ("level = 'oftn'", "ZY208", "often"),
        ("visits + 1", "ZY232", "compare"),
        ("visits >", "ZY201", ""),
        ("count(*) > 1", "ZY209", ""),
    ],
)
def test_a_wrong_expression_is_refused(catalogue, text, code, hint):
    with pytest.raises(DefinitionError) as caught:
        check_expression(catalogue, text, "select")
    problem = caught.value.problems[0]
    assert (problem.code, problem.where) == (code, "select")
    assert hint in problem.hint


def test_ranges_of_tags(tmp_path):
    body = COUNT + "\ndomain: {min: 0, max: 9}"
    assert load(tmp_path, tag("t", body)).domains == {"t": Range(0, 9)}


def test_warnings_do_not_stop_the_loading(tmp_path):
    body = LEVEL.replace("source: live, where: \"what = 'visit'\"", "source: visit")
    unused = body.replace("n + visits", "free").replace("- {when: m > 7 , then: often}\n", "")
    hides = body.replace("  n: {", "  free: {").replace("n + visits", "free")
    both = load(tmp_path, tag("level", unused), tag("other", hides), *TAGS[1:])
    codes = [w.code for w in both.warnings]
    assert sorted(codes) == ["ZY252", "ZY252", "ZY253"]


# -- fingerprints ------------------------------------------------------------------------------


def shuffled_keys(text, seed):
    """Shuffle the lines of each tag that are keys of the tag itself."""
    mixed = random.Random(seed)
    blocks = [block for block in text.split("- code: ") if block]
    out = []
    for block in blocks:
        code, *lines = block.rstrip("\n").split("\n")
        keys: list[list[str]] = []
        for line in lines:
            if line.startswith("  ") and line[2] not in " -":
                keys.append([line])
            else:
                keys[-1].append(line)
        keys.append([f"  code: {code}"])
        mixed.shuffle(keys)
        body = [line for key in keys for line in key]
        out.append("- " + body[0][2:] + "\n" + "".join(line + "\n" for line in body[1:]))
    mixed.shuffle(out)
    return "".join(out)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_order_of_keys_and_files_changes_no_fingerprint(tmp_path_factory, seed):
    plain = load(tmp_path_factory.mktemp("a"), *TAGS, files=FILES)
    text = shuffled_keys("".join(TAGS), seed)
    one, _, other = text.partition("\n- ")
    files = {"tags/z.yaml": f"tags:\n{one}\n", "tags/a.yaml": f"tags:\n- {other}", **FILES}
    mixed = load(tmp_path_factory.mktemp("b"), files=files)
    assert list(mixed.tags) == list(plain.tags)
    assert mixed.fingerprint == plain.fingerprint
    assert {c: t.fingerprint for c, t in mixed.tags.items()} == {
        c: t.fingerprint for c, t in plain.tags.items()
    }


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("zh: 含义", "zh: 别的含义"),
        ("level name", "another name"),
        ("owner: 运营部", "owner: 市场部"),
        ("zh: 常, en: Often", "zh: 很常, en: Very often"),
        (
            "{often: {zh: 常, en: Often}, rare: {zh: 少, en: Rare}}",
            "{rare: {zh: 少, en: Rare}, often: {zh: 常, en: Often}}",
        ),
        ("k: count(*), l: any(effective)", "l: any(effective), k: count(*)"),
        ("n + visits >= param.few", "n+visits  >=  param.few"),
        ("purposes: [service]", "purposes: [analytics]"),
        ("visits名", "到店数"),
    ],
)
def test_what_cannot_change_a_value_is_not_in_the_fingerprint(catalogue, tmp_path, old, new):
    text = "".join(TAGS)
    assert old in text
    other = load(tmp_path / "other", text.replace(old, new), files=FILES)
    assert other.fingerprint == catalogue.fingerprint


CHANGES = [
    ("window: 365d, aggregate", "window: 364d, aggregate", {"level"}),
    ("m > 7", "m > 8", {"level"}),
    ("otherwise: rare", "otherwise: often", {"level"}),
    ("having: l", "having: not l", {"level"}),
    ("per: clinic", "per: visit_type", {"level"}),
    ("- code: visits\n", "- code: visits\n  population: all\n", {"visits", "level"}),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "touched"), CHANGES)
def test_what_can_change_a_value_changes_the_fingerprint(catalogue, tmp_path, old, new, touched):
    text = "".join(TAGS)
    assert old in text
    other = load(tmp_path / "other", text.replace(old, new), files=FILES)
    assert moved(catalogue, other) == touched
    assert other.fingerprint != catalogue.fingerprint


def moved(one, other):
    return {code for code, t in one.tags.items() if t.fingerprint != other.tags[code].fingerprint}


def test_parameters_and_views_are_in_the_fingerprint_of_their_readers(catalogue, tmp_path):
    assert moved(catalogue, load(tmp_path / "p", *TAGS, files=FILES, few=4)) == {"level"}
    assert moved(catalogue, load(tmp_path / "q", *TAGS, files=FILES, high=4)) == set()
    views = VIEWS.replace("where: effective", "where: not effective")
    files = {**FILES, "views.yaml": views}
    assert moved(catalogue, load(tmp_path / "v", *TAGS, files=files)) == {"level"}


def test_inputs_are_in_the_fingerprint(catalogue, tmp_path):
    text = "".join(TAGS[1:]).replace("window: 365d", "window: 30d", 1)
    other = load(tmp_path / "other", TAGS[0], text, files=FILES)
    assert moved(catalogue, other) == {"visits", "level"}


def test_who_counts_as_a_customer_is_an_input_of_all_others(tmp_path):
    valid = tag("valid_customer", "kind: rule\ntype: bool\npopulation: all\nvalue: free > 1")
    one = load(tmp_path / "a", *TAGS, valid, files=FILES)
    other = load(tmp_path / "b", *TAGS, valid.replace("> 1", "> 2"), files=FILES)
    assert moved(one, other) == {"valid_customer", "visits", "level"}
