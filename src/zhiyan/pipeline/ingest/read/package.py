"""Look into a workbook's container before it is read: bombs, macros, passwords, error cells.

An .xlsx file is a zip of XML. Its parts are unpacked in pieces and counted, never trusted to be
as long as they claim; cells far out, which would make a reader allocate the whole rectangle, are
refused. Error values are found here because the reader returns them as empty.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import unescape

from zhiyan.errors import DataError
from zhiyan.pipeline.ingest.read.table import ReadOptions, refuse

Errors = dict[tuple[int, int], str]

_PIECE = 1 << 20
_OVERLAP = 512
_RATIO = 1_000
_RATIO_FROM = 64 << 20
_SHEET = re.compile(rb"<(?:\w+:)?sheet\s[^>]*>")
_ATTRIBUTE = re.compile(rb"([\w:]+)\s*=\s*[\"']([^\"']*)[\"']")
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\s[^>]*>")
_FAR_COLUMN = re.compile(rb"\br\s*=\s*[\"']([A-Z]{2,3})(\d+)[\"']")
#: Rows by their tags, and cells so far down that they must be looked at one by one.
_ROW = re.compile(rb"<(?:\w+:)?row\s[^>]{0,200}?\br\s*=\s*[\"'](\d+)[\"']")
_FAR_CELL = re.compile(rb"\br\s*=\s*[\"'][A-Z]{0,3}(\d{6,})[\"']")
#: The same as everybody writes them, which is much faster to search for; and signs of others.
_PLAIN_MARKS = (
    re.compile(rb'r="([A-Z]{2,3})(\d+)"'),
    re.compile(rb'row r="(\d+)"'),
    re.compile(rb'r="[A-Z]{1,3}(\d{6,})"'),
)
_UNUSUAL = (
    b"r='",
    b"r =",
    b"r= ",
    *(b"r" + c for c in (b"\t", b"\n", b"\r")),
    b"=\t",
    b"=\n",
    b"=\r",
)
_ERROR = re.compile(
    rb"<(?:\w+:)?c\s(?=[^>]*\bt=[\"']e[\"'])[^>]*?\br=[\"']([A-Z]{1,3})(\d+)[\"'][^>]*>"
    rb".{0,4000}?<(?:\w+:)?v>([^<]*)<",
    re.DOTALL,
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What a look into the container showed; ``errors`` by sheet name, cells zero-based."""

    kind: str
    date_1904: bool = False
    errors: dict[str, Errors] = field(default_factory=dict[str, Errors])


def is_ole(data: bytes) -> bool:
    """Tell whether bytes are an OLE container (an old .xls, or an encrypted .xlsx)."""
    return data.startswith(_OLE)


def inspect_ole(data: bytes, path: Path) -> Inspection:
    """Check an OLE container: raises DataError ``ZY308`` encrypted, ``ZY309`` with macros."""
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise refuse("ZY308", "the workbook is encrypted", path, hint="save it without a password")
    if "_VBA_PROJECT".encode("utf-16-le") in data:
        raise _macros(path)
    # Record 0x22 with two bytes of content says which date system the book uses.
    return Inspection(kind="xls", date_1904=b"\x22\x00\x02\x00\x01\x00" in data[: 1 << 20])


def inspect_zip(data: bytes, path: Path, options: ReadOptions) -> Inspection:
    """Check an .xlsx container.

    Raises DataError: ``ZY307`` damaged or no .xlsx, ``ZY309`` macros, ``ZY310`` a bomb, ``ZY306``
    cells too far out.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            return _inspect(package, data, path, options=options)
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError) as error:
        raise refuse("ZY307", f"the workbook is damaged: {error}", path) from error


def _inspect(
    package: zipfile.ZipFile, data: bytes, path: Path, *, options: ReadOptions
) -> Inspection:
    names = {info.filename for info in package.infolist()}
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise _macros(path)
    if "xl/workbook.xml" not in names:
        raise refuse("ZY311", "a zip archive that is no .xlsx workbook", path, hint="unpack it")
    if any(info.flag_bits & 1 for info in package.infolist()):
        raise refuse("ZY308", "the workbook is encrypted", path, hint="save it without a password")
    budget = options.max_unpacked_bytes
    for info in package.infolist():
        budget = _check_claims(info, path, budget)
    book = b"".join(_pieces(data, package.getinfo("xl/workbook.xml"), path))
    sheets = _sheet_parts(package, data, book, path=path)
    errors = {
        name: found
        for name, part in sheets.items()
        if part in names and (found := _scan(data, package.getinfo(part), path, options=options))
    }
    for info in package.infolist():
        if info.filename not in sheets.values():
            for _ in _pieces(data, info, path):
                pass
    odd_dates = re.search(rb"date1904\s*=\s*[\"'](1|true)[\"']", book) is not None
    return Inspection(kind="xlsx", date_1904=odd_dates, errors=errors)


def _check_claims(info: zipfile.ZipInfo, path: Path, budget: int) -> int:
    left = budget - info.file_size
    dense = info.file_size > _RATIO_FROM and info.file_size > _RATIO * max(info.compress_size, 1)
    if left < 0 or dense:
        raise _bomb(path)
    return left


def _pieces(data: bytes, info: zipfile.ZipInfo, path: Path) -> Iterator[bytes]:
    """Unpack one part piece by piece; refuse it if it is longer than it claims."""
    start = info.header_offset
    name_size = int.from_bytes(data[start + 26 : start + 28], "little")
    extra_size = int.from_bytes(data[start + 28 : start + 30], "little")
    start += 30 + name_size + extra_size
    packed = memoryview(data)[start : start + info.compress_size]
    if info.compress_type == zipfile.ZIP_STORED:
        yield bytes(packed)
        return
    if info.compress_type != zipfile.ZIP_DEFLATED:
        raise refuse("ZY307", "the workbook is packed in an unusual way", path)
    unpacker = zlib.decompressobj(-15)
    length = 0
    rest: bytes | memoryview = packed
    while rest and not unpacker.eof:
        piece = unpacker.decompress(rest, _PIECE)
        rest = unpacker.unconsumed_tail
        length += len(piece)
        if length > info.file_size:
            raise _bomb(path)
        yield piece


def _sheet_parts(
    package: zipfile.ZipFile, data: bytes, book: bytes, *, path: Path
) -> dict[str, str]:
    """Return the part of each sheet by the sheet's name."""
    relations = "xl/_rels/workbook.xml.rels"
    if relations not in package.namelist():
        return {}
    text = b"".join(_pieces(data, package.getinfo(relations), path))
    targets: dict[bytes, str] = {}
    for tag in _RELATION.findall(text):
        held = dict(_ATTRIBUTE.findall(tag))
        target = held.get(b"Target", b"").decode("utf-8", "replace")
        targets[held.get(b"Id", b"")] = target.lstrip("/") if "xl/" in target else f"xl/{target}"
    parts: dict[str, str] = {}
    for tag in _SHEET.findall(book):
        held = dict(_ATTRIBUTE.findall(tag))
        relation = next((v for k, v in held.items() if k.endswith(b":id")), b"")
        name = unescape(
            held.get(b"name", b"").decode("utf-8", "replace"), {"&quot;": '"', "&apos;": "'"}
        )
        if relation in targets:
            parts[name] = targets[relation]
    return parts


def _scan(data: bytes, info: zipfile.ZipInfo, path: Path, *, options: ReadOptions) -> Errors:
    """Find error cells and how far out cells lie in one sheet."""
    errors: Errors = {}
    columns, rows = 1, 1
    before = b""
    for piece in _pieces(data, info, path):
        window = before + piece
        width, height = _extent(window)
        columns, rows = max(columns, width), max(rows, height)
        if b't="e"' in window or b"t='e'" in window:
            errors |= _errors_in(window)
        before = window[-_OVERLAP:]
    if columns > options.max_columns:
        raise refuse(
            "ZY306", f"a cell in column {columns:,}: at most {options.max_columns:,}", path
        )
    if rows > 1_048_576 or rows * max(columns, 26) > options.max_sheet_cells:
        raise refuse("ZY306", f"cells as far as row {rows:,}, column {columns:,}", path)
    return errors


def _extent(window: bytes) -> tuple[int, int]:
    """Return the last column and row that a piece of a sheet names, at least 1."""
    plain = not any(mark in window for mark in _UNUSUAL)
    column, row, cell = _PLAIN_MARKS if plain else (_FAR_COLUMN, _ROW, _FAR_CELL)
    letters = {found[0] for found in column.findall(window)}
    numbers = {*row.findall(window), *cell.findall(window)}
    width = max(map(_column_number, letters), default=1)
    return width, max((int(number[:8]) for number in numbers), default=1)


def _errors_in(window: bytes) -> Errors:
    return {
        (int(number) - 1, _column_number(letters) - 1): text.decode("utf-8", "replace")
        for letters, number, text in _ERROR.findall(window)
    }


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _bomb(path: Path) -> DataError:
    return refuse("ZY310", "unpacks to far more than a workbook of its size would hold", path)


def _macros(path: Path) -> DataError:
    return refuse("ZY309", "the workbook holds macros", path, hint="save it as .xlsx")
