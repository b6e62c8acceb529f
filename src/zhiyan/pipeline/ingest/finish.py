"""The rows without fault as tables for the engine, with tokens for persons and staff.

The second pass over a file: ``events`` has read and judged every cell before.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from zhiyan.core.event import EventKind
from zhiyan.pipeline.ingest.arrays import (
    Mask,
    Schema,
    filled,
    flat,
    joined,
    mask_array,
    nulls,
    per_value,
)
from zhiyan.pipeline.ingest.context import Context
from zhiyan.pipeline.ingest.events import Draft, TableDraft, column_of
from zhiyan.pipeline.ingest.lines import identity_parts
from zhiyan.pipeline.ingest.mapping import ColumnMap
from zhiyan.pipeline.ingest.people import party_ids, tokens_of
from zhiyan.pipeline.ingest.read.arrow import Array, Table, pa, pc
from zhiyan.pipeline.ingest.values import ARROW_TYPES

#: Columns that stand before the own columns of a kind in what goes to the engine. place: counts the
#: events of a kind (a row may become several). hash_parts: what identifies a row that has no key of
#: its own; line_parts: what tells the lines of one number apart; in_key: whether the clinic is part
#: of the identity; soft_time: whether occurred_at is only the time of the export.
STAGE_FIELDS = (
    ("place", pa.int64()),
    ("row_id", pa.int64()),
    ("row_no", pa.int32()),
    ("party_id", pa.int64()),
    ("source", pa.string()),
    ("clinic", pa.string()),
    ("occurred_at", pa.timestamp("us")),
    ("hash_parts", pa.string()),
    ("line_parts", pa.string()),
    ("in_key", pa.bool_()),
    ("soft_time", pa.bool_()),
)
KEY_SCHEMA = pa.schema([("row_id", pa.int64()), ("text", pa.string())])
_CODE_LIKE = re.compile(r"[A-Za-z0-9_.@\-]+")


def stage_schema(kind: EventKind) -> Schema:
    """Return the Arrow schema of the rows of a kind on their way to the engine."""
    own = [(column.name, ARROW_TYPES[column.type]) for column in kind.columns]
    return pa.schema([*STAGE_FIELDS, *own])


@dataclass(frozen=True, slots=True)
class Finished:
    """The rows without fault of some tables, made into what the engine takes, kind by kind.

    Each kind is made when it is asked for, so that only one of them is in memory at a time.
    """

    tables: Sequence[TableDraft]
    parties: Sequence[Array]
    context: Context

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds that some row becomes, in order."""
        return tuple(
            dict.fromkeys(
                one.kind.name
                for table in self.tables
                for one in table.drafts
                if (one.active & table.cells.faults.live).any()
            )
        )

    def events(self, kind: str) -> Table:
        """Return the events of one of ``kinds``."""
        rows = pa.concat_tables(
            [
                _events(one, table, parties, taken=taken, context=self.context)
                for table, parties in zip(self.tables, self.parties, strict=True)
                for one in table.drafts
                if one.kind.name == kind and (taken := one.active & table.cells.faults.live).any()
            ]
        )
        return rows.set_column(0, "place", pa.array(np.arange(len(rows))))

    def people(self) -> Table | None:
        """Return the identifiers as tokens; None without a table."""
        parts = [
            _people(tokens_of(table.claims, table.cells.faults.live, self.context), table, parties)
            for table, parties in zip(self.tables, self.parties, strict=True)
        ]
        return pa.concat_tables(parts) if parts else None

    def span(self) -> dict[str, datetime | None]:
        """Return the first and the last moment of the events."""
        times = [
            one.occurred_at.filter(mask_array(one.active & table.cells.faults.live))
            for table in self.tables
            for one in table.drafts
        ]
        if not times:
            return {}
        bounds = pc.min_max(pa.chunked_array(times)).as_py()
        return {"first_at": bounds["min"], "last_at": bounds["max"]}


def finish(tables: Sequence[TableDraft], context: Context) -> Finished:
    """Return the rows without fault of all tables of a file."""
    none = pa.scalar(None, pa.string())
    parties = [
        party_ids(pc.if_else(mask_array(one.cells.faults.live), one.parties, none), context)
        for one in tables
    ]
    return Finished(tables, parties, context)


def key_texts(table: TableDraft, context: Context) -> list[Table]:
    """Return ``row_id`` and ``text``: the identity of rows at fault whose key can be read.

    The text agrees with ``statements.key_text``; a row has one for each event that it would become.
    """
    found: list[Table] = []
    at_fault = table.cells.faults.bad & ~table.cells.faults.gone
    for one in table.drafts:
        taken = one.active & at_fault
        if not taken.any() or not one.kind.key:
            continue
        keep = mask_array(taken)
        columns = {name: value.values.filter(keep) for name, value in one.columns.items()}
        columns["party_id"] = nulls(int(taken.sum()), pa.int64())
        columns["source"] = table.scope.system.filter(keep)
        columns["clinic"] = table.scope.clinic.filter(keep)
        columns["occurred_at"] = one.occurred_at.filter(keep)
        for mapped in one.emission.columns:
            if mapped.token:
                _make_private(mapped, one.kind, columns, context=context)
        parts = identity_parts(one.emission, table.cells, columns, keep=keep)
        keys = [columns[name] for name in one.kind.key]
        known = filled(keys[0]) | filled(parts[0])
        kind = pa.repeat(pa.scalar(one.kind.name), len(keys[0]))
        texts = joined([kind, columns["source"], *keys, *parts], "\x1f", nulls_as="\x1e")
        rows = pa.array(np.flatnonzero(taken) + table.first_id)
        named = pa.table({"row_id": rows, "text": texts})
        found.append(named.filter(mask_array(known)))
    return found


def _people(people: Table, table: TableDraft, parties: Array) -> Table:
    rows = flat(people.column("row"))
    times = [one.occurred_at for one in table.drafts]
    never = pa.scalar(None, pa.timestamp("us"))
    active = [pc.if_else(mask_array(one.active), one.occurred_at, never) for one in table.drafts]
    first = flat(pc.min_element_wise(*active)) if len(active) > 1 else times[0]
    return pa.table(
        {
            "row_id": pc.add(rows, table.first_id),
            "row_no": table.cells.table.row_no.take(rows),
            "party_id": parties.take(rows),
            "id_type": people.column("id_type"),
            "token": people.column("token"),
            "quality": people.column("quality"),
            "verified": people.column("verified"),
            "source": table.scope.system.take(rows),
            "clinic": table.scope.clinic.take(rows),
            "occurred_at": first.take(rows),
        }
    )


def _events(
    one: Draft, table: TableDraft, parties: Array, *, taken: Mask, context: Context
) -> Table:
    keep = mask_array(taken)
    count = int(taken.sum())
    cells = table.cells
    columns: dict[str, Array] = {
        "place": nulls(count, pa.int64()),
        "row_id": pa.array(np.flatnonzero(taken) + table.first_id),
        "row_no": cells.table.row_no.filter(keep).cast(pa.int32()),
        "party_id": parties.filter(keep),
        "source": table.scope.system.filter(keep),
        "clinic": table.scope.clinic.filter(keep),
        "occurred_at": one.occurred_at.filter(keep),
        "in_key": pa.repeat(pa.scalar(cells.source.clinic.in_key), count),
        "soft_time": mask_array(one.soft_time[taken]),
    }
    for column in one.kind.columns:
        value = one.columns.get(column.name)
        columns[column.name] = (
            nulls(count, ARROW_TYPES[column.type]) if value is None else value.values.filter(keep)
        )
    for mapped in one.emission.columns:
        _make_private(mapped, one.kind, columns, context=context)
    columns["hash_parts"], columns["line_parts"] = identity_parts(
        one.emission, cells, columns, keep=keep
    )
    schema = stage_schema(one.kind)
    return pa.table([flat(columns[name]) for name in schema.names], schema=schema)


def _make_private(
    how: ColumnMap, kind: EventKind, columns: dict[str, Array], *, context: Context
) -> None:
    """Turn keys that name a person, and names of staff, into what cannot be turned back."""
    values = columns[how.column]
    if how.token:
        texts = joined([columns["source"], columns["clinic"], values], "|", nulls_as="")
        tokens = per_value(
            texts, lambda some: [context.vault.token(how.column, v) for v in some], pa.string()
        )
        columns[how.column] = pc.if_else(pc.is_valid(values), tokens, pa.scalar(None, pa.string()))
    elif column_of(kind, how.column).ref == "staff":
        columns[how.column] = per_value(
            values, lambda some: _staff_codes(some, context), pa.string()
        )


def _staff_codes(names: Sequence[str], context: Context) -> list[str]:
    plain = [name for name in names if not _CODE_LIKE.fullmatch(name)]
    tokens = dict(zip(plain, context.tokens("staff", plain), strict=True)) if plain else {}
    return [f"st_{tokens[name][:16]}" if name in tokens else name for name in names]
