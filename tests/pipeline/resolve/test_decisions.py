"""Merge, split and undo by staff."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.effort import examples
from tests.pipeline.resolve.world import (
    AS_OF,
    RUN_AT,
    START,
    World,
    clear,
    conflicts,
    groups,
    load,
    read,
    run,
    state,
    together,
)

from zhiyan.errors import UsageError
from zhiyan.pipeline.resolve import Action, Decision, decide


def decided(engine, action, a=None, b=None, *, undoes=None, hour=0):
    decision = Decision(
        action=action, author="lin", reason="seen at the desk", party_a=a, party_b=b, undoes=undoes
    )
    return decide(engine, decision, recorded_at=RUN_AT + timedelta(hours=hour))


def test_a_merge_links_what_shares_nothing_and_shows_as_evidence(engine, world):
    a, b = world.record(his_no="1"), world.record(clinic="c2", his_no="7")
    assert run(engine, world).customers == 2
    decision_id = decided(engine, Action.MERGE, a, b)
    report = run(engine)
    assert together(engine, a, b)
    assert (report.merges, report.splits) == (1, 0)
    assert [(row["party_id"], row["id_type"], row["token"]) for row in read(engine, "link")] == [
        (a, "manual", decision_id),
        (b, "manual", decision_id),
    ]
    assert len(decision_id) == 32


def test_a_split_takes_the_second_record_out_and_leaves_the_others(engine, world):
    a = world.record(clinic="c1", his_no="1", unionid="u")
    b = world.record(clinic="c2", his_no="1", unionid="u")
    c = world.record(clinic="c3", his_no="1", unionid="u", phone="138")
    d = world.record(source="pos", phone="138")
    run(engine, world)
    assert together(engine, a, b, c, d)
    decided(engine, Action.SPLIT, a, c)
    report = run(engine)
    assert groups(engine) == {frozenset({a, b}), frozenset({c, d})}
    assert report.splits == 2
    assert conflicts(engine) == {"split_by_hand": [[a, b, c]]}


def test_a_split_holds_against_links_that_come_later(engine, world):
    a, b = world.record(his_no="1"), world.record(his_no="2")
    load(engine, world.rows)
    decided(engine, Action.SPLIT, a, b)
    x = world.record(source="mall", openid="o", unionid="u", phone="139")
    world.record(party=a, unionid="u")
    world.record(party=b, phone="139")
    run(engine, world)
    assert groups(engine) == {frozenset({a, x}), frozenset({b})}


def test_merges_and_undos_of_undos_and_the_newest_on_a_pair_wins(engine, world):
    a, b = world.record(his_no="1"), world.record(his_no="2")
    load(engine, world.rows)
    merge = decided(engine, Action.MERGE, a, b, hour=1)
    split = decided(engine, Action.SPLIT, b, a, hour=2)
    run(engine)
    assert len(groups(engine)) == 2
    undo = decided(engine, Action.UNDO, undoes=split, hour=3)
    run(engine)
    assert together(engine, a, b)
    decided(engine, Action.UNDO, undoes=undo, hour=4)
    run(engine)
    assert len(groups(engine)) == 2
    decided(engine, Action.UNDO, undoes=split, hour=5)
    decided(engine, Action.UNDO, undoes=merge, hour=6)
    run(engine)
    assert len(groups(engine)) == 2


def test_a_merge_never_joins_two_id_cards(engine, world):
    a, b = world.record(his_no="1", id_card="A"), world.record(his_no="2", id_card="B")
    load(engine, world.rows)
    decision_id = decided(engine, Action.MERGE, a, b)
    run(engine)
    assert len(groups(engine)) == 2
    (conflict,) = read(engine, "conflict")
    assert (conflict["id_type"], conflict["token"], conflict["reason"]) == (
        "manual",
        decision_id,
        "id_cards_differ",
    )
    assert conflict["parties"] == [a, b]


def test_a_decision_reaches_the_past_but_not_what_was_known_then(engine, world):
    a, b = world.record(his_no="1"), world.record(his_no="2")
    load(engine, world.rows)
    decided(engine, Action.MERGE, a, b)
    past = AS_OF - timedelta(days=30)
    assert run(engine, as_of=past).customers == 1
    assert run(engine, as_of=past, known_at=RUN_AT - timedelta(seconds=1)).customers == 2
    assert run(engine, as_of=past, known_at=RUN_AT).customers == 1


def test_a_decision_waits_for_both_records(engine, world):
    a = world.record(his_no="1", at=START)
    b = world.record(his_no="2", at=START + timedelta(days=100))
    load(engine, world.rows)
    decided(engine, Action.MERGE, a, b)
    report = run(engine, as_of=AS_OF - timedelta(days=100))
    assert (report.parties, report.customers, report.links) == (1, 1, {})


@pytest.mark.parametrize(
    ("action", "parties", "undoes", "code"),
    [
        (Action.MERGE, (1000, 1000), None, "ZY411"),
        (Action.MERGE, (1000, 77), None, "ZY411"),
        (Action.SPLIT, (1000, None), None, "ZY411"),
        (Action.SPLIT, (1000, 1001), "x", "ZY411"),
        (Action.UNDO, (None, None), "x", "ZY412"),
        (Action.UNDO, (None, None), None, "ZY412"),
    ],
)
def test_wrong_decisions_are_refused(engine, world, action, parties, undoes, code):
    world.record(his_no="1"), world.record(his_no="2")
    load(engine, world.rows)
    with pytest.raises(UsageError) as caught:
        decided(engine, action, *parties, undoes=undoes)
    assert caught.value.code == code
    assert read(engine, "decision") == []


def test_what_is_undone_or_as_new_cannot_be_undone(engine, world):
    a, b = world.record(his_no="1"), world.record(his_no="2")
    load(engine, world.rows)
    merge = decided(engine, Action.MERGE, a, b)
    with pytest.raises(UsageError, match="ZY412"):
        decided(engine, Action.UNDO, undoes=merge)
    decided(engine, Action.UNDO, undoes=merge, hour=1)
    with pytest.raises(UsageError, match="ZY412"):
        decided(engine, Action.UNDO, undoes=merge, hour=2)


@pytest.mark.parametrize(("author", "reason"), [(" ", "why"), ("lin", "")])
def test_a_decision_needs_author_and_reason(engine, author, reason):
    decision = Decision(action=Action.MERGE, author=author, reason=reason, party_a=1, party_b=2)
    with pytest.raises(UsageError, match="ZY413"):
        decide(engine, decision, recorded_at=RUN_AT)


@settings(
    max_examples=examples(1),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 10_000), action=st.sampled_from([Action.MERGE, Action.SPLIT]))
def test_undo_restores_the_former_state_exactly(engine, seed, action):
    generator = np.random.default_rng(seed)
    clear(engine)
    world = World()
    for number in range(8):
        phone, name = generator.integers(0, 3, 2)
        world.record(
            clinic=f"c{number % 3}",
            his_no=str(number),
            unionid=f"u{generator.integers(0, 6)}",
            phone=f"p{phone}",
            name=f"n{name}",
        )
    run(engine, world)
    before = state(engine)
    a, b = generator.choice(world.parties, 2, replace=False).tolist()
    decision_id = decided(engine, action, a, b)
    run(engine)
    assert together(engine, *world.parties) or state(engine) != before or action == Action.SPLIT
    decided(engine, Action.UNDO, undoes=decision_id, hour=1)
    run(engine)
    assert state(engine) == before
