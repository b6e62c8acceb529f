"""ClickHouse in the process (chdb), fused SQL, from Parquet."""

import sys
from pathlib import Path

from benchmarks.rivals.child import Entry, Options, enter, missing
from benchmarks.rivals.sql import Dialect, statements, wide

try:
    from chdb.session import Session
except ImportError:
    missing("chdb")


def entry(chosen: Options) -> Entry:
    """Compute the wide table into a table in memory."""
    dialect = Dialect(
        moment=lambda moment: f"toDateTime64('{moment}', 6, 'UTC')",
        pick="argMin(v, tuple(-toInt64({n}), v))",
        day="toDate(addHours(occurred_at, 8), 'UTC')",
        table=f"file('{chosen.data}/{{}}.parquet')",
    )
    session = Session()
    for setting in (
        "max_threads = 2",
        "aggregate_functions_null_for_empty = 1",
        "join_use_nulls = 1",
        "session_timezone = 'UTC'",
    ):
        session.query(f"SET {setting}")
    parts = statements(dialect)

    def work() -> None:
        session.query("DROP TABLE IF EXISTS wide")
        for name, query, _ in parts:
            session.query(f"CREATE TABLE {name} ENGINE = Memory AS {query}")
        session.query(f"CREATE TABLE wide ENGINE = Memory AS {wide(dialect, parts)}")
        for name, _, _ in parts:
            session.query(f"DROP TABLE {name}")

    def write(out: Path) -> None:
        out.unlink(missing_ok=True)
        session.query(f"SELECT * FROM wide INTO OUTFILE '{out}' FORMAT Parquet")

    version = str(session.query("SELECT version()")).strip().strip('"')
    return Entry(work, write, version)


if __name__ == "__main__":
    sys.exit(enter(entry))
