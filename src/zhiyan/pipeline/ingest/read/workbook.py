"""Read .xlsx and .xls workbooks: every sheet, values only, as the text a person would type."""

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import python_calamine as calamine

from zhiyan.pipeline.ingest.read.grid import Grid, empty_base, table_of
from zhiyan.pipeline.ingest.read.header import Cells, Merge
from zhiyan.pipeline.ingest.read.package import Inspection
from zhiyan.pipeline.ingest.read.table import RawTable, ReadOptions, refuse

#: Integers below this are exact as floating point numbers.
_EXACT = 1 << 53


def read_workbook(
    data: bytes, path: Path, options: ReadOptions, *, inspection: Inspection
) -> list[RawTable]:
    """Read all sheets (or those named in the options) that hold anything.

    Raises DataError: ``ZY307`` damaged, ``ZY308`` encrypted, ``ZY312`` no sheet holds rows,
    ``ZY317`` a sheet named in the options does not exist.
    """
    try:
        with calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            return _sheets(book, path, options, inspection=inspection)
    except calamine.PasswordError as error:
        raise encrypted(path) from error
    except calamine.CalamineError as error:
        raise refuse("ZY307", f"the workbook is damaged: {error}", path) from error


def encrypted(path: Path) -> Exception:
    """Return the error for a workbook behind a password."""
    return refuse("ZY308", "the workbook is encrypted", path, hint="save it without a password")


def _sheets(
    book: calamine.CalamineWorkbook, path: Path, options: ReadOptions, *, inspection: Inspection
) -> list[RawTable]:
    missing = [name for name in options.sheets if name not in book.sheet_names]
    if missing:
        names = ", ".join(book.sheet_names)
        raise refuse(
            "ZY317", f"no sheet is called {missing[0]!r}", path, hint=f"there are: {names}"
        )
    tables: list[RawTable] = []
    for meta in book.sheets_metadata:
        if options.sheets and meta.name not in options.sheets:
            continue
        if meta.typ != calamine.SheetTypeEnum.WorkSheet:
            continue
        grid = _grid(book.get_sheet_by_name(meta.name), inspection.errors.get(meta.name, {}))
        base = empty_base(path, inspection.kind, sheet=meta.name, date_1904=inspection.date_1904)
        table = table_of(grid, path, options, base=base)
        if table is not None and meta.visible != calamine.SheetVisibleEnum.Visible:
            table = replace(table, hidden=True, notes=(*table.notes, "the sheet is hidden"))
        if table is not None:
            tables.append(table)
    if not tables:
        raise refuse("ZY312", "no sheet holds any rows", path)
    return tables


def _grid(sheet: calamine.CalamineSheet, errors: dict[tuple[int, int], str]) -> Grid:
    start = sheet.start
    if start is None:
        return Grid(rows=())
    top, left = start
    merges = [
        Merge(top=a - top, left=b - left, bottom=c - top, right=d - left)
        for (a, b), (c, d) in sheet.merged_cell_ranges or []
        if a >= top and b >= left
    ]
    return Grid(
        rows=_texts(sheet.to_python(skip_empty_area=True)),
        first_row=top + 1,
        merges=merges,
        errors={(row - top, column - left): text for (row, column), text in errors.items()},
    )


def _texts(rows: Sequence[Sequence[Any]]) -> Sequence[Cells]:
    """Turn cells into text column by column, which is fast where a column is of one type."""
    columns = [_column(cells) for cells in zip(*rows, strict=True)]
    return list(zip(*columns, strict=True))


def _column(cells: Sequence[Any]) -> list[str | None]:
    kinds = set(map(type, cells))
    if kinds == {str}:
        return [text or None for text in cells]
    if kinds <= {str, float}:
        return [number_text(c) if c.__class__ is float else c or None for c in cells]
    memo: dict[Any, str | None] = {}
    out: list[str | None] = []
    for cell in cells:
        key = (cell.__class__, cell)
        if key not in memo:
            memo[key] = cell_text(cell)
        out.append(memo[key])
    return out


def cell_text(cell: Any) -> str | None:
    """Return a cell as text: whole numbers without ``.0``, dates in ISO form, empty as None.

    Numbers with a fraction keep the 15 digits that Excel shows. Whole numbers of 2**53 and more
    have lost digits already and stay in scientific notation, so that no parser takes them for an
    identifier.
    """
    if isinstance(cell, str):
        return cell or None
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float | int):
        return number_text(cell)
    if isinstance(cell, datetime):
        return _moment_text(cell)
    if isinstance(cell, date):
        return cell.isoformat()
    return _clock_text(cell)


def number_text(number: float) -> str:
    """Return a number as text without loss and without a trailing ``.0``."""
    if abs(number) < _EXACT and number == int(number):
        return str(int(number))
    return f"{number:.15g}"


def _moment_text(cell: datetime) -> str:
    """Return a moment to the millisecond, where Excel's fraction of a day ends."""
    rounded = cell + timedelta(microseconds=500)
    rounded = rounded.replace(microsecond=rounded.microsecond // 1000 * 1000)
    text = rounded.isoformat(sep=" ", timespec="milliseconds")
    return text.removesuffix(".000")


def _clock_text(cell: time | timedelta) -> str:
    if isinstance(cell, time):
        return cell.isoformat(timespec="seconds")
    seconds = round(cell.total_seconds())
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
