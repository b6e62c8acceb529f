"""Actions and suppressions: what is read, and every kind of mistake with its line."""

import pytest
from tests.lang.definitions import line_of, load, problems, tag

from zhiyan.core.action import Purpose, weight_units
from zhiyan.lang.load import load_catalogue
from zhiyan.lang.render import render

USE = "weight: 0.5\nmarketing_use: {use}\n"
LEVEL = (
    "kind: rule\ntype: enum\nvalues: {booked: {zh: 约, en: B}, rare: {zh: 少, en: R}}\n"
    "cases:\n- {when: visits > 2, then: booked}\notherwise: rare\n"
)
COUNT = "kind: fact\ntype: int\nsource: visit\naggregate: count(*)\nempty: 0\n"
FLAG = "kind: fact\ntype: bool\nsource: visit\naggregate: any(effective)\n"
LIST = "kind: fact\ntype: list\nsource: visit\naggregate: set(clinic)\n"

HEAD = """\
suppressions:
- code: refused
  name: {zh: 拒绝, en: Refused}
  when: flag
  blocks: [marketing, medical_marketing]
actions:
"""
ACTION = """\
- code: call
  name: {zh: 致电, en: Call}
  purpose: service
  when: visits > param.few
  priority: P1
  based_on:
  - {tag: flag}
  - {tag: visits, strength: "least(100, 10 * visits)"}
  - {tag: places, strength: {SH01: 60, HZ01: 90}}
  owner: 客服部
  do: {zh: 做, en: Do}
  dont: {zh: 不做, en: Do not}
"""
#: Line of ``- code: call`` in the file.
FIRST = HEAD.count("\n") + 1


def shown(code, body, *, use="include", purposes="[service, marketing]", sensitivity="P2"):
    text = tag(code, body + USE.format(use=use), sensitivity=sensitivity)
    return text.replace("purposes: [service]", f"purposes: {purposes}")


TAGS = (shown("visits", COUNT), shown("flag", FLAG), shown("places", LIST))


def files(text=ACTION, head=HEAD):
    return {"actions.yaml": head + text}


def one(folder, text=ACTION, *, tags=TAGS, head=HEAD):
    found = problems(folder, *tags, files=files(text, head))
    assert len(found) == 1, [str(problem) for problem in found]
    assert "actions.yaml" in found[0].where
    return found[0]


def test_an_action_with_everything(tmp_path):
    queue = {"pack_queue.yaml": "queue: {owner: visits, clinic: places}\n"}
    book = load(tmp_path, *TAGS, files={**files(), **queue}).playbook
    action = book.actions["call"]
    assert (action.name_zh, action.name_en, action.owner) == ("致电", "Call", "客服部")
    assert (action.purpose, action.priority, action.first, action.rank) == (
        Purpose.SERVICE, "P1", False, 2,
    )  # fmt: skip
    assert (action.do_zh, action.dont_en) == ("做", "Do not")
    assert [basis.tag for basis in action.based_on] == ["flag", "visits", "places"]
    texts = [render(basis.strength) for basis in action.based_on]
    assert texts[0] == "case when flag then 100 else 0 end"
    assert texts[2] == (
        "case when contains(places, 'HZ01') then 90 when contains(places, 'SH01') then 60"
        " else 0 end"
    )
    assert (book.owner_tag, book.clinic_tag) == ("visits", "places")
    held = book.suppressions["refused"]
    assert held.blocks == (Purpose.MARKETING, Purpose.MEDICAL_MARKETING)
    assert book.blocking(action) == ()


def test_readers_of_a_tag_name_actions_and_suppressions(tmp_path):
    used = load(tmp_path, *TAGS, files=files()).used_by
    assert used["visits"] == ("action:call",)
    assert used["flag"] == ("action:call", "suppression:refused")
    assert used["param.few"] == ("action:call",)


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("when: visits > param.few", "when: visit > param.few", "ZY205", 4),
        ("when: visits > param.few", "when: visits", "ZY232", 4),
        ("priority: P1", "priority: P9", "ZY225", 5),
        ("purpose: service", "purpose: sales", "ZY225", 3),
        ("  owner: 客服部\n", "", "ZY223", 1),
        ("{tag: flag}", "{tag: flog}", "ZY231", 7),
        ("{tag: flag}", "{tag: visits}", "ZY272", 7),
        ('"least(100, 10 * visits)"', '"10 / visits"', "ZY232", 8),
        ('"least(100, 10 * visits)"', '"size(places)"', "ZY272", 8),
        ("SH01: 60", "SH01: 160", "ZY226", 9),
        ("owner: 客服部", "owner: 客服部\n  first: maybe", "ZY224", 11),
        ("- code: call", "- code: call\n  override: true", "ZY239", 1),
    ],
)
def test_every_mistake_has_its_code_and_line(tmp_path, old, new, code, line):
    assert old in ACTION
    problem = one(tmp_path, ACTION.replace(old, new, 1))
    assert (problem.code, line_of(problem)) == (code, FIRST + line - 1)


def test_a_value_that_the_tag_cannot_have(tmp_path):
    text = ACTION.replace("{tag: flag}", "{tag: level, strength: {booked: 50, bucked: 50}}")
    problem = one(tmp_path, text, tags=(*TAGS, shown("level", LEVEL)))
    assert (problem.code, problem.hint) == ("ZY233", "did you mean booked?")


def test_only_a_service_comes_first(tmp_path):
    text = ACTION.replace("purpose: service", "purpose: marketing\n  first: true")
    assert one(tmp_path, text).code == "ZY271"


def test_marketing_rests_on_nothing_that_may_not_select(tmp_path):
    text = ACTION.replace("purpose: service", "purpose: marketing")
    barred = (shown("visits", COUNT, use="exclude_only"), *TAGS[1:])
    assert one(tmp_path, text, tags=barred).code == "ZY270"
    unkept = (shown("visits", COUNT, purposes="[service]"), *TAGS[1:])
    assert one(tmp_path, text, tags=unkept).code == "ZY270"
    unseen = (*TAGS, shown("hidden", FLAG, use="never"))
    problem = one(tmp_path, text.replace("param.few", "param.few and not hidden"), tags=unseen)
    assert (problem.code, line_of(problem)) == ("ZY270", FIRST + 3)


def test_health_information_makes_it_medical_marketing(tmp_path):
    text = ACTION.replace("purpose: service", "purpose: marketing")
    tags = (shown("visits", COUNT, sensitivity="S3"), *TAGS[1:])
    problem = one(tmp_path, text, tags=tags)
    assert (problem.code, problem.hint) == ("ZY270", "write purpose: medical_marketing")
    load(tmp_path, *tags, files=files(text.replace("marketing", "medical_marketing", 1)))


def test_service_rests_on_tags_kept_for_service(tmp_path):
    tags = (shown("visits", COUNT, purposes="[analytics]"), *TAGS[1:])
    assert one(tmp_path, tags=tags).code == "ZY270"


def test_marketing_that_nothing_holds_back_is_refused(tmp_path):
    text = ACTION.replace("purpose: service", "purpose: marketing")
    assert one(tmp_path, text, head="actions:\n").code == "ZY273"
    service = HEAD.replace("blocks: [marketing, medical_marketing]", "blocks: [service]")
    assert one(tmp_path, head=service).code == "ZY225"


def test_a_tag_without_weight_is_a_warning(tmp_path):
    tags = (TAGS[0], TAGS[1].replace("weight: 0.5", "weight: 0"), TAGS[2])
    assert "ZY275" in [w.code for w in load(tmp_path, *tags, files=files()).warnings]


def test_a_workspace_overrides_an_action_only_knowingly(tmp_path):
    load(tmp_path / "pack", *TAGS, files=files())
    own = tmp_path / "own.yaml"
    changed = ACTION.replace("priority: P1", "priority: P3\n  override: true")
    own.write_text("actions:\n" + changed, "utf-8")
    book = load_catalogue([tmp_path / "pack", own]).playbook
    assert book.actions["call"].priority == "P3"
    assert one(tmp_path / "twice", ACTION + ACTION).code == "ZY229"


@pytest.mark.parametrize(("weight", "units"), [(0.15, 150_000), (0.3, 300_000), (1, 1_000_000)])
def test_weights_become_whole_numbers(weight, units):
    assert weight_units(weight) == units


@pytest.mark.parametrize(
    ("body", "line"),
    [("manual: allowed\n", "manual"), ("half_life_days: 30\n", "half_life_days")],
)
def test_half_life_and_manual_stand_where_they_mean_something(tmp_path, body, line):
    entered = "kind: manual\ntype: bool\n"
    wrong = entered + body if line == "manual" else FLAG + body
    assert [p.code for p in problems(tmp_path / "a", tag("t", wrong))] == ["ZY274"]
    right = entered + "half_life_days: 30\n", FLAG + "manual: allowed\nhalf_life_days: 9\n"
    loaded = load(tmp_path / "b", tag("t", right[0]), tag("u", right[1])).tags
    assert [(t.half_life_days, t.manual) for t in loaded.values()] == [(30, False), (9, True)]
