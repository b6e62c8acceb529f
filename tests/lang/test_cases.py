"""Region analysis: every finding is real (witness) or proven, and nothing honest is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.effort import examples
from tests.lang.definitions import BODY, line_of, load, problems, tag

from zhiyan.errors import DefinitionError

MEASURES = """\
kind: rule
type: enum
values: {a: {zh: 甲, en: A}, b: {zh: 乙, en: B}}
measures:
  n: {source: visit, aggregate: count(*), empty: 0}
  m: {source: order_line, aggregate: count(*), empty: 0}
  paid: {source: payment, aggregate: sum(amount_fen), empty: 0}
  gap: {source: visit, aggregate: median_gap_days(on_day(occurred_at))}
  last: {source: visit, aggregate: max(occurred_at)}
  kind: {source: visit, aggregate: last(visit_type)}
  items: {source: order_line, aggregate: set(item_code)}
"""
CASES = BODY + 12


def rule(*cases, otherwise="b", match=""):
    lines = "".join(f'- {{when: "{when}", then: {then}}}\n' for when, then in cases)
    body = f"{MEASURES}cases:\n{lines}"
    body += f"otherwise: {otherwise}\n" if otherwise else ""
    return tag("t", body + match, sensitivity="S3")


def found(folder, *args, **more):
    return [p for p in problems(folder, rule(*args, **more)) if p.code != "ZY252"]


def warned(folder, *args, **more):
    catalogue = load(folder, rule(*args, **more))
    return [p for p in catalogue.warnings if p.code != "ZY252"]


UNREACHABLE = [
    (("n >= 1", "a"), ("n >= 5", "a")),
    (("n >= 0", "a"), ("n is null", "a")),
    (("true", "a"), ("n = 1", "a")),
    (("n < 0", "a"), None),
    (("n > 3 and n < 4", "a"), None),
    (("paid >= yuan(100)", "a"), ("paid >= yuan(100.01)", "a")),
    (("kind = 'first'", "a"), ("kind in ('first') and n > 3", "a")),
    (("kind = 'first' and kind = 'return'", "a"), None),
    (("n + m < 3", "a"), ("n + m < 2", "a")),
    (("gap > 30 or gap <= 30 or gap is null", "a"), ("n = 7", "a")),
]


@pytest.mark.parametrize(("one", "other"), UNREACHABLE)
def test_a_case_that_cannot_be_reached_is_an_error(tmp_path, one, other):
    problem = next(p for p in found(tmp_path, *(case for case in (one, other) if case)))
    assert problem.code == "ZY241"
    assert line_of(problem) == CASES + (1 if other else 0)
    assert problem.hint.startswith(("earlier cases", "its condition"))


@pytest.mark.parametrize(
    ("cases", "hint"),
    [
        ([("n >= 1", "a"), ("n >= 5", "a")], "earlier cases match whenever it does"),
        ([("n > 5", "a"), ("n < 0", "a")], "its condition is never true"),
    ],
)
def test_the_hint_says_why_a_case_cannot_be_reached(tmp_path, cases, hint):
    assert found(tmp_path, *cases)[0].hint == hint


REACHABLE = [
    [("n >= 5", "a"), ("n >= 1", "b")],
    [("n + m < 3", "b"), ("n / (n + m) >= 0.3", "a")],
    [("n + m < 3", "b"), ("m / (n + m) >= 0.62", "b"), ("m / (n + m) >= 0.31", "a")],
    [("paid >= yuan(8000) * n", "a"), ("paid >= yuan(2000) * n", "b")],
    [("days_since(last) < 90", "a"), ("days_since(last) < 180", "b")],
    [("paid = yuan(19.90)", "a")],
    [("size(items) = 4", "a")],
    [("contains(items, 'botox')", "a"), ("overlaps(items, list_of('x', 'y'))", "b")],
    [("items is null", "a")],
    [("coalesce(gap, 0) = 0 and gap is null", "a")],
    [("rank_share(paid) >= 0.8", "a"), ("rank_share(paid) >= 0.4", "b")],
    [("m > n", "a"), ("m = n and n > 7", "b")],
    [("n * 2 - m > 12", "a")],
]


@pytest.mark.parametrize("cases", REACHABLE)
def test_what_can_be_reached_is_not_refused(tmp_path, cases):
    otherwise = "b" if any(then == "a" for _, then in cases) else "a"
    assert warned(tmp_path, *cases, otherwise=otherwise) == []


def test_where_the_search_fails_there_is_only_a_warning(tmp_path):
    warnings = warned(tmp_path, ("n * m = 1000003 and n > 1 and m > 1", "a"))
    assert [w.code for w in warnings] == ["ZY251"]
    assert line_of(warnings[0]) == CASES


def test_a_gap_comes_with_a_witness(tmp_path):
    problem = found(tmp_path, ("n < 3", "a"), ("n > 3", "b"), otherwise="")[0]
    assert (problem.code, line_of(problem)) == ("ZY242", CASES)
    assert problem.message.endswith("when n = 3")
    assert "otherwise" in problem.hint


def test_unknown_is_a_gap_too(tmp_path):
    problem = found(tmp_path, ("gap < 30", "a"), ("gap >= 30", "b"), otherwise="")[0]
    assert problem.message.endswith("when gap = null")


def test_cases_without_a_gap_need_no_otherwise(tmp_path):
    assert warned(tmp_path, ("n < 3", "a"), ("n >= 3", "b"), otherwise="") == []


def test_exclusive_cases_must_not_overlap(tmp_path):
    match = "match: exclusive\n"
    problem = found(tmp_path, ("n <= 3", "a"), ("n >= 3", "b"), match=match)[0]
    assert (problem.code, line_of(problem)) == ("ZY243", CASES + 1)
    assert problem.message.endswith("when n = 3")
    assert f"t.yaml:{CASES}:" in problem.message
    assert warned(tmp_path, ("n < 3", "a"), ("n >= 3", "b"), match=match, otherwise="") == []


def test_cases_in_order_may_overlap(tmp_path):
    assert warned(tmp_path, ("n >= 3", "a"), ("n >= 1", "b")) == []


def test_a_value_that_nobody_can_get_is_a_warning(tmp_path):
    warnings = warned(tmp_path, ("n > 3", "a"), otherwise="a")
    assert [(w.code, "'b'" in w.message) for w in warnings] == [("ZY250", True)]


def test_an_otherwise_that_never_applies_gives_no_value(tmp_path):
    warnings = warned(tmp_path, ("n >= 0", "a"), otherwise="b")
    assert [(w.code, "'b'" in w.message) for w in warnings] == [("ZY250", True)]


def test_parameters_count_with_their_values(tmp_path):
    cases = [("n >= param.few", "a"), ("n >= 5", "a")]
    assert found(tmp_path / "a", *cases)[0].code == "ZY241"
    catalogue = load(tmp_path / "b", rule(*cases), few=9)
    assert all(w.code == "ZY252" for w in catalogue.warnings)


def test_the_declared_range_of_a_tag_is_used(tmp_path):
    score = "kind: fact\ntype: int\ndomain: {min: 1, max: 5}\n"
    score += "source: survey\naggregate: last(score)"
    level = "kind: rule\ntype: bool\ncases:\n- {when: s > 5, then: true}\notherwise: false"
    problem = problems(tmp_path, tag("s", score), tag("t", level))[0]
    assert problem.code == "ZY241"


def test_all_cells_of_three_scores_are_walked(tmp_path):
    score = "kind: rule\ntype: int\ndomain: {min: 1, max: 5}\ncases:\n"
    score += "".join(f"- {{when: value > {n}, then: {n}}}\n" for n in (5, 4, 3, 2))
    score += "otherwise: 1\nsource: visit\naggregate: count(*)"
    segments = "kind: rule\ntype: enum\nvalues: {a: {zh: 甲, en: A}, b: {zh: 乙, en: B}}\ncases:\n"
    whole = "- {when: r >= 3 and f >= 3 and m >= 3, then: a}\n"
    rest = "- {when: r < 3 or f < 3 or m < 2, then: b}"
    problem = problems(
        tmp_path, *(tag(code, score) for code in "rfm"), tag("t", segments + whole + rest)
    )[0]
    assert problem.code == "ZY242"
    assert "m = 2" in problem.message


def test_many_names_are_sampled_the_same_way_each_time(tmp_path):
    names = [f"n{number}" for number in range(9)]
    body = "kind: rule\ntype: bool\nmeasures:\n"
    body += "".join(f"  {n}: {{source: visit, aggregate: count(*)}}\n" for n in names)
    body += "cases:\n- {when: " + " and ".join(f"{n} > {k}" for k, n in enumerate(names))
    body += ", then: true}\notherwise: false"
    runs = [load(tmp_path / str(run), tag("t", body)) for run in range(2)]
    assert [w.message for w in runs[0].warnings] == [w.message for w in runs[1].warnings]


ATOMS = st.builds(
    "{} {} {}".format,
    st.sampled_from(["n", "m"]),
    st.sampled_from(["<", "<=", "=", "<>", ">", ">="]),
    st.integers(0, 6),
)
CONDITIONS = st.lists(st.tuples(ATOMS, st.sampled_from([" and ", " or "]), ATOMS), max_size=2).map(
    lambda pairs: " or ".join(f"({a}{op}{b})" for a, op, b in pairs) or "n > 2"
)


@settings(max_examples=examples(20), deadline=None)
@given(st.lists(CONDITIONS, min_size=1, max_size=4))
def test_verdicts_agree_with_trying_every_pair_of_counts(tmp_path_factory, whens):
    def first(n, m):
        row = {"n": n, "m": m}
        texts = (when.replace(" = ", " == ").replace("<>", "!=") for when in whens)
        true = [number for number, text in enumerate(texts) if eval(text, row)]
        return true[0] if true else None

    reached = {first(n, m) for n in range(12) for m in range(12)}
    folder = tmp_path_factory.mktemp("p")
    text = rule(*((when, "a") for when in whens), otherwise="")
    try:
        catalogue = load(folder, text)
        found_lines, gap = set(), False
        assert all(w.code != "ZY251" for w in catalogue.warnings)
    except DefinitionError as error:
        found_lines = {line_of(p) - CASES for p in error.problems if p.code == "ZY241"}
        gap = any(p.code == "ZY242" for p in error.problems)
    assert found_lines == set(range(len(whens))) - reached
    assert gap == (None in reached)
