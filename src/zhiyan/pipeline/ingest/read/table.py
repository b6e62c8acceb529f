"""What reading a file gives: raw tables of text cells, and everything that did not become a row."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from zhiyan.errors import DataError, Problem
from zhiyan.pipeline.ingest.read.arrow import Array, Table


class DropReason(StrEnum):
    """Why a line of the file is no data row: a closed list, counted in the report."""

    BLANK_ROW = "blank_row"  # every cell empty
    TITLE = "title"  # a line above the header
    COMMENT = "comment"  # starts with #
    NOTE = "note"  # trailing remark or second summary block of a bill
    TOTAL_ROW = "total_row"  # 合计, 小计, 总计


class RejectReason(StrEnum):
    """Why a line lies in quarantine before any cell was read: a closed list."""

    TOO_FEW_CELLS = "too_few_cells"
    TOO_MANY_CELLS = "too_many_cells"
    UNCLOSED_QUOTE = "unclosed_quote"
    BAD_JSON = "bad_json"
    NOT_AN_OBJECT = "not_an_object"
    CELL_ERROR = "cell_error"  # an Excel error value such as #N/A


@dataclass(frozen=True, slots=True, kw_only=True)
class DroppedRow:
    """One line that is no data, with its reason."""

    row_no: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedRow:
    """One line that cannot become a row as it stands.

    ``text`` is the raw text (clear: mask before storing), ``cells`` its cells where they could be
    told apart, ``column`` the header of the cell at fault where one is.
    """

    row_no: int
    reason: str
    text: str
    cells: tuple[str | None, ...] = ()
    column: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Data rows of one column that were one merged cell; row numbers as in the file, inclusive."""

    header: str
    first_row: int
    last_row: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTable:
    """One table of a file: all cells text, nothing interpreted.

    One row of ``rows`` is one data row; null is an empty cell. ``row_no`` (int32, same length)
    counts from 1 as a person sees it: the sheet row, the line of an editor where the record
    starts, the element of a JSON list. ``hidden`` marks a sheet that Excel does not show. Lines read = rows + rejected + dropped + header_rows.
    ``titles`` are the texts of the lines above the header and of comments there, one per line.
    """

    file: str
    kind: str
    headers: tuple[str, ...]
    rows: Table
    row_no: Array
    sheet: str | None = None
    header_rows: tuple[int, ...] = ()
    dropped: tuple[DroppedRow, ...] = ()
    rejected: tuple[RejectedRow, ...] = ()
    notes: tuple[str, ...] = ()
    encoding: str | None = None
    delimiter: str | None = None
    date_1904: bool = False
    hidden: bool = False
    spans: tuple[Span, ...] = ()
    titles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """What the reader is told; every default means: find out from the whole file.

    ``known_labels`` are column names and synonyms that help to find the header. ``header_at`` is
    the row number of the (first) header row, ``header_rows`` 0, 1 or 2. Limits are in bytes, rows,
    columns and cells (rows times columns of one sheet); ``max_unpacked_bytes`` bounds what a
    compressed file may grow to.
    """

    known_labels: frozenset[str] = frozenset()
    header_at: int | None = None
    header_rows: int | None = None
    delimiter: str | None = None
    encoding: str | None = None
    sheets: tuple[str, ...] = ()
    max_bytes: int = 2 << 30
    max_unpacked_bytes: int = 4 << 30
    max_rows: int = 20_000_000
    max_columns: int = 1_000
    max_cells: int = 400_000_000
    max_sheet_cells: int = 60_000_000


def refuse(code: str, message: str, path: Path, **place: str) -> DataError:
    """Build the error that refuses a file; ``place`` may hold ``at`` (line, sheet) and ``hint``."""
    where = f"{path.name}, {place['at']}" if place.get("at") else path.name
    return DataError(Problem(code=code, message=message, where=where, hint=place.get("hint", "")))


def check_shape(path: Path, rows: int, columns: int, *, options: ReadOptions) -> None:
    """Raise DataError ``ZY306`` if a table is larger than the options allow."""
    limits: Mapping[str, tuple[int, int]] = {
        "rows": (rows, options.max_rows),
        "columns": (columns, options.max_columns),
        "cells": (rows * columns, options.max_cells),
    }
    for name, (found, allowed) in limits.items():
        if found > allowed:
            raise refuse(
                "ZY306", f"{found:,} {name}, at most {allowed:,} are taken", path, hint="split it"
            )
