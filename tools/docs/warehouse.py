"""The page of all tables: grain, key and columns, from the declarations."""

import re

from tools.docs.grains import GRAINS
from tools.docs.markdown import code, codes, table
from zhiyan.core.event import BOOKKEEPING, SHARED_COLUMNS, SQL_TYPES, Column, EventKind
from zhiyan.core.kinds import KINDS
from zhiyan.pipeline.compute.store import TABLES
from zhiyan.pipeline.history import TABLES as HISTORY_TABLES
from zhiyan.pipeline.schema import FIXED_TABLES
from zhiyan.pipeline.stability import TABLES as QUALITY_TABLES

HEAD = """# Warehouse

One DuckDB file, `warehouse.duckdb`. It holds no name, phone number or platform id: those are
in the vault (`vault.duckdb`), and here stand their tokens. Moments are UTC without zone
(`TIMESTAMP`); money is whole fen (`BIGINT`); a null means unknown, never zero.

A fact counts at as-of T, as known at K, if `occurred_at < T and recorded_at <= K and
(superseded_at is null or superseded_at > K)`. Facts are never changed: a correction is a new version
of the same `event_id`, and the version that it replaces gets its `superseded_at`.
"""
_COLUMN = re.compile(r"(?:^|,)\s*(\w+) (\w+(?:\[\])?)((?: PRIMARY KEY| NOT NULL)?)")


def page() -> str:
    """Return the page: events, then every other table."""
    shared = [(code(name), sql, "") for name, sql in BOOKKEEPING]
    shared += [(code(c.name), SQL_TYPES[c.type], c.zh) for c in SHARED_COLUMNS]
    kinds = "".join(_kind(kind) for kind in KINDS.values())
    others = "".join(_fixed(name, columns) for name, columns in fixed_tables().items())
    return (
        f"{HEAD}\n## Events\n\nEvery table of events begins with these columns.\n\n"
        f"{table(('Column', 'Type', 'Chinese'), shared)}{kinds}\n## Other tables\n{others}\n"
        "### snapshot.m_ID, snapshot.t_ID, snapshot.a_ID\n\n"
        "Of each snapshot: measures and tags with one row per customer (one column each), and which\n"
        "source record belonged to which customer, with one row per source record. They are views over\n"
        "the row versions of a generation (`snapshot.measure_N`, `snapshot.tag_N`, `snapshot.party_N`):\n"
        "a row counts for the snapshots from `born` up to, but not with, `died`.\n"
    )


def fixed_tables() -> dict[str, str]:
    """Return every table that is no event table and no snapshot: name -> SQL of its columns."""
    made = (
        re.match(r"CREATE TABLE IF NOT EXISTS (\S+) \((.*)\)\s*$", t, re.DOTALL) for t in TABLES
    )
    kept = {**QUALITY_TABLES, **HISTORY_TABLES}
    return {**FIXED_TABLES, **{found[1]: found[2] for found in made if found}, **kept}


def _kind(kind: EventKind) -> str:
    rows = [
        (code(c.name), SQL_TYPES[c.type], c.zh, c.sensitivity.value, _notes(c))
        for c in kind.columns
    ]
    key = f"Key: source, clinic, {codes(kind.key)}." if kind.key else "Key: the whole content."
    return (
        f"\n### event.{kind.name}\n\n{kind.zh}: {kind.grain}. {key}"
        f" Class of a row: {kind.sensitivity.value}.\n\n"
        f"{table(('Column', 'Type', 'Chinese', 'Class', 'Notes'), rows)}"
    )


def _notes(column: Column) -> str:
    notes = [codes(column.values)] if column.values else []
    if column.known_from:
        before = f"`{column.before}`" if column.before else "null"
        notes.append(f"reads as {before} until `{column.known_from}` has passed")
    if column.plan:
        notes.append("may lie ahead")
    if column.ref:
        notes.append(f"code of ref.{column.ref}")
    return "; ".join(notes)


def _fixed(name: str, columns: str) -> str:
    rows = [(code(c), sql, more.strip().lower()) for c, sql, more in _COLUMN.findall(columns)]
    return f"\n### {name}\n\n{GRAINS[name]}\n\n{table(('Column', 'Type', 'Rule'), rows)}"
