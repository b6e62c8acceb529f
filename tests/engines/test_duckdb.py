"""The embedded engine answers in the order that is asked for."""

import pytest

from zhiyan.engines.duckdb import DuckDBEngine
from zhiyan.ports import Statement

ROWS = 300_000
#: More rows than one block of a result holds, one column and several, whole and cut.
QUESTIONS = (
    "SELECT node FROM shuffled ORDER BY node",
    "SELECT node, name, other FROM shuffled ORDER BY node",
    "SELECT node, name FROM shuffled ORDER BY node LIMIT 200000",
    "SELECT a.node, b.name FROM shuffled AS a JOIN shuffled AS b USING (node) ORDER BY a.node",
)


@pytest.fixture(scope="module")
def engine():
    found = DuckDBEngine(None)
    found.run(
        Statement(
            f"""CREATE TABLE shuffled AS SELECT node, 'n' || node AS name, node // 7 AS other
            FROM (SELECT (i * 7919) % {ROWS} AS node FROM range({ROWS}) AS r(i))"""
        )
    )
    yield found
    found.close()


@pytest.mark.parametrize("text", QUESTIONS)
def test_what_is_ordered_comes_in_order(engine: DuckDBEngine, text: str):
    for _ in range(4):
        nodes = engine.query(Statement(text)).column("node").to_numpy()
        assert len(nodes) == (200_000 if "LIMIT" in text else ROWS)
        assert (nodes[1:] > nodes[:-1]).all()


def test_readers_beside_are_answered_in_order_too(engine: DuckDBEngine):
    beside = engine.beside()
    for _ in range(4):
        nodes = beside.query(Statement(QUESTIONS[1])).column("node").to_numpy()
        assert (nodes[1:] > nodes[:-1]).all()
    beside.close()
