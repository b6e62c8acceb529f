"""Two snapshots of one generation: only what was written anew is compared, with the same result."""

import json
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.effort import examples

from zhiyan.engines.duckdb import DuckDBEngine
from zhiyan.pipeline import history
from zhiyan.pipeline.history import Sighting
from zhiyan.ports import Statement

DAY = datetime(2026, 1, 1)  # noqa: DTZ001 - naive UTC, as stored
ALIVE = 2**31 - 1
#: Column of each strip.
STRIPS = {"still": "level", "ticking": "score"}
VALUES = st.tuples(*[st.sampled_from([None, "a", "b"])] * 2)
#: Customer -> (level, score), by snapshot of the generation.
states = st.lists(st.dictionaries(st.integers(0, 3), VALUES), min_size=2, max_size=4)


def generation(engine: DuckDBEngine, told: list[dict[int, Any]], *, known: bool) -> list[Sighting]:
    """Make row versions and views, with a column ``age`` that only the views tell."""
    history.create_tables(engine)
    for text in (
        "CREATE SCHEMA snapshot",
        "CREATE SCHEMA meta",
        "CREATE TABLE meta.snapshot (snapshot_id VARCHAR, generation INT, number INT, strips VARCHAR)",
    ):
        engine.run(Statement(text))
    for place, (strip, column) in enumerate(STRIPS.items()):
        write_versions(engine, f"snapshot.tag_7_{strip}", column, [
            {customer: values[place] for customer, values in there.items()} for there in told
        ])  # fmt: skip
    for number in range(1, len(told) + 1):
        engine.run(
            Statement(
                f"CREATE VIEW snapshot.t_s{number} AS SELECT customer_id, level, score,"
                f" ({number} + customer_id) // 3 AS age"
                f" FROM (FROM snapshot.tag_7_still WHERE born <= {number} AND died > {number})"
                f" JOIN (FROM snapshot.tag_7_ticking WHERE born <= {number} AND died > {number})"
                " USING (customer_id)"
            )
        )
        if known:
            strips = json.dumps({strip: [column] for strip, column in STRIPS.items()})
            text = f"INSERT INTO meta.snapshot VALUES ('s{number}', 7, {number}, $strips)"
            engine.run(Statement(text, {"strips": strips}))
    return [
        Sighting(
            snapshot_id=f"s{number}",
            as_of=DAY + timedelta(days=number),
            known_at=DAY + timedelta(days=10 + number),
            tags={"level": ("v1", "VARCHAR"), "score": ("v1", "VARCHAR"), "age": ("v1", "BIGINT")},
        )
        for number in range(1, len(told) + 1)
    ]


def write_versions(
    engine: DuckDBEngine, table: str, column: str, told: list[dict[int, Any]]
) -> None:
    """Make the table of a strip with the row versions of some snapshots."""
    engine.run(
        Statement(
            f"CREATE TABLE {table} (customer_id BIGINT, {column} VARCHAR, born INT, died INT)"
        )
    )
    before: dict[int, Any] = {}
    for number, there in enumerate(told, 1):
        moved = [
            c
            for c in {*before, *there}
            if (c in before, before.get(c)) != (c in there, there.get(c))
        ]
        for customer in moved:
            ended = f"UPDATE {table} SET died = {number} WHERE customer_id = $id AND died = {ALIVE}"
            engine.run(Statement(ended, {"id": customer}))
            if customer in there:
                born = f"INSERT INTO {table} VALUES ($id, $value, {number}, {ALIVE})"
                engine.run(Statement(born, {"id": customer, "value": there[customer]}))
        before = there


def intervals(told: list[dict[int, Any]], order: list[int], *, known: bool) -> list[Any]:
    engine = DuckDBEngine(None)
    sightings = generation(engine, told, known=known)
    for number in order:
        history.keep(engine, sightings[number])
    found = engine.query(Statement("SELECT * FROM history.value ORDER BY ALL")).to_pylist()
    engine.close()
    return found


@settings(max_examples=examples(4), deadline=None)
@given(told=states, data=st.data())
def test_row_versions_give_the_same_intervals_as_whole_snapshots(told: list[Any], data: Any):
    order = data.draw(st.permutations(range(len(told))))
    assert intervals(told, order, known=True) == intervals(told, order, known=False)


def test_customers_whose_rows_stood_still_are_not_compared():
    """The view of the second snapshot is bent: nobody looks at it for the stored columns."""
    engine = DuckDBEngine(None)
    first, second = generation(
        engine, [{1: ("a", "a"), 2: ("a", "a")}, {1: ("a", "a"), 2: ("b", "a")}], known=True
    )
    history.keep(engine, first)
    engine.run(
        Statement(
            "CREATE OR REPLACE VIEW snapshot.t_s2 AS"
            " SELECT customer_id, 'bent' AS level, 'bent' AS score, age FROM snapshot.t_s1"
        )
    )
    assert history.keep(engine, second) == 1
    found = engine.query(Statement("SELECT value FROM history.value WHERE opened_by = 2"))
    assert found.column("value").to_pylist() == ["b"]
    engine.close()
