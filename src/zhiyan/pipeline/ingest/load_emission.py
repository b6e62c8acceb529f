"""The emit part of a mapping file: which events a row becomes, column by column."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from zhiyan.core.event import BOOKKEEPING, SHARED_COLUMNS, Column, ColumnType, EventKind
from zhiyan.core.kinds import KINDS
from zhiyan.pipeline.ingest.clean import PARSERS
from zhiyan.pipeline.ingest.load_fields import FIELD_KEYS, FieldBook, read_conditions
from zhiyan.pipeline.ingest.mapping import ColumnMap, Emission
from zhiyan.pipeline.ingest.nodes import Item, nearest

EMIT_KEYS = ("kind", "when", "occurred_at", "else_at", "default_time", "columns")
OWN_KEYS = (
    "field",
    "join",
    "suffix",
    "apart",
    "const",
    "codes",
    "unmapped",
    "hash",
    "token",
    "flag",
    "wide",
    "derive",
)
#: Keys of a field that a column may set for itself.
_COLUMN_READING = ("parse", "negate")
_UNMAPPED = ("unknown", "problem", "keep")
DERIVATIONS = ("is_test", "pseudo_name", "fake_phone", "birthdate", "gender")
#: Columns that the writer fills by itself.
_WRITTEN = ("matched",)
_STAGE_COLUMNS = {*(name for name, _ in BOOKKEEPING), *(c.name for c in SHARED_COLUMNS)}
#: What tells rows apart besides fields: all come from keyed or harmless values.
_APART_EXTRA = ("party", "occurred_at", "is_refund", "is_gift")


def read_emission(item: Item, book: FieldBook, kinds: Sequence[str]) -> Emission:
    """Read one emission and check it against the declaration of its kind."""
    record = item.record(EMIT_KEYS)
    name = record["kind"].choice(kinds, "kind of event") if "kind" in record else ""
    for key in ("kind", "columns"):
        if key not in record:
            item.wrong(f"an emission needs {key!r}", code="ZY333")
    if name not in KINDS or "columns" not in record:
        return Emission(kind=name, occurred_at=(), columns=(), where=item.where)
    kind = KINDS[name]
    columns = _read_columns(record["columns"], kind, book)
    _check_complete(item, kind, columns, record=record)
    return Emission(
        kind=name,
        occurred_at=_read_time(record, book),
        columns=columns,
        when=read_conditions(record["when"], book) if "when" in record else (),
        else_at=book.references(record["else_at"]) if "else_at" in record else (),
        default_time=record["default_time"].text() if "default_time" in record else None,
        where=item.where,
    )


def _read_time(record: Mapping[str, Item], book: FieldBook) -> tuple[str, ...]:
    if "occurred_at" not in record:
        return ()
    item = record["occurred_at"]
    if item.is_map:
        return (book.inline(item.record(FIELD_KEYS)),)
    return book.references(item)


def _check_complete(
    item: Item, kind: EventKind, columns: Sequence[ColumnMap], *, record: Mapping[str, Item]
) -> None:
    filled = {column.column for column in columns}
    for name in kind.key:
        if name not in filled:
            item.wrong(f"kind {kind.name!r} needs its key column {name!r}", code="ZY333")
    for how in columns:
        missing = {*how.hash, *how.apart} & {"is_refund", "is_gift"} - filled
        if missing:
            item.mistakes.add("ZY332", f"nothing fills {sorted(missing)}", how.where)
    if "occurred_at" not in record and "default_time" not in record:
        item.wrong("an emission needs `occurred_at` (or `default_time`)", code="ZY333")


def _read_columns(item: Item, kind: EventKind, book: FieldBook) -> tuple[ColumnMap, ...]:
    known = [c.name for c in kind.columns if c.name not in _WRITTEN]
    columns: list[ColumnMap] = []
    for name, part in item.entries():
        column = kind.column(name)
        if column is None or name in _STAGE_COLUMNS or name in _WRITTEN:
            hint = nearest(name, known) or f"known: {known}"
            part.wrong(f"kind {kind.name!r} has no column {name!r} to fill", hint, "ZY332")
        else:
            columns.append(_read_column(part, column, book))
    return tuple(columns)


def _read_column(item: Item, column: Column, book: FieldBook) -> ColumnMap:
    plain = ColumnMap(column=column.name, unmapped=_default_unmapped(column), where=item.where)
    if item.is_list or not item.is_map:
        return replace(plain, fields=book.references(item))
    record = item.record((*FIELD_KEYS, *OWN_KEYS))
    made = replace(plain, fields=_read_source(record, book), **_read_plain(record, book))
    if "flag" in record:
        made = replace(made, flag=read_conditions(record["flag"], book))
    if not (made.fields or made.const or made.hash or made.flag or made.wide or made.derive):
        item.wrong(f"nothing fills {column.name!r}", f"one of {OWN_KEYS}", "ZY333")
    if made.const is not None:
        _check_const(item, column, made.const)
    if made.codes is not None and column.values and not book.leads_to(made.codes, column.values):
        record["codes"].wrong(f"table {made.codes!r} holds no value of {column.name!r}")
    return made


def _default_unmapped(column: Column) -> str:
    return "keep" if column.type is ColumnType.CODE and not column.values else "unknown"


def _read_source(record: Mapping[str, Item], book: FieldBook) -> tuple[str, ...]:
    if "from" in record:
        return (book.inline(record),)
    if "join" in record:
        return book.references(record["join"])
    return book.references(record["field"]) if "field" in record else ()


def _read_how(record: Mapping[str, Item]) -> dict[str, object]:
    """Read how a declared field is read for this column only."""
    made: dict[str, object] = {}
    for key in record:
        if key in FIELD_KEYS and key not in _COLUMN_READING:
            record[key].wrong(f"{key!r} belongs to the field, under `fields`")
    if "parse" in record:
        made["parse"] = record["parse"].choice(PARSERS, "parser")
    if "negate" in record:
        made["negate"] = record["negate"].flag()
    return made


def _read_plain(record: Mapping[str, Item], book: FieldBook) -> dict[str, object]:
    made: dict[str, object] = {}
    if "join" in record:
        made["join"] = "-"
    if "apart" in record:
        made["apart"] = book.references(record["apart"], _APART_EXTRA)
    for key in ("suffix", "const"):
        if key in record:
            made[key] = record[key].text()
    if "codes" in record:
        made["codes"] = book.codes(record["codes"])
        made["unmapped"] = "unknown"
    if "unmapped" in record:
        made["unmapped"] = record["unmapped"].choice(_UNMAPPED, "way with unknown codes")
    if "from" not in record:
        made |= _read_how(record)
    return made | _read_derived(record, book)


def _read_derived(record: Mapping[str, Item], book: FieldBook) -> dict[str, object]:
    made: dict[str, object] = {}
    if "hash" in record:
        made["hash"] = book.references(record["hash"], _APART_EXTRA)
    if "token" in record:
        made["token"] = record["token"].flag()
    if "wide" in record:
        made["wide"] = record["wide"].texts()
    if "derive" in record:
        made["derive"] = record["derive"].choice(DERIVATIONS, "derivation")
    return made


def _check_const(item: Item, column: Column, const: str) -> None:
    if column.type is ColumnType.CODE and column.values and const not in column.values:
        item.wrong(f"{column.name!r} has no value {const!r}", nearest(const, column.values))
    if column.type is ColumnType.BOOL and const not in {"true", "false"}:
        item.wrong(f"{column.name!r} is true or false, not {const!r}")
    if column.type in {ColumnType.INT, ColumnType.FEN} and not const.lstrip("-").isdigit():
        item.wrong(f"{column.name!r} is a whole number, not {const!r}")
    if column.type in {ColumnType.DATE, ColumnType.MOMENT, ColumnType.CODES}:
        item.wrong(f"{column.name!r} cannot be a constant")
