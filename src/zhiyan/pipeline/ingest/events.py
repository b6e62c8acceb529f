"""Rows to events: what every emission of a source makes of the rows of one table.

Two passes. ``draft`` reads every cell that is needed, so that all faults are known; ``finish`` then
turns the rows without fault into tables for the engine, with tokens for persons and staff.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import PurePath

import numpy as np

from zhiyan.core.event import Column, ColumnType, EventKind
from zhiyan.core.kinds import KINDS
from zhiyan.pipeline.ingest.arrays import (
    Mask,
    Schema,
    coalesced,
    filled,
    flat,
    joined,
    look_up,
    mask_array,
    nulls,
    per_value,
    total,
)
from zhiyan.pipeline.ingest.cells import Cells
from zhiyan.pipeline.ingest.clean import CODE_TABLES
from zhiyan.pipeline.ingest.context import Context, Reference, plain_name
from zhiyan.pipeline.ingest.mapping import ColumnMap, Emission, System
from zhiyan.pipeline.ingest.packages import allocate_packages
from zhiyan.pipeline.ingest.people import Scope, claims, party_ids, party_keys, tokens_of
from zhiyan.pipeline.ingest.read.arrow import Array, Table, pa, pc
from zhiyan.pipeline.ingest.recognise import title_of
from zhiyan.pipeline.ingest.values import ARROW_TYPES, Value, fill

#: Columns that stand before the own columns of a kind in what goes to the engine. hash_parts: what
#: identifies a row that has no key of its own; in_key: whether the clinic is part of the identity.
STAGE_FIELDS = (
    ("row_id", pa.int64()),
    ("row_no", pa.int32()),
    ("party_id", pa.int64()),
    ("source", pa.string()),
    ("clinic", pa.string()),
    ("occurred_at", pa.timestamp("us")),
    ("hash_parts", pa.string()),
    ("in_key", pa.bool_()),
)
_NO_TIME = pa.scalar(None, pa.timestamp("us"))
_CODE_LIKE = re.compile(r"[A-Za-z0-9_.@\-]+")


@dataclass(slots=True)
class Draft:
    """One emission over all rows of a table: which rows it takes and the values of its columns."""

    emission: Emission
    kind: EventKind
    active: Mask
    occurred_at: Array
    columns: dict[str, Value]


@dataclass(slots=True)
class TableDraft:
    """Everything read from one table before any row is judged."""

    cells: Cells
    scope: Scope
    drafts: list[Draft]
    claims: Table
    parties: Array
    first_id: int = 0
    allocated: int = 0
    unknown_clinics: dict[str, int] = field(default_factory=dict[str, int])


def stage_schema(kind: EventKind) -> Schema:
    """Return the Arrow schema of the rows of a kind on their way to the engine."""
    own = [(column.name, ARROW_TYPES[column.type]) for column in kind.columns]
    return pa.schema([*STAGE_FIELDS, *own])


def draft(cells: Cells, reference: Reference) -> TableDraft:
    """Read all cells of a table; faults are noted in ``cells.faults``."""
    for rule in cells.source.drops:
        cells.faults.drop(cells.holds(rule.when), rule.reason)
    scope, unknown = _scope(cells, reference)
    allocated = allocate_packages(cells)
    drafts = [_draft(emission, cells, reference) for emission in cells.source.emit]
    taken = np.zeros(cells.length, dtype=bool)
    for one in drafts:
        taken |= one.active
    cells.faults.drop(~taken & ~cells.faults.bad, "no_event")
    found = claims(cells, scope)
    parties = _with_anonymous(cells, party_keys(found, cells.length, scope), drafts)
    return TableDraft(
        cells=cells,
        scope=scope,
        drafts=drafts,
        claims=found,
        parties=parties,
        allocated=allocated,
        unknown_clinics=unknown,
    )


def _scope(cells: Cells, reference: Reference) -> tuple[Scope, dict[str, int]]:
    system = _system(cells, cells.source.system)
    clinic, unknown = _clinic(cells, reference)
    return Scope(system=system, clinic=clinic), unknown


def _system(cells: Cells, system: System) -> Array:
    title = title_of(cells.table)
    name = next(
        (name for name, words in system.words.items() if any(w.casefold() in title for w in words)),
        system.name,
    )
    constant = pa.repeat(pa.scalar(name), cells.length)
    if system.field is None or not cells.has(system.field):
        return constant
    table = cells.source.codes.get(str(system.codes), CODE_TABLES.get(str(system.codes), {}))
    codes = cells.parsed(system.field, "code", table, table=system.codes, unmapped="problem")
    return flat(coalesced([flat(codes.values), constant]))


def _clinic(cells: Cells, reference: Reference) -> tuple[Array, dict[str, int]]:
    place = cells.source.clinic
    known = reference.plain("clinics")
    if place.field is not None and cells.has(place.field):
        names = flat(cells.parsed(place.field, "text").values)
        codes = look_up(names, known, plain_name)
        strange = names.filter(mask_array(filled(names) & ~filled(codes)))
        counts = pc.value_counts(strange).to_pylist()
        return flat(coalesced([codes, names])), {c["values"]: c["counts"] for c in counts}
    name = place.const
    if name is None and place.file is not None:
        found = re.search(place.file, PurePath(cells.table.file).name)
        name = found.group(found.lastindex or 0) if found else None
    if name is None and len(set(reference.clinics.values())) == 1:
        name = next(iter(reference.clinics.values()))
    code = None if name is None else known.get(plain_name(name), name)
    return pa.repeat(pa.scalar(code, pa.string()), cells.length), {}


def _draft(emission: Emission, cells: Cells, reference: Reference) -> Draft:
    kind = KINDS[emission.kind]
    active = cells.holds(emission.when) & ~cells.faults.gone
    times = [flat(cells.parsed(f, "datetime").values) for f in emission.occurred_at if cells.has(f)]
    if emission.default_time is not None:
        times.append(_default_time(emission.default_time, cells))
    occurred = flat(coalesced(times)) if times else nulls(cells.length, pa.timestamp("us"))
    columns = {
        how.column: fill(_column(kind, how.column), how, cells, reference=reference)
        for how in emission.columns
    }
    _check_filled(cells, emission, active & ~filled(occurred), columns=columns)
    return Draft(emission=emission, kind=kind, active=active, occurred_at=occurred, columns=columns)


def _default_time(text: str, cells: Cells) -> Array:
    offset = timedelta(minutes=cells.offset_minutes)
    moment = datetime.fromisoformat(text) - offset
    return pa.repeat(pa.scalar(moment, pa.timestamp("us")), cells.length)


def _column(kind: EventKind, name: str) -> Column:
    column = kind.column(name)
    assert column is not None  # noqa: S101 - the loader has checked every column
    return column


def _check_filled(
    cells: Cells, emission: Emission, timeless: Mask, *, columns: dict[str, Value]
) -> None:
    kind = KINDS[emission.kind]
    active = cells.holds(emission.when)
    fresh = ~cells.faults.bad
    first = next((cells.columns[f] for f in emission.occurred_at if cells.has(f)), "occurred_at")
    cells.faults.add(timeless & fresh, first, "missing_time")
    for how in emission.columns:
        empty = active & ~filled(columns[how.column].values) & fresh
        header = next((cells.columns[f] for f in how.fields if cells.has(f)), how.column)
        if how.column in kind.key and not (how.hash and cells.lacks(how)):
            cells.faults.add(empty, header, "missing_key")
        elif any(f.required for f in map(cells.source.find, how.fields) if f is not None):
            cells.faults.add(empty, header, "missing_value")


def _with_anonymous(cells: Cells, parties: Array, drafts: list[Draft]) -> Array:
    nobody = ~filled(parties)
    if not nobody.any():
        return parties
    if cells.source.anonymous == "drop":
        cells.faults.drop(nobody & ~cells.faults.bad, "no_person")
    elif cells.source.anonymous == "keep" and drafts:
        parts = [drafts[0].columns[name].values for name in drafts[0].kind.key]
        own = joined([*parts, drafts[0].occurred_at], "\x1f", nulls_as="")
        own = joined([pa.repeat(pa.scalar("anonymous"), cells.length), own], "|")
        return flat(coalesced([parties, own]))
    else:
        cells.faults.add(nobody & ~cells.faults.bad, "", "no_person")
    return parties


def finish(table: TableDraft, context: Context) -> tuple[dict[str, Table], Table]:
    """Return the events by kind and the identifiers (as tokens) of the rows without fault."""
    cells = table.cells
    live = cells.faults.live
    ids = pc.if_else(mask_array(live), table.parties, pa.scalar(None, pa.string()))
    parties = party_ids(ids, context)
    found: dict[str, list[Table]] = {}
    for one in table.drafts:
        taken = one.active & live
        if taken.any():
            found.setdefault(one.kind.name, []).append(
                _events(one, table, parties, taken=taken, context=context)
            )
    people = tokens_of(table.claims, live, context)
    return {kind: pa.concat_tables(parts) for kind, parts in found.items()}, _people(
        people, table, parties
    )


def _people(people: Table, table: TableDraft, parties: Array) -> Table:
    rows = flat(people.column("row"))
    times = [one.occurred_at for one in table.drafts]
    active = [pc.if_else(mask_array(one.active), one.occurred_at, _NO_TIME) for one in table.drafts]
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
        "row_id": pa.array(np.flatnonzero(taken) + table.first_id),
        "row_no": cells.table.row_no.filter(keep).cast(pa.int32()),
        "party_id": parties.filter(keep),
        "source": table.scope.system.filter(keep),
        "clinic": table.scope.clinic.filter(keep),
        "occurred_at": one.occurred_at.filter(keep),
        "in_key": pa.repeat(pa.scalar(cells.source.clinic.in_key), count),
    }
    for column in one.kind.columns:
        value = one.columns.get(column.name)
        columns[column.name] = (
            nulls(count, ARROW_TYPES[column.type]) if value is None else value.values.filter(keep)
        )
    for mapped in one.emission.columns:
        _make_private(mapped, one.kind, columns, context=context)
    columns["hash_parts"] = _hash_parts(one.emission, cells, columns, keep=keep)
    schema = stage_schema(one.kind)
    return pa.table([flat(columns[name]) for name in schema.names], schema=schema)


def _make_private(
    how: ColumnMap, kind: EventKind, columns: dict[str, Array], *, context: Context
) -> None:
    """Turn keys that name a person, and names of staff, into what cannot be turned back."""
    values = columns[how.column]
    if how.token:
        texts = joined([columns["source"], columns["clinic"], values], "|", nulls_as="")
        columns[how.column] = per_value(
            texts, lambda some: [context.vault.token(how.column, v) for v in some], pa.string()
        )
    elif _column(kind, how.column).ref == "staff":
        columns[how.column] = per_value(
            values, lambda some: _staff_codes(some, context), pa.string()
        )


def _staff_codes(names: Sequence[str], context: Context) -> list[str]:
    plain = [name for name in names if not _CODE_LIKE.fullmatch(name)]
    tokens = dict(zip(plain, context.tokens("staff", plain), strict=True)) if plain else {}
    return [f"st_{tokens[name][:16]}" if name in tokens else name for name in names]


def _hash_parts(
    emission: Emission, cells: Cells, columns: dict[str, Array], *, keep: Array
) -> Array:
    count = len(columns["party_id"])
    for how in emission.columns:
        if not how.hash or not cells.lacks(how):
            continue
        parts: list[Array] = []
        for name in how.hash:
            if name == "party":
                parts.append(columns["party_id"])
            elif name == "occurred_at":
                parts.append(columns["occurred_at"].cast(pa.int64()))
            else:
                parts.append(_plain_text(cells, name).filter(keep))
        return joined(parts, "\x1f", nulls_as="\x1e")
    return nulls(count, pa.string())


def _plain_text(cells: Cells, name: str) -> Array:
    parser = cells.parser(name)
    if parser in {"money", "int"}:
        return pc.cast(flat(cells.parsed(name, parser).values), pa.string())
    return flat(cells.parsed(name, "native_id").values)


def money_in(table: TableDraft) -> dict[tuple[str, str], tuple[int, int]]:
    """Return (kind, money column) -> fen read, and fen of these that lie in quarantine."""
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    bad = table.cells.faults.bad & ~table.cells.faults.gone
    there = ~table.cells.faults.gone
    for one in table.drafts:
        for column in one.kind.columns:
            if column.type is ColumnType.FEN and column.name in one.columns:
                values = one.columns[column.name].values
                key = (one.kind.name, column.name)
                read, kept = sums.get(key, (0, 0))
                sums[key] = (
                    read + total(values, one.active & there),
                    kept + total(values, one.active & bad),
                )
    return sums
