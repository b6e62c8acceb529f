"""Rows to events: what every emission of a source makes of the rows of one table.

The first of two passes: ``draft`` reads every cell that is needed, so that all faults are known. The
module ``finish`` then turns the rows without fault into tables for the engine.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import PurePath

import numpy as np

from zhiyan.core.event import Column, ColumnType, EventKind
from zhiyan.core.kinds import KINDS
from zhiyan.pipeline.ingest.arrays import (
    Mask,
    coalesced,
    filled,
    flat,
    joined,
    look_up,
    mask_array,
    nulls,
    total,
    true,
)
from zhiyan.pipeline.ingest.cells import Cells
from zhiyan.pipeline.ingest.clean import CODE_TABLES
from zhiyan.pipeline.ingest.context import Reference, plain_name
from zhiyan.pipeline.ingest.exported import exported_at
from zhiyan.pipeline.ingest.mapping import Emission, System
from zhiyan.pipeline.ingest.packages import allocate_packages
from zhiyan.pipeline.ingest.people import Scope, claims, party_keys
from zhiyan.pipeline.ingest.read.arrow import Array, Table, pa, pc
from zhiyan.pipeline.ingest.recognise import title_of
from zhiyan.pipeline.ingest.values import Value, fill

_MOMENT = pa.timestamp("us")


@dataclass(slots=True)
class Draft:
    """One emission over all rows of a table: which rows it takes and the values of its columns.

    ``soft_time`` marks rows dated by the export, ``borrowed`` rows dated by another fact (a
    refund at its sale) because nothing tells their own time.
    """

    emission: Emission
    kind: EventKind
    active: Mask
    occurred_at: Array
    columns: dict[str, Value]
    soft_time: Mask
    borrowed: Mask


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


def draft(cells: Cells, reference: Reference, recorded_at: datetime) -> TableDraft:
    """Read all cells of a table; faults are noted in ``cells.faults``.

    ``recorded_at`` (naive UTC) bounds the times that are taken from the export as a whole.
    """
    for rule in cells.source.drops:
        cells.faults.drop(cells.holds(rule.when), rule.reason)
    scope, unknown = _scope(cells, reference)
    allocated = allocate_packages(cells)
    told = exported_at(cells.table, cells.offset_minutes)
    exported = None if told is None else min(told, recorded_at)
    drafts = [_draft(one, cells, reference, exported=exported) for one in cells.source.emit]
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


def _draft(
    emission: Emission, cells: Cells, reference: Reference, *, exported: datetime | None
) -> Draft:
    kind = KINDS[emission.kind]
    active = cells.holds(emission.when) & ~cells.faults.gone
    times = [flat(cells.parsed(f, "datetime").values) for f in emission.occurred_at if cells.has(f)]
    if emission.default_time is not None:
        times.append(_default_time(emission.default_time, cells))
    own = flat(coalesced(times)) if times else nulls(cells.length, _MOMENT)
    occurred, soft = _with_later(own, emission, cells, exported=exported)
    columns = {
        how.column: fill(column_of(kind, how.column), how, cells, reference=reference)
        for how in emission.columns
    }
    _check_filled(cells, emission, active & ~filled(occurred), columns=columns)
    return Draft(
        emission=emission,
        kind=kind,
        active=active,
        occurred_at=occurred,
        columns=columns,
        soft_time=soft,
        borrowed=active & filled(occurred) & ~filled(own) & ~soft,
    )


def _with_later(
    own: Array, emission: Emission, cells: Cells, *, exported: datetime | None
) -> tuple[Array, Mask]:
    """Date rows that tell no time of their own: by the export, but not before the sale itself."""
    names = [name for name in emission.else_at if cells.has(name)]
    none = np.zeros(cells.length, dtype=bool)
    if not names or not (~filled(own)).any():
        return own, none
    sale = flat(coalesced([flat(cells.parsed(f, "datetime").values) for f in names]))
    if exported is None:
        return flat(coalesced([own, sale])), none
    moment = pa.repeat(pa.scalar(exported, _MOMENT), cells.length)
    later = pc.if_else(pc.is_valid(sale), pc.max_element_wise(moment, sale), sale)
    soft = ~filled(own) & true(pc.equal(later, moment))
    return flat(coalesced([own, later])), soft


def _default_time(text: str, cells: Cells) -> Array:
    offset = timedelta(minutes=cells.offset_minutes)
    moment = datetime.fromisoformat(text) - offset
    return pa.repeat(pa.scalar(moment, pa.timestamp("us")), cells.length)


def column_of(kind: EventKind, name: str) -> Column:
    """Return a column of a kind that a mapping names; the loader has checked that it is there."""
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
        if how.column in kind.key and not how.hash:
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
