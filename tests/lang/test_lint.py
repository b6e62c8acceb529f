"""Lint: expectations proven, refuted or open; domains, staleness; every finding with its witness."""

import pytest
from tests.lang.definitions import load, problems, tag, write

from zhiyan.lang.clinics import ClinicSettings
from zhiyan.lang.customers import histories
from zhiyan.lang.judge import Judge
from zhiyan.lang.lint import lint, read_only
from zhiyan.lang.load import load_catalogue

STAGE = tag(
    "stage",
    "kind: rule\ntype: enum\nvalues: {new: {zh: 新, en: New}, old: {zh: 老, en: Old}, no: {zh: 无, en: No}}\n"
    "measures:\n  first: {source: visit, aggregate: min(occurred_at)}\n"
    "cases:\n- {when: first is null, then: no}\n- {when: days_since(first) <= 90, then: new}\n"
    "otherwise: old\nstale_after_days: 3",
)
AWAY = tag(
    "away",
    "kind: fact\ntype: int\nmeasures:\n  last: {source: visit, aggregate: max(occurred_at)}\n"
    "value: days_since(last)\nstale_after_days: 3",
)


def expected(text):
    head = "expectations:\n- code: e\n  name: {zh: 期望, en: Expected}\n"
    return {"expectations.yaml": f"{head}  {text}\n"}


def findings(folder, text, *tags):
    return lint(load(folder, *tags, files=expected(text)))


@pytest.mark.parametrize(
    "text",
    [
        "implies: {if: \"stage = 'new'\", then: away <= 90}",
        "excludes: [\"stage = 'new'\", away > 365]",
        "implies: {if: \"stage = 'no'\", then: away is null}",
        "implies: {if: away >= 0, then: \"stage <> 'no'\"}",
    ],
)
def test_what_always_holds_is_proven(tmp_path, text):
    report = findings(tmp_path, text, STAGE, AWAY)
    assert (report.proven, report.failed) == (("e",), False)


@pytest.mark.parametrize(
    "text",
    [
        "implies: {if: \"stage = 'old'\", then: away > 90}",
        "excludes: [\"stage = 'new'\", away < 30]",
        "implies: {if: away is null or away >= 0, then: \"stage <> 'no'\"}",
    ],
)
def test_what_does_not_hold_is_shown_on_a_customer(tmp_path, text):
    report = findings(tmp_path, text, STAGE, AWAY)
    (found,) = report.findings
    assert (found.code, found.severity, report.failed) == ("ZY257", "error", True)
    assert found.witness is not None
    assert {"stage", "away"} <= set(found.witness)
    known = found.witness["away"] != "null"
    assert bool(found.events) is known
    assert "期望" in found.zh
    assert "Expected" in found.en


def test_a_witness_is_real(tmp_path):
    catalogue = load(tmp_path, STAGE, AWAY)
    judge = Judge(catalogue, frozenset({"stage", "away"}))
    seen = set()
    for history in histories(judge.palette, seed="x", count=60):
        visits = history["visit"]
        told = judge.judge(history)
        assert told is not None
        assert (told.tags["stage"] == "no") is (not visits)
        if visits:
            first = min(row["occurred_at"] for row in visits)
            assert told.measures["stage.first"] == first
        seen.add(told.tags["stage"])
    assert seen == {"new", "old", "no"}


def test_what_cannot_be_decided_stays_open(tmp_path):
    square = tag(
        "square",
        "kind: fact\ntype: int\nmeasures:\n  n: {source: visit, aggregate: count(*)}\nvalue: n * n",
    )
    report = findings(tmp_path, "implies: {if: square is not null, then: square >= 0}", square)
    assert [f.code for f in report.findings] == ["ZY258"]
    assert report.failed is False


def test_a_value_outside_its_domain_is_shown(tmp_path):
    spend = tag(
        "spend",
        "kind: fact\ntype: money\ndomain: {min: 0}\nsource: payment\naggregate: sum(amount_fen)",
    )
    (found,) = lint(load(tmp_path, spend)).findings
    assert (found.code, found.subject) == ("ZY259", "spend")
    assert found.witness is not None
    assert found.witness["spend"].startswith("yuan(-")


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ("refresh: weekly\nstale_after_days: 3", "ZY254"),
        ("refresh: daily", "ZY255"),
        ("refresh: daily\nstale_after_days: 3", None),
        ("refresh: daily\nmarketing_use: never", None),
    ],
)
def test_staleness_fits_refresh(tmp_path, more, code):
    clock = tag(
        "away",
        f"kind: fact\ntype: int\nsource: visit\naggregate: min(days_since(occurred_at))\n{more}",
    )
    assert [f.code for f in read_only(load(tmp_path, clock)).findings] == ([code] if code else [])


@pytest.mark.parametrize(
    "body",
    [
        "kind: fact\ntype: int\nsource: visit\naggregate: count(*)\nwindow: 30d",
        "kind: fact\ntype: int\nsource: appointment\naggregate: count(*)\nwindow: next 14d on appt_at",
        "kind: rule\ntype: bool\nvalue: rank_share(visits) > 0.5",
        "kind: rule\ntype: bool\nvalue: soon > 0",
    ],
)
def test_whatever_changes_by_itself_is_noted(tmp_path, body):
    visits = tag("visits", "kind: fact\ntype: int\nsource: visit\naggregate: count(*)")
    soon = tag(
        "soon",
        "kind: fact\ntype: int\nsource: visit\naggregate: count(*)\nwindow: 7d\nstale_after_days: 1",
    )
    found = read_only(load(tmp_path, visits, soon, tag("moving", body))).findings
    assert [(f.code, f.subject) for f in found if f.code == "ZY255"] == [("ZY255", "moving")]


ITEMS = {"items.yaml": "items:\n- {code: SK01, name: {zh: 甲, en: A}}\n- {code: IN07}\n"}
OF_ITEM = (
    "kind: fact\ntype: int\nsource: treatment\naggregate: count(*)\nwhere: {}\nstale_after_days: 3"
)


def noted(folder, where, files, *more):
    catalogue = load_catalogue(
        [
            write(
                folder,
                {
                    "tags/t.yaml": "tags:\n"
                    + "".join((tag("t", OF_ITEM.format(where), sensitivity="S3"), *more))
                }
                | files,
            )
        ],
        clinics=[ClinicSettings(code="SH01"), ClinicSettings(code="BJ02")],
    )
    return [f for f in read_only(catalogue).findings if f.code == "ZY261"]


@pytest.mark.parametrize(
    ("where", "hint"),
    [
        ("\"item_code = 'SK09'\"", "SK01"),
        ("\"'SK09' <> item_code\"", "SK01"),
        ("\"item_code in ('SK01', 'SK09', 'SK09')\"", "SK01"),
        ("\"sessions > 1 or clinic = 'SH99'\"", "SH01"),
        ("\"item_code = 'SK01' and clinic in ('SH01', 'BJ02')\"", None),
        ("\"coalesce(brand, 'XX') = 'SK09'\"", None),
    ],
)
def test_codes_that_nobody_has_are_noted_with_the_nearest(tmp_path, where, hint):
    found = noted(tmp_path, where, ITEMS)
    assert [(f.subject, f.severity) for f in found] == ([("t", "note")] if hint else [])
    for one in found:
        assert f"did you mean {hint}" in one.en
        assert f"是不是 {hint}" in one.zh
        assert "t.yaml" in one.where


def test_where_no_codes_are_known_none_is_wrong(tmp_path):
    assert noted(tmp_path, "\"item_code = 'SK09'\"", {}) == []
    none = load(tmp_path, tag("t", OF_ITEM.format("\"clinic = 'SH99'\""), sensitivity="S3"))
    assert read_only(none).findings == ()


def test_a_code_like_no_other_is_told_what_there_is(tmp_path):
    (found,) = noted(tmp_path, "\"item_code = 'QQ'\"", ITEMS)
    assert "known codes are IN07, SK01" in found.en
    assert "已知的编码有 IN07, SK01" in found.zh


def test_the_home_clinic_of_rules_and_segments_is_looked_at(tmp_path):
    home = tag(
        "home_clinic",
        "kind: fact\ntype: text\nsource: visit\naggregate: last(clinic)\nstale_after_days: 3",
    )
    rule = tag("here", "kind: rule\ntype: bool\nvalue: home_clinic = 'SH99'")
    segment = (
        "segments:\n- code: s\n  name: {zh: 甲, en: A}\n  description: {zh: 乙, en: B}\n"
        "  owner: 运营部\n  where: home_clinic = 'SH98'\n"
    )
    found = noted(tmp_path, "sessions > 1", {"segments.yaml": segment}, home, rule)
    assert [f.subject for f in found] == ["here", "segment:s"]


def test_findings_of_the_loading_are_told_in_chinese(tmp_path):
    spare = tag(
        "spare",
        "kind: fact\ntype: int\nmeasures:\n  n: {source: visit, aggregate: count(*)}\n"
        "  m: {source: visit, aggregate: count(*)}\nvalue: n",
    )
    (found,) = read_only(load(tmp_path, spare)).findings
    assert found.zh == "从未用到的度量：标签 'spare'：度量 'm' 从未用到"
    assert "never read" in found.en


def test_nothing_can_be_fresher_than_what_it_reads(tmp_path):
    slow = tag(
        "slow", "kind: fact\ntype: int\nsource: visit\naggregate: count(*)\nrefresh: monthly"
    )
    fast = tag("fast", "kind: rule\ntype: bool\nvalue: slow > 3\nstale_after_days: 3")
    assert [f.code for f in read_only(load(tmp_path, slow, fast)).findings] == ["ZY256"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("implies: {if: stage, then: away > 1}", "ZY232"),
        ("implies: {if: away > 1}", "ZY223"),
        ("excludes: [away > 1]", "ZY224"),
        ("implies: {if: awy > 1, then: away > 1}", "ZY205"),
        ("name2: x", "ZY222"),
    ],
)
def test_expectations_are_checked(tmp_path, text, code):
    found = problems(tmp_path, STAGE, AWAY, files=expected(text))
    assert code in {p.code for p in found}


def test_lint_says_the_same_every_time(tmp_path):
    text = "excludes: [\"stage = 'new'\", away < 30]"
    one, two = (findings(tmp_path / n, text, STAGE, AWAY) for n in "ab")
    assert [f.witness for f in one.findings] == [f.witness for f in two.findings]
    assert [f.events for f in one.findings] == [f.events for f in two.findings]
