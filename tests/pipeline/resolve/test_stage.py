"""The stage as a whole: visibility, stable ids, the change log, evidence, size, quality."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from tests.pipeline.resolve.world import (
    AS_OF,
    RUN_AT,
    START,
    World,
    load,
    read,
    run,
    state,
)

from zhiyan.core.kinds import KINDS
from zhiyan.core.time import AsOf
from zhiyan.pipeline.resolve import conflicts, evidence, history, resolve
from zhiyan.ports import Silent, Statement


def visit(engine, party, at, *, known=None, superseded=None):
    engine.run(
        Statement(
            "INSERT INTO event.visit (party_id, occurred_at, recorded_at, superseded_at)"
            " VALUES ($party, $at, $known, $superseded)",
            {"party": party, "at": at, "known": known or at, "superseded": superseded},
        )
    )


def customers(engine):
    return {row["party_id"]: row["customer_id"] for row in read(engine, "assignment")}


def test_a_party_that_only_events_know_is_a_customer(engine, world):
    world.record(his_no="1")
    visit(engine, 5, START)
    visit(engine, 5, START - timedelta(days=3))
    engine.run(
        Statement(
            "INSERT INTO event.order_line (party_id, occurred_at, recorded_at)"
            " VALUES (6, $at, $at), (NULL, $at, $at)",
            {"at": START},
        )
    )
    report = run(engine, world)
    assert report.parties == 3
    assert [row for row in read(engine, "assignment") if row["party_id"] == 5] == [
        {"party_id": 5, "customer_id": 5, "first_seen": START - timedelta(days=3)}
    ]


def test_events_are_seen_as_of_t_and_k(engine, world):
    naive = AS_OF.replace(tzinfo=None)
    visit(engine, 1, naive - timedelta(microseconds=1))
    visit(engine, 2, naive)
    visit(engine, 3, START, known=naive + timedelta(days=1))
    visit(engine, 4, START, superseded=naive - timedelta(days=1))
    run(engine, world, known_at=AS_OF)
    assert set(customers(engine)) == {1}
    run(engine)
    assert set(customers(engine)) == {1, 3}


def test_what_is_learnt_later_of_an_identifier_leaves_the_past_as_it_was(engine, world):
    """An earlier sighting and a verification are rows of their own, known from when they came."""
    early, late = START - timedelta(days=400), START + timedelta(days=9)
    known = AS_OF + timedelta(days=1)
    naive = known.replace(tzinfo=None)
    a = world.record(party=7, his_no="1", unionid="u", phone="139", at=START)
    b = world.record(party=8, clinic="c2", his_no="1", unionid="u", phone="139", at=late)
    run(engine, world, known_at=AS_OF)
    before = state(engine)
    assert customers(engine) == {a: a, b: a}
    clinic = {"clinic": "c2", "at": early, "known": naive}
    world.record(party=b, **clinic, his_no="1", unionid="u", phone="139", verified={"phone"})
    run(engine, world, known_at=AS_OF)
    assert state(engine) == before
    run(engine, world, known_at=known)
    assert customers(engine) == {a: b, b: b}
    (phone,) = [row for row in read(engine, "identifier") if row["id_type"] == "phone"]
    assert (phone["first_seen"], phone["verified"], phone["persons"]) == (early, True, 1)
    assert {row["first_seen"] for row in read(engine, "assignment")} == {early}
    links = [(row["party_id"], row["id_type"]) for row in read(engine, "link")]
    assert links == [(a, "phone"), (a, "unionid"), (b, "phone"), (b, "unionid")]


def test_an_identifier_is_verified_from_the_moment_that_shows_it(engine, world):
    world.record(party=7, his_no="1", phone="139", at=START)
    world.record(party=7, phone="139", at=START + timedelta(days=9), verified={"phone"})
    run(engine, world, as_of=(START + timedelta(days=9)).replace(tzinfo=UTC), known_at=AS_OF)
    assert {row["verified"] for row in read(engine, "identifier")} == {False}
    run(engine, world)
    phones = [row for row in read(engine, "identifier") if row["id_type"] == "phone"]
    assert [(row["first_seen"], row["verified"]) for row in phones] == [(START, True)]
    assert run(engine).links == {}


def test_every_kind_of_event_is_looked_at(engine):
    for number, kind in enumerate(KINDS):
        with_party = f'INSERT INTO event."{kind}" (party_id, occurred_at, recorded_at)'
        engine.run(
            Statement(f"{with_party} VALUES ($party, $at, $at)", {"party": number, "at": START})
        )
    try:
        assert run(engine).parties == len(KINDS)
    finally:
        for kind in KINDS:
            engine.run(Statement(f'DELETE FROM event."{kind}"'))


def test_the_id_is_the_party_seen_first_and_stays_when_newer_records_join(engine, world):
    b = world.record(party=90, clinic="c1", his_no="1", unionid="u")
    a = world.record(party=10, clinic="c2", his_no="1", unionid="u")
    run(engine, world)
    assert customers(engine) == {a: b, b: b}
    c = world.record(party=5, clinic="c3", his_no="1", unionid="u")
    report = run(engine, world)
    assert customers(engine) == {a: b, b: b, c: b}
    assert (report.merges, report.splits) == (0, 0)
    assert {row["first_seen"] for row in read(engine, "assignment")} == {START}


def test_parties_seen_at_the_same_moment_are_ordered_by_id(engine, world):
    for party in (7, 3, 5):
        world.record(party=party, at=START, clinic=f"c{party}", his_no="1", unionid="u")
    run(engine, world)
    assert set(customers(engine).values()) == {3}


def test_changes_are_the_difference_against_the_resolve_before(engine, world):
    a = world.record(clinic="c1", his_no="1", phone="139")
    b = world.record(clinic="c2", his_no="1", phone="138")
    assert run(engine, world).merges == 0
    later = World(rows=list(world.rows), parties=list(world.parties))
    later.record(party=b, clinic="c2", phone="139", at=START + timedelta(days=9))
    assert run(engine, later).merges == 1
    load(engine, world.rows)
    assert run(engine).splits == 1
    assert run(engine).splits == 0
    rows = read(
        engine, "change", "action, party_id, from_customer, to_customer, as_of, recorded_at"
    )
    moments = {"as_of": AS_OF.replace(tzinfo=None), "recorded_at": RUN_AT.replace(tzinfo=None)}
    assert rows == [
        {"action": "merge", "party_id": b, "from_customer": b, "to_customer": a, **moments},
        {"action": "split", "party_id": b, "from_customer": a, "to_customer": b, **moments},
    ]
    assert history(engine, a).num_rows == history(engine, b).num_rows == 2
    assert history(engine, 4).num_rows == 0


def test_an_older_record_that_joins_later_gives_its_id_as_a_merge(engine, world):
    b = world.record(clinic="c1", his_no="1", unionid="u", at=START + timedelta(days=5))
    run(engine, world)
    a = world.record(clinic="c2", his_no="1", unionid="u", at=START)
    report = run(engine, world)
    assert customers(engine) == {a: a, b: a}
    assert (report.merges, report.splits) == (1, 0)


def test_evidence_names_records_keys_rows_and_confidence(engine, world):
    a = world.record(clinic="c1", his_no="1", phone="139", name="王芳")
    b = world.record(clinic="c2", his_no="1", phone="139", name="王芳", unionid="u")
    c = world.record(source="mall", clinic=None, openid="o", unionid="u")
    run(engine, world)
    rows = evidence(engine, a).to_pylist()
    assert [
        (r["party_id"], r["source"], r["clinic"], r["id_type"], r["confidence_ppm"]) for r in rows
    ] == [
        (a, "his", "c1", "name", None),
        (a, "his", "c1", "phone", 970_000),
        (b, "his", "c2", "name", None),
        (b, "his", "c2", "phone", 970_000),
        (b, "his", "c2", "unionid", 1_000_000),
        (c, "mall", None, "unionid", 1_000_000),
    ]
    assert [row["row_no"] for row in rows] == [3, 2, 6, 5, 7, 9]
    assert {row["import_id"] for row in rows} == {1}
    assert evidence(engine, 12345).num_rows == 0


def test_evidence_of_a_lone_record_has_no_key(engine, world):
    a = world.record(his_no="1", phone="139")
    run(engine, world)
    (row,) = evidence(engine, a).to_pylist()
    assert (row["party_id"], row["source"], row["id_type"]) == (a, "his", None)


def test_identifiers_count_the_customers_who_hold_them(engine, world):
    world.record(clinic="c1", his_no="1", phone="139", name="王桂兰")
    world.record(clinic="c1", his_no="2", phone="139", name="李晓雨")
    world.record(clinic="c2", his_no="3", phone=("17000000000", "virtual"))
    run(engine, world)
    phones = [row for row in read(engine, "identifier") if row["id_type"] == "phone"]
    assert sorted((row["quality"], row["persons"]) for row in phones) == [
        ("ok", 2),
        ("ok", 2),
        ("virtual", 1),
    ]
    assert all(row["confidence_ppm"] is None for row in phones)


def test_the_review_list_comes_in_pages(engine, world):
    for number in range(3):
        world.record(clinic="c1", his_no=f"{number}a", phone=str(number), name="王桂兰")
        world.record(clinic="c1", his_no=f"{number}b", phone=str(number), name="李晓雨")
    run(engine, world)
    every = conflicts(engine, limit=9).to_pylist()
    assert len(every) == len({row["conflict_id"] for row in every}) == 3
    assert conflicts(engine, limit=2).to_pylist() == every[:2]
    assert conflicts(engine, limit=2, skip=2).to_pylist() == every[2:]


def test_a_failing_resolve_leaves_everything_as_it_was(engine, world):
    world.record(clinic="c1", his_no="1", unionid="u")
    run(engine, world)
    before = state(engine)
    world.record(clinic="c2", his_no="1", unionid="u")
    load(engine, world.rows)

    class StoppedError(Exception):
        pass

    class Stopping(Silent):
        def step(self, name, done, total):
            if done == 3:  # everything is written, nothing is committed
                raise StoppedError

    with pytest.raises(StoppedError):
        resolve(engine, AsOf(as_of=AS_OF), recorded_at=RUN_AT, progress=Stopping())
    assert state(engine) == before
    assert run(engine).customers == 1


def test_progress_is_told_from_start_to_end(engine, world):
    heard = []

    class Listening(Silent):
        def step(self, name, done, total):
            heard.append((name, done, total))

    resolve(engine, AsOf(as_of=AS_OF), recorded_at=RUN_AT, progress=Listening())
    assert heard == [("resolve", done, 4) for done in range(5)]


def clinic_group(persons, seed=7):
    """Make records of persons whose truth is known: families, duplicates, nicknames, a desk phone."""
    generator = np.random.default_rng(seed)
    world, truth = World(), {}
    for person in range(persons):
        family = person // 3 if person % 6 < 3 else 10_000 + person
        phone = f"p{family}" if generator.random() < 0.9 else "desk"
        name, birthdate = f"n{person % (persons // 2)}", f"b{generator.integers(0, 9000)}"
        for clinic in generator.choice(5, generator.integers(1, 4), replace=False):
            keys = {"his_no": str(person), "phone": phone}
            keys["name"] = name if generator.random() < 0.8 else ("女士", "placeholder")
            if generator.random() < 0.5:
                keys["birthdate"] = birthdate
            truth[world.record(clinic=f"c{clinic}", at=START, **keys)] = person
        if generator.random() < 0.3:
            truth[world.record(source="mall", clinic=None, openid=str(person), phone=phone)] = (
                person
            )
    return world, truth


def pairs(groups_of):
    found = {}
    for party, group in groups_of.items():
        found.setdefault(group, []).append(party)
    return {(a, b) for members in found.values() for a in members for b in members if a < b}


def test_few_wrong_pairs_and_most_right_ones(engine):
    world, truth = clinic_group(600)
    report = run(engine, world)
    right, made = pairs(truth), pairs(customers(engine))
    precision, recall = len(right & made) / len(made), len(right & made) / len(right)
    assert precision >= 0.97
    assert recall >= 0.45
    assert report.conflicts["names_differ"] >= 50
    by_phone = {row["party_id"]: row["token"] for row in world.rows if row["id_type"] == "phone"}
    careless = pairs(by_phone)
    assert len(right & careless) / len(careless) < 0.3 < precision


@pytest.mark.slow
def test_two_hundred_thousand_parties(engine):
    engine.run(
        Statement(
            """
            INSERT INTO identity.observation
            SELECT
                party, id_type,
                md5(id_type || CASE id_type WHEN 'his_no' THEN party ELSE party // 2 END),
                'ok', false, 'his', 'c' || party % 2, $at, $at, 1, party
            FROM range(200000) AS r(party), (VALUES ('his_no'), ('phone')) AS t(id_type)
            """,
            {"at": START},
        )
    )
    report = run(engine)
    assert (report.parties, report.customers) == (200_000, 100_000)
    assert report.links == {"phone": 200_000}


def test_moments_of_any_zone_are_the_same_moment(engine, world):
    world.record(his_no="1", at=datetime(2026, 3, 1, 16, tzinfo=UTC).replace(tzinfo=None))
    shanghai = datetime(2026, 3, 2, tzinfo=ZoneInfo("Asia/Shanghai"))  # 16:00 UTC the day before
    assert run(engine, world, as_of=shanghai).parties == 0
    assert run(engine, as_of=shanghai + timedelta(microseconds=1)).parties == 1
