"""From a grid of cells (a sheet, an HTML table) to a raw table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from zhiyan.pipeline.ingest.read import drops
from zhiyan.pipeline.ingest.read.arrow import Array, Table, pa
from zhiyan.pipeline.ingest.read.header import SEARCH_ROWS, Cells, Header, Merge, find_header, named
from zhiyan.pipeline.ingest.read.table import (
    DroppedRow,
    DropReason,
    RawTable,
    ReadOptions,
    RejectedRow,
    RejectReason,
    Span,
    check_shape,
    refuse,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A rectangle of text cells; row ``i`` is row ``first_row + i`` of the file (from 1).

    ``merges`` are zero-based within the grid, ``errors`` maps (row, column) to an error text such
    as ``#N/A``.
    """

    rows: Sequence[Cells]
    first_row: int = 1
    merges: Sequence[Merge] = ()
    errors: Mapping[tuple[int, int], str] = field(default_factory=dict[tuple[int, int], str])


def table_of(grid: Grid, path: Path, options: ReadOptions, *, base: RawTable) -> RawTable | None:
    """Build the raw table of a grid, or None if the grid is blank; ``base`` tells what it is.

    Raises DataError ``ZY306`` if it is too large, ``ZY317`` if the header row is not in it.
    """
    if not any(drops.filled(row) for row in grid.rows):
        return None
    width = max(len(row) for row in grid.rows)
    check_shape(path, len(grid.rows), width, options=options)
    header = _header(grid, path, options)
    start = header.first + header.count
    body = grid.rows[start:]
    bad = _with_errors(grid, header, start)
    columns = _columns(body, len(header.names))
    rows = pa.table(dict(zip(header.names, columns, strict=True)))
    row_no = pa.array(range(grid.first_row + start, grid.first_row + len(grid.rows)), pa.int32())
    if bad:
        keep = pa.array([n not in bad for n in row_no.to_pylist()])
        rows, row_no = rows.filter(keep), row_no.filter(keep)
    rows, row_no, gone = drops.drop_rows(rows, row_no)
    above = [
        DroppedRow(row_no=grid.first_row + i, reason=_above(row))
        for i, row in enumerate(grid.rows[: header.first])
    ]
    rows = _without_blank(rows)
    lost = tuple(f"is called {n!r}" for n in header.names if n not in rows.column_names)
    notes = [note for note in header.notes if not note.endswith(lost)]
    return RawTable(
        file=base.file,
        kind=base.kind,
        sheet=base.sheet,
        headers=tuple(rows.column_names),
        rows=rows,
        row_no=row_no,
        header_rows=tuple(grid.first_row + header.first + i for i in range(header.count)),
        dropped=(*above, *gone),
        rejected=tuple(bad.values()),
        notes=(*base.notes, *notes),
        encoding=base.encoding,
        date_1904=base.date_1904,
        spans=_spans(grid, header, start),
        titles=tuple(" ".join(drops.filled(row)) for row in grid.rows[: header.first]),
    )


def empty_base(path: Path, kind: str, **more: object) -> RawTable:
    """Return a table without rows that carries what is known about the file."""
    return RawTable(
        file=path.name,
        kind=kind,
        headers=(),
        rows=pa.table({}),
        row_no=pa.array([], pa.int32()),
        **more,  # pyright: ignore[reportArgumentType]
    )


def _header(grid: Grid, path: Path, options: ReadOptions) -> Header:
    if options.header_at is None:
        return find_header(
            grid.rows[: SEARCH_ROWS + 1],
            options.known_labels,
            grid.merges,
            count=options.header_rows,
        )
    at = options.header_at - grid.first_row
    if not 0 <= at < len(grid.rows):
        raise refuse("ZY317", f"there is no row {options.header_at}", path)
    top = grid.rows[: at + 2]
    return named(top, at, grid.merges, count=options.header_rows or 1)


def _columns(body: Sequence[Cells], width: int) -> list[Array]:
    full = [row if len(row) == width else [*row, *[None] * (width - len(row))] for row in body]
    if not full:
        return [pa.array([], pa.string()) for _ in range(width)]
    return [pa.array(column, pa.string()) for column in zip(*full, strict=True)]


def _with_errors(grid: Grid, header: Header, start: int) -> dict[int, RejectedRow]:
    """Rows that hold an error value: they go to quarantine whole, the first error named."""
    bad: dict[int, RejectedRow] = {}
    for (row, column), text in sorted(grid.errors.items()):
        number = grid.first_row + row
        if row < start or row >= len(grid.rows) or number in bad:
            continue
        bad[number] = RejectedRow(
            row_no=number,
            reason=RejectReason.CELL_ERROR,
            text=text,
            cells=tuple(grid.rows[row]),
            column=header.names[column] if column < len(header.names) else None,
        )
    return bad


def _above(row: Cells) -> str:
    return DropReason.TITLE if drops.filled(row) else DropReason.BLANK_ROW


def _without_blank(rows: Table) -> Table:
    blank = [
        name
        for name in rows.column_names
        if name.startswith("column_") and rows.column(name).null_count == rows.num_rows
    ]
    return rows.drop_columns(blank) if blank and rows.num_rows else rows


def _spans(grid: Grid, header: Header, start: int) -> tuple[Span, ...]:
    return tuple(
        Span(
            header=header.names[merge.left],
            first_row=grid.first_row + merge.top,
            last_row=grid.first_row + merge.bottom,
        )
        for merge in grid.merges
        if merge.top >= start and merge.bottom > merge.top and merge.left < len(header.names)
    )
