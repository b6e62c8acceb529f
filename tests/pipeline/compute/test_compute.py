"""Compute and refresh: the same inputs give the same snapshot, and the engine agrees with memory."""

from dataclasses import replace
from datetime import datetime, timedelta

import life
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.effort import examples

from zhiyan.core.time import BusinessZone
from zhiyan.pipeline.compute import compute, full, refresh, snapshots
from zhiyan.pipeline.explain import Subject, explain
from zhiyan.pipeline.explain.replay import Replay, bound_rules
from zhiyan.pipeline.explain.rows import fetch_rows
from zhiyan.ports import Statement

RECORDED = life.T + timedelta(days=1)


def table(engine, manifest, letter="t"):
    rows = engine.query(
        Statement(f"SELECT * FROM snapshot.{letter}_{manifest.snapshot_id} ORDER BY customer_id")
    )
    return rows.to_pylist()


def filled(seed, parts=1):
    engine = life.new_warehouse()
    facts = life.rows(seed)
    for number in range(parts):
        life.store(engine, facts[number::parts], import_id=number + 1, recorded_at=RECORDED)
    return engine


def test_the_engine_agrees_with_the_reference_for_every_tag_and_customer(catalogue, job):
    engine = filled(seed=3)
    manifest = compute(job(engine, life.T))
    rows = table(engine, manifest)
    assert len(rows) == life.PARTIES // 2
    known = dict.fromkeys(catalogue.tags, 0)
    for row in rows:
        stored = {c: tuple(row[c]) if isinstance(row[c], list) else row[c] for c in catalogue.tags}
        subject = Subject(
            engine=engine,
            catalogue=catalogue,
            snapshot=manifest,
            customer_id=row["customer_id"],
            zone=BusinessZone.named(),
        )
        rules = bound_rules(subject, list(catalogue.tags.values()))
        seen = fetch_rows(subject, [measure for rule in rules for measure in rule.measures])
        assert Replay(rules, seen).values(job(engine, life.T).clock) == stored
        for code, value in stored.items():
            known[code] += value not in (None, 0, False)
    assert all(known.values()), (
        f"tags that nobody has test nothing: {[c for c, n in known.items() if not n]}"
    )
    for code in catalogue.tags:  # the card of the last customer tells the same, tag by tag
        assert explain(subject, code, horizon_days=0).value == stored[code], code


@pytest.mark.slow
def test_shuffled_and_split_facts_give_the_same_snapshot(job):
    whole = compute(job(filled(seed=7), life.T))
    split = compute(job(filled(seed=7, parts=3), life.T))
    engine = life.new_warehouse()
    facts = life.rows(7)
    np.random.default_rng(1).shuffle(facts)
    life.store(engine, facts, import_id=1, recorded_at=RECORDED)
    shuffled = compute(job(engine, life.T))
    assert whole.snapshot_id == split.snapshot_id == shuffled.snapshot_id


def test_computing_again_keeps_one_snapshot(job):
    engine = filled(seed=8)
    first, second = compute(job(engine, life.T)), compute(job(engine, life.T))
    assert first.snapshot_id == second.snapshot_id
    assert [m.snapshot_id for m in snapshots(engine)] == [first.snapshot_id]


def test_a_planted_future_changes_nothing(job):
    engine = filled(seed=9)
    before = compute(job(engine, life.T))
    at = life.T.replace(tzinfo=None)
    future = [
        (
            "order_line",
            {
                "order_no": "X",
                "line_no": 1,
                "party_id": 3,
                "occurred_at": at,
                "net_fen": 10**9,
                "is_gift": False,
                "source": "his",
                "clinic": "C1",
            },
        ),
        (
            "complaint",
            {
                "complaint_no": "X",
                "party_id": 4,
                "occurred_at": at + timedelta(seconds=1),
                "status": "open",
                "source": "his",
                "clinic": "C1",
            },
        ),
    ]
    life.store(engine, future, import_id=2, recorded_at=RECORDED)
    assert compute(job(engine, life.T)).snapshot_id == before.snapshot_id
    past = [(kind, {**row, "occurred_at": at - timedelta(seconds=1)}) for kind, row in future]
    life.store(engine, past, import_id=3, recorded_at=RECORDED)
    assert compute(job(engine, life.T)).snapshot_id != before.snapshot_id


def test_an_outcome_is_hidden_until_it_is_true(job):
    engine = life.new_warehouse()
    at = life.T.replace(tzinfo=None)
    complaint = {
        "complaint_no": "K",
        "party_id": 0,
        "occurred_at": at - timedelta(days=2),
        "status": "closed",
        "closed_at": at,
        "source": "his",
        "clinic": "C1",
    }
    life.store(engine, [("complaint", complaint)], import_id=1, recorded_at=RECORDED)
    assert table(engine, compute(job(engine, life.T)))[0]["open_complaint"] is True
    assert (
        table(engine, compute(job(engine, life.T + timedelta(seconds=1))))[0]["open_complaint"]
        is False
    )


def test_what_was_known_is_replayed(job):
    engine = filled(seed=10)
    known = compute(job(engine, life.T, known_at=RECORDED))
    corrected = [(k, {**r, "amount_fen": 7}) for k, r in life.rows(10) if k == "payment"]
    life.store(engine, corrected, import_id=2, recorded_at=RECORDED + timedelta(days=3))
    assert compute(job(engine, life.T)).snapshot_id != known.snapshot_id
    assert compute(job(engine, life.T, known_at=RECORDED)).snapshot_id == known.snapshot_id


@settings(max_examples=examples(2), deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 1000),
    steps=st.lists(st.sampled_from([0, 1, 24, 24 * 30, 24 * 31 + 5]), min_size=1, max_size=3),
)
def test_refresh_equals_compute(job, seed, steps):
    """Any imports (late, corrected, moved parties) and any steps of time: refresh = compute.

    Each refresh builds on the one before it, so what one loses the last still lacks.
    """
    facts = life.rows(seed)
    engine = life.new_warehouse()
    size = len(facts) // (len(steps) + 1)
    life.store(engine, facts[:size], import_id=1, recorded_at=RECORDED)
    as_of, now = life.T - timedelta(days=40), RECORDED
    before = compute(job(engine, as_of, now=now))
    for number, hours in enumerate(steps, start=1):
        as_of, now = as_of + timedelta(hours=hours), now + timedelta(days=1)
        part = facts[number * size : (number + 1) * size]
        changed = [(k, {**r, "party_id": (r["party_id"] + 1) % life.PARTIES}) for k, r in facts[:5]]
        life.store(engine, [*part, *changed], import_id=number + 1, recorded_at=now)
        engine.run(
            Statement(
                "UPDATE identity.assignment SET customer_id = 1 WHERE party_id = $p",
                {"p": number + 5},
            )
        )
        fresh = refresh(job(engine, as_of, now=now))
        assert fresh.based_on == before.snapshot_id
        before = fresh
    measures = table(engine, fresh, "m")
    full = compute(job(engine, as_of, now=now))
    assert fresh.snapshot_id == full.snapshot_id
    assert measures == table(engine, full, "m")


def test_refresh_reuses_the_newest_snapshot(job):
    engine = filled(seed=11)
    base = compute(job(engine, life.T, now=RECORDED))
    fresh = refresh(job(engine, life.T + timedelta(hours=1), now=RECORDED))
    assert fresh.based_on == base.snapshot_id


def test_a_catalogue_that_reads_no_facts_is_refreshed(job):
    engine = filled(seed=14)

    def bare(as_of):
        found = job(engine, as_of, now=RECORDED)
        return replace(found, catalogue=replace(found.catalogue, tags={}))

    base = compute(bare(life.T))
    fresh = refresh(bare(life.T + timedelta(days=1)))
    assert fresh.based_on == base.snapshot_id
    assert fresh.data == base.data


def versions(engine, table):
    """Return the row versions of all strips of the first generation."""
    query = " UNION ALL ".join(
        f"SELECT born, died, customer_id FROM snapshot.{table}_1_{strip}"
        for strip in ("still", "ticking")
    )
    return engine.query(Statement(query)).to_pylist()


def test_a_refresh_leaves_the_snapshot_before_as_it_was(job):
    engine = filled(seed=12)
    base = compute(job(engine, life.T, now=RECORDED))
    before = {letter: table(engine, base, letter) for letter in "mt"}
    later = life.T + timedelta(days=45)
    fresh = refresh(job(engine, later, now=RECORDED))
    assert table(engine, fresh) != before["t"]
    assert {letter: table(engine, base, letter) for letter in "mt"} == before


def test_nothing_is_built_on_a_snapshot_of_the_layout_before_strips(job):
    engine = filled(seed=12)
    base = compute(job(engine, life.T, now=RECORDED))
    before = table(engine, base)
    engine.run(Statement("UPDATE meta.snapshot SET strips = NULL"))
    fresh = refresh(job(engine, life.T + timedelta(days=1), now=RECORDED))
    assert fresh.based_on is None
    assert table(engine, base) == before
    assert len(table(engine, fresh)) == len(before)


def test_a_value_that_ticks_rewrites_nothing_that_stands_still(job):
    """Days since a reply grow from day to day: the strip that ticks gets a row, the other one none."""
    engine = life.new_warehouse()
    at = life.T.replace(tzinfo=None) - timedelta(days=3)
    reply = {"party_id": 0, "type": "message", "direction": "in", "source": "wecom", "clinic": "C1"}
    facts = [("wecom_event", {**reply, "occurred_at": at})]
    life.store(engine, facts, import_id=1, recorded_at=RECORDED)
    compute(job(engine, life.T, now=RECORDED))
    refresh(job(engine, life.T + timedelta(days=1), now=RECORDED))
    newest = {
        strip: engine.query(
            Statement(f"SELECT max(born) AS born FROM snapshot.measure_1_{strip}")
        ).to_pylist()[0]["born"]
        for strip in ("still", "ticking")
    }
    assert newest == {"still": 1, "ticking": 2}


def test_a_refresh_writes_only_what_came_out_different(job):
    """A new day moves ages and nothing else: counters are told by the view, no row is written."""
    engine = life.new_warehouse()
    at = life.T.replace(tzinfo=None) - timedelta(days=200)
    born = {"party_id": 0, "occurred_at": at, "birthdate": life.T.date().replace(year=1990, day=3)}
    facts = [("profile", {**born, "file_key": "F", "source": "his", "clinic": "C1"})]
    life.store(engine, facts, import_id=1, recorded_at=RECORDED)
    base = compute(job(engine, life.T, now=RECORDED))
    fresh = refresh(job(engine, life.T + timedelta(days=1), now=RECORDED))
    assert fresh.based_on == base.snapshot_id
    ages = [table(engine, snapshot)[0]["age"] for snapshot in (base, fresh)]
    assert ages == [35, 36]
    assert all(row["born"] == 1 for name in ("measure", "tag") for row in versions(engine, name))


def test_a_snapshot_found_again_leaves_nothing_behind(job):
    engine = filled(seed=13)
    known = compute(job(engine, life.T, known_at=RECORDED, now=RECORDED))
    again = compute(job(engine, life.T, now=RECORDED))
    assert again.snapshot_id == known.snapshot_id
    assert snapshots(engine)[0].complete
    fresh = refresh(job(engine, life.T, now=RECORDED))
    assert fresh.snapshot_id == known.snapshot_id
    assert {row["born"] for row in versions(engine, "tag")} == {1}


def test_a_clock_without_zone_is_refused(job):
    with pytest.raises(Exception, match="time zone"):
        compute(job(filled(seed=1), datetime(2026, 1, 1)))  # noqa: DTZ001 - meant


@pytest.mark.slow
def test_some_customers_at_a_time_give_the_same(monkeypatch: pytest.MonkeyPatch, job):
    whole = filled(seed=11)
    first = compute(job(whole, life.T, now=RECORDED))
    later = refresh(job(whole, life.T + timedelta(days=40), now=RECORDED))
    monkeypatch.setattr(full, "CHUNK", 3)
    pieces = filled(seed=11)
    assert len(full.chunks(job(pieces, life.T), "identity.assignment")) > 2
    assert compute(job(pieces, life.T, now=RECORDED)).snapshot_id == first.snapshot_id
    fresh = refresh(job(pieces, life.T + timedelta(days=40), now=RECORDED))
    assert fresh.snapshot_id == later.snapshot_id
    assert fresh.based_on == first.snapshot_id
    assert table(pieces, fresh) == table(whole, later)
    assert table(pieces, fresh, "m") == table(whole, later, "m")
