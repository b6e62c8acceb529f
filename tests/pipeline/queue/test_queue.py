"""The queue in SQL against the same rules written out in Python, on random customers."""

from dataclasses import replace
from datetime import datetime
from fractions import Fraction

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.effort import examples
from tests.lang.definitions import load, tag

from zhiyan.core.snapshot import Manifest
from zhiyan.engines.duckdb import DuckDBEngine
from zhiyan.errors import UsageError
from zhiyan.pipeline.queue import Request, rank, run_of, sensitivity
from zhiyan.pipeline.queue.sensitive import STEPS
from zhiyan.ports import Statement

AS_OF = datetime(2026, 6, 1)  # noqa: DTZ001 - stored moments are naive UTC
USE = "weight: {weight}\nmarketing_use: include\n"
ENUM = "kind: fact\ntype: {type}\nsource: visit\naggregate: {aggregate}\n"
LEVEL = (
    "kind: rule\ntype: enum\nvalues: {high: {zh: 高, en: High}, low: {zh: 低, en: Low}}\n"
    "cases:\n- {when: visits > 3, then: high}\notherwise: low\n"
)
ACTIONS = """\
queue: {owner: mate, clinic: place}
suppressions:
- {code: refused, name: {zh: 拒绝, en: Refused}, when: no_mail, blocks: [marketing]}
- {code: young, name: {zh: 未成年, en: Young}, when: "coalesce(minor, true)", blocks: [marketing]}
actions:
- code: sorry
  name: {zh: 道歉, en: Sorry}
  purpose: service
  when: complaint
  priority: P3
  first: true
  based_on: [{tag: complaint}, {tag: level, strength: {high: 80}}]
  owner: 客服部
  do: {zh: 做, en: Do}
  dont: {zh: 不做, en: Do not}
- code: invite
  name: {zh: 邀约, en: Invite}
  purpose: marketing
  when: visits > 0
  priority: P1
  based_on: [{tag: level, strength: {high: 100, low: 30}}, {tag: visits, strength: 10 * visits}]
  owner: 运营部
  do: {zh: 做, en: Do}
  dont: {zh: 不做, en: Do not}
- code: ask
  name: {zh: 询问, en: Ask}
  purpose: service
  when: visits = 0
  priority: P2
  based_on: [{tag: visits, strength: 50 - visits}]
  owner: 运营部
  do: {zh: 做, en: Do}
  dont: {zh: 不做, en: Do not}
"""
ENGINE = DuckDBEngine(None)
WEIGHTS = {"visits": 0.15, "level": 0.3, "complaint": 0.5}


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    def shown(code, body, weight=0.1):
        text = tag(code, body + USE.format(weight=WEIGHTS.get(code, weight)))
        return text.replace("purposes: [service]", "purposes: [service, marketing]")

    flags = [
        shown(code, ENUM.format(type="bool", aggregate="any(effective)"))
        for code in ("complaint", "no_mail", "minor")
    ]
    texts = [
        shown(code, ENUM.format(type="ref", aggregate="last(clinic)")) for code in ("mate", "place")
    ]
    count = shown("visits", ENUM.format(type="int", aggregate="count(*)"))
    return load(
        tmp_path_factory.mktemp("pack"), count, shown("level", LEVEL), *flags, *texts,
        files={"actions.yaml": ACTIONS},
    )  # fmt: skip


MAYBE = st.sampled_from([True, False, None])
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "visits": st.one_of(st.none(), st.integers(0, 12)),
            "level": st.sampled_from(["high", "low", None]),
            "complaint": MAYBE,
            "no_mail": MAYBE,
            "minor": MAYBE,
            "mate": st.sampled_from(["wang", "li", None]),
            "place": st.sampled_from(["SH01", "HZ01"]),
        }
    ),
    min_size=1,
    max_size=12,
)
SCHEMA = pa.schema(
    [("customer_id", pa.int64()), ("visits", pa.int64()), ("level", pa.string())]
    + [(name, pa.bool_()) for name in ("complaint", "no_mail", "minor")]
    + [(name, pa.string()) for name in ("mate", "place")]
)


def run_on(catalogue, rows, ids=None):
    engine = ENGINE
    engine.run(Statement("CREATE SCHEMA IF NOT EXISTS snapshot"))
    ids = ids or range(1, len(rows) + 1)
    listed = [{"customer_id": n, **row} for n, row in zip(ids, rows, strict=True)]
    with engine.load("given", pa.Table.from_pylist(listed, schema=SCHEMA)):
        engine.run(Statement("CREATE OR REPLACE TABLE snapshot.t_x AS SELECT * FROM given"))
    manifest = Manifest(
        snapshot_id="x", as_of=AS_OF, known_at=AS_OF, created_at=AS_OF, catalogue="", data="",
        customers=len(rows), events={}, tags=dict.fromkeys(catalogue.tags, ""), timings={},
    )  # fmt: skip
    return run_of(engine, catalogue, manifest, offset=480)


def by_hand(rows, ids=None):
    """Return (class, -score, customer, action, blocked) of every row, in order."""
    units = {code: int(Fraction(str(weight)) * 1_000_000) for code, weight in WEIGHTS.items()}
    found = []
    for customer, row in zip(ids or range(1, len(rows) + 1), rows, strict=True):
        visits, level = row["visits"], row["level"]
        blocked = row["no_mail"] in (True, None) or row["minor"] in (True, None)
        if row["complaint"]:
            score = units["complaint"] * 100 + units["level"] * (80 if level == "high" else 0)
            found.append((0, -score, customer, "sorry", False))
        if visits is not None and visits > 0:
            points = {"high": 100, "low": 30}.get(level, 0)
            score = units["level"] * points + units["visits"] * min(100, 10 * visits)
            found.append((2, -score, customer, "invite", blocked))
        if visits == 0:
            found.append((3, -units["visits"] * 50, customer, "ask", False))
    return sorted(found)


def lines(ranking):
    return [(-entry.score, entry.customer_id, entry.action) for entry in ranking.entries]


@settings(max_examples=examples(5), deadline=None)
@given(ROWS)
def test_the_queue_is_what_the_rules_say(catalogue, rows):
    run = run_on(catalogue, rows)
    expected = by_hand(rows)
    found = rank(run, Request(limit=100))
    assert lines(found) == [row[1:4] for row in expected if not row[4]]
    held = rank(run, Request(limit=100, held=True))
    assert lines(held) == [row[1:4] for row in expected if row[4]]
    assert found.totals.entries == len(found.entries)
    assert found.totals.blocked == len(held.entries)
    assert found.totals.customers == len({entry.customer_id for entry in found.entries})
    for entry in (*found.entries, *held.entries):
        assert entry.score == sum(one.points for one in entry.contributions)
        assert all(one.points == one.weight * one.strength for one in entry.contributions)
        row = rows[entry.customer_id - 1]
        reasons = {one.code: one.known for one in entry.held}
        assert ("refused" in reasons) == (row["no_mail"] is not False)
        assert reasons.get("refused", True) == (row["no_mail"] is not None)
        assert ("young" in reasons) == (row["minor"] is not False)


@settings(max_examples=examples(2), deadline=None)
@given(ROWS, st.sampled_from(["wang", "li", "运营部"]), st.sampled_from(["", "SH01"]))
def test_owner_and_clinic_choose_a_part(catalogue, rows, owner, clinic):
    run = run_on(catalogue, rows)
    found = rank(run, Request(owner=owner, clinic=clinic, limit=100))
    expected = [
        row[1:4]
        for row in by_hand(rows)
        if not row[4]
        and (not clinic or rows[row[2] - 1]["place"] == clinic)
        and (rows[row[2] - 1]["mate"] == owner or (owner == "运营部" and row[3] != "sorry"))
    ]
    assert lines(found) == expected


@settings(max_examples=examples(2), deadline=None)
@given(ROWS, st.randoms())
def test_the_order_of_the_rows_changes_nothing(catalogue, rows, random):
    ids = list(range(1, len(rows) + 1))
    mixed = list(zip(ids, rows, strict=True))
    random.shuffle(mixed)
    first = rank(run_on(catalogue, rows), Request(limit=5)).entries
    again = run_on(catalogue, [row for _, row in mixed], [n for n, _ in mixed])
    assert rank(again, Request(limit=5)).entries == first


@settings(max_examples=examples(3), deadline=None)
@given(ROWS, st.integers(2, 6))
def test_the_sensitivity_is_what_ranking_again_gives(catalogue, rows, size):
    run = run_on(catalogue, rows)
    report = sensitivity(run, Request(), size=size)
    everything = rank(run, Request(limit=1000)).entries
    ranks = {action.code: action.rank for action in run.actions}

    def order(tag_code, weight):
        def score(entry):
            return sum(
                one.strength * (weight if one.tag == tag_code else one.weight)
                for one in entry.contributions
            )

        key = lambda e: (ranks[e.action], -score(e), e.customer_id, e.action)  # noqa: E731
        return [(e.customer_id, e.action) for e in sorted(everything, key=key)]

    assert report.size == min(size, len(everything))
    assert {effect.tag for effect in report.effects} == set(WEIGHTS)
    for effect in report.effects:
        now = order(effect.tag, effect.weight)[:size]
        for percent in STEPS:
            moved = min(1_000_000, effect.weight * (100 + percent) // 100)
            then = order(effect.tag, moved)[:size]
            assert effect.steps[percent].left == len(set(now) - set(then))
        change = effect.least.reorders
        if change is not None:
            assert order(effect.tag, effect.weight + change)[:size] != now
            nearer = change - 1 if change > 0 else change + 1
            assert order(effect.tag, effect.weight + nearer)[:size] == now
        change = effect.least.replaces
        if change is not None:
            assert set(order(effect.tag, effect.weight + change)[:size]) != set(now)


def test_a_queue_without_actions_or_with_lacking_gates_is_refused(catalogue):
    run = run_on(catalogue, [])
    with pytest.raises(UsageError, match="ZY532"):
        rank(run, Request(action="inwite"))
    lacking = {code: tag for code, tag in catalogue.tags.items() if code != "no_mail"}
    with pytest.raises(UsageError, match="ZY531"):
        run_of(run.engine, replace(catalogue, tags=lacking), run.snapshot, offset=480)
    bare = replace(catalogue, playbook=type(catalogue.playbook)())
    with pytest.raises(UsageError, match="ZY530"):
        run_of(run.engine, bare, run.snapshot, offset=480)
    some = {code: tag for code, tag in catalogue.tags.items() if code != "complaint"}
    part = run_of(run.engine, replace(catalogue, tags=some), run.snapshot, offset=480)
    assert rank(part, Request()).missing == ("sorry",)


def test_an_empty_base_has_an_empty_queue(catalogue):
    run = run_on(catalogue, [])
    assert rank(run, Request()).entries == ()
    assert sensitivity(run, Request(), size=5).size == 0


def test_scores_stay_whole_numbers(catalogue):
    run = run_on(catalogue, [{
        "visits": 7, "level": "high", "complaint": False, "no_mail": False, "minor": False,
        "mate": None, "place": "SH01",
    }])  # fmt: skip
    entry = rank(run, Request()).entries[0]
    assert entry.score == 300_000 * 100 + 150_000 * 70
    assert isinstance(entry.score, int)
