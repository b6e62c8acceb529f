"""Canonical columns from cells: what each column of an event is filled with."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from zhiyan.core.event import Column, ColumnType
from zhiyan.pipeline.ingest.arrays import (
    DataType,
    coalesced,
    flat,
    joined,
    look_up,
    mask_array,
    nulls,
    per_value,
)
from zhiyan.pipeline.ingest.cells import Cells
from zhiyan.pipeline.ingest.clean import CODE_TABLES
from zhiyan.pipeline.ingest.context import Reference, item_code, plain_name
from zhiyan.pipeline.ingest.headers import options
from zhiyan.pipeline.ingest.mapping import ColumnMap
from zhiyan.pipeline.ingest.parsers import column_parser
from zhiyan.pipeline.ingest.read.arrow import Array, pa, pc

#: Arrow type of each column type.
ARROW_TYPES: dict[ColumnType, DataType] = {
    ColumnType.TEXT: pa.string(),
    ColumnType.CODE: pa.string(),
    ColumnType.INT: pa.int64(),
    ColumnType.FEN: pa.int64(),
    ColumnType.BOOL: pa.bool_(),
    ColumnType.DATE: pa.date32(),
    ColumnType.MOMENT: pa.timestamp("us"),
    ColumnType.CODES: pa.list_(pa.string()),
}
_DERIVED_FROM = {
    "is_test": "name",
    "pseudo_name": "name",
    "fake_phone": "phone",
    "birthdate": "id_card",
    "gender": "id_card",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One canonical column, full length; ``names`` the raw names where codes come from items.

    ``names`` null is a row without a name; a name with a null value is unmapped.
    """

    values: Array
    names: Array | None = None


def fill(column: Column, how: ColumnMap, cells: Cells, *, reference: Reference) -> Value:
    """Return the values of a canonical column for every row of the table."""
    kind = ARROW_TYPES[column.type]
    if how.const is not None:
        return Value(values=_const(column, how.const, cells.length))
    if how.wide:
        return Value(values=_wide(how, cells))
    there = [] if cells.lacks(how) else [name for name in how.fields if cells.has(name)]
    names: Array | None = None
    parts: list[Array] = []
    if there and how.join is not None:
        texts = [flat(cells.parsed(name, "native_id").values) for name in how.fields]
        parts.append(pc.cast(joined(texts, how.join), kind))
    elif there and how.codes in {"items", "clinics", "staff"}:
        names = coalesced([flat(cells.parsed(name, "text").values) for name in there])
        known = reference.plain(str(how.codes))
        codes = _reference_codes(names, str(how.codes), known)
        parts.append(codes if how.unmapped != "keep" else coalesced([codes, names]))
    else:
        parts += [_typed(column, how, cells, name=name) for name in there]
    parts += _derived(how, cells)
    if not parts:
        return Value(values=nulls(cells.length, kind))
    values = flat(coalesced([pc.cast(part, kind) for part in parts]))
    if how.negate:
        values = pc.negate(values)
    if how.suffix:
        values = pc.binary_join_element_wise(values, pa.scalar(how.suffix), "")
    return Value(values=values, names=names)


def _reference_codes(names: Array, kind: str, known: Mapping[str, str]) -> Array:
    if kind != "items":
        return look_up(names, known, plain_name)
    return per_value(names, lambda some: [item_code(name, known) for name in some], pa.string())


def _typed(column: Column, how: ColumnMap, cells: Cells, *, name: str) -> Array:
    if column.type in {ColumnType.CODE, ColumnType.CODES}:
        parser = "code" if column.type is ColumnType.CODE else "codes"
        table = _code_table(column, how, cells)
        if table:
            parsed = cells.parsed(
                name, parser, table, table=how.codes or column.name, unmapped=how.unmapped
            )
            return flat(parsed.values)
        return flat(cells.parsed(name, "text" if parser == "code" else parser).values)
    if how.token:
        return flat(cells.parsed(name, "native_id").values)
    declared = how.parse or cells.parser(name)
    wanted = column_parser(column)
    numeric = {ColumnType.INT, ColumnType.FEN, ColumnType.BOOL, ColumnType.DATE, ColumnType.MOMENT}
    return flat(cells.parsed(name, wanted if column.type in numeric else declared).values)


def _code_table(column: Column, how: ColumnMap, cells: Cells) -> Mapping[str, str]:
    """Return text -> code: the named table, and the canonical codes naming themselves."""
    table: dict[str, str] = {code: code for code in column.values}
    if how.codes is not None:
        own = cells.source.codes.get(how.codes)
        table |= {code: code for code in (own or CODE_TABLES[how.codes]).values()}
        table |= own if own is not None else CODE_TABLES[how.codes]
    if column.values:
        return {text: code for text, code in table.items() if code in column.values}
    return table


def _const(column: Column, const: str, length: int) -> Array:
    if column.type is ColumnType.BOOL:
        return pa.array(np.full(length, const == "true"))
    if column.type in {ColumnType.INT, ColumnType.FEN}:
        return pa.array(np.full(length, int(const), dtype=np.int64))
    return pa.repeat(pa.scalar(const, pa.string()), length)


def _derived(how: ColumnMap, cells: Cells) -> list[Array]:
    parts: list[Array] = []
    if how.flag:
        parts.append(mask_array(cells.holds(how.flag)))
    if how.derive is not None:
        kind = _DERIVED_FROM[how.derive]
        found = [i.field for i in cells.source.identifiers if i.type == kind]
        for name in found:
            extra = cells.finding(name, kind, how.derive) if cells.has(name) else None
            if extra is not None:
                parts.append(extra)
    return parts


def _wide(how: ColumnMap, cells: Cells) -> Array:
    """Collect one column per option into a sorted list of codes; null where nothing is answered."""
    table = cells.source.codes.get(str(how.codes), CODE_TABLES.get(str(how.codes), {}))
    plain = {plain_name(name): code for name, code in table.items()}
    chosen: dict[str, np.ndarray] = {}
    answered = np.zeros(cells.length, dtype=bool)
    for header, option in options(how.wide, cells.table.headers).items():
        ticked, filled_in = cells.ticks(header)
        answered |= filled_in
        code = plain.get(plain_name(option))
        if code is None:
            cells.unknown[(header, option)] += int(ticked.sum())
            continue
        chosen[code] = chosen.get(code, np.zeros(cells.length, dtype=bool)) | ticked
    codes = sorted(chosen)
    if not codes:
        return nulls(cells.length, pa.list_(pa.string()))
    grid = np.stack([chosen[code] for code in codes], axis=1)
    offsets = np.concatenate([[0], np.cumsum(grid.sum(axis=1))]).astype(np.int32)
    values = pa.array(codes, pa.string()).take(pa.array(np.nonzero(grid)[1]))
    lists = pa.ListArray.from_arrays(pa.array(offsets), values)
    return pc.if_else(mask_array(answered), lists, pa.scalar(None, pa.list_(pa.string())))
