"""Hand-written DuckDB SQL over the same warehouse: fused, per tag, or the bare scan."""

import sys
from pathlib import Path

import duckdb

from benchmarks.rivals.child import Entry, Options, enter
from benchmarks.rivals.sql import Dialect, floor, statements, wide

DIALECT = Dialect(
    moment=lambda moment: f"TIMESTAMP '{moment}'",
    pick="arg_min(v, (-{n}, v))",
    table="src.{}",
    filters=False,
)


def connect(chosen: Options) -> duckdb.DuckDBPyConnection:
    """Open a file of its own, with the warehouse beside it to read."""
    own = chosen.scratch / "duck.duckdb"
    own.unlink(missing_ok=True)
    connection = duckdb.connect(str(own))
    connection.execute(f"ATTACH '{chosen.warehouse}' AS warehouse (READ_ONLY)")
    connection.execute("SET preserve_insertion_order = false")
    connection.execute("CREATE SCHEMA src")
    for kind in ("web_event", "order_line", "appointment"):
        connection.execute(f"CREATE VIEW src.{kind} AS FROM warehouse.event.{kind}")
    connection.execute("CREATE VIEW src.party AS FROM warehouse.identity.assignment")
    return connection


def tags(chosen: Options, *, apart: bool) -> Entry:
    """Compute the wide table."""
    connection = connect(chosen)
    parts = statements(DIALECT, apart=apart)

    def work() -> None:
        connection.execute("DROP TABLE IF EXISTS wide")
        for name, query, _ in parts:
            connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {query}")
        connection.execute(f"CREATE TABLE wide AS {wide(DIALECT, parts)}")
        for name, _, _ in parts:
            connection.execute(f"DROP TABLE {name}")

    def write(out: Path) -> None:
        connection.execute(f"COPY wide TO '{out}' (FORMAT parquet)")

    return Entry(work, write, duckdb.__version__)


def scan(chosen: Options) -> Entry:
    """Read the columns and nothing else."""
    connection = connect(chosen)

    def work() -> None:
        for text in floor(DIALECT, "bit_xor(hash({}))"):
            connection.execute(text).fetchall()

    return Entry(work, lambda _: None, duckdb.__version__)


if __name__ == "__main__":
    which = sys.argv.pop(1)
    enter(scan if which == "scan" else lambda chosen: tags(chosen, apart=which == "apart"))
