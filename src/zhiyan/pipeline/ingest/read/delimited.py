"""Read delimited text: comma, tab, semicolon or bar, with quotes, into a raw table."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import pyarrow.compute as pc

from zhiyan.pipeline.ingest.read import drops
from zhiyan.pipeline.ingest.read.bulk import Bulk, csv_reader, parse_bulk
from zhiyan.pipeline.ingest.read.encoding import Decoded
from zhiyan.pipeline.ingest.read.header import SEARCH_ROWS, Header, find_header, named
from zhiyan.pipeline.ingest.read.table import (
    DroppedRow,
    DropReason,
    RawTable,
    ReadOptions,
    RejectedRow,
    check_shape,
    refuse,
)

DELIMITERS = (",", "\t", ";", "|")
_SAMPLE_BYTES = 1 << 18


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    """One parsed record: its first and last line (1-based), the byte after it, its cells."""

    line: int
    last: int
    end: int
    cells: list[str]


def read_delimited(decoded: Decoded, path: Path, options: ReadOptions) -> RawTable:
    """Read delimited text.

    Raises DataError ``ZY312`` if there is nothing in it, ``ZY306`` if it is too large, ``ZY317``
    if the header row named by the options does not exist.
    """
    data = decoded.utf8
    delimiter = options.delimiter or find_delimiter(data)
    top = _head(data, delimiter)
    if not any(drops.filled(record.cells) for record in top):
        raise refuse("ZY312", "no rows in it", path)
    header = _header(top, path, options)
    check_shape(path, data.count(b"\n"), len(header.names), options=options)
    start = header.first + header.count
    offset = top[start - 1].end if start else 0
    line = top[start - 1].last + 1 if start else 1
    bulk = parse_bulk(data[offset:], line, header.names, delimiter=delimiter)
    table = RawTable(
        file=path.name,
        kind="csv",
        headers=header.names,
        rows=bulk.rows,
        row_no=bulk.row_no,
        header_rows=tuple(r.line for r in top[header.first : start]),
        notes=header.notes,
        encoding=decoded.encoding,
        delimiter=delimiter,
        titles=tuple(" ".join(drops.filled(r.cells)) for r in top[: header.first]),
    )
    above = [DroppedRow(row_no=r.line, reason=_above(r.cells)) for r in top[: header.first]]
    return _unwrapped(_sorted_out(table, bulk, above), decoded.utf8)


def find_delimiter(data: bytes) -> str:
    """Choose the delimiter under which most lines of the beginning have the same many cells."""
    heads = {delimiter: _head(data, delimiter) for delimiter in DELIMITERS}
    scores = {
        delimiter: (0.0, 0) if _decorates(records, delimiter) else _consistency(records)
        for delimiter, records in heads.items()
    }
    return max(DELIMITERS, key=lambda d: scores[d])


def _decorates(records: Sequence[_Record], delimiter: str) -> bool:
    """Tell whether a delimiter only stands beside another one (bills end each cell by a tab)."""
    others = tuple(other for other in DELIMITERS if other != delimiter)
    inner = [cell for record in records for cell in record.cells[1:] if cell.strip()]
    return bool(inner) and 2 * sum(cell.startswith(others) for cell in inner) > len(inner)


def _consistency(records: Sequence[_Record]) -> tuple[float, int]:
    widths = [len(r.cells) for r in records if drops.filled(r.cells)]
    wide = [w for w in widths if w > 1]
    if not wide:
        return 0.0, 0
    usual = max(set(wide), key=lambda w: (wide.count(w), w))
    share = wide.count(usual) / len(widths)
    return share * share * min(usual, 8), usual


def _head(data: bytes, delimiter: str) -> list[_Record]:
    """Parse the first records, knowing where each starts and ends."""
    sample = data[:_SAMPLE_BYTES]
    if len(data) > _SAMPLE_BYTES:
        sample = sample[: sample.rfind(b"\n") + 1] or sample
    lines = io.StringIO(sample.decode("utf-8", "ignore"), newline="").readlines()
    ends: list[int] = [0]
    for text in lines:
        ends.append(ends[-1] + len(text.encode()))
    reader = csv_reader(lines, delimiter)
    records: list[_Record] = []
    before = 0
    cells: list[str]
    for cells in islice(reader, SEARCH_ROWS * 2):
        now: int = reader.line_num
        records.append(_Record(line=before + 1, last=now, end=ends[now], cells=cells))
        before = now
    return records


def _header(top: Sequence[_Record], path: Path, options: ReadOptions) -> Header:
    """Find the header among the first records; its width is that of most lines."""
    widths = [len(r.cells) for r in top if len(drops.filled(r.cells)) > 1]
    usual = max(set(widths), key=lambda w: (widths.count(w), w), default=1)
    # Lines of another width are notes of a bill, never its header.
    grid = [r.cells if len(r.cells) >= usual or len(top) == 1 else [] for r in top]
    if options.header_at is not None:
        at = next((i for i, r in enumerate(top) if r.line == options.header_at), None)
        if at is None:
            raise refuse("ZY317", f"no record starts in line {options.header_at}", path)
        header = named([r.cells for r in top], at, count=options.header_rows or 1)
    else:
        header = find_header(grid, options.known_labels, count=options.header_rows)
    named_to = max(
        (i + 1 for i, name in enumerate(header.names) if name != f"column_{i + 1}"), default=0
    )
    names = header.names[: max(usual, named_to)]
    return replace(header, names=names)


def _above(cells: Sequence[str]) -> str:
    texts = drops.filled(cells)
    if not texts:
        return DropReason.BLANK_ROW
    return DropReason.COMMENT if texts[0].startswith("#") else DropReason.TITLE


def _sorted_out(table: RawTable, bulk: Bulk, above: Iterable[DroppedRow]) -> RawTable:
    """Take out what is no data, among the rows and among the lines that did not fit."""
    rows, row_no, gone = drops.drop_rows(table.rows, table.row_no)
    last = int(row_no[-1].as_py()) if len(row_no) else 0
    rejected: list[RejectedRow] = []
    in_tail = False
    for row in bulk.rejected:
        in_tail = in_tail or (row.row_no > last and drops.starts_summary(row.cells))
        reason = DropReason.NOTE if in_tail else _no_data(row, len(table.headers))
        if reason:
            gone.append(DroppedRow(row_no=row.row_no, reason=reason))
        else:
            rejected.append(row)
    dropped = tuple(sorted([*above, *gone], key=lambda row: row.row_no))
    return replace(table, rows=rows, row_no=row_no, dropped=dropped, rejected=tuple(rejected))


def _no_data(row: RejectedRow, width: int) -> DropReason | None:
    if drops.is_comment(row.cells):
        return DropReason.COMMENT
    return DropReason.TOTAL_ROW if drops.is_total(row.cells, width) else None


def _unwrapped(table: RawTable, data: bytes) -> RawTable:
    """Take off what exports put around text to keep Excel from reading it as a number."""
    rows, notes = table.rows, list(table.notes)
    guarded = any(guard in data for guard in (b"`", b'="', b'=""'))
    bared = 0
    for name in table.headers:
        column = rows.column(name)
        if name.startswith("column_") and column.null_count == len(column) and len(column):
            rows = rows.drop_columns([name])
            notes = [note for note in notes if not note.endswith(f"is called {name!r}")]
            continue
        if guarded:
            bare = pc.replace_substring_regex(column, r'^(?:`|="(.*)"$)', r"\1")
            if not bare.equals(column):
                bared += 1
                rows = rows.set_column(rows.schema.get_field_index(name), name, bare)
    if bared:
        notes.append(f'back-ticks or ="" around values taken off in {bared} columns')
    return replace(table, rows=rows, headers=tuple(rows.column_names), notes=tuple(notes))
