"""Random facts about a few customers, dense around the bounds of windows."""

import hashlib
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from zhiyan.core.event import SQL_TYPES
from zhiyan.core.kinds import KINDS
from zhiyan.engines.duckdb import DuckDBEngine
from zhiyan.pipeline.compute import create_tables
from zhiyan.pipeline.schema import create_schema, event_columns
from zhiyan.ports import Statement

T = datetime(2026, 3, 1, 16, tzinfo=UTC)  # midnight in Shanghai
PARTIES = 24
ITEMS = (
    ("SK01", "skin", 30),
    ("EN01", "energy", 60),
    ("IN01", "injection", 120),
    ("SU01", "surgery", None),
)
#: Ages in hours at which something happens: on, just before and just after the bounds in use.
EDGES = [day * 24 + off for day in (0, 1, 7, 14, 30, 60, 90, 180, 365, 730) for off in (-1, 0, 1)]


def rows(seed: int, size: int = 500) -> list[tuple[str, dict[str, Any]]]:
    """Return random facts as (kind, row); the same seed gives the same facts."""
    rng = np.random.default_rng(seed)
    makers = {
        "order_line": _order, "payment": _payment, "visit": _visit, "appointment": _appointment,
        "coupon": _coupon, "treatment": _treatment, "profile": _profile, "web_event": _web,
        "wecom_event": _wecom, "touch": _touch, "complaint": _complaint,
    }  # fmt: skip
    names = list(makers)
    made = []
    for number in range(size):
        kind = names[int(rng.integers(len(names)))]
        base = {
            "party_id": int(rng.integers(PARTIES)),
            "occurred_at": _when(rng),
            "source": "his",
            "clinic": "C1",
        }
        made.append((kind, {**base, **makers[kind](rng, number, base["occurred_at"])}))
    return made


def _when(rng: Any) -> datetime:
    hours = int(rng.choice(EDGES)) if rng.random() < 0.6 else int(rng.integers(-200, 24 * 800))
    return (T - timedelta(hours=hours)).replace(tzinfo=None)


def _order(rng: Any, n: int, _at: datetime) -> dict[str, Any]:
    return {
        "order_no": f"O{n // 2}",
        "line_no": n,
        "item_code": _item(rng),
        "net_fen": int(rng.integers(0, 90000)),
        "is_gift": bool(rng.random() < 0.2),
    }


def _payment(rng: Any, n: int, _at: datetime) -> dict[str, Any]:
    return {
        "payment_no": f"P{n}",
        "tender": str(rng.choice(["wechat", "stored_value"])),
        "amount_fen": int(rng.integers(-20000, 90000)),
        "is_refund": False,
    }


def _visit(rng: Any, n: int, _at: datetime) -> dict[str, Any]:
    return {"visit_no": f"V{n}", "effective": bool(rng.random() < 0.8)}


def _appointment(rng: Any, n: int, at: datetime) -> dict[str, Any]:
    appt = at + timedelta(days=int(rng.integers(0, 40)))
    status = str(rng.choice(["booked", "no_show", "arrived"]))
    return {
        "appointment_no": f"A{n}",
        "appt_at": appt,
        "status": status,
        "status_at": None if status == "booked" else appt,
    }


def _coupon(rng: Any, n: int, at: datetime) -> dict[str, Any]:
    used = at + timedelta(days=int(rng.integers(0, 60))) if rng.random() < 0.4 else None
    return {
        "coupon_no": f"C{n}",
        "expire_at": at + timedelta(days=int(rng.integers(1, 90))),
        "used_at": used,
    }


def _treatment(rng: Any, n: int, _at: datetime) -> dict[str, Any]:
    return {"treatment_no": f"T{n}", "item_code": _item(rng)}


def _profile(rng: Any, n: int, _at: datetime) -> dict[str, Any]:
    born = date(1970, 1, 1) + timedelta(days=int(rng.integers(0, 15000)))
    return {
        "file_key": f"F{n}",
        "city": str(rng.choice(["上海", "杭州"])),
        "birthdate": born if rng.random() < 0.7 else None,
        "is_test": bool(rng.random() < 0.05),
    }


def _web(rng: Any, n: int, _at: datetime) -> dict[str, Any]:
    return {
        "message_id": f"W{n}",
        "type": str(rng.choice(["view", "cart"])),
        "item_code": _item(rng),
    }


def _wecom(rng: Any, n: int, _at: datetime) -> dict[str, Any]:
    return {"message_no": f"M{n}", "direction": str(rng.choice(["in", "out"]))}


def _touch(rng: Any, n: int, at: datetime) -> dict[str, Any]:
    return {
        "touch_no": f"S{n}",
        "class": "marketing",
        "replied_at": at + timedelta(hours=int(rng.integers(1, 100)))
        if rng.random() < 0.3
        else None,
    }


def _complaint(rng: Any, n: int, at: datetime) -> dict[str, Any]:
    closed = at + timedelta(days=int(rng.integers(1, 50))) if rng.random() < 0.5 else None
    return {"complaint_no": f"K{n}", "closed_at": closed, "status": "closed" if closed else "open"}


def _item(rng: Any) -> str | None:
    return None if rng.random() < 0.1 else ITEMS[int(rng.integers(len(ITEMS)))][0]


def new_warehouse() -> DuckDBEngine:
    """Return an empty warehouse in memory with its parties already resolved, two to a customer."""
    engine = DuckDBEngine(None)
    engine.run(Statement("SET threads = 1"))  # the facts here are few
    create_schema(engine)
    create_tables(engine)
    engine.run(
        Statement(
            "INSERT INTO identity.assignment SELECT i, i // 2, TIMESTAMP '2020-01-01' FROM range($n) t(i)",
            {"n": PARTIES},
        )
    )
    for code, category, interval in ITEMS:
        engine.run(
            Statement(
                "INSERT INTO ref.item (code, category, interval_days) VALUES ($code, $category, $days)",
                {"code": code, "category": category, "days": interval},
            )
        )
    return engine


def store(
    engine: DuckDBEngine,
    facts: list[tuple[str, dict[str, Any]]],
    *,
    import_id: int,
    recorded_at: datetime,
) -> None:
    """Store facts as one import; a fact whose key is known with other content is a correction."""
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for kind, row in facts:
        key = "|".join(str(row.get(name)) for name in KINDS[kind].key)
        digest = hashlib.md5(f"{kind}|{key}".encode()).hexdigest()
        content = int(hashlib.md5(repr(sorted(row.items(), key=str)).encode()).hexdigest()[:15], 16)
        by_kind.setdefault(kind, []).append(
            {
                **row,
                "event_id": digest,
                "content_hash": content,
                "import_id": import_id,
                "row_no": 1,
                "recorded_at": recorded_at.replace(tzinfo=None),
                "superseded_at": None,
            }
        )
    for kind, made in by_kind.items():
        types = dict(event_columns(KINDS[kind]))
        columns = {name: [row.get(name) for row in made] for name in types}
        table = pa.table(
            {name: pa.array(values, _arrow(types[name])) for name, values in columns.items()}
        )
        with engine.load("fresh", table):
            engine.run(
                Statement(
                    f"UPDATE event.{kind} SET superseded_at = $at WHERE superseded_at IS NULL"
                    " AND event_id::VARCHAR IN (SELECT event_id::UUID::VARCHAR FROM fresh)",
                    {"at": recorded_at.replace(tzinfo=None)},
                )
            )
            engine.run(Statement(f"INSERT INTO event.{kind} BY NAME SELECT * FROM fresh"))
    engine.run(
        Statement(
            "INSERT INTO meta.import_batch (import_id, file_name, file_sha256, recorded_at) VALUES ($id, 'f', 'f', $at)",
            {"id": import_id, "at": recorded_at.replace(tzinfo=None)},
        )
    )


def _arrow(sql: str) -> pa.DataType:
    return {
        "VARCHAR": pa.string(),
        "BIGINT": pa.int64(),
        "BOOLEAN": pa.bool_(),
        "DATE": pa.date32(),
        "TIMESTAMP": pa.timestamp("us"),
        "INTEGER": pa.int32(),
        "UBIGINT": pa.uint64(),
        "UUID": pa.string(),
        "VARCHAR[]": pa.list_(pa.string()),
    }[sql]


assert set(SQL_TYPES.values()) <= {"VARCHAR", "BIGINT", "BOOLEAN", "DATE", "TIMESTAMP", "VARCHAR[]"}
