"""A small world of records for the resolve tests: one call per record of a person."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import md5

import pyarrow as pa

from zhiyan.core.time import AsOf
from zhiyan.pipeline.resolve import ResolveReport, resolve
from zhiyan.ports import Engine, Silent, Statement

START = datetime(2026, 1, 1)  # noqa: DTZ001 - stored moments are naive UTC
AS_OF = datetime(2026, 6, 1, tzinfo=UTC)
RUN_AT = datetime(2026, 6, 2, tzinfo=UTC)
SCOPED = {"his_no", "member_no", "external_userid", "openid", "platform_uid"}
TABLES = ("assignment", "link", "identifier", "conflict")
KEPT = ("party", "holding", "resolution", "touched")


def token_of(id_type: str, value: str) -> str:
    return md5(f"{id_type}:{value}".encode()).hexdigest()


@dataclass
class World:
    """Records to be; party ids are given in the order of the calls, one a day."""

    rows: list[dict] = field(default_factory=list)
    parties: list[int] = field(default_factory=list)

    def record(
        self,
        source="his",
        clinic="c1",
        at=None,
        known=None,
        party=None,
        verified=(),
        **keys,
    ) -> int:
        """Add a record; a key is a value, or (value, quality), or a list of those.

        ``verified`` names the types of the identifiers that were checked.
        """
        party = party if party is not None else 1000 + len(self.parties)
        at = at or START + timedelta(days=len(self.parties))
        self.parties.append(party)
        for id_type, values in keys.items():
            for value in values if isinstance(values, list) else [values]:
                text, quality = value if isinstance(value, tuple) else (value, "ok")
                scope = f"{source}/{clinic}/{text}" if id_type in SCOPED else text
                self.rows.append(
                    {
                        "party_id": party,
                        "id_type": id_type,
                        "token": token_of(id_type, scope),
                        "quality": quality,
                        "verified": id_type in verified,
                        "source": source,
                        "clinic": clinic,
                        "occurred_at": at,
                        "recorded_at": known or at,
                        "import_id": 1,
                        "row_no": len(self.rows) + 1,
                    }
                )
        return party


def rewritten(engine: Engine) -> None:
    """Tell the next resolve that facts are no longer what they were."""
    engine.run(Statement("UPDATE identity.resolution SET complete = false"))


def load(engine: Engine, rows: list[dict]) -> None:
    """Replace all observations."""
    rewritten(engine)
    engine.run(Statement("DELETE FROM identity.observation"))
    if rows:
        with engine.load("new_rows", pa.Table.from_pylist(rows, schema=OBSERVATION)):
            engine.run(Statement("INSERT INTO identity.observation BY NAME FROM new_rows"))


OBSERVATION = pa.schema(
    [
        ("party_id", pa.int64()),
        ("id_type", pa.string()),
        ("token", pa.string()),
        ("quality", pa.string()),
        ("verified", pa.bool_()),
        ("source", pa.string()),
        ("clinic", pa.string()),
        ("occurred_at", pa.timestamp("us")),
        ("recorded_at", pa.timestamp("us")),
        ("import_id", pa.int32()),
        ("row_no", pa.int32()),
    ]
)


def run(engine: Engine, world: World | None = None, *, as_of=AS_OF, known_at=None) -> ResolveReport:
    """Load the world (if given) and resolve everything, since rows may have been rewritten."""
    if world is not None:
        load(engine, world.rows)
    rewritten(engine)
    moment = AsOf(as_of=as_of, known_at=known_at)
    return resolve(engine, moment, recorded_at=RUN_AT, progress=Silent())


def clear(engine: Engine) -> None:
    """Empty everything that a test may have written."""
    for name in ("observation", "decision", "change", *KEPT, *TABLES):
        engine.run(Statement(f"DELETE FROM identity.{name}"))
    engine.run(Statement("DELETE FROM meta.import_batch"))
    for kind in ("visit", "order_line"):
        engine.run(Statement(f"DELETE FROM event.{kind}"))


def read(engine: Engine, table: str, columns: str = "*") -> list[dict]:
    return engine.query(
        Statement(f"SELECT {columns} FROM identity.{table} ORDER BY ALL")
    ).to_pylist()


def state(engine: Engine, columns: str = "*") -> dict[str, list[dict]]:
    """Return everything that a resolve writes, except its change log."""
    return {table: read(engine, table, columns) for table in TABLES}


def groups(engine: Engine) -> set[frozenset[int]]:
    """Return the customers as sets of parties."""
    found: dict[int, set[int]] = {}
    for row in read(engine, "assignment"):
        found.setdefault(row["customer_id"], set()).add(row["party_id"])
    return {frozenset(parties) for parties in found.values()}


def together(engine: Engine, *parties: int) -> bool:
    """Say whether the parties are exactly one customer."""
    return frozenset(parties) in groups(engine)


def conflicts(engine: Engine) -> dict[str, list[list[int]]]:
    """Return the parties of each conflict by reason."""
    found: dict[str, list[list[int]]] = {}
    for row in read(engine, "conflict"):
        found.setdefault(row["reason"], []).append(row["parties"])
    return found
