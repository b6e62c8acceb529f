"""Parse the body of delimited text with Arrow, every column text, losing no line.

Lines whose number of cells does not fit are set aside with their text. A quote that was never
closed swallows the lines after it: its own line is set aside and the others are read again.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from zhiyan.pipeline.ingest.read.arrow import Array, Table, arrow_csv, is_true, pa, pc
from zhiyan.pipeline.ingest.read.table import RejectedRow, RejectReason

_MAX_CELL = 1 << 26
_BLOCK = 1 << 26
#: How many unclosed quotes are worked around; after that the swallowed text is set aside whole.
_MAX_RECOVERIES = 500


@dataclass(slots=True, kw_only=True)
class Bulk:
    """The body of a file: text columns, the line where each row starts, lines set aside."""

    rows: Table
    row_no: Array
    rejected: list[RejectedRow]


@dataclass(slots=True, kw_only=True)
class _Parts:
    names: tuple[str, ...]
    delimiter: str
    tables: list[Table] = field(default_factory=list[Table])
    lines: list[Any] = field(default_factory=list[Any])
    rejected: list[RejectedRow] = field(default_factory=list[RejectedRow])
    pending: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    recoveries: int = 0


def csv_reader(lines: Iterable[str], delimiter: str, *, strict: bool = False) -> Any:
    """Return a reader of the standard library that agrees with the bulk parser."""
    csv.field_size_limit(_MAX_CELL)
    return csv.reader(lines, delimiter=delimiter, strict=strict)


def _first(lines: Iterable[str], parts: _Parts) -> list[str]:
    """Return the cells of the first record."""
    empty: list[str] = []
    return next(csv_reader(lines, parts.delimiter), empty)


def parse_bulk(data: bytes, line: int, names: Sequence[str], *, delimiter: str) -> Bulk:
    """Parse UTF-8 bytes whose first line has number ``line`` into columns ``names``."""
    parts = _Parts(names=tuple(names), delimiter=delimiter)
    _parse(parts, data, line)
    while parts.pending:
        text, at = parts.pending.pop()
        _parse(parts, text.encode(), at)
    schema = pa.schema([(name, pa.string()) for name in names])
    rows = pa.concat_tables(parts.tables) if parts.tables else schema.empty_table()
    numbers = np.concatenate(parts.lines) if parts.lines else np.zeros(0, dtype=np.int32)
    if len(parts.tables) > 1:
        order = np.argsort(numbers, kind="stable")
        rows, numbers = rows.take(pa.array(order)), numbers[order]
    rejected = sorted(parts.rejected, key=lambda row: row.row_no)
    return Bulk(rows=rows, row_no=pa.array(numbers, pa.int32()), rejected=rejected)


def _parse(parts: _Parts, data: bytes, line: int) -> None:
    if not data:
        return
    unfit: list[tuple[int, str]] = []
    table = _arrow(data, parts, unfit)
    accepted, aside = _starts(table, unfit, line)
    table, accepted = _check_end(parts, data, (table, accepted), line=line)
    table, accepted = _check_quotes(parts, data, (table, accepted), line=line)
    for at, (_, text) in zip(aside, unfit, strict=True):
        _set_aside(parts, text, int(at))
    parts.tables.append(table)
    parts.lines.append(accepted)


def _arrow(data: bytes, parts: _Parts, unfit: list[tuple[int, str]]) -> Table:
    """Parse with Arrow; records that do not fit go to ``unfit`` with their number and text."""

    def skip(row: Any) -> str:
        unfit.append((int(row.number), row.text))
        return "skip"

    def read(block: int) -> Table:
        unfit.clear()
        return arrow_csv.read_csv(
            pa.BufferReader(data),
            read_options=arrow_csv.ReadOptions(
                column_names=list(parts.names), use_threads=False, block_size=block
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=parts.delimiter,
                newlines_in_values=b'"' in data,
                ignore_empty_lines=False,
                invalid_row_handler=skip,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types={name: pa.string() for name in parts.names},
                null_values=[""],
                strings_can_be_null=True,
                check_utf8=False,
            ),
        )

    try:
        return read(min(len(data) + 1, _BLOCK))
    except pa.ArrowInvalid:  # one record longer than a block
        return read(min(len(data) + 1, (1 << 31) - 1))


def _starts(table: Table, unfit: Sequence[tuple[int, str]], line: int) -> tuple[Any, Any]:
    """Return the line where each accepted row and each record set aside starts."""
    total = table.num_rows + len(unfit)
    aside = np.array([number - 1 for number, _ in unfit], dtype=np.int64)
    fits = np.ones(total, dtype=bool)
    fits[aside] = False
    inner = np.zeros(total, dtype=np.int64)
    inner[fits] = _newlines(table)
    inner[aside] = [text.count("\n") for _, text in unfit]
    start = line + np.concatenate(([0], np.cumsum(inner + 1)[:-1])) if total else inner
    return start[fits].astype(np.int32), start[aside]


def _newlines(table: Table) -> Any:
    counts = np.zeros(table.num_rows, dtype=np.int64)
    for column in table.columns:
        found = pc.count_substring(column, "\n")
        if pc.max(found).as_py():
            counts += pc.fill_null(found, 0).to_numpy()
    return counts


def _check_end(
    parts: _Parts, data: bytes, taken: tuple[Table, Any], *, line: int
) -> tuple[Table, Any]:
    """Set the last row aside if the file ends inside its quotes (a cut-off file)."""
    table, accepted = taken
    if not len(accepted) or data.count(b'"') % 2 == 0:
        return taken
    back = line + data.count(b"\n") + (not data.endswith(b"\n")) - int(accepted[-1])
    text = b"\n".join(data.split(b"\n")[-back - data.endswith(b"\n") :]).decode()
    try:
        list(csv_reader([text], parts.delimiter, strict=True))
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            row_no = int(accepted[-1])
            _reject(parts, RejectReason.UNCLOSED_QUOTE, text.rstrip("\r\n"), line=row_no)
            return table.slice(0, table.num_rows - 1), accepted[:-1]
    return taken


def _check_quotes(
    parts: _Parts, data: bytes, taken: tuple[Table, Any], *, line: int
) -> tuple[Table, Any]:
    """Set aside rows that fit only because a stray quote swallowed the lines after them."""
    table, accepted = taken
    suspect = np.zeros(table.num_rows, dtype=bool)
    if b'"' in data:
        for column in table.columns:
            found = pc.match_substring_regex(column, r"\n[^\n]*[\"" + parts.delimiter + "]")
            suspect |= is_true(found)
    if not suspect.any():
        return taken
    ends = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == 10)
    bounds = np.concatenate(([0], ends + 1, [len(data)]))
    inner = _newlines(table)
    for at in np.flatnonzero(suspect).tolist():
        first = int(accepted[at]) - line
        text = data[bounds[first] : bounds[first + int(inner[at]) + 1]].decode().rstrip("\r\n")
        suspect[at] = _breaks_quotes(text, parts)
        if suspect[at]:
            _set_aside(parts, text, int(accepted[at]))
    return table.filter(pa.array(~suspect)), accepted[~suspect]


def _breaks_quotes(text: str, parts: _Parts) -> bool:
    """Tell whether a record breaks the rules of quoting and its later lines are rows."""
    try:
        list(csv_reader(text.splitlines(keepends=True), parts.delimiter, strict=True))
    except csv.Error:
        return _swallowed(text.partition("\n")[2], parts)
    return False


def _set_aside(parts: _Parts, text: str, line: int) -> None:
    """Reject a record that does not fit, or read again the lines that its quote swallowed."""
    cells = _first(text.splitlines(keepends=True), parts)
    width = len(parts.names)
    if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
        row = {n: [c or None] for n, c in zip(parts.names, cells, strict=False)}
        schema = pa.schema([(name, pa.string()) for name in parts.names])
        parts.tables.append(pa.table(row, schema=schema))
        parts.lines.append(np.array([line], dtype=np.int32))
        return
    first, _, rest = text.partition("\n")
    if rest and parts.recoveries < _MAX_RECOVERIES and _swallowed(rest, parts):
        parts.recoveries += 1
        _reject(parts, RejectReason.UNCLOSED_QUOTE, first.rstrip("\r"), line=line)
        parts.pending.append((rest, line + 1))
        return
    few = len(cells) < width
    reason = RejectReason.TOO_FEW_CELLS if few else RejectReason.TOO_MANY_CELLS
    _reject(parts, reason, text, line=line)


def _swallowed(rest: str, parts: _Parts) -> bool:
    """Tell whether the lines after a record's first are rows themselves."""
    lines = [line for line in rest.splitlines()[:200] if line.strip()]
    widths = [len(_first([line], parts)) for line in lines]
    fitting = widths.count(len(parts.names))
    return bool(lines) and fitting * 2 >= len(lines)


def _reject(parts: _Parts, reason: RejectReason, text: str, *, line: int) -> None:
    cells = _first(text.splitlines(keepends=True), parts)
    parts.rejected.append(
        RejectedRow(row_no=line, reason=reason, text=text, cells=tuple(c or None for c in cells))
    )
