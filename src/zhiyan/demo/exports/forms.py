"""The forms of files: delimited text in several encodings, HTML renamed .xls, .xlsx, JSON lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

import xlsxwriter  # pyright: ignore[reportMissingTypeStubs]

from zhiyan.demo.columns import Column, Compute
from zhiyan.demo.exports.draft import Draft

#: Written into the properties of workbooks, so that the same seed gives the same bytes.
MADE = datetime(2026, 9, 1)  # noqa: DTZ001 - a property of the file, never a moment of an event


#: A worksheet of xlsxwriter, which has no types.
Sheet: TypeAlias = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Delimited:
    """How delimited text is written; ``before`` and ``after`` are lines around the table."""

    encoding: str = "gb18030"
    mark: bytes = b""
    comma: str = ","
    newline: str = "\r\n"
    before: Sequence[str] = ()
    after: Sequence[str] = ()


GBK = Delimited()
BOM = Delimited(encoding="utf-8", mark=b"\xef\xbb\xbf")
UTF8 = Delimited(encoding="utf-8", newline="\n")
UTF16 = Delimited(encoding="utf-16-le", mark=b"\xff\xfe", comma="\t")


def lines_of(draft: Draft, comma: str) -> list[str]:
    """Join the cells of each row, quoting the cells that need it."""
    special = f'["\r\n{comma}]'
    cells = [_quoted(column, special) for column in draft.final().values()]
    rows: list[str] = Compute.binary_join_element_wise(*cells, comma).to_pylist()
    for index in sorted(draft.breaks, reverse=True):
        rows.insert(index, "")
    return rows


def _quoted(column: Column, special: str) -> Column:
    needs = Compute.match_substring_regex(column, special)
    if not Compute.any(needs).as_py():
        return column
    doubled = Compute.replace_substring(column, '"', '""')
    return Compute.if_else(needs, Compute.binary_join_element_wise('"', doubled, '"', ""), column)


def write_delimited(draft: Draft, path: Path, form: Delimited) -> None:
    """Write a table of delimited text with one header row."""
    header = form.comma.join(draft.columns)
    parts = [*form.before, header, *lines_of(draft, form.comma), *form.after]
    text = form.newline.join(parts) + form.newline
    path.write_bytes(form.mark + text.encode(form.encoding))


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouped:
    """A report with two header rows: groups of columns, subtotals before ``breaks`` and a total.

    ``groups`` maps a group name to how many columns it spans; a group of one column has no second
    name. ``subtotals`` are the rows at the breaks, ``total`` the last row; both map columns to text.
    """

    title: str
    groups: Sequence[tuple[str, int]]
    subtotals: Sequence[dict[str, str]] = ()
    total: dict[str, str] | None = None
    merge_first: bool = False
    numbers: Sequence[str] = ()


def write_html(draft: Draft, path: Path, form: Grouped) -> None:
    """Write an HTML table that calls itself .xls: title row, two header rows, rows, total."""
    names = list(draft.columns)
    rows: list[str] = _html_rows(draft)
    for place, extra in sorted(
        zip(draft.breaks, form.subtotals, strict=True), reverse=True, key=_first
    ):
        rows.insert(place, _html_line(names, extra))
    if form.total is not None:
        rows.append(_html_line(names, form.total))
    head = [f'<tr><td colspan="{len(names)}">{form.title}</td></tr>', *_html_header(names, form)]
    text = (
        '<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"/></head>'
        '<body><table border="1">\n' + "\n".join([*head, *rows]) + "\n</table></body></html>\n"
    )
    path.write_bytes(text.encode("utf-8"))


def _first(pair: tuple[int, dict[str, str]]) -> int:
    return pair[0]


def _html_rows(draft: Draft) -> list[str]:
    cells: list[Column] = []
    for column in draft.final().values():
        safe = Compute.replace_substring(column, "&", "&amp;")
        cells.append(Compute.replace_substring(safe, "<", "&lt;"))
    middle = Compute.binary_join_element_wise(*cells, "</td><td>")
    return Compute.binary_join_element_wise("<tr><td>", middle, "</td></tr>", "").to_pylist()


def _html_line(names: Sequence[str], values: dict[str, str]) -> str:
    return "<tr>" + "".join(f"<td>{values.get(name, '')}</td>" for name in names) + "</tr>"


def _html_header(names: Sequence[str], form: Grouped) -> list[str]:
    upper, lower, place = "", "", 0
    for group, width in form.groups:
        if width == 1:
            upper += f'<th rowspan="2">{group}</th>'
        else:
            upper += f'<th colspan="{width}">{group}</th>'
            lower += "".join(f"<th>{name}</th>" for name in names[place : place + width])
        place += width
    return [f"<tr>{upper}</tr>", f"<tr>{lower}</tr>"]


def open_book(path: Path, **options: bool) -> Any:
    """Open a workbook whose bytes depend on its content only."""
    settings = {"strings_to_formulas": False, "strings_to_urls": False, **options}
    book: Any = xlsxwriter.Workbook(str(path), settings)
    book.set_properties({"created": MADE, "author": "", "company": ""})
    return book


def write_book(draft: Draft, path: Path, form: Grouped) -> None:
    """Write an .xlsx report: merged title, two header rows, first column merged by block, totals."""
    book = open_book(path)
    sheet = book.add_worksheet("Sheet1")
    names = list(draft.columns)
    sheet.merge_range(0, 0, 0, len(names) - 1, form.title)
    place = 0
    for group, width in form.groups:
        if width == 1:
            sheet.merge_range(1, place, 2, place, group)
        else:
            sheet.merge_range(1, place, 1, place + width - 1, group)
            for step in range(width):
                sheet.write_string(2, place + step, names[place + step])
        place += width
    _write_body(sheet, draft, form)
    book.close()


def _write_body(sheet: Sheet, draft: Draft, form: Grouped) -> None:
    columns: dict[str, list[str]] = {
        name: cells.to_pylist() for name, cells in draft.final().items()
    }
    rows = [draft.row(index) - 1 for index in range(draft.count)]
    for place, (name, cells) in enumerate(columns.items()):
        if place == 0 and form.merge_first:
            _merge_blocks(sheet, cells, rows)
        else:
            _write_column(sheet, (place, rows), cells, as_number=name in form.numbers)
    for index, extra in zip(draft.breaks, form.subtotals, strict=True):
        _write_line(sheet, draft.row(index) - 2, extra, names=list(columns))
    if form.total is not None:
        _write_line(sheet, draft.row(draft.count) - 1, form.total, names=list(columns))


def _write_column(
    sheet: Sheet,
    where: tuple[int, list[int]],
    cells: list[str],
    *,
    as_number: bool,
) -> None:
    place, rows = where
    for row, cell in zip(rows, cells, strict=True):
        if not cell:
            continue
        if as_number and _is_number(cell):
            sheet.write_number(row, place, float(cell))
        else:
            sheet.write_string(row, place, cell)


def _is_number(cell: str) -> bool:
    """Return whether a spreadsheet would show the same digits for this number."""
    whole, _, part = cell.partition(".")
    digits = whole + part
    return digits.isascii() and digits.isdigit() and (whole == "0" or whole[0] != "0")


def _merge_blocks(sheet: Sheet, cells: list[str], rows: list[int]) -> None:
    start = 0
    for index in range(1, len(cells) + 1):
        ends = (
            index == len(cells)
            or cells[index] != cells[start]
            or rows[index] != rows[index - 1] + 1
        )
        if not ends:
            continue
        if index - start > 1:
            sheet.merge_range(rows[start], 0, rows[index - 1], 0, cells[start])
        else:
            sheet.write_string(rows[start], 0, cells[start])
        start = index


def _write_line(sheet: Sheet, row: int, values: dict[str, str], *, names: list[str]) -> None:
    for name, text in values.items():
        sheet.write_string(row, names.index(name), text)


def write_plain_book(draft: Draft, path: Path, dates: Sequence[str], *, since_1904: bool) -> None:
    """Write an .xlsx with one header row; columns named in ``dates`` become Excel dates."""
    book = open_book(path, date_1904=since_1904)
    sheet = book.add_worksheet("Sheet1")
    shape = book.add_format({"num_format": "yyyy-mm-dd"})
    for place, (name, column) in enumerate(draft.final().items()):
        sheet.write_string(0, place, name)
        for index, cell in enumerate(column.to_pylist()):
            row = draft.row(index) - 1
            if cell and name in dates and cell[4:5] == "-":
                sheet.write_datetime(row, place, datetime.fromisoformat(cell), shape)
            elif cell:
                sheet.write_string(row, place, cell)
    book.close()


def write_lines(path: Path, pieces: Sequence[Column | str]) -> None:
    """Write one JSON object per row, joined from literal pieces and text columns (UTF-8)."""
    rows: list[str] = Compute.binary_join_element_wise(*pieces, "").to_pylist()
    path.write_bytes(("\n".join(rows) + "\n" if rows else "").encode("utf-8"))
