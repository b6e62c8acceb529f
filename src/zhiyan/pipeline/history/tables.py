"""The tables of history, and the list of sightings."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from zhiyan.ports import Engine, Statement

#: End of an interval that nothing has ended yet.
OPEN = datetime(9999, 12, 31)  # noqa: DTZ001 - naive UTC, as stored
#: Stands in the column ``tag`` for "is a customer"; no tag can have this code.
CUSTOMER = "*"

#: Table -> its columns.
TABLES: dict[str, str] = {
    "history.sighting": """
        number INTEGER PRIMARY KEY, snapshot_id VARCHAR NOT NULL, as_of TIMESTAMP NOT NULL,
        known_at TIMESTAMP NOT NULL, tags VARCHAR NOT NULL""",
    "history.value": """
        customer_id BIGINT NOT NULL, tag VARCHAR NOT NULL, value VARCHAR NOT NULL,
        version VARCHAR NOT NULL, valid_from TIMESTAMP NOT NULL, valid_to TIMESTAMP NOT NULL,
        known_from TIMESTAMP NOT NULL, known_to TIMESTAMP NOT NULL,
        opened_by INTEGER NOT NULL, ended_by INTEGER, replaced_by INTEGER""",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A snapshot as history saw it: true at ``as_of``, believed from ``known_at`` on.

    ``tags`` maps the codes that are kept to (fingerprint, SQL type). ``number`` is 0 until kept.
    The same snapshot computed again later is a sighting of its own: it may restore a belief.
    ``held_in`` names a table that stands in for the snapshot's own.
    """

    snapshot_id: str
    as_of: datetime
    known_at: datetime
    tags: Mapping[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    number: int = 0
    held_in: str = ""

    @property
    def order(self) -> tuple[datetime, datetime, str]:
        """The place in the order in which beliefs came about."""
        return (self.known_at, self.as_of, self.snapshot_id)

    @property
    def table(self) -> str:
        """Name of the snapshot's table of tags."""
        return self.held_in or f"snapshot.t_{self.snapshot_id}"


def create_tables(engine: Engine) -> None:
    """Create the tables of history, if they are not there."""
    engine.run(Statement("CREATE SCHEMA IF NOT EXISTS history"))
    for name, columns in TABLES.items():
        engine.run(Statement(f"CREATE TABLE IF NOT EXISTS {name} ({columns})"))


def exists(engine: Engine, table: str) -> bool:
    """Tell whether a table (``schema.name``) or view is there."""
    schema, _, name = table.partition(".")
    found = engine.query(
        Statement(
            "SELECT count(*) AS n FROM information_schema.tables WHERE table_schema = $schema"
            " AND table_name = $name AND table_catalog = current_database()",
            {"schema": schema, "name": name},
        )
    )
    return bool(found.column("n")[0].as_py())


def sightings(engine: Engine) -> list[Sighting]:
    """Return all sightings in the order in which beliefs came about; empty before the first."""
    if not exists(engine, "history.sighting"):
        return []
    rows = engine.query(Statement("SELECT * FROM history.sighting")).to_pylist()
    return sorted((_sighting(row) for row in rows), key=lambda one: one.order)


def _sighting(row: dict[str, Any]) -> Sighting:
    tags = {code: (version, kind) for code, (version, kind) in json.loads(row["tags"]).items()}
    plain = {name: value for name, value in row.items() if name != "tags"}
    return Sighting(tags=tags, **plain)


def add(engine: Engine, sighting: Sighting) -> None:
    """Put a numbered sighting into the list."""
    engine.run(
        Statement(
            "INSERT INTO history.sighting VALUES ($number, $snapshot_id, $as_of, $known_at, $tags)",
            {
                "number": sighting.number,
                "snapshot_id": sighting.snapshot_id,
                "as_of": sighting.as_of,
                "known_at": sighting.known_at,
                "tags": json.dumps({c: list(v) for c, v in sighting.tags.items()}, sort_keys=True),
            },
        )
    )


def columns_of(engine: Engine, table: str) -> dict[str, str]:
    """Return the columns of a table and their SQL types, in order."""
    schema, _, name = table.partition(".")
    rows = engine.query(
        Statement(
            "SELECT column_name AS name, data_type AS type FROM information_schema.columns"
            " WHERE table_schema = $schema AND table_name = $name"
            " AND table_catalog = current_database() ORDER BY ordinal_position",
            {"schema": schema, "name": name},
        )
    )
    return {row["name"]: row["type"] for row in rows.to_pylist()}
