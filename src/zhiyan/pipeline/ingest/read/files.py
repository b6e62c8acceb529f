"""Read any file of the accepted kinds into raw tables; what it is follows from its content."""

import gzip
import io
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from zhiyan.pipeline.ingest.read.arrow import Array, pa, pc
from zhiyan.pipeline.ingest.read.columnar import read_parquet
from zhiyan.pipeline.ingest.read.delimited import read_delimited
from zhiyan.pipeline.ingest.read.encoding import decode
from zhiyan.pipeline.ingest.read.header import label_key
from zhiyan.pipeline.ingest.read.markup import (
    is_html,
    is_spreadsheet_xml,
    read_html,
    read_spreadsheet_xml,
)
from zhiyan.pipeline.ingest.read.objects import looks_like_json, read_objects
from zhiyan.pipeline.ingest.read.package import inspect_ole, inspect_zip, is_ole
from zhiyan.pipeline.ingest.read.table import RawTable, ReadOptions, refuse
from zhiyan.pipeline.ingest.read.workbook import read_workbook

_DEFAULT = ReadOptions()
#: Beginnings of kinds that people send by mistake, and what to do instead.
_FOREIGN = (
    (b"%PDF", "a PDF", "export the table itself"),
    (b"\x89PNG", "a picture", "export the table itself"),
    (b"\xff\xd8\xff", "a picture", "export the table itself"),
    (b"Rar!", "an archive", "unpack it"),
    (b"7z\xbc\xaf", "an archive", "unpack it"),
    (b"SQLite format 3", "a SQLite database", "export the table as CSV"),
    (b"{\\rtf", "a text document", "export the table itself"),
)


def read_tables(path: Path, options: ReadOptions = _DEFAULT) -> list[RawTable]:
    """Read a file: CSV and kin, JSON, .xlsx, .xls (also HTML or CSV by that name), Parquet.

    Text and JSON may be packed with gzip. Returns one table per sheet or HTML table, at least one.
    Raises DataError, and nothing else, with a code ``ZY301`` to ``ZY317`` if the file cannot be
    taken at all; single lines that cannot are in ``RawTable.rejected``.
    """
    known = frozenset(label_key(label) for label in options.known_labels)
    options = replace(options, known_labels=known)
    data = _content(path, options)
    if is_ole(data):
        return read_workbook(data, path, options, inspection=inspect_ole(data, path))
    if data.startswith(b"PK\x03\x04"):
        return read_workbook(data, path, options, inspection=inspect_zip(data, path, options))
    if data.startswith(b"PAR1"):
        return [read_parquet(data, path, options)]
    for start, name, hint in _FOREIGN:
        if data.startswith(start):
            raise refuse("ZY311", f"{name}, not a table", path, hint=hint)
    return _read_text(data, path, options)


def _read_text(data: bytes, path: Path, options: ReadOptions) -> list[RawTable]:
    head = decode(data, path, options.encoding).utf8[:4096] if _is_wide(data) else data[:4096]
    if is_spreadsheet_xml(head):
        return read_spreadsheet_xml(data, path, options)
    if is_html(head):
        return read_html(data, path, options)
    decoded = decode(data, path, options.encoding)
    if looks_like_json(head):
        return [read_objects(decoded, path, options)]
    return [read_delimited(decoded, path, options)]


def _is_wide(data: bytes) -> bool:
    return data.startswith((b"\xff\xfe", b"\xfe\xff"))


def _content(path: Path, options: ReadOptions) -> bytes:
    try:
        if not path.is_file():
            raise refuse("ZY301", "no such file", path)
        size = path.stat().st_size
        if size > options.max_bytes:
            raise refuse("ZY302", f"{size:,} bytes, at most {options.max_bytes:,}", path)
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        raise refuse("ZY301", f"cannot be opened: {error}", path) from error
    if data.startswith(b"\x1f\x8b"):
        data = _unpacked(data, path, options)
    if not data.strip():
        raise refuse("ZY301", "the file is empty", path)
    return data


def _unpacked(data: bytes, path: Path, options: ReadOptions) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
            out = packed.read(options.max_unpacked_bytes + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise refuse("ZY315", f"the gzip file is damaged: {error}", path) from error
    if len(out) > options.max_unpacked_bytes:
        raise refuse("ZY302", f"unpacks to more than {options.max_unpacked_bytes:,} bytes", path)
    return out


def fill_down(table: RawTable, columns: Sequence[str]) -> RawTable:
    """Fill empty cells of the named columns from above.

    Where the file says which cells were merged in a column, only those are filled; otherwise every
    empty cell is. Names that the table does not have are ignored.
    """
    rows = table.rows
    for name in columns:
        if name not in rows.column_names:
            continue
        column = pa.chunked_array([rows.column(name).combine_chunks()])
        filled = pc.fill_null_forward(column)
        spans = [span for span in table.spans if span.header == name]
        if spans:
            inside = _inside(table, [(s.first_row, s.last_row) for s in spans])
            filled = pc.if_else(inside, filled, column)
        rows = rows.set_column(rows.schema.get_field_index(name), name, filled)
    return replace(table, rows=rows)


def _inside(table: RawTable, spans: Sequence[tuple[int, int]]) -> Array:
    """Tell which rows lie in a merged block, below its first row that is still there."""
    inside = [False] * len(table.row_no)
    numbers = table.row_no.to_pylist()
    place = {number: at for at, number in enumerate(numbers)}
    for first, last in spans:
        for number in range(first + 1, last + 1):
            if number in place and first in place:
                inside[place[number]] = True
    return pa.array(inside)
