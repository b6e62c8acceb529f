"""Columns of text cells: the form that every parser works on, and what it returns.

A parser sees each distinct text once. ``Distinct`` holds those texts, tidied, and spreads what was
found for them over the rows again.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from zhiyan.pipeline.ingest.clean.options import ParseOptions
from zhiyan.pipeline.ingest.read.arrow import Array, ChunkedArray, pa, pc

Column: TypeAlias = Array | ChunkedArray

#: Characters that show nothing: zero width, direction marks, soft hyphen, byte order mark.
_INVISIBLE = "[\\x{00AD}\\x{200B}-\\x{200F}\\x{202A}-\\x{202E}\\x{2060}-\\x{2064}\\x{FEFF}\\x{0000}-\\x{0008}\\x{000B}\\x{000C}\\x{000E}-\\x{001F}\\x{007F}]"
#: Plain printed characters and line breaks.
_PRINTED = bytes([*range(32, 127), 9, 10, 13])


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What a parser made of a column; all arrays have the column's length.

    ``problems`` holds a ``Reason`` where a cell could not be read (its value is null then), null
    where it is fine or blank. ``quality`` says what an identifier is good for
    (``core.identity.Quality``). ``extra`` holds further columns, see each parser.
    """

    values: Array
    problems: Array
    quality: Array | None = None
    extra: Mapping[str, Array] = field(default_factory=dict[str, Array])


Parser: TypeAlias = Callable[[Column, ParseOptions], Parsed]


@dataclass(frozen=True, slots=True, kw_only=True)
class Distinct:
    """The distinct texts of a column (null first removed) and where each row finds its own."""

    texts: Array
    indices: Array

    def spread(self, values: Array) -> Array:
        """Return per row what was found per distinct text."""
        return values.take(self.indices)

    def parsed(
        self,
        values: Array,
        problems: Array,
        *,
        quality: Array | None = None,
        extra: Mapping[str, Array] | None = None,
    ) -> Parsed:
        """Return the result of a parser from its findings per distinct text."""
        return Parsed(
            values=self.spread(values),
            problems=self.spread(problems),
            quality=None if quality is None else self.spread(quality),
            extra={name: self.spread(found) for name, found in (extra or {}).items()},
        )


def distinct(
    column: Column, options: ParseOptions, *, keep: frozenset[str] = frozenset()
) -> Distinct:
    """Tidy the texts of a column; blank texts and null words become null.

    Tidied means: NFKC (full-width digits and letters become plain), no invisible characters, no
    blanks at the ends, no back-tick, apostrophe or ``="..."`` that kept Excel from reading a
    number. ``keep`` are null words that mean something to this parser (lower case).
    """
    if column.type != pa.string():
        column = column.cast(pa.string())
    encoded = pc.dictionary_encode(column)
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.unify_dictionaries().combine_chunks()
    texts = tidy(encoded.dictionary)
    words = pa.array(sorted({fold(word) for word in options.null_words} - keep), pa.string())
    blank = pc.or_(pc.is_in(pc.utf8_lower(texts), words), pc.equal(texts, ""))
    texts = pc.if_else(blank, pa.scalar(None, pa.string()), texts)
    return Distinct(texts=texts, indices=encoded.indices)


def tidy(texts: Array) -> Array:
    """Return texts in NFKC form without what cannot be seen or only guards against Excel."""
    texts = texts.cast(pa.string())
    held = _bytes(texts)
    if not held.isascii():
        texts = pc.utf8_normalize(texts, form="NFKC")
        held = _bytes(texts)
    if not held.isascii() or held.translate(None, _PRINTED):
        texts = pc.replace_substring_regex(texts, _INVISIBLE, "")
    texts = pc.utf8_trim_whitespace(texts)
    if b'="' in held:
        texts = pc.replace_substring_regex(texts, r'^="(.*)"$', r"\1")
    if b"`" in held or b"'" in held:
        texts = pc.replace_substring_regex(texts, r"^[`']+", "")
    return texts


def _bytes(texts: Array) -> bytes:
    """Return the bytes of all texts, to see quickly what occurs nowhere in them."""
    held = texts.buffers()[2]
    return b"" if held is None else held.to_pybytes()


def fold(text: str) -> str:
    """Return the form in which words are compared: NFKC, lower case, no blanks at the ends."""
    return unicodedata.normalize("NFKC", text).strip().lower()


def each(texts: Array, read: Callable[[str], tuple[str | None, str | None]]) -> tuple[Array, Array]:
    """Apply a reader to every distinct text; returns values and problems (null for null)."""
    found = [(None, None) if text is None else read(text) for text in texts.to_pylist()]
    values = pa.array([value for value, _ in found], pa.string())
    return values, pa.array([problem for _, problem in found], pa.string())


def no_problems(length: int) -> Array:
    """Return a problem column without problems."""
    return pa.nulls(length, pa.string())


def choose(*cases: tuple[Array, str]) -> Array:
    """Return the reason of the first condition that is true, per row; null if none is."""
    names = pa.StructArray.from_arrays(
        [pc.fill_null(condition, fill_value=False) for condition, _ in cases],
        names=[f"c{i}" for i in range(len(cases))],
    )
    return pc.case_when(names, *(pa.scalar(str(reason), pa.string()) for _, reason in cases))


_SCIENTIFIC = re.compile(r"([1-9])(?:\.(\d+))?[eE]\+?(\d{1,3})")


def restore_scientific(text: str) -> str | None:
    """Return the digits behind ``1.3812345678E+10`` if all are shown, else None."""
    match = _SCIENTIFIC.fullmatch(text)
    if match is None or len(match[2] or "") != int(match[3]):
        return None
    return match[1] + (match[2] or "")


def is_scientific(text: str) -> bool:
    """Tell whether a text is a number in scientific notation."""
    return _SCIENTIFIC.fullmatch(text) is not None
