"""What an analyst gets wrong, and whether the message says what to write instead."""

import pytest
from tests.lang.definitions import load, problems, tag

from zhiyan.core.expression import ValueType
from zhiyan.lang.advice import conversion, instead_of, typed_signs
from zhiyan.lang.load import load_catalogue

FACT = "kind: fact\ntype: int\nsource: {source}\n{more}\naggregate: {aggregate}"
VISITS = "kind: rule\ntype: {type}\nmeasures:\n  n: {{source: visit, aggregate: count(*)}}\nvalue: {value}"
PAID = "  paid: {source: payment, aggregate: sum(amount_fen)}"


def fact(aggregate="count(*)", source="visit", more="window: 30d"):
    return tag("t", FACT.format(source=source, more=more, aggregate=aggregate))


def rule(value, type_="bool", measure=""):
    text = VISITS.format(type=type_, value=value)
    return tag("t", text.replace("\nvalue:", f"\n{measure}\nvalue:") if measure else text)


@pytest.mark.parametrize(
    ("definition", "code", "hint"),
    [
        (fact("avg(n)"), "ZY203", "sum(x) and count(x)"),
        (rule("datediff(n, n) > 1"), "ZY203", "days_since(x)"),
        (rule("floor(n)", "int"), "ZY203", "round_down(x)"),
        (fact(more="where: effective && effective"), "ZY202", "write and"),
        (fact("count（*）"), "ZY202", "instead of （"),
        (fact(source="appointment", more="where: status = ‘no_show’"), "ZY202", "instead of ‘’"),
        (rule("last_day > 90", measure="  last_day: {source: visit, aggregate: max(on_day(occurred_at))}"),
         "ZY206", "days_since(x)"),
        (rule("as_of - as_of", "int"), "ZY206", "days_between(a, b)"),
        (rule("on_day(as_of) - as_of", "int"), "ZY206", "days_between(a, b)"),
        (rule("n / 2", "int"), "ZY232", "round_down(...)"),
        (rule("n"), "ZY232", "compare it with something"),
        (rule("paid", "int", PAID), "ZY232", "whole yuan"),
        (fact(more="where: occurred_at > as_of"), "ZY227", "next 14d on appt_at"),
        (fact(more="where: effective and as_of <= occurred_at"), "ZY227", "next 14d on appt_at"),
        (rule("n > 2 and effective"), "ZY205", "measure over visit"),
        (fact(more="where: t > 3"), "ZY205", "it is a tag"),
        (fact(source="appointment", more="where: status = 'laser'"), "ZY208", "values: booked"),
    ],
)  # fmt: skip
def test_a_slip_is_told_with_what_to_write(tmp_path, definition, code, hint):
    found = problems(tmp_path, definition)
    assert code in [problem.code for problem in found]
    assert hint in next(problem.hint for problem in found if problem.code == code)


def test_an_expression_that_is_not_one_aggregate_is_blamed_once(tmp_path):
    found = problems(tmp_path, fact("count(*) / count(distinct clinic)"))
    assert [problem.code for problem in found] == ["ZY209"]


def test_a_forbidden_tag_says_why_and_what_to_do(tmp_path):
    listed = {"forbidden.yaml": "forbidden:\n- {code: looks, name: {zh: 颜值}, rule: 人格尊严}\n"}
    (found,) = problems(tmp_path, tag("looks", "kind: fact\ntype: int\nsource: visit\naggregate: count(*)"), files=listed)  # fmt: skip
    assert (found.code, "人格尊严" in found.hint, "leave it out" in found.hint) == (
        "ZY235",
        True,
        True,
    )


def test_a_file_with_tabs_is_told_so_and_not_echoed_by_settings(tmp_path):
    files = {"mine.yaml": "params:\n\tmost: {type: int, default: 3, zh: 多, en: most}\n"}
    (found,) = problems(tmp_path, files=files, most=4)
    assert (found.code, found.hint) == ("ZY220", "indent with spaces, not with tabs")


def test_hints_are_empty_where_nothing_helps():
    assert (instead_of("sinh"), typed_signs("effective")) == ("", "")
    assert conversion(ValueType.LIST, ValueType.INT) == ""
    assert conversion(ValueType.MOMENT, ValueType.DATE) == "write on_day(...)"
    assert conversion(ValueType.INT, ValueType.MONEY).startswith("write fen(x)")


def test_a_list_is_no_group_of_a_ranking(tmp_path):
    body = "kind: rule\ntype: decimal\nmeasures:\n  n: {source: visit, aggregate: count(*)}\nvalue: rank_share(n, list_of('a'))"  # fmt: skip
    (found,) = problems(tmp_path, tag("t", body))
    assert "several groups are arguments of their own" in found.hint


MINE = """\
params:
  most: {type: int, default: 9, zh: 多, en: most}
views:
  came: {zh: 来过, union: [{source: visit, columns: {what: "'visit'"}}]}
segments:
- {code: many, name: {zh: 多, en: Many}, description: {zh: 多}, where: t > param.most, owner: 甲}
tags:
"""
BODY = "kind: fact\ntype: int\nsource: came\naggregate: count(*)"


def test_a_file_of_the_workspace_can_be_previewed_where_it_lies(tmp_path):
    own = tmp_path / "packs"
    own.mkdir()
    file = own / "mine.yaml"
    file.write_text(MINE + tag("t", BODY), encoding="utf-8")
    (tmp_path / "pack").mkdir()
    load(tmp_path / "pack")
    folders = [tmp_path / "pack", own, file]
    before, after = load_catalogue(folders[:2]), load_catalogue(folders, replace=True)
    assert before.fingerprint == after.fingerprint


def test_a_changed_copy_replaces_parameters_views_and_segments(tmp_path):
    own = tmp_path / "packs"
    own.mkdir()
    (own / "mine.yaml").write_text(MINE + tag("t", BODY), encoding="utf-8")
    copy = tmp_path / "try.yaml"
    changed = MINE.replace("default: 9", "default: 2").replace("t > param", "t >= param")
    copy.write_text(changed.partition("views:")[0] + "segments" + changed.partition("segments")[2].partition("tags:")[0], encoding="utf-8")  # fmt: skip
    (tmp_path / "pack").mkdir()
    load(tmp_path / "pack")
    after = load_catalogue([tmp_path / "pack", own, copy], replace=True)
    assert after.params["most"].literal.value == 2
    assert after.segments["many"].text == "t >= param.most"
    assert set(after.views) >= {"came", "visit"}


@pytest.mark.parametrize(
    "where",
    [
        "appt_at > as_of",
        "occurred_at < as_of",
        "status_at is null or status_at > as_of",
        "days_since(occurred_at) >= 14",
    ],
)
def test_a_filter_that_can_be_met_is_taken(tmp_path, where):
    body = FACT.format(source="appointment", more=f"where: {where}", aggregate="count(*)")
    assert "t" in load(tmp_path, tag("t", body)).tags
