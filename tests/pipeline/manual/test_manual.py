"""Entries of people in a warehouse: what stands when, what was known when, and the reports."""

from datetime import datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.effort import examples

from zhiyan.core.expression import Literal, ValueType
from zhiyan.core.tag import Tag, TagKind, TagValue
from zhiyan.engines.duckdb import DuckDBEngine
from zhiyan.pipeline.manual import (
    Batch,
    Bursts,
    Look,
    Mark,
    Rules,
    Wanted,
    Way,
    bursts,
    by_author,
    double_labels,
    known_file,
    listed,
    live,
    make_entries,
    record,
    to_confirm,
)
from zhiyan.pipeline.schema import create_schema
from zhiyan.ports import Statement

T = datetime(2026, 6, 1)  # noqa: DTZ001 - stored moments are naive UTC
DAY = timedelta(days=1)
EVER = datetime(9999, 12, 31)  # noqa: DTZ001 - as above


def tag_of(code, type_, values=(), **more):
    return Tag(
        code=code, name_zh="", name_en="", description_zh="", description_en="", category=("x",),
        kind=TagKind.MANUAL, type=type_, owner="部", otherwise=Literal(None, ValueType.NULL),
        values=tuple(TagValue(value=v, zh=v, en=v) for v in values), **more,
    )  # fmt: skip


RULES = Rules(
    [
        tag_of("level", ValueType.ENUM, ("a", "b"), half_life_days=30),
        tag_of("needs", ValueType.LIST),
        tag_of("vip", ValueType.BOOL, stale_after_days=10),
    ]
)


@pytest.fixture
def engine():
    made = DuckDBEngine(None)
    create_schema(made)
    people(made, {1: 1, 2: 2, 3: 3})
    yield made
    made.close()


def people(engine, owner):
    engine.run(Statement("DELETE FROM identity.assignment"))
    rows = [{"party_id": p, "customer_id": c, "first_seen": T} for p, c in owner.items()]
    with engine.load("given", pa.Table.from_pylist(rows)):
        engine.run(Statement("INSERT INTO identity.assignment SELECT * FROM given"))


def mark(party, tag, value, at, **more):
    given = {"way": Way.SET, "author": "li", "reason": "r", "expires_at": None, **more}
    return Mark(party_id=party, tag=tag, value=value, occurred_at=at, **given)


def write(engine, marks, at=None, ended=(), name="x"):
    moment = at or max(m.occurred_at for m in marks)
    batch = Batch(name=name, digest=name, recorded_at=moment, rows=len(marks))
    return record(engine, marks, batch, ended=ended)


def seen(engine, at, known=EVER, **wanted):
    make_entries(engine, RULES, Look(as_of=at, known_at=known))
    return listed(engine, Wanted(everything=True, **wanted)).to_pylist()


def standing(engine, at, known=EVER):
    return {(r["tag"], r["value"], r["author"]): r["status"] for r in seen(engine, at, known)}


def test_the_last_entry_counts_and_the_others_stay(engine):
    write(engine, [mark(1, "level", "a", T)])
    write(engine, [mark(1, "level", "b", T + DAY, author="wang")])
    assert standing(engine, T + 2 * DAY) == {
        ("level", "a", "li"): "overruled",
        ("level", "b", "wang"): "live",
    }
    assert standing(engine, T + DAY) == {("level", "a", "li"): "live"}
    assert standing(engine, T) == {}


def test_members_of_a_list_count_side_by_side(engine):
    write(engine, [mark(1, "needs", "x", T), mark(1, "needs", "y", T)])
    assert set(standing(engine, T + DAY).values()) == {"live"}


def test_an_entry_expires_and_a_wrong_value_never_counts(engine):
    write(engine, [mark(1, "level", "a", T, expires_at=T + DAY), mark(2, "level", "z", T)])
    assert standing(engine, T + DAY)["level", "a", "li"] == "expired"
    assert standing(engine, T + DAY - timedelta(seconds=1))["level", "a", "li"] == "live"
    assert standing(engine, T + DAY)["level", "z", "li"] == "invalid"


def test_ending_is_a_new_version_and_replay_knows_nothing_of_it(engine):
    write(engine, [mark(1, "level", "a", T)])
    make_entries(engine, RULES, Look(as_of=T + DAY, known_at=EVER))
    ids = [row["event_id"] for row in live(engine, 1, "level").to_pylist()]
    gone = mark(1, "level", None, T + 2 * DAY, way=Way.REMOVE, author="wang")
    write(engine, [gone], ended=ids)
    after = standing(engine, T + 3 * DAY)
    assert after == {("level", "a", "li"): "removed", ("level", None, "wang"): "removal"}
    before = T + 2 * DAY - timedelta(seconds=1)
    assert standing(engine, before) == {("level", "a", "li"): "live"}
    assert standing(engine, T + 3 * DAY, known=T + DAY) == {("level", "a", "li"): "live"}
    versions = engine.query(Statement("SELECT count(*) AS n, count(DISTINCT event_id) AS m,"
        " count(DISTINCT content_hash) AS h FROM event.manual_tag")).to_pylist()[0]  # fmt: skip
    assert versions == {"n": 3, "m": 2, "h": 3}


def test_the_same_entry_is_stored_once_and_the_import_is_on_record(engine):
    assert write(engine, [mark(1, "level", "a", T)], name="one.csv") == 1
    assert write(engine, [mark(1, "level", "a", T)], name="two.csv") == 0
    assert known_file(engine, "one.csv") == 1
    assert known_file(engine, "two.csv") is None
    batches = engine.query(Statement("SELECT * FROM meta.import_batch")).to_pylist()
    assert [(b["file_name"], b["rows_read"], b["accepted"]) for b in batches] == [("one.csv", 1, 1)]


def test_entries_follow_their_record_when_customers_merge_and_split(engine):
    write(engine, [mark(1, "level", "a", T), mark(2, "level", "b", T + DAY)])
    people(engine, {1: 1, 2: 1, 3: 3})
    merged = {r["value"]: (r["customer_id"], r["status"]) for r in seen(engine, T + 2 * DAY)}
    assert merged == {"a": (1, "overruled"), "b": (1, "live")}
    people(engine, {1: 1, 2: 2, 3: 3})
    split = {r["value"]: (r["customer_id"], r["status"]) for r in seen(engine, T + 2 * DAY)}
    assert split == {"a": (1, "live"), "b": (2, "live")}


def test_confidence_halves_and_what_is_old_must_be_confirmed(engine):
    write(engine, [mark(1, "level", "a", T), mark(2, "vip", "true", T, expires_at=T + 5 * DAY),
                   mark(3, "needs", "x", T)])  # fmt: skip
    at = T + 30 * DAY
    rows = {r["tag"]: r for r in seen(engine, at)}
    assert (rows["level"]["age_days"], rows["level"]["confidence_ppm"]) == (30, 500_000)
    assert rows["needs"]["confidence_ppm"] is None
    assert rows["vip"]["due_at"] == T + 5 * DAY
    due = to_confirm(engine, within_days=0, owner=None, limit=9).to_pylist()
    assert due == []
    due = to_confirm(engine, within_days=1, owner=None, limit=9).to_pylist()
    assert [(r["tag"], r["confirm_by"]) for r in due] == [("level", "li")]


def test_who_has_left_is_followed_by_the_consultant(engine):
    write(engine, [mark(1, "level", "a", T)])
    engine.run(Statement("INSERT INTO ref.staff VALUES ('li', NULL, NULL, NULL, $t)", {"t": T}))
    make_entries(engine, RULES, Look(as_of=T + 40 * DAY, known_at=EVER))
    owner = "(SELECT 1::BIGINT AS customer_id, 'zhao' AS owner)"
    due = to_confirm(engine, within_days=0, owner=owner, limit=9).to_pylist()
    assert [row["confirm_by"] for row in due] == ["zhao"]


def test_double_labels_are_of_two_authors_and_no_confirmation(engine):
    write(engine, [mark(1, "level", "a", T), mark(1, "level", "b", T, author="wang"),
                   mark(2, "level", "a", T), mark(2, "level", "a", T + DAY, author="wang",
                                                  way=Way.CONFIRM)])  # fmt: skip
    seen(engine, T + 2 * DAY)
    found = double_labels(engine).to_pylist()
    assert [(r["customer_id"], r["author"], r["label"]) for r in found] == [
        (1, "li", "a"), (1, "wang", "b"),
    ]  # fmt: skip


def test_the_coverage_of_an_author_counts_every_way(engine):
    write(engine, [mark(1, "level", "a", T), mark(2, "level", "z", T, row_no=7),
                   mark(3, "vip", "true", T, expires_at=T + DAY)])  # fmt: skip
    seen(engine, T + 2 * DAY)
    row = by_author(engine).to_pylist()[0]
    names = ("author", "entries", "customers", "tags", "live", "expired", "invalid", "by_file")
    assert [row[name] for name in names] == ["li", 3, 3, 2, 1, 1, 1, 1]


SECONDS = st.lists(st.integers(0, 1500), min_size=1, max_size=12, unique=True)


def dense_runs(times, customers, seconds):
    """Return the sizes of the runs: entries in some full window, cut where the gap is too long."""
    times = sorted(times)
    inside = {
        t
        for s in times
        if len(window := [t for t in times if s <= t <= s + seconds]) >= customers
        for t in window
    }
    runs = []
    for t in sorted(inside):
        if runs and t - runs[-1][-1] <= seconds:
            runs[-1].append(t)
        else:
            runs.append([t])
    return sorted((len(run) for run in runs if len(run) >= customers), reverse=True)


@settings(max_examples=examples(7), deadline=None)
@given(SECONDS, st.integers(2, 4), st.integers(1, 5))
def test_bursts_are_the_dense_runs(times, customers, minutes):
    engine = BURSTS
    engine.run(Statement("DELETE FROM event.manual_tag"))
    people(engine, {n: n for n in range(1, len(times) + 1)})
    marks = [mark(n, "level", "a", T + timedelta(seconds=s)) for n, s in enumerate(times, 1)]
    write(engine, marks)
    seen(engine, T + DAY)
    found = bursts(engine, Bursts(customers=customers, minutes=minutes)).to_pylist()
    assert [row["customers"] for row in found] == dense_runs(times, customers, minutes * 60)


BURSTS = DuckDBEngine(None)
create_schema(BURSTS)
