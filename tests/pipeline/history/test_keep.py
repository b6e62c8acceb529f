"""Intervals are a function of the set of sightings: replay, no overlaps, any order."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.effort import examples

from zhiyan.engines.duckdb import DuckDBEngine
from zhiyan.pipeline import history
from zhiyan.pipeline.history import OPEN, Sighting
from zhiyan.ports import Statement

DAY = datetime(2026, 1, 1)  # noqa: DTZ001 - naive UTC, as stored
TYPES = {"level": "VARCHAR", "spend": "BIGINT", "ratio": "DOUBLE", "likes": "VARCHAR[]",
         "seen": "TIMESTAMP"}  # fmt: skip
VALUES = {
    "level": st.sampled_from([None, "a", "b, 'c'"]),
    "spend": st.sampled_from([None, 0, -5, 7 * 10**15]),
    "ratio": st.sampled_from([None, 0.1, 1 / 3]),
    "likes": st.sampled_from([None, [], ["x"], ["a, b", 'q"', "x"]]),
    "seen": st.sampled_from([None, DAY, DAY + timedelta(microseconds=1)]),
}
customers = st.dictionaries(st.integers(0, 3), st.fixed_dictionaries(VALUES), max_size=4)
#: Day, known at, versions, who was there with which values.
sights = st.tuples(
    st.integers(0, 4), st.integers(0, 4), st.sampled_from([1, 1, 1, 2]), customers,
    st.sampled_from([(), (), ("likes",)]),
)  # fmt: skip


def put(engine: DuckDBEngine, name: str, there: dict[int, dict[str, Any]], lacks: tuple[str, ...]):
    engine.run(Statement("CREATE SCHEMA IF NOT EXISTS snapshot"))
    codes = [code for code in TYPES if code not in lacks]
    columns = ", ".join(f'"{code}" {TYPES[code]}' for code in codes)
    engine.run(Statement(f"CREATE TABLE snapshot.t_{name} (customer_id BIGINT, {columns})"))
    for customer, values in there.items():
        listed = ", ".join(f"${code}" for code in codes)
        engine.run(
            Statement(
                f"INSERT INTO snapshot.t_{name} VALUES ($id, {listed})",
                {"id": customer, **{code: values[code] for code in codes}},
            )
        )


def made(engine: DuckDBEngine, found: list[Any]) -> list[Sighting]:
    history.create_tables(engine)
    taken = []
    for number, (day, known, version, there, lacks) in enumerate(found):
        put(engine, f"s{number}", there, lacks)
        tags = {code: (f"v{version}", TYPES[code]) for code in TYPES if code not in lacks}
        taken.append(
            Sighting(
                snapshot_id=f"s{number}",
                as_of=DAY + timedelta(days=day),
                known_at=DAY + timedelta(days=10 + known),
                tags=tags,
            )
        )
    return taken


def rows(engine: DuckDBEngine, sql: str) -> list[dict[str, Any]]:
    return engine.query(Statement(sql)).to_pylist()


def intervals(engine: DuckDBEngine) -> list[tuple[Any, ...]]:
    found = rows(engine, "SELECT * EXCLUDE (opened_by, ended_by, replaced_by) FROM history.value")
    return sorted(tuple(row.values()) for row in found if row["known_from"] < row["known_to"])


def replayed(engine: DuckDBEngine, one: Sighting) -> list[dict[str, Any]]:
    relation = history.replayed(one, history.sightings(engine), list(one.tags))
    return rows(engine, f"SELECT * FROM {relation} ORDER BY customer_id")


def was(engine: DuckDBEngine, one: Sighting) -> list[dict[str, Any]]:
    listed = ", ".join(["customer_id", *one.tags])
    return rows(engine, f"SELECT {listed} FROM {one.table} ORDER BY customer_id")


@settings(max_examples=examples(4), deadline=None)
@given(found=st.lists(sights, min_size=1, max_size=6), data=st.data())
def test_any_order_gives_the_same_intervals_and_every_snapshot_back(found: list[Any], data: Any):
    engine = DuckDBEngine(None)
    taken = made(engine, found)
    for one in data.draw(st.permutations(taken)):
        history.keep(engine, one)
    kept = history.sightings(engine)
    assert [one.snapshot_id for one in kept] == [
        one.snapshot_id for one in sorted(taken, key=lambda one: one.order)
    ]
    for one in kept:
        assert replayed(engine, one) == was(engine, one)
    shuffled = intervals(engine)
    for table in history.TABLES:
        engine.run(Statement(f"DELETE FROM {table}"))
    for one in sorted(taken, key=lambda one: one.order):
        history.keep(engine, one)
    assert intervals(engine) == shuffled
    engine.close()


@settings(max_examples=examples(4), deadline=None)
@given(found=st.lists(sights, min_size=1, max_size=6))
def test_no_belief_holds_two_values_or_leaves_a_hole(found: list[Any]):
    engine = DuckDBEngine(None)
    for one in made(engine, found):
        history.keep(engine, one)
    kept = history.sightings(engine)
    for moment in {one.known_at for one in kept}:
        believed = rows(
            engine,
            f"SELECT * FROM history.value WHERE known_from <= TIMESTAMP '{moment}'"
            f" AND known_to > TIMESTAMP '{moment}' ORDER BY customer_id, tag, valid_from",
        )
        for a, b in pairwise(believed):
            if (a["customer_id"], a["tag"]) != (b["customer_id"], b["tag"]):
                continue
            assert a["valid_to"] <= b["valid_from"], "two values at once"
            if a["valid_to"] == b["valid_from"]:
                assert (a["value"], a["version"]) != (b["value"], b["version"]), "cut in two"
        sides = {one.as_of: one for one in kept if one.known_at <= moment}
        for one in sides.values():
            holding = {
                (row["customer_id"], row["tag"])
                for row in believed
                if row["valid_from"] <= one.as_of < row["valid_to"]
            }
            there = {
                (row["customer_id"], code)
                for row in was(engine, one)
                for code, value in {**row, history.CUSTOMER: True}.items()
                if code != "customer_id" and value is not None
            }
            assert holding == there
    engine.close()


def simple(
    engine: DuckDBEngine, name: str, day: int, known: int, values: dict[int, str]
) -> Sighting:
    """A sighting with one tag ``level``; a new table each time."""
    engine.run(Statement("CREATE SCHEMA IF NOT EXISTS snapshot"))
    table = pa.table({"customer_id": pa.array(values, pa.int64()), "level": list(values.values())})
    with engine.load("made", table):
        engine.run(Statement(f"CREATE TABLE snapshot.t_{name} AS FROM made"))
    return Sighting(
        snapshot_id=name,
        as_of=DAY + timedelta(days=day),
        known_at=DAY + timedelta(days=known),
        tags={"level": ("v1", "VARCHAR")},
    )


def told(engine: DuckDBEngine, **asked: Any) -> list[tuple[Any, ...]]:
    def day(moment: datetime | None) -> int | None:
        return None if moment is None else (moment - DAY).days

    return [
        (s.value, day(s.valid_from), day(s.valid_to), day(s.known_from), day(s.known_to))
        for s in history.stretches(engine, 1, ["level"], **asked)
    ]


def test_a_late_refund_changes_what_is_true_and_never_what_was_known():
    engine = DuckDBEngine(None)
    history.create_tables(engine)
    history.keep(engine, simple(engine, "a", 1, 1, {1: "high"}))
    history.keep(engine, simple(engine, "b", 5, 5, {1: "high"}))
    history.keep(engine, simple(engine, "c", 5, 8, {1: "low"}))  # the same day, after a refund
    assert told(engine) == [("high", 1, 5, 8, None), ("low", 5, None, 8, None)]
    assert told(engine, known_at=DAY + timedelta(days=6)) == [("high", 1, None, 1, None)]
    assert ("high", 1, None, 1, 8) in told(engine, every_belief=True)
    engine.close()


def test_an_ordinary_day_writes_only_what_changed():
    engine = DuckDBEngine(None)
    history.create_tables(engine)
    people = dict.fromkeys(range(500), "low")
    assert history.keep(engine, simple(engine, "a", 1, 1, people)) == 1000
    assert history.keep(engine, simple(engine, "b", 2, 2, people)) == 0
    assert history.keep(engine, simple(engine, "c", 3, 3, {**people, 7: "high"})) == 1
    one = [row for row in rows(engine, "SELECT * FROM history.value") if row["valid_to"] < OPEN]
    assert [(row["customer_id"], row["value"]) for row in one] == [(7, "low")]
    engine.close()


def test_a_merge_ends_the_absorbed_customer():
    engine = DuckDBEngine(None)
    history.create_tables(engine)
    history.keep(engine, simple(engine, "a", 1, 1, {1: "low", 2: "high"}))
    history.keep(engine, simple(engine, "b", 3, 3, {2: "high"}))
    assert told(engine) == [("low", 1, 3, 1, None)]
    found = history.stretches(engine, 1, [history.CUSTOMER])
    assert [(s.valid_to - DAY).days for s in found if s.valid_to] == [3]
    engine.close()


def test_values_of_a_snapshot_whose_table_is_gone_are_told_from_intervals():
    engine = DuckDBEngine(None)
    history.create_tables(engine)
    first, third = (simple(engine, n, d, d, {1: n, 2: "x"}) for n, d in (("a", 1), ("c", 3)))
    history.keep(engine, first)
    history.keep(engine, third)
    engine.run(Statement("DROP TABLE snapshot.t_a"))
    engine.run(Statement("DROP TABLE snapshot.t_c"))
    history.keep(engine, simple(engine, "b", 2, 2, {1: "b"}))  # known between the two
    assert told(engine) == [("a", 1, 2, 1, None), ("b", 2, 3, 2, None), ("c", 3, None, 3, None)]
    assert [row["customer_id"] for row in replayed(engine, history.sightings(engine)[2])] == [1, 2]
    engine.close()


def test_one_customer_on_a_day_has_the_values_of_the_snapshot_in_their_types():
    engine = DuckDBEngine(None)
    values = {"level": "b, 'c'", "spend": -5, "ratio": 1 / 3, "likes": ["a, b", 'q"'],
              "seen": DAY + timedelta(microseconds=1)}  # fmt: skip
    empty = dict.fromkeys(TYPES)
    (one,) = made(engine, [(0, 0, 1, {1: values, 2: empty}, ())])
    history.keep(engine, one)
    (kept,) = history.sightings(engine)
    found = [history.customer_at(engine, kept, [kept], customer_id=n) for n in (1, 2, 3)]
    assert found == [{"customer_id": 1, **values}, {"customer_id": 2, **empty}, None]
    engine.close()
