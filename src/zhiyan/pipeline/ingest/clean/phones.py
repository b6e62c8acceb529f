"""Parse telephone numbers: mobiles to E.164, each with what it is good for.

The plain eleven digits, nearly all of a column, are read by Arrow; every other distinct text by
rules. A cell may hold several numbers, remarks, a prefix of the call centre, an extension.
"""

import re
from dataclasses import dataclass

import numpy as np

from zhiyan.core.identity import Quality
from zhiyan.pipeline.ingest.clean.column import (
    Column,
    Parsed,
    distinct,
    is_scientific,
    restore_scientific,
)
from zhiyan.pipeline.ingest.clean.options import ParseOptions
from zhiyan.pipeline.ingest.clean.reasons import Reason
from zhiyan.pipeline.ingest.read.arrow import Array, is_true, pa, pc

#: Segments of virtual operators, on which platforms issue privacy numbers.
_VIRTUAL = "162|165|167|170|171"
_RUNS = "|".join(f"{digit}{{8}}" for digit in range(10))
_PATTERNS = rf"^1[0-9]*?(?:{_RUNS}|12345678|23456789|01234567|87654321|98765432|76543210)$"
_KNOWN_FAKES = frozenset(
    {"13800138000", "13800000000", "13000000000", "13900139000", "13912345678", "13312341234"}
)
_MOBILE = r"1[3-9][0-9]{9}"

_SPLIT = re.compile(r"[/、;,|\n]|(?:或|和|及|以及)")
_EXTENDED = re.compile(
    rf"(?:\+?86|0086)?({_MOBILE}|0[0-9]{{2,3}}-?[0-9]{{7,8}}|[48]00-?[0-9]{{3,7}}-?[0-9]{{0,4}}|95[0-9]{{3,10}})"
    r"(?:转|分机|ext\.?|x|#|[-_,*])+([0-9]{1,6})",
    re.IGNORECASE,
)
_SEPARATORS = re.compile(r"[\s()\-.·_]+")
_WORDS = re.compile(r"[^0-9+*xX#eE.]+")
_MASKED = re.compile(r"(?:\+?86)?1[0-9]{1,6}[*xX•●]{2,}[0-9]{0,6}")
_INTERNATIONAL = re.compile(r"(?:\+|00)(?!0|86)([1-9][0-9]{6,14})")
_LANDLINE = re.compile(r"(?:0|(?:\+?86|0086)0?)(10|2[0-9]|[3-9][0-9]{2})([2-8][0-9]{6,7})")
_LOCAL = re.compile(r"[2-8][0-9]{6,7}")
_HOTLINE = re.compile(r"[48]00[0-9]{7}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Number:
    text: str
    quality: Quality


def parse_phone(column: Column, options: ParseOptions) -> Parsed:
    """Parse a column of telephone numbers.

    Values are lists of texts, ``quality`` lists beside them: mobiles as ``+8613...``, with
    ``;ext=12`` where there is an extension, masked ones as written. Only ``ok`` may identify.
    ``extra["fake_phone"]`` is true if a number of the cell is a pattern. Problems: ``digits_lost``,
    ``bad_phone`` (the readable numbers of the cell stay in the list).
    """
    held = distinct(column, options)
    plain = pa.array(is_true(pc.match_substring_regex(held.texts, f"^{_MOBILE}$")))
    lists, quality, problems = _plain(held.texts, plain)
    odd = held.texts.filter(pc.invert(plain)).to_pylist()
    found = [_read(text, options) for text in odd]
    order = _interleaved(plain)
    more_lists = [[n.text for n in numbers] or None for numbers, _ in found]
    more_quality = [[n.quality for n in numbers] or None for numbers, _ in found]
    texts = pa.list_(pa.string())
    lists = pa.concat_arrays([lists, pa.array(more_lists, texts)]).take(order)
    quality = pa.concat_arrays([quality, pa.array(more_quality, texts)]).take(order)
    reasons = pa.array([problem for _, problem in found], pa.string())
    problems = pa.concat_arrays([problems, reasons]).take(order)
    return held.parsed(lists, problems, quality=quality, extra={"fake_phone": _fake(quality)})


def _plain(texts: Array, plain: Array) -> tuple[Array, Array, Array]:
    """Return lists of one number, their quality and no problems, for plain mobiles."""
    numbers = texts.filter(plain)
    fakes = pa.array(sorted(_KNOWN_FAKES))
    pattern = pc.or_(pc.match_substring_regex(numbers, _PATTERNS), pc.is_in(numbers, fakes))
    virtual = pc.match_substring_regex(numbers, f"^(?:{_VIRTUAL})")
    quality = pc.if_else(
        pattern,
        pa.scalar(str(Quality.PATTERN)),
        pc.if_else(virtual, pa.scalar(str(Quality.VIRTUAL)), pa.scalar(str(Quality.OK))),
    )
    full = pc.binary_join_element_wise("+86", numbers, "")
    offsets = pa.array(np.arange(len(numbers) + 1, dtype=np.int32))
    return (
        pa.ListArray.from_arrays(offsets, full),
        pa.ListArray.from_arrays(offsets, quality),
        pa.nulls(len(numbers), pa.string()),
    )


def _interleaved(plain: Array) -> Array:
    """Return where each distinct text lies when plain ones come first, odd ones after."""
    good = plain.to_numpy(zero_copy_only=False)
    return pa.array(np.where(good, np.cumsum(good) - 1, good.sum() + np.cumsum(~good) - 1))


def _fake(quality: Array) -> Array:
    """Tell which lists hold a pattern; null where there is no number."""
    hits = pc.list_parent_indices(quality).filter(
        pc.equal(pc.list_flatten(quality), str(Quality.PATTERN))
    )
    fake = np.zeros(len(quality), dtype=bool)
    fake[hits.to_numpy()] = True
    return pa.array(fake, mask=pc.is_null(quality).to_numpy(zero_copy_only=False))


def _read(text: str | None, options: ParseOptions) -> tuple[list[_Number], str | None]:
    """Return the numbers of a cell and what is wrong with the rest of it."""
    if text is None:
        return [], None
    compact = re.sub(r"\.0+$", "", text.strip())
    if is_scientific(compact):
        restored = restore_scientific(compact)
        if restored is None:
            return [], Reason.DIGITS_LOST
        compact = restored
    whole = _number(compact, options)
    if whole:
        return [whole], None
    numbers: list[_Number] = []
    wrong = None
    for piece in _pieces(compact, options):
        number = _number(piece, options)
        if number and number not in numbers:
            numbers.append(number)
        elif number is None and re.search(r"[0-9*]", piece):
            wrong = Reason.BAD_PHONE
    return numbers, wrong if numbers else Reason.BAD_PHONE


def _pieces(text: str, options: ParseOptions) -> list[str]:
    """Split a cell at separators, then at blanks if each part is a number of its own."""
    pieces: list[str] = []
    for part in _SPLIT.split(text):
        words = part.split()
        if len(words) > 1 and all(_number(word, options) for word in words):
            pieces += words
        else:
            pieces.append(part)
    return [text for piece in pieces for text in _unglued(piece.strip()) if text]


def _unglued(piece: str) -> list[str]:
    """Split mobiles written without anything between them."""
    glued = re.fullmatch(f"(?:{_MOBILE}){{2,4}}", piece)
    return re.findall(_MOBILE, piece) if glued else [piece]


def _number(piece: str, options: ParseOptions) -> _Number | None:
    """Read one number with perhaps a remark before or after it."""
    extended = _EXTENDED.fullmatch(re.sub(r"[\s()]+", "", piece))
    if extended:
        base = _typed(extended[1].replace("-", ""), options)
        if base:
            landline = base.quality is Quality.LANDLINE
            quality = Quality.LANDLINE if landline else Quality.VIRTUAL
            return _Number(text=f"{base.text};ext={extended[2]}", quality=quality)
    for text in (piece, _WORDS.sub(" ", piece).strip()):
        bare = _SEPARATORS.sub("", text)
        number = _typed(bare, options)
        if number:
            return number
    return None


def _typed(bare: str, options: ParseOptions) -> _Number | None:
    """Type a number without separators."""
    for prefix in ("", *options.dial_prefixes):
        mobile = re.fullmatch(rf"(?:\+?86|0086)?{re.escape(prefix)}({_MOBILE})", bare)
        if mobile:
            return _Number(text=f"+86{mobile[1]}", quality=_mobile_quality(mobile[1]))
    return _special(bare) or _landline(bare)


def _special(bare: str) -> _Number | None:
    """Read masked numbers and numbers of no person."""
    if _MASKED.fullmatch(bare):
        return _Number(text=bare.removeprefix("+86"), quality=Quality.MASKED)
    if re.fullmatch(r"([0-9])\1{6,}", bare) or bare in {
        "12345678901",
        "12345678910",
        "01234567890",
    }:
        return _Number(text=bare, quality=Quality.PATTERN)
    return None


def _landline(bare: str) -> _Number | None:
    """Read landlines, service numbers and numbers abroad."""
    if _HOTLINE.fullmatch(bare):
        return _Number(text=f"+86{bare}", quality=Quality.LANDLINE)
    landline = _LANDLINE.fullmatch(bare)
    if landline:
        return _Number(text=f"+86{landline[1]}{landline[2]}", quality=Quality.LANDLINE)
    if _LOCAL.fullmatch(bare):
        return _Number(text=bare, quality=Quality.LANDLINE)
    abroad = _INTERNATIONAL.fullmatch(bare)
    return _Number(text=f"+{abroad[1]}", quality=Quality.OK) if abroad else None


def _mobile_quality(mobile: str) -> Quality:
    if mobile in _KNOWN_FAKES or re.match(_PATTERNS, mobile):
        return Quality.PATTERN
    return Quality.VIRTUAL if re.match(f"(?:{_VIRTUAL})", mobile) else Quality.OK
