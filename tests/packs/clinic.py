"""A small clinic in memory: events by hand, tags by the real compute."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlglot import exp

from zhiyan.app.reference import ITEM_SCHEMA, read_items
from zhiyan.core.kinds import KINDS
from zhiyan.core.time import AsOf, BusinessZone
from zhiyan.engines.duckdb import DuckDBEngine
from zhiyan.lang.catalogue import Catalogue
from zhiyan.lang.clinics import ClinicSettings
from zhiyan.lang.load import load_catalogue
from zhiyan.lang.tag_sql import with_tags
from zhiyan.pipeline.compute.full import joined
from zhiyan.pipeline.compute.run import Job, create_as, statement
from zhiyan.pipeline.schema import create_schema, event_columns
from zhiyan.ports import Silent, Statement

PACKS = Path(__file__).parents[2] / "src" / "zhiyan" / "packs"
SHARED = Path(__file__).parents[3] / "shared" / "domain"
ZONE = BusinessZone.named()
RECORDED = datetime(2020, 1, 1, tzinfo=UTC).replace(tzinfo=None)

#: Midnight in Shanghai at the start of 22 November 2026, naive UTC.
NOW = datetime(2026, 11, 21, 16, tzinfo=UTC).replace(tzinfo=None)


CLINICS = (
    ClinicSettings(code="SH01", city="上海"),
    ClinicSettings(code="HZ01", city="杭州市"),
    ClinicSettings(code="NN01"),
)


@cache
def catalogue(pack: str) -> Catalogue:
    return load_catalogue([PACKS / pack], clinics=CLINICS)


@cache
def statements(pack: str) -> tuple[Statement, ...]:
    """Return what compute runs for a pack as of NOW; compiled once for all tests."""
    job = Job(
        engine=DuckDBEngine(None),
        catalogue=catalogue(pack),
        moment=AsOf(as_of=NOW.replace(tzinfo=UTC)),
        zone=ZONE,
        now=NOW,
        progress=Silent(),
    )
    plan, values = job.plan, job.values
    trees = {part.name: part.query(job.frame()) for part in plan.parts}
    trees["measures_aside"] = joined(plan.parts, "identity.assignment")
    tags = [
        exp.column("customer_id"),
        *(exp.column(code, quoted=True) for code in job.catalogue.tags),
    ]
    trees["tags_aside"] = with_tags(job.frame(), plan.columns, rows="measures_aside", values=tags)
    made = (create_as(name, query, temporary=True) for name, query in trees.items())
    found = tuple(statement(tree, values) for tree in made)
    job.engine.close()
    return found


def ago(days: float = 0, hours: float = 0) -> datetime:
    """Return the moment so long before NOW (a day is 24 hours)."""
    return NOW - timedelta(days=days, hours=hours)


@dataclass(slots=True)
class Clinic:
    """Events of customers 1, 2, ...; every customer is one party."""

    pack: str = "medical_aesthetics"
    events: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    identifiers: list[dict[str, Any]] = field(default_factory=list)
    customers: set[int] = field(default_factory=set)
    count: int = 0
    base: int = 0

    def add(self, kind: str, customer: int, at: datetime, **values: Any) -> None:
        """Add one event; keys that are not given are numbered."""
        declared = KINDS[kind]
        assert set(values) <= {c.name for c in declared.columns} | {"source", "clinic"}, values
        customer += self.base
        self.count += 1
        self.customers.add(customer)
        keys = {c: self.count if c == "line_no" else f"K{self.count}" for c in declared.key}
        given = {**dict.fromkeys(keys), **keys, **values, "occurred_at": at}
        self.events.setdefault(kind, []).append({"party_id": customer, **given})

    def buy(self, customer: int, at: datetime, yuan: float, **more: Any) -> None:
        """Add a paid order line and its payment in WeChat."""
        order = more.pop("order_no", f"O{self.count}")
        fen = round(yuan * 100)
        line = {"item_code": "EN01", "net_fen": fen, "list_fen": fen, "qty": 1, "is_gift": False}
        self.add("order_line", customer, at, **{**line, "order_no": order, **more})
        self.add("payment", customer, at, order_no=order, tender="wechat", amount_fen=fen)

    def identify(self, customer: int, id_type: str, token: str, persons: int = 1) -> None:
        customer += self.base
        self.customers.add(customer)
        row = {"customer_id": customer, "id_type": id_type, "token": token, "persons": persons}
        known = {"quality": "ok", "verified": True, "first_seen": RECORDED}
        self.identifiers.append({**row, **known, "confidence_ppm": 1_000_000})

    def tags(self) -> dict[int, dict[str, Any]]:
        """Compute the whole catalogue as of NOW and return all tags of every customer."""
        engine = DuckDBEngine(None)
        try:
            self._fill(engine)
            for made in statements(self.pack):
                engine.run(made)
            rows = engine.query(Statement("SELECT * FROM tags_aside")).to_pylist()
        finally:
            engine.close()
        return {row["customer_id"]: row for row in rows}

    def _fill(self, engine: DuckDBEngine) -> None:
        create_schema(engine)
        _insert(engine, "ref.item", pa.Table.from_pylist(self._items(), schema=ITEM_SCHEMA))
        for kind, rows in self.events.items():
            types = {name: _ARROW[sql] for name, sql in event_columns(KINDS[kind])}
            full = [
                {**dict.fromkeys(types), "recorded_at": RECORDED, "source": "his", **row}
                for row in rows
            ]
            for number, row in enumerate(full):
                row["event_id"] = f"00000000-0000-0000-0000-{number:012d}"
            table = pa.table(
                {
                    name: pa.array([row[name] for row in full], type_)
                    for name, type_ in types.items()
                }
            )
            _insert(engine, f'event."{kind}"', table)
        parties = [
            {"party_id": c, "customer_id": c, "first_seen": RECORDED} for c in self.customers
        ]
        if parties:
            _insert(engine, "identity.assignment", pa.Table.from_pylist(parties))
        if self.identifiers:
            _insert(engine, "identity.identifier", pa.Table.from_pylist(self.identifiers))

    def _items(self) -> list[dict[str, Any]]:
        return read_items(PACKS / self.pack)


_ARROW = {
    "UUID": pa.string(),
    "BIGINT": pa.int64(),
    "UBIGINT": pa.uint64(),
    "INTEGER": pa.int32(),
    "BOOLEAN": pa.bool_(),
    "VARCHAR": pa.string(),
    "VARCHAR[]": pa.list_(pa.string()),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
}


def _insert(engine: DuckDBEngine, table: str, rows: pa.Table) -> None:
    with engine.load("given_rows", rows):
        engine.run(Statement(f"INSERT INTO {table} BY NAME SELECT * FROM given_rows"))


def birthday(years: int, days: int = 0) -> date:
    """Return the birth date of somebody who turned ``years`` so many days ago."""
    return date(2026 - years, 11, 22) - timedelta(days=days)


def compute_together(
    clinic: Clinic, scenarios: Sequence[Callable[[Clinic], None]]
) -> dict[Callable[[Clinic], None], dict[int, dict[str, Any]]]:
    """Run scenarios in one warehouse and return tags by scenario and its own customer numbers."""
    size = 1000
    for number, build in enumerate(scenarios):
        clinic.base = number * size
        build(clinic)
    found: dict[Callable[[Clinic], None], dict[int, dict[str, Any]]] = {b: {} for b in scenarios}
    for customer, tags in clinic.tags().items():
        found[scenarios[customer // size]][customer % size] = tags
    return found
