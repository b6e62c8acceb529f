"""Read Parquet: every column to text without loss."""

import io
import json
from math import isnan
from pathlib import Path
from typing import Any, cast

from zhiyan.pipeline.ingest.read.arrow import ChunkedArray, Table, pa, parquet, pc
from zhiyan.pipeline.ingest.read.objects import scalar_text
from zhiyan.pipeline.ingest.read.table import RawTable, ReadOptions, check_shape, refuse
from zhiyan.pipeline.ingest.read.workbook import number_text


def read_parquet(data: bytes, path: Path, options: ReadOptions) -> RawTable:
    """Read a Parquet file; row numbers count its rows from 1.

    Decimals keep their digits, whole floating point numbers lose ``.0``, dates and times are in
    ISO form. Raises DataError ``ZY314`` if it is damaged, ``ZY306`` if it is too large.
    """
    try:
        file = parquet.ParquetFile(io.BytesIO(data))
        held = file.metadata
        check_shape(path, held.num_rows, held.num_columns, options=options)
        unpacked = sum(held.row_group(i).total_byte_size for i in range(held.num_row_groups))
        if unpacked > options.max_unpacked_bytes:
            raise refuse("ZY302", f"unpacks to {unpacked:,} bytes", path, hint="split it")
        table = file.read()
    except (pa.ArrowException, OSError, ValueError, RuntimeError, MemoryError) as error:
        raise refuse("ZY314", f"the Parquet file is damaged: {error}", path) from error
    table = _flattened(table)
    names = _unique(table.column_names)
    rows = pa.table([_text(column) for column in table.columns], names=names)
    return RawTable(
        file=path.name,
        kind="parquet",
        headers=tuple(names),
        rows=rows,
        row_no=pa.array(range(1, rows.num_rows + 1), pa.int32()),
    )


def _flattened(table: Table) -> Table:
    while any(pa.types.is_struct(field.type) for field in cast("Any", table.schema)):
        table = table.flatten()
    return table


def _unique(names: list[str]) -> list[str]:
    out: list[str] = []
    for name in names:
        copies = sum(n == name or n.startswith(f"{name}_") for n in out)
        out.append(f"{name}_{copies + 1}" if name in out else name)
    return out


def _text(column: ChunkedArray) -> ChunkedArray:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _text(column.cast(kind.value_type))
    if pa.types.is_timestamp(kind):
        return _moment(column, kind)
    if pa.types.is_floating(kind):
        return _number(column.cast(pa.float64()))
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_nested(kind):
        texts = [_odd(value) for value in column.to_pylist()]
        return pa.chunked_array([pa.array(texts, pa.string())])
    text = column.cast(pa.string())
    if pa.types.is_time(kind):
        text = pc.replace_substring_regex(text, r"\.0+$", "")
    return pc.if_else(pc.equal(text, ""), None, text)


def _moment(column: ChunkedArray, kind: Any) -> ChunkedArray:
    """ISO text, fractions of a second only where there are any, an offset where there is a zone."""
    naive = column.cast(pa.timestamp(kind.unit, tz="UTC")) if kind.tz else column
    text = naive.cast(pa.timestamp(kind.unit)).cast(pa.string())
    text = pc.replace_substring_regex(text, r"\.0+$", "")
    return pc.binary_join_element_wise(text, "+00:00", "") if kind.tz else text


def _number(column: ChunkedArray) -> ChunkedArray:
    encoded = pc.dictionary_encode(column.combine_chunks())
    texts = [
        None if v is None or isnan(v) else number_text(v) for v in encoded.dictionary.to_pylist()
    ]
    return pa.chunked_array([pa.array(texts, pa.string()).take(encoded.indices)])


def _odd(value: Any) -> str | None:
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8") or None
        except UnicodeDecodeError:
            return value.hex()
    if isinstance(value, list) and all(map(_is_plain, cast("list[Any]", value))):
        return scalar_text(value)
    return None if value is None else json.dumps(value, ensure_ascii=False, default=str)


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | bool)
