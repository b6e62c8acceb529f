"""Distributions counted on within a generation are those of a whole count."""

import json
from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.effort import examples

from zhiyan.core.expression import ValueType
from zhiyan.engines.duckdb import DuckDBEngine
from zhiyan.pipeline import stability
from zhiyan.pipeline.stability.spread import count
from zhiyan.ports import Statement

TAGS = {
    code: SimpleNamespace(code=code, type=kind, fingerprint="v1")
    for code, kind in (("level", ValueType.TEXT), ("spend", ValueType.INT), ("few", ValueType.BOOL))
}
CATALOGUE = cast("Any", SimpleNamespace(tags=TAGS))
ALIVE = 2**31 - 1
#: A row version: level, spend, few, born, died.
versions = st.lists(
    st.tuples(
        st.sampled_from([None, "a", "b"]), st.sampled_from([None, 1, 5, 9]),
        st.sampled_from([None, True]), st.sampled_from([1, 2]), st.sampled_from([2, ALIVE]),
    ).filter(lambda row: row[3] < row[4]),
    min_size=1, max_size=12,
)  # fmt: skip


def snapshot(number: int) -> Any:
    return SimpleNamespace(
        snapshot_id=f"s{number}",
        tags=dict.fromkeys(TAGS, "v1"),
        as_of=datetime(2026, 1, number),  # noqa: DTZ001 - naive UTC, as stored
    )


def warehouse(rows: list[Any]) -> DuckDBEngine:
    engine = DuckDBEngine(None)
    for text in (
        "CREATE SCHEMA snapshot",
        "CREATE SCHEMA meta",
        "CREATE TABLE meta.snapshot (snapshot_id, generation, number) AS FROM (VALUES ('s1', 7, 1), ('s2', 7, 2)) t",
        "ALTER TABLE meta.snapshot ADD COLUMN strips VARCHAR DEFAULT '{\"still\": [\"level\", \"spend\", \"few\"]}'",
        "CREATE TABLE snapshot.tag_7_still (level VARCHAR, spend BIGINT, few BOOLEAN, born INT, died INT)",
        *(
            f"CREATE VIEW snapshot.t_s{n} AS SELECT level, spend, few FROM snapshot.tag_7_still"
            f" WHERE born <= {n} AND died > {n}"
            for n in (1, 2)
        ),
    ):  # fmt: skip
        engine.run(Statement(text))
    for level, spend, few, born, died in rows:
        values = {"level": level, "spend": spend, "few": few, "born": born, "died": died}
        text = "INSERT INTO snapshot.tag_7_still VALUES ($level, $spend, $few, $born, $died)"
        engine.run(Statement(text, values))
    stability.create_tables(engine)
    return engine


def keep(engine: DuckDBEngine, spreads: list[dict[str, Any]], customers: int) -> None:
    for code, spread in zip(TAGS, spreads, strict=True):
        known = customers - spread["nulls"]
        engine.run(
            Statement(
                "INSERT INTO meta.tag_quality VALUES"
                " ('s1', $day, $code, 'v1', $n, $known, NULL, NULL, NULL, $spread)",
                {"day": datetime(2026, 1, 1), "code": code, "n": customers, "known": known,  # noqa: DTZ001 - as above
                 "spread": json.dumps(spread)},
            )
        )  # fmt: skip


@settings(max_examples=examples(6), deadline=None)
@given(rows=versions)
def test_counted_on_is_counted_anew(rows: list[Any]):
    engine = warehouse(rows)
    customers, spreads = count(engine, CATALOGUE, snapshot(1), earlier={})
    earlier = dict(zip(TAGS, spreads, strict=True))
    anew = count(engine, CATALOGUE, snapshot(2), earlier=earlier)
    keep(engine, spreads, customers)
    assert count(engine, CATALOGUE, snapshot(2), earlier=earlier) == anew
    engine.close()
