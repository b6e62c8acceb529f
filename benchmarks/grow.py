"""A large warehouse from a small one: every customer of a computed demo, several times over.

Each copy has its own ids and lies some hours further back in time, so that copies share neither
customers nor windows, while whatever belongs together within a customer stays together.
"""

from pathlib import Path

import duckdb

from zhiyan.core.event import ColumnType, EventKind
from zhiyan.core.kinds import KINDS
from zhiyan.pipeline.schema import event_columns

#: How many hours each copy lies behind the one before.
STEP_HOURS = 5


def grow(source: Path, target: Path, copies: int) -> None:
    """Write a workspace's warehouse with ``copies`` times the customers of another's."""
    warehouse = duckdb.connect(str(target))
    warehouse.execute(f"ATTACH '{source}' AS small (READ_ONLY)")
    for kind in KINDS.values():
        warehouse.execute(_grow_kind(kind), {"copies": copies})
    warehouse.execute(
        f"""INSERT INTO identity.assignment
        SELECT {_id("party_id")}, {_id("customer_id")}, first_seen - {_back()}
        FROM small.identity.assignment, range($copies) AS copy (k)""",
        {"copies": copies},
    )
    for table in ("identity.identifier", "meta.import_batch"):
        warehouse.execute(_grow_ledger(table), {"copies": copies} if "identifier" in table else {})
    warehouse.execute("DETACH small")
    warehouse.close()


def _id(name: str) -> str:
    return f"CASE k WHEN 0 THEN {name} ELSE (hash({name}, k) >> 1)::BIGINT END"


def _back() -> str:
    return f"to_hours({STEP_HOURS} * k::INTEGER)"


def _grow_kind(kind: EventKind) -> str:
    moments = {"occurred_at", "recorded_at", "superseded_at"}
    moments |= {c.name for c in kind.columns if c.type is ColumnType.MOMENT}
    values: list[str] = []
    for name, _ in event_columns(kind):
        if name == "event_id":
            values.append("md5(event_id::VARCHAR || k)::UUID")
        elif name == "party_id":
            values.append(_id(name))
        elif name in moments:
            values.append(f'"{name}" - {_back()}')
        else:
            values.append(f'"{name}"')
    return (
        f'INSERT INTO event."{kind.name}" SELECT {", ".join(values)} '
        f'FROM small.event."{kind.name}", range($copies) AS copy (k) ORDER BY occurred_at'
    )


def _grow_ledger(table: str) -> str:
    if table == "identity.identifier":
        return (
            f"INSERT INTO {table} SELECT {_id('customer_id')}, id_type, md5(token || k), quality, "
            f"verified, persons, first_seen - {_back()}, confidence_ppm "
            f"FROM small.{table}, range($copies) AS copy (k)"
        )
    return f"INSERT INTO {table} SELECT * FROM small.{table}"
