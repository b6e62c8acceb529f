"""Who a row is about: identifiers to tokens, and the record (party) that its facts hang on.

Nothing in clear leaves this module: identifiers become tokens before anything reaches the engine.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zhiyan.core.identity import CONTACT_KEYS, SCOPED, SECOND_KEYS, IdType, Quality
from zhiyan.pipeline.ingest.arrays import Mask, filled, flat, joined, mask_array, per_value
from zhiyan.pipeline.ingest.cells import Cells
from zhiyan.pipeline.ingest.context import Context
from zhiyan.pipeline.ingest.mapping import Identifier
from zhiyan.pipeline.ingest.parsers import identifier_parser
from zhiyan.pipeline.ingest.read.arrow import Array, Table, pa, pc

#: Separates the scope of a number from the number in what the vault keeps.
SCOPE_MARK = "|"

CLAIM_SCHEMA = pa.schema(
    [
        ("row", pa.int64()),
        ("id_type", pa.string()),
        ("value", pa.string()),
        ("quality", pa.string()),
        ("verified", pa.bool_()),
        ("rank", pa.int32()),
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """System and clinic of each row, full length."""

    system: Array
    clinic: Array


def claims(cells: Cells, scope: Scope) -> Table:
    """Return every identifier in the table, in clear: one row per row and identifier."""
    parts = [
        _claims_of(identifier, cells, scope, rank=rank)
        for rank, identifier in enumerate(cells.source.identifiers)
        if cells.has(identifier.field)
    ]
    return pa.concat_tables(parts) if parts else CLAIM_SCHEMA.empty_table()


def _claims_of(identifier: Identifier, cells: Cells, scope: Scope, *, rank: int) -> Table:
    parser = identifier_parser(cells.source, identifier)
    parsed = cells.parsed(identifier.field, parser)
    values, quality = flat(parsed.values), parsed.quality
    if identifier.when:
        meant = mask_array(cells.holds(identifier.when))
        values = pc.if_else(meant, values, pa.scalar(None, values.type))
    if pa.types.is_list(values.type):
        rows = pc.list_parent_indices(values).cast(pa.int64())
        if quality is not None:
            quality = pc.list_flatten(flat(quality).filter(pc.is_valid(values)))
        values = pc.list_flatten(values)
    else:
        mask = filled(values)
        rows = pa.array(np.flatnonzero(mask))
        values = values.filter(mask_array(mask)).cast(pa.string())
        quality = flat(quality).filter(mask_array(mask)) if quality is not None else None
    if quality is None:
        quality = pa.repeat(pa.scalar(str(Quality.OK)), len(values))
    count = len(values)
    return pa.table(
        [
            rows,
            pa.repeat(pa.scalar(identifier.type), count),
            _scoped(identifier, values, rows, scope=scope),
            pc.fill_null(quality, str(Quality.OK)),
            pa.repeat(pa.scalar(identifier.verified), count),
            pa.repeat(pa.scalar(rank, pa.int32()), count),
        ],
        schema=CLAIM_SCHEMA,
    )


def _scoped(identifier: Identifier, values: Array, rows: Array, *, scope: Scope) -> Array:
    if identifier.type not in {str(kind) for kind in SCOPED}:
        return values
    system = scope.system.take(rows)
    parts: list[Array] = [system]
    if identifier.scope:
        parts = [pa.repeat(pa.scalar(identifier.scope), len(values))]
    if identifier.type == str(IdType.HIS_NO):
        parts.append(pc.fill_null(scope.clinic.take(rows), ""))
    return joined([*parts, values], SCOPE_MARK)


def party_keys(found: Table, length: int, scope: Scope) -> Array:
    """Return the text that names each row's record of a person; null where nothing names one.

    The first identifier in the order of the mapping that is of good quality and that one person has
    for herself; else all identifiers of the row together, if they are more than one name. A contact
    names nobody alone: mother and daughter on one phone are two records.
    """
    own = _own(found)
    keys = np.full(length, None, dtype=object)
    _set_together(keys, found, own)
    best = _sorted(found.filter(own), "row", "rank", "value")
    rows = np.asarray(best.column("row").to_numpy())
    first = _starts(rows)
    texts = joined([flat(best.column("id_type")), flat(best.column("value"))], SCOPE_MARK)
    keys[rows[first]] = texts.filter(pa.array(first)).to_numpy(zero_copy_only=False)
    named = pa.array(keys, pa.string())
    return joined([scope.system, named], SCOPE_MARK)


def _sorted(rows: Table, *names: str) -> Table:
    return rows.take(pc.sort_indices(rows, sort_keys=[(name, "ascending") for name in names]))


def _starts(rows: np.ndarray) -> Mask:
    """Mark where a new value begins in a sorted column."""
    first = np.ones(len(rows), dtype=np.bool_)
    first[1:] = rows[1:] != rows[:-1]
    return first


def _own(found: Table) -> Array:
    shared = pa.array([str(kind) for kind in (*SECOND_KEYS, *CONTACT_KEYS)])
    good = pc.equal(found.column("quality"), str(Quality.OK))
    return flat(pc.and_(good, pc.invert(pc.is_in(found.column("id_type"), value_set=shared))))


def _set_together(keys: np.ndarray, found: Table, own: Array) -> None:
    """Name the rows without an identifier of their own by all that they have."""
    done = np.zeros(len(keys), dtype=np.bool_)
    done[np.asarray(found.filter(own).column("row").to_numpy())] = True
    telling = np.zeros(len(keys), dtype=np.bool_)
    others = found.filter(pc.not_equal(found.column("id_type"), str(IdType.NAME)))
    telling[np.asarray(others.column("row").to_numpy())] = True
    rest = found.filter(pa.array((telling & ~done)[np.asarray(found.column("row").to_numpy())]))
    alike = rest.select(["row", "id_type", "value"]).group_by(["row", "id_type", "value"])
    rest = _sorted(alike.aggregate([]), "row", "id_type", "value")
    rows = np.asarray(rest.column("row").to_numpy())
    starts = np.flatnonzero(_starts(rows))
    texts = joined([flat(rest.column("id_type")), flat(rest.column("value"))], "=")
    parts = pa.ListArray.from_arrays(pa.array(np.append(starts, len(rows)), pa.int32()), texts)
    keys[rows[starts]] = pc.binary_join(parts, SCOPE_MARK).to_numpy(zero_copy_only=False)


def party_ids(keys: Array, context: Context) -> Array:
    """Return the party of each key: 63 bits of its keyed hash; null stays null."""

    def ids(values: Sequence[str]) -> list[int]:
        return [int(context.vault.token("party", value)[:16], 16) >> 1 for value in values]

    return per_value(keys, ids, pa.int64())


def tokens_of(found: Table, keep: Mask, context: Context) -> Table:
    """Return the claims of the rows in ``keep`` with tokens in place of values."""
    rows = np.asarray(found.column("row").to_numpy())
    kept = found.filter(pa.array(keep[rows]))
    parts: list[Table] = []
    for id_type in pc.unique(kept.column("id_type")).to_pylist():
        part = kept.filter(pc.equal(kept.column("id_type"), id_type))
        values = flat(part.column("value"))
        tokens = per_value(
            values, lambda some, kind=str(id_type): context.tokens(kind, some), pa.string()
        )
        parts.append(part.drop_columns(["value", "rank"]).append_column("token", tokens))
    if parts:
        return pa.concat_tables(parts)
    empty = kept.drop_columns(["value", "rank"])
    return empty.append_column("token", pa.array([], pa.string()))
