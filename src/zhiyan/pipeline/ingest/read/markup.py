"""Read tables in markup: HTML saved as .xls, and Excel 2003 XML spreadsheets.

Nothing is fetched, no entity is expanded, no document type is loaded.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lxml import etree, html

from zhiyan.pipeline.ingest.read.encoding import decode
from zhiyan.pipeline.ingest.read.grid import Grid, empty_base, table_of
from zhiyan.pipeline.ingest.read.header import Cells, Merge
from zhiyan.pipeline.ingest.read.table import RawTable, ReadOptions, check_shape, refuse

_META = re.compile(
    rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w-]+)|<\?xml[^>]{0,100}encoding=[\"']([\w-]+)",
    re.IGNORECASE,
)
_DECLARATION = re.compile(rb"^\s*<\?xml.*?\?>", re.DOTALL)
_SS = "{urn:schemas-microsoft-com:office:spreadsheet}"
#: Untyped, because its type stub leaves a part unstated.
_html: Any = html
_SPACE = re.compile(r"[^\S\n]+")


def is_html(head: bytes) -> bool:
    """Tell whether a file begins like HTML with a table in it."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return text.startswith(
        (b"<html", b"<!doctype html", b"<table", b"<meta", b"<head", b"<div")
    ) or (
        text.startswith((b"<?xml", b"<!--"))
        and b"<table" in text
        and b"spreadsheet" not in text[:400]
    )


def is_spreadsheet_xml(head: bytes) -> bool:
    """Tell whether a file is an Excel 2003 XML spreadsheet."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    return text.startswith(b"<?xml") and b"urn:schemas-microsoft-com:office:spreadsheet" in text


def read_html(data: bytes, path: Path, options: ReadOptions) -> list[RawTable]:
    """Read every table of an HTML file that is not laid out by tables inside it.

    Raises DataError: ``ZY316`` not readable, ``ZY312`` no table with rows, ``ZY303``-``ZY305``
    encoding.
    """
    text, encoding = _text(data, path, options)
    parser = html.HTMLParser(no_network=True, recover=True, huge_tree=False, encoding="utf-8")
    try:
        root: Any = _html.document_fromstring(text, parser=parser)
    except (etree.LxmlError, ValueError) as error:
        raise refuse("ZY316", f"the HTML cannot be read: {error}", path) from error
    _refuse_depth(parser, path)
    elements = [t for t in root.iter("table") if t.find(".//table") is None]
    tables: list[RawTable] = []
    number = 1
    for position, element in enumerate(elements, start=1):
        rows, merges = _html_rows(element, path, options)
        name = f"table {position}" if len(elements) > 1 else None
        base = empty_base(path, "html", sheet=name, encoding=encoding)
        grid = Grid(rows=rows, first_row=number, merges=merges)
        table = table_of(grid, path, options, base=base)
        number += len(rows)
        if table is not None:
            tables.append(table)
    return _some(tables, path)


def _refuse_depth(parser: Any, path: Path) -> None:
    """Refuse a file of which the parser gave up a part, rather than lose it."""
    fatal = [
        e
        for e in parser.error_log
        if e.level_name == "FATAL" and e.type_name != "ERR_DOCUMENT_EMPTY"
    ]
    if fatal:
        raise refuse(
            "ZY316",
            f"the HTML cannot be read: {fatal[0].message}",
            path,
            at=f"line {fatal[0].line}",
        )


def read_spreadsheet_xml(data: bytes, path: Path, options: ReadOptions) -> list[RawTable]:
    """Read every sheet of an Excel 2003 XML file; raises DataError ``ZY316`` or ``ZY312``."""
    text, encoding = _text(data, path, options)
    if re.search(rb"<!DOCTYPE|<!ENTITY", text[:4096], re.IGNORECASE):
        raise refuse("ZY316", "a document type is not allowed", path)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, encoding="utf-8"
    )
    try:
        root = etree.fromstring(text, parser)
    except (etree.LxmlError, ValueError) as error:
        raise refuse("ZY316", f"the XML cannot be read: {error}", path) from error
    tables: list[RawTable] = []
    for sheet in root.iter(f"{_SS}Worksheet"):
        rows, merges = _xml_rows(sheet, path, options)
        base = empty_base(path, "xml", sheet=sheet.get(f"{_SS}Name"), encoding=encoding)
        table = table_of(Grid(rows=rows, merges=merges), path, options, base=base)
        if table is not None:
            tables.append(table)
    return _some(tables, path)


def _text(data: bytes, path: Path, options: ReadOptions) -> tuple[bytes, str]:
    """Return UTF-8 text without declaration; the file's own word counts if it can be kept."""
    said = _META.search(data[:4096])
    name = options.encoding
    if name is None and said:
        word = (said[1] or said[2]).decode().lower()
        chinese = word in {"gb2312", "gbk", "gb18030", "x-gbk"}
        # Exports often claim gb2312 and hold UTF-8; then what the bytes are counts.
        name = None if chinese or word.startswith("utf") else word
    decoded = decode(data, path, name)
    return _DECLARATION.sub(b"", decoded.utf8), decoded.encoding


def _html_rows(element: Any, path: Path, options: ReadOptions) -> tuple[list[Cells], list[Merge]]:
    """Lay cells out on a grid: a spanning cell's text stands in its first place only."""
    rows: list[Cells] = []
    merges: list[Merge] = []
    held: dict[int, int] = {}  # column -> first row free again
    for number, row in enumerate(element.iter("tr")):
        cells: list[str | None] = []
        for cell in row.iter("td", "th"):
            while held.get(len(cells), 0) > number:
                cells.append(None)
            across, down = _span(cell, "colspan"), _span(cell, "rowspan")
            check_shape(path, number, len(cells) + across, options=options)
            left = len(cells)
            cells += [_html_text(cell)] + [None] * (across - 1)
            if across > 1 or down > 1:
                merges.append(
                    Merge(top=number, left=left, bottom=number + down - 1, right=left + across - 1)
                )
                held.update(dict.fromkeys(range(left, left + across), number + down))
        rows.append(cells)
    width = max(map(len, rows), default=0)
    return [[*row, *[None] * (width - len(row))] for row in rows], merges


def _span(cell: Any, name: str) -> int:
    text = (cell.get(name) or "1").strip()
    return max(1, int(text[:6])) if text.isascii() and text.isdigit() else 1


def _html_text(cell: Any) -> str | None:
    parts: list[str] = []
    for node in cell.iter():
        if node.tag == "br":
            parts.append("\n")
        if node.tag not in ("script", "style", etree.Comment) and node.text:
            parts.append(" ".join(node.text.split("\n")))
        if node is not cell and node.tail:
            parts.append(" ".join(node.tail.split("\n")))
    text = _SPACE.sub(" ", "".join(parts).replace("\xa0", " ")).strip()
    return text or None


def _xml_rows(sheet: Any, path: Path, options: ReadOptions) -> tuple[list[Cells], list[Merge]]:
    rows: list[Cells] = []
    merges: list[Merge] = []
    for row in sheet.iter(f"{_SS}Row"):
        index = _index(row, len(rows) + 1)
        check_shape(path, index, 1, options=options)
        rows += [[] for _ in range(index - 1 - len(rows))]
        cells: list[str | None] = []
        for cell in row.iter(f"{_SS}Cell"):
            at = _index(cell, len(cells) + 1)
            across, down = _attribute(cell, "MergeAcross"), _attribute(cell, "MergeDown")
            check_shape(path, index, at + across, options=options)
            cells += [None] * (at - 1 - len(cells))
            cells += [_xml_text(cell)] + [None] * across
            if across or down:
                merges.append(
                    Merge(
                        top=index - 1, left=at - 1, bottom=index - 1 + down, right=at - 1 + across
                    )
                )
        rows.append(cells)
    width = max(map(len, rows), default=0)
    check_shape(path, len(rows), width, options=options)
    return [[*row, *[None] * (width - len(row))] for row in rows], merges


def _attribute(element: Any, name: str) -> int:
    text = element.get(f"{_SS}{name}") or "0"
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0


def _index(element: Any, following: int) -> int:
    return max(_attribute(element, "Index"), following)


def _xml_text(cell: Any) -> str | None:
    found = cell.find(f"{_SS}Data")
    if found is None:
        return None
    text = "".join(found.itertext()).strip()
    kind = found.get(f"{_SS}Type")
    if kind == "DateTime":
        return text.removesuffix(".000").removesuffix("T00:00:00").replace("T", " ") or None
    if kind == "Number" and re.fullmatch(r"-?\d+\.0+", text):
        return text.partition(".")[0]
    return text or None


def _some(tables: Sequence[RawTable], path: Path) -> list[RawTable]:
    if not tables:
        raise refuse("ZY312", "no table with rows in it", path)
    return list(tables)
