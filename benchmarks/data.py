"""What the rivals read: the same rows of the warehouse as Parquet files."""

from pathlib import Path

import duckdb

from benchmarks.group import Group
from benchmarks.rivals.base import COLUMNS


def exported(group: Group) -> Path:
    """Return the folder of Parquet files, written if they are not there."""
    folder = group.folder / "parquet"
    if not (folder / "party.parquet").is_file():
        folder.mkdir(exist_ok=True)
        connection = duckdb.connect(str(group.warehouse), read_only=True)
        connection.execute("SET preserve_insertion_order = true")
        for kind, columns in COLUMNS.items():
            listed = ", ".join(("party_id", "occurred_at", "superseded_at", *columns))
            _copy(connection, f"SELECT {listed} FROM event.{kind}", folder / f"{kind}.parquet")
        _copy(
            connection,
            "SELECT party_id, customer_id FROM identity.assignment",
            folder / "party.parquet",
        )
        connection.close()
    return folder


def differences(
    ours: Path, theirs: Path, codes: tuple[str, ...], *, tenth: bool = False
) -> dict[str, int]:
    """Return for each tag how many customers have another value; nothing if all agree.

    ``tenth`` says that they have the customers whose id ends with 0, and no others.
    """
    rows = f"(FROM '{ours}' WHERE customer_id % 10 = 0)" if tenth else f"'{ours}'"
    listed = ", ".join(
        f"count(CASE WHEN {_value('a', code)} IS DISTINCT FROM {_value('b', code)} THEN 1 END) AS {code}"
        for code in codes
    )
    connection = duckdb.connect()
    row = connection.execute(
        f"SELECT {listed}, count(CASE WHEN a.customer_id IS NULL OR b.customer_id IS NULL THEN 1 END)"
        f" AS customer_id FROM {rows} AS a FULL JOIN '{theirs}' AS b"
        " ON a.customer_id = b.customer_id"
    ).fetchone()
    found = dict(zip((*codes, "customer_id"), row or (), strict=True))
    return {code: n for code, n in found.items() if n}


def _value(table: str, code: str) -> str:
    kind = (
        "TIMESTAMP" if code.endswith("_at") else "VARCHAR" if code.startswith("top_") else "BIGINT"
    )
    return f"CAST({table}.{code} AS {kind})"


def _copy(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
