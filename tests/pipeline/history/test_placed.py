"""Two snapshots of one generation: only what was written anew is compared, with the same result."""

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
LEVELS = st.sampled_from([None, "a", "b"])
#: Customer -> level, by snapshot of the generation.
states = st.lists(st.dictionaries(st.integers(0, 3), LEVELS), min_size=2, max_size=4)


def generation(engine: DuckDBEngine, told: list[dict[int, Any]], *, known: bool) -> list[Sighting]:
    """Make row versions and views, with a column ``age`` that only the views tell."""
    history.create_tables(engine)
    for text in (
        "CREATE SCHEMA snapshot",
        "CREATE SCHEMA meta",
        "CREATE TABLE meta.snapshot (snapshot_id VARCHAR, generation INTEGER, number INTEGER)",
        "CREATE TABLE snapshot.tag_7 (customer_id BIGINT, level VARCHAR, born INT, died INT)",
    ):
        engine.run(Statement(text))
    before: dict[int, Any] = {}
    for number, there in enumerate(told, 1):
        moved = [
            c
            for c in {*before, *there}
            if (c in before, before.get(c)) != (c in there, there.get(c))
        ]
        for customer in moved:
            engine.run(
                Statement(
                    f"UPDATE snapshot.tag_7 SET died = {number} WHERE customer_id = $id"
                    f" AND died = {ALIVE}",
                    {"id": customer},
                )
            )
            if customer in there:
                engine.run(
                    Statement(
                        f"INSERT INTO snapshot.tag_7 VALUES ($id, $level, {number}, {ALIVE})",
                        {"id": customer, "level": there[customer]},
                    )
                )
        engine.run(
            Statement(
                f"CREATE VIEW snapshot.t_s{number} AS SELECT customer_id, level,"
                f" ({number} + customer_id) // 3 AS age FROM snapshot.tag_7"
                f" WHERE born <= {number} AND died > {number}"
            )
        )
        if known:
            engine.run(Statement(f"INSERT INTO meta.snapshot VALUES ('s{number}', 7, {number})"))
        before = there
    return [
        Sighting(
            snapshot_id=f"s{number}",
            as_of=DAY + timedelta(days=number),
            known_at=DAY + timedelta(days=10 + number),
            tags={"level": ("v1", "VARCHAR"), "age": ("v1", "BIGINT")},
        )
        for number in range(1, len(told) + 1)
    ]


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
    first, second = generation(engine, [{1: "a", 2: "a"}, {1: "a", 2: "b"}], known=True)
    history.keep(engine, first)
    engine.run(
        Statement(
            "CREATE OR REPLACE VIEW snapshot.t_s2 AS"
            " SELECT customer_id, 'bent' AS level, age FROM snapshot.t_s1"
        )
    )
    assert history.keep(engine, second) == 1
    found = engine.query(Statement("SELECT value FROM history.value WHERE opened_by = 2"))
    assert found.column("value").to_pylist() == ["b"]
    engine.close()
