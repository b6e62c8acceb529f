"""Every kind of mistake: its code, its line, its way out; and that all of them come at once."""

import pytest
from tests.lang.definitions import BODY, PACK, line_of, load, problems, tag, write

from zhiyan.core.expression import Literal, Ref, ValueType
from zhiyan.core.tag import MarketingUse, TagKind
from zhiyan.errors import DefinitionError
from zhiyan.lang.load import load_catalogue
from zhiyan.lang.render import render

COUNT = """
kind: fact
type: int
source: visit
where: effective
window: 365d
aggregate: count(*)
empty: 0
"""
LEVEL = """
kind: rule
type: enum
values: {often: {zh: 常, en: Often, meaning: 多}, rare: {zh: 少, en: Rare}}
measures:
  n: {source: visit, window: 365d, aggregate: count(*), empty: 0}
cases:
- {when: n >= param.few, then: often}
otherwise: rare
"""


def one(folder, *tags, **more):
    found = problems(folder, *tags, **more)
    assert len(found) == 1, [str(problem) for problem in found]
    return found[0]


def changed(body, old, new):
    assert old in body
    return tag("t", body.replace(old, new))


def test_a_tag_with_everything(tmp_path):
    body = LEVEL + "match: first\npopulation: all\nrefresh: weekly\nstale_after_days: 3\n"
    body += "weight: 0.15\npriority: P1\nmarketing_use: exclude_only\nexample: 例\n"
    body += "origin: [seed0, seed1]\nstatus: draft\n"
    found = load(tmp_path, tag("level", body)).tags["level"]
    assert (found.kind, found.type) == (TagKind.RULE, ValueType.ENUM)
    assert [(v.value, v.zh, v.en, v.meaning) for v in found.values] == [
        ("often", "常", "Often", "多"),
        ("rare", "少", "Rare", ""),
    ]
    assert (found.category, found.owner) == (("behaviour", "booking"), "运营部")
    assert (found.population, found.refresh, found.stale_after_days) == ("all", "weekly", 3)
    assert (found.weight, found.priority, found.status) == (0.15, "P1", "draft")
    assert found.marketing_use is MarketingUse.EXCLUDE_ONLY
    assert found.origin == ("seed0", "seed1")
    assert render(found.cases[0].when) == "n >= param.few"
    assert found.cases[0].then == Literal("often", ValueType.ENUM)
    assert found.cases[0].line == BODY + 6
    assert found.otherwise == Literal("rare", ValueType.ENUM)
    assert found.where.endswith("t.yaml:2")


def test_a_fact_is_one_measure_called_value(tmp_path):
    found = load(tmp_path, tag("visits", COUNT)).tags["visits"]
    assert found.otherwise == Ref("value")
    assert [measure.name for measure in found.measures] == ["value"]
    assert found.measures[0].empty == Literal(0, ValueType.INT)


def test_a_manual_tag_reads_what_people_entered(tmp_path):
    body = "kind: manual\ntype: enum\nvalues: {a: {zh: 甲, en: A}, b: {zh: 乙, en: B}}"
    found = load(tmp_path, tag("m", body)).tags["m"]
    entry = found.measures[0]
    assert (entry.name, entry.source) == ("entry", "manual_tag")
    assert render(entry.where) == (
        "tag = 'm' and (expires_at is null or expires_at > as_of) and value in ('a', 'b')"
    )
    assert render(found.cases[0].when) == "not entry is null"
    assert found.cases[0].then == Ref("entry")
    assert found.otherwise == Literal(None, ValueType.NULL)


def test_a_manual_flag_compares_its_text(tmp_path):
    found = load(tmp_path, tag("m", "kind: manual\ntype: bool\nvalue: false")).tags["m"]
    assert render(found.cases[0].then) == "entry = 'true'"
    assert found.otherwise == Literal(False, ValueType.BOOL)


def test_a_model_tag_reads_its_score(tmp_path):
    found = load(tmp_path, tag("risk", "kind: model\ntype: decimal")).tags["risk"]
    assert render(found.measures[0].where) == "tag = 'risk'"
    assert render(found.measures[0].aggregate) == "last(score_ppm / 1000000)"
    assert found.otherwise == Ref("score")


def test_money_is_read_in_yuan(tmp_path):
    body = "kind: rule\ntype: money\nmeasures:\n"
    body += "  paid: {source: payment, aggregate: sum(amount_fen), empty: 19.9}\n"
    body += "cases:\n- {when: paid < 0, then: 0}\notherwise: paid"
    found = load(tmp_path, tag("t", body)).tags["t"]
    assert found.measures[0].empty == Literal(1990, ValueType.MONEY)
    assert found.cases[0].then == Literal(0, ValueType.MONEY)


HEAD_MISTAKES = [
    ("owner: 运营部\n", "ownr: 运营部\n", ["ZY222", "ZY223"], 6, "owner"),
    ("  owner: 运营部\n", "", ["ZY223"], 2, ""),
    ("owner: 运营部\n", "owner: 5\n", ["ZY224"], 6, ""),
    ("owner: 运营部\n", "owner: [a]\n", ["ZY224"], 6, ""),
    ('name: {zh: t名, en: "t name"}', "name: {zh: t名}", ["ZY223"], 3, ""),
    ('name: {zh: t名, en: "t name"}', "name: t名", ["ZY224"], 3, ""),
    ("category: [behaviour, booking]", "category: [behaviour, bookin]", ["ZY231"], 5, "booking"),
    ("category: [behaviour, booking]", "category: behaviour", ["ZY224"], 5, ""),
    ("purposes: [service]", "purposes: [servce]", ["ZY225"], 7, "service"),
    ("purposes: [service]", "purposes: []", ["ZY223"], 7, ""),
    ("sensitivity: P2", "sensitivity: P9", ["ZY225"], 8, "P1"),
    ("consent: general", "consent: generl", ["ZY225"], 9, "general"),
    ("code: t\n", "code: T-1\n", ["ZY230"], 2, "lower-case"),
    ("kind: fact", "kind: facts", ["ZY225"], 10, "fact"),
    ("type: int", "type: integer", ["ZY225"], 11, "int"),
]


@pytest.mark.parametrize(("old", "new", "codes", "line", "hint"), HEAD_MISTAKES)
def test_mistakes_in_the_head(tmp_path, old, new, codes, line, hint):
    text = tag("t", COUNT)
    assert old in text
    found = problems(tmp_path, text.replace(old, new))
    assert sorted(problem.code for problem in found) == codes
    assert line in {line_of(problem) for problem in found}
    assert any(hint in problem.hint for problem in found)


EXTRA_MISTAKES = [
    ("refresh: dayly", "ZY225", "daily"),
    ("weight: 1.5", "ZY226", ""),
    ("weight: heavy", "ZY224", ""),
    ("stale_after_days: 0", "ZY226", ""),
    ("stale_after_days: 1.5", "ZY224", ""),
    ("priority: P7", "ZY225", "P1"),
    ("marketing_use: yes", "ZY225", "one of"),
    ("population: valids", "ZY225", "valid"),
    ("status: life", "ZY225", "live"),
    ("override: 1", "ZY224", ""),
    ("override: true", "ZY239", ""),
    ("origin: seed0", "ZY224", ""),
    ("domain: {min: 9, max: 1}", "ZY226", ""),
    ("domain: {mn: 9}", "ZY222", "min"),
    ("values: {a: {zh: 甲, en: A}}", "ZY225", ""),
    ("value: 5", "ZY222", ""),
    ("match: excluded", "ZY225", "exclusive"),
]


@pytest.mark.parametrize(("text", "code", "hint"), EXTRA_MISTAKES)
def test_mistakes_in_further_fields(tmp_path, text, code, hint):
    body = COUNT + text
    if text.startswith(("value:", "match:")):
        body = COUNT + "cases: [{when: value > 0, then: 1}]\n" + text
    found = [p for p in problems(tmp_path, tag("t", body)) if p.code != "ZY242"]
    assert [problem.code for problem in found] == [code]
    assert hint in found[0].hint
    if code not in ("ZY239", "ZY222"):
        assert line_of(found[0]) >= BODY + 7


MEASURE_MISTAKES = [
    ("source: visit", "source: visits", "ZY228", 2, "visit"),
    ("where: effective", "where: efective", "ZY205", 3, "effective"),
    ("where: effective", "where: visit_type", "ZY232", 3, "compare"),
    ("where: effective", "where: visit_type = 'frist'", "ZY208", 3, "first"),
    ("where: effective", "where: effectiv(1)", "ZY203", 3, ""),
    ("where: effective", "where: effective and", "ZY201", 3, ""),
    ("where: effective", "where: effective || 'x'", "ZY202", 3, "joined"),
    ("where: effective", "where: effective > 3", "ZY206", 3, ""),
    ("where: effective", "where: days_since(previous_at) > 3", "ZY205", 3, ""),
    ("where: effective", "where: count(*) > 3", "ZY209", 3, ""),
    ("where: effective", "where: param.fw > 3", "ZY205", 3, "param.few"),
    ("where: effective", "where: item.category = 'skin'", "ZY205", 3, ""),
    ("window: 365d", "window: 365 days", "ZY227", 4, "30d"),
    ("window: 365d", "window: 365d on occured_at", "ZY227", 4, "occurred_at"),
    ("window: 365d", "window: 365d on visit_no", "ZY227", 4, ""),
    ("window: 365d", "window: next 3d on occurred_at", "ZY227", 4, "plans nothing"),
    ("aggregate: count(*)", "aggregate: effective", "ZY209", 5, "count(*)"),
    ("aggregate: count(*)", "aggregate: cnt(*)", "ZY203", 5, "count"),
    ("aggregate: count(*)\n", "", "ZY223", 2, ""),
    ("source: visit\n", "", "ZY223", 0, ""),
    ("empty: 0", "empty: zero", "ZY224", 6, ""),
    ("empty: 0", "per: clinics", "ZY205", 6, "clinic"),
    ("empty: 0", "inner: {n: count(*)}", "ZY223", 2, ""),
    ("empty: 0", "having: effective", "ZY223", 2, ""),
    ("empty: 0", "follow: {source: orderline, within: 7d}", "ZY228", 6, "order_line"),
    ("empty: 0", "follow: {source: order_line}", "ZY223", 6, ""),
    ("empty: 0", "follow: {source: order_line, within: 7}", "ZY227", 6, "30d"),
    ("type: int", "type: decimals", "ZY225", 1, "decimal"),
    ("type: int", "type: text", "ZY232", 5, ""),
    ("type: int", "type: bool", "ZY232", 5, ""),
]


@pytest.mark.parametrize(("old", "new", "code", "line", "hint"), MEASURE_MISTAKES)
def test_mistakes_in_a_measure(tmp_path, old, new, code, line, hint):
    problem = one(tmp_path, changed(COUNT, old, new))
    assert problem.code == code
    assert line_of(problem) == (BODY + line if line else 2)
    assert hint in problem.hint


RULE_MISTAKES = [
    ("then: often", "then: oftn", "ZY233", 6, "often"),
    ("otherwise: rare", "otherwise: rarely", "ZY233", 7, "rare"),
    ("when: n >= param.few", "when: m >= param.few", "ZY205", 6, ""),
    ("when: n >= param.few", "when: n + 1", "ZY232", 6, "compare"),
    ("when: n >= param.few", "when: n >= param.high", "ZY206", 6, ""),
    ("- {when: n >= param.few, then: often}", "- {when: n >= param.few}", "ZY223", 6, ""),
    ("- {when:", "- {wen:", "ZY222", 6, "when"),
    ("cases:\n- {when: n >= param.few, then: often}", "cases: often", "ZY224", 5, ""),
    ("otherwise: rare", "otherwise: rare\nvalue: n", "ZY222", 6, ""),
    ("n: {source", "'N': {source", "ZY230", 4, "lower-case"),
    ("rare: {zh: 少, en: Rare}", "rare: {zh: 少}", "ZY223", 2, ""),
    ("type: enum\nvalues:", "type: bool\nvalues:", "ZY225", 2, ""),
]


@pytest.mark.parametrize(("old", "new", "code", "line", "hint"), RULE_MISTAKES)
def test_mistakes_in_a_rule(tmp_path, old, new, code, line, hint):
    found = [p for p in problems(tmp_path, changed(LEVEL, old, new)) if p.code == code]
    assert found
    assert BODY + line in {line_of(problem) for problem in found}
    assert any(hint in problem.hint for problem in found)


def test_a_rule_must_say_how_it_is_computed(tmp_path):
    problem = one(tmp_path, tag("t", "kind: rule\ntype: int"))
    assert (problem.code, line_of(problem)) == ("ZY223", 2)


def test_people_cannot_enter_amounts(tmp_path):
    assert one(tmp_path, tag("t", "kind: manual\ntype: money")).code == "ZY225"


def test_an_enum_needs_a_closed_value(tmp_path):
    body = "kind: fact\ntype: enum\nvalues: {x: {zh: 甲, en: X}}\nsource: payment\n"
    problem = one(tmp_path, tag("t", body + "aggregate: last(order_no)"))
    assert (problem.code, line_of(problem)) == ("ZY232", BODY + 4)
    problem = one(
        tmp_path, tag("t", body.replace("payment", "profile") + "aggregate: last(gender)")
    )
    assert (problem.code, "'female'" in problem.message) == ("ZY232", True)


def test_an_unknown_tag_is_named_with_the_nearest(tmp_path):
    rule = tag("t", "kind: rule\ntype: bool\nvalue: visit > 3")
    problem = one(tmp_path, tag("visits", COUNT), rule)
    assert (problem.code, "visits" in problem.hint) == ("ZY205", True)


def test_a_circle_is_shown_with_its_path(tmp_path):
    def reads(code, other):
        return tag(code, f"kind: rule\ntype: bool\nvalue: not {other}")

    problem = one(tmp_path, reads("a", "b"), reads("b", "c"), reads("c", "a"))
    assert (problem.code, line_of(problem)) == ("ZY234", 2)
    assert "a -> b -> c -> a" in problem.message


def test_a_tag_cannot_read_itself(tmp_path):
    problem = one(tmp_path, tag("a", "kind: rule\ntype: bool\nvalue: not a"))
    assert "a -> a" in problem.message


def test_a_code_stands_once(tmp_path):
    problem = one(tmp_path, tag("t", COUNT), tag("t", COUNT))
    assert (problem.code, line_of(problem)) == ("ZY229", 17)
    assert "t.yaml:2" in problem.hint


def test_marketing_cannot_select_by_class_s4(tmp_path):
    text = tag("t", "kind: manual\ntype: bool", sensitivity="S4")
    problem = one(tmp_path, text)
    assert (problem.code, "exclude_only" in problem.hint) == ("ZY237", True)


def test_sensitive_tags_need_more_than_general_consent(tmp_path):
    text = tag("t", "kind: manual\ntype: bool", sensitivity="S3")
    problem = one(tmp_path, text.replace("general+separate", "general"))
    assert (problem.code, line_of(problem)) == ("ZY237", 9)


def test_the_first_folder_must_be_a_pack(tmp_path):
    with pytest.raises(DefinitionError) as caught:
        load_catalogue([tmp_path])
    assert caught.value.code == "ZY244"


@pytest.mark.parametrize(
    ("old", "new", "code", "line", "hint"),
    [
        ("version: 1.0.0\n", "", "ZY223", 1, ""),
        ("params:", "parameters:", "ZY222", 7, "params"),
        ("code: tiny", "code: Tiny", "ZY230", 1, ""),
        ("type: int,", "type: integer,", "ZY225", 8, "int"),
        ("default: 3,", "default: three,", "ZY224", 8, ""),
        ("default: 3,", "default: 300,", "ZY226", 8, ""),
        ("default: 30000,", "default: 30000.005,", "ZY224", 9, ""),
        ("zh: 高, en: high}", "zh: 高}", "ZY223", 9, ""),
        ("  high: {", "  few: {", "ZY221", 9, "line 8"),
        ("value: {zh: 价值, en: Value}", "value: {zh: 价值}", "ZY223", 6, ""),
        ("  value: {zh", "  Value: {zh", "ZY230", 6, ""),
        ("children: {booking:", "childen: {booking:", "ZY222", 5, "children"),
    ],
)
def test_mistakes_in_the_pack(tmp_path, old, new, code, line, hint):
    assert old in PACK
    found = problems(tmp_path, files={"pack.yaml": PACK.replace(old, new)})
    assert [(p.code, line_of(p)) for p in found] == [(code, line)]
    assert hint in found[0].hint


def test_a_workspace_sets_parameters(tmp_path):
    catalogue = load(tmp_path, few=7, high=12.5)
    assert catalogue.params["few"].literal == Literal(7, ValueType.INT)
    assert catalogue.params["high"].literal == Literal(1250, ValueType.MONEY)
    assert catalogue.params["high"].default == Literal(3_000_000, ValueType.MONEY)
    assert catalogue.params["few"].overridden
    assert catalogue.literals["param.few"].value == 7


@pytest.mark.parametrize(
    ("settings", "hint"), [({"fw": 1}, "few"), ({"few": "x"}, ""), ({"few": 101}, "")]
)
def test_wrong_settings_of_parameters(tmp_path, settings, hint):
    found = problems(tmp_path, **settings)
    assert [problem.code for problem in found] == ["ZY240"]
    assert found[0].where == f"setting params.{next(iter(settings))}"
    assert hint in found[0].hint


def test_a_workspace_adds_and_overrides(tmp_path):
    pack = write(tmp_path / "pack", {"tags/t.yaml": "tags:\n" + tag("t", COUNT)})
    own = tmp_path / "own"
    own.mkdir()
    changed_body = COUNT.replace("365d", "30d")
    text = "tags:\n" + tag("t", changed_body + "override: true") + tag("u", COUNT)
    (own / "own.yaml").write_text(text, encoding="utf-8")
    before, after = load_catalogue([pack]), load_catalogue([pack, own])
    assert set(after.tags) == {"t", "u"}
    assert before.tags["t"].fingerprint != after.tags["t"].fingerprint
    assert before.fingerprint != after.fingerprint


def test_a_tag_is_not_replaced_by_accident(tmp_path):
    pack = write(tmp_path / "pack", {"tags/t.yaml": "tags:\n" + tag("t", COUNT)})
    file = tmp_path / "try.yaml"
    file.write_text("tags:\n" + tag("t", COUNT.replace("365d", "30d")), encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        load_catalogue([pack, file])
    problem = caught.value.problems[0]
    assert (problem.code, "override: true" in problem.hint) == ("ZY239", True)
    replaced = load_catalogue([pack, file], replace=True)
    assert replaced.tags["t"].measures[0].window.start.count == 30


def test_one_broken_definition_is_not_blamed_on_its_readers(tmp_path):
    broken = tag("n", COUNT.replace("type: int", "type: integer"))
    reader = tag("t", "kind: rule\ntype: bool\nvalue: n > 3")
    assert one(tmp_path, broken, reader).code == "ZY225"
    inner = tag("t", LEVEL.replace("aggregate: count(*)", "aggregate: cnt(*)"))
    assert one(tmp_path, inner).code == "ZY203"
    file = {"tags/x.yaml": "tags:\n- code: lost\n  name: {zh: 一, en: 'x\n"}
    problem = one(tmp_path, tag("t", "kind: rule\ntype: bool\nvalue: lost > 3"), files=file)
    assert problem.code == "ZY220"


def test_a_broken_file_is_not_echoed_by_the_others(tmp_path):
    files = {"pack.yaml": PACK + "x: [\n", "views.yaml": "views:\n  v: {zh: 一, union: [}\n"}
    viewed = tag("u", COUNT.replace("source: visit\nwhere: effective", "source: v"))
    found = problems(tmp_path, tag("t", LEVEL), viewed, files=files)
    assert [problem.code for problem in found] == ["ZY220", "ZY220"]


def test_thirty_mistakes_are_thirty_problems_in_order(tmp_path):
    mistaken = [(old, new) for old, new, code, _, _ in MEASURE_MISTAKES if code != "ZY225"][:20]
    facts = [
        tag(f"t{number}", COUNT.replace(old, new)) for number, (old, new) in enumerate(mistaken)
    ]
    rules = [
        tag(f"r{number}", LEVEL.replace(old, new))
        for number, (old, new, *_) in enumerate(RULE_MISTAKES[:4])
    ]
    segments = "segments:\n" + "".join(
        f"- {{code: s{n}, name: {{zh: 一, en: One}}, description: {{zh: 一}}, owner: o,"
        f" where: nobody{n}}}\n"
        for n in range(6)
    )
    found = problems(tmp_path, *facts, *rules, files={"segments.yaml": segments})
    assert len(found) == 30, [str(problem) for problem in found]
    places = [(p.where.rsplit(":", 2)[0], line_of(p)) for p in found]
    assert places == sorted(places)
    assert len(set(places)) == 30


def test_a_definition_file_must_be_a_mapping(tmp_path):
    assert one(tmp_path, files={"x.yaml": "- a\n"}).code == "ZY224"


def test_data_files_are_not_definitions(tmp_path):
    load(tmp_path, files={"items.yaml": "anything: [1, 2]\n", "sources/his.yaml": "x: 1\n"})
