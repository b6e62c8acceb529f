"""Which encoding a text file is in: decided strictly over the whole file, never lossy.

Order: byte order mark, then UTF-8, then GB18030 (a superset of GBK). Text that was already ruined
before it was saved (U+FFFD, UTF-8 read as GBK or Latin-1) is refused, not repaired.
"""

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from zhiyan.errors import DataError
from zhiyan.pipeline.ingest.read.table import refuse

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_REPLACEMENT = "�".encode()
#: What U+FFFD becomes when UTF-8 bytes are read as GBK, and as Latin-1, and saved again.
_RUINS = ("锟斤拷".encode(), "ï¿½".encode())
_HANZI = re.compile("[一-鿿]")
_FOREIGN = re.compile(r"[^\x00-\x7f]+")
#: The first byte of a UTF-8 letter of three bytes or four, as all Chinese ones are.
_LONG_LETTER = re.compile(rb"[\xe0-\xf4]")
_SAMPLE_LINES = 2_000
#: Share of lines with ruined letters above which the file is refused as a whole.
_RUINED_SHARE = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """The text of a file as UTF-8 bytes without mark, and the encoding it was in."""

    utf8: bytes
    encoding: str


def decode(data: bytes, path: Path, encoding: str | None = None) -> Decoded:
    """Decode a whole file strictly.

    Raises DataError: ``ZY303`` no encoding fits, ``ZY304`` the text was ruined before, ``ZY305``
    NUL bytes. The message names the byte offset and the line.
    """
    found = _marked(data, path) if encoding is None else _forced(data, path, encoding)
    decoded = found or _unmarked(data, path)
    _refuse_ruins(decoded, path)
    return decoded


def _marked(data: bytes, path: Path) -> Decoded | None:
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _forced(data, path, name)
    return None


def _forced(data: bytes, path: Path, encoding: str) -> Decoded:
    if encoding.lower() in {"utf-8", "utf8"} and not data.startswith(codecs.BOM_UTF8):
        _check(data, path, "utf-8")
        return Decoded(utf8=data, encoding="utf-8")
    name = "utf-8-sig" if encoding.lower() in {"utf-8", "utf8"} else encoding
    return Decoded(utf8=_check(data, path, name).encode(), encoding=name)


def _check(data: bytes, path: Path, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except LookupError as error:
        raise refuse("ZY303", f"no encoding is called {encoding!r}", path) from error
    except UnicodeError as error:
        raise _undecodable(data, path, error) from error


def _undecodable(data: bytes, path: Path, error: UnicodeError) -> DataError:
    offset = error.start if isinstance(error, UnicodeDecodeError) else 0
    line = data.count(b"\n", 0, offset) + 1
    return refuse(
        "ZY303",
        f"not readable as {getattr(error, 'encoding', 'text')} at byte {offset}",
        path,
        at=f"line {line}",
        hint="save it again as UTF-8",
    )


def _unmarked(data: bytes, path: Path) -> Decoded:
    _refuse_nul(data, path)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as failure:
        return _chinese(data, path, failure)
    if not data.isascii() and _looks_chinese(text, data):
        return Decoded(utf8=data.decode("gb18030").encode(), encoding="gb18030")
    return Decoded(utf8=data, encoding="utf-8")


def _chinese(data: bytes, path: Path, utf8_failure: UnicodeDecodeError) -> Decoded:
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError as error:
        # The one that got further is the more likely encoding; its fault is worth showing.
        raise _undecodable(data, path, max(utf8_failure, error, key=lambda e: e.start)) from error
    if not _plausible_chinese(text):
        raise _undecodable(data, path, utf8_failure)
    return Decoded(utf8=text.encode(), encoding="gb18030")


def _plausible_chinese(text: str) -> bool:
    """Tell whether GB18030 text is Chinese rather than Latin-1 or Big5 that happens to decode.

    Nearly all letters of real Chinese text lie in the old GB2312 set; accidents mostly do not.
    Letters of four bytes cannot come about by accident either.
    """
    foreign = "".join(_FOREIGN.findall(text[:4_000_000]))
    common = len(foreign.encode("gb2312", "ignore")) / 2
    common += len(foreign.encode("gb18030")) / 2 - len(foreign)
    return common >= 0.7 * len(foreign)


def _looks_chinese(text: str, data: bytes) -> bool:
    """Tell whether valid UTF-8 is really GBK: two-byte letters of no script used here."""
    if _LONG_LETTER.search(data):
        return False
    foreign = "".join(_FOREIGN.findall(text))
    if not any(c > "ſ" for c in foreign):
        return False
    try:
        other = data.decode("gb18030")
    except UnicodeDecodeError:
        return False
    return all(_HANZI.match(c) for c in "".join(_FOREIGN.findall(other)))


def _refuse_nul(data: bytes, path: Path) -> None:
    offset = data.find(b"\0")
    if offset >= 0:
        raise refuse(
            "ZY305",
            f"a NUL byte at byte {offset}: not a text file",
            path,
            at=f"line {data.count(bytes([10]), 0, offset) + 1}",
            hint="UTF-16 needs its byte order mark; save it again as UTF-8",
        )


def _refuse_ruins(decoded: Decoded, path: Path) -> None:
    _refuse_nul(decoded.utf8, path)
    if decoded.utf8.isascii():
        return
    offset = _widespread_ruin(decoded.utf8)
    if offset is not None:
        raise _ruined(decoded, path, offset)
    offset = 0
    for line in decoded.utf8.split(b"\n", _SAMPLE_LINES)[:_SAMPLE_LINES]:
        if not line.isascii() and _is_mojibake(line.decode()):
            raise _ruined(decoded, path, offset)
        offset += len(line) + 1


def _widespread_ruin(utf8: bytes) -> int | None:
    """Return where the first ruined letter stands if the file as a whole is ruined.

    A few ruined cells in a sound file put their rows into quarantine instead.
    """
    ruins = (_REPLACEMENT, *_RUINS)
    places = [place for place in map(utf8.find, ruins) if place >= 0]
    if not places:
        return None
    lines = [line for line in utf8.split(b"\n") if not line.isascii()]
    ruined = sum(1 for line in lines if any(ruin in line for ruin in ruins))
    return min(places) if ruined > len(lines) * _RUINED_SHARE else None


def _ruined(decoded: Decoded, path: Path, offset: int) -> DataError:
    line = decoded.utf8.count(b"\n", 0, offset) + 1
    return refuse(
        "ZY304",
        f"text was ruined before it was saved, near byte {offset} (as UTF-8)",
        path,
        at=f"line {line}",
        hint="export it again; the lost letters cannot be brought back",
    )


def _is_mojibake(line: str) -> bool:
    """Tell whether a line, or a long run in it, is UTF-8 that was read as GBK or as Latin-1."""
    runs = _FOREIGN.findall(line)
    return any(_is_ruined(text) for text in ("".join(runs), *runs) if len(text) >= 6)


def _is_ruined(text: str) -> bool:
    for wrong in ("gb18030", "cp1252", "latin-1"):
        try:
            right = text.encode(wrong).decode("utf-8")
        except UnicodeError:
            continue
        if _HANZI.search(right) and len(right) < len(text):
            return True
    return False
