"""Parse text, native identifiers and e-mail addresses."""

import re

from zhiyan.core.identity import Quality
from zhiyan.pipeline.ingest.clean.column import (
    Column,
    Parsed,
    choose,
    distinct,
    is_scientific,
    no_problems,
    restore_scientific,
)
from zhiyan.pipeline.ingest.clean.options import ParseOptions
from zhiyan.pipeline.ingest.clean.reasons import Reason
from zhiyan.pipeline.ingest.clean.scan import scan_sensitive
from zhiyan.pipeline.ingest.read.arrow import Array, is_true, pa, pc

_EMAIL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@(?:[a-z0-9-]{1,63}\.)+[a-z]{2,24}")
#: What platforms put in place of a part of an account or a nickname.
_STARS = "[*•●]{2,}"


def parse_text(column: Column, options: ParseOptions) -> Parsed:
    """Tidy text (string): NFKC, runs of blanks become one."""
    held = distinct(column, options)
    values = pc.replace_substring_regex(held.texts, r"[ \t\x{00A0}\x{3000}]+", " ")
    return held.parsed(values, no_problems(len(values)))


def parse_free_text(column: Column, options: ParseOptions) -> Parsed:
    """Tidy remarks; a remark that holds an id card, bank card or phone number is dropped.

    Its value is null and ``extra["dropped"]`` names the kind; the row is not at fault.
    """
    held = distinct(column, options)
    kinds = scan_sensitive(held.texts)
    values = pc.replace_substring_regex(held.texts, r"[ \t\x{00A0}\x{3000}]+", " ")
    values = pc.if_else(pc.is_valid(kinds), pa.scalar(None, pa.string()), values)
    return held.parsed(values, no_problems(len(values)), extra={"dropped": kinds})


def parse_native_id(column: Column, options: ParseOptions) -> Parsed:
    """Clean a number that a source gave (string): leading zeros stay, Excel's ``.0`` goes.

    ``quality`` is ``ok`` or, with stars in it, ``masked``. ``width`` pads bare digits with zeros. Scientific notation is restored if all digits are shown,
    else the problem is ``digits_lost``.
    """
    held = distinct(column, options)
    texts = pc.replace_substring_regex(held.texts, r"^([0-9]+)\.0+$", r"\1")
    odd = pa.array(is_true(pc.match_substring_regex(texts, r"^[0-9](\.[0-9]+)?[eE]\+[0-9]{1,3}$")))
    if pc.any(odd).as_py():
        texts = pc.if_else(odd, _restored(texts), texts)
    lost = pc.and_(odd, pc.is_null(texts))
    if options.width:
        digits = pa.array(is_true(pc.match_substring_regex(texts, "^[0-9]+$")))
        padded = pc.utf8_lpad(texts, width=options.width, padding="0")
        texts = pc.if_else(digits, padded, texts)
    masked = pc.match_substring_regex(texts, _STARS)
    quality = pc.if_else(masked, pa.scalar(str(Quality.MASKED)), pa.scalar(str(Quality.OK)))
    return held.parsed(texts, choose((lost, Reason.DIGITS_LOST)), quality=quality)


def _restored(texts: Array) -> Array:
    values = [
        restore_scientific(text) if text and is_scientific(text) else text
        for text in texts.to_pylist()
    ]
    return pa.array(values, pa.string())


def parse_email(column: Column, options: ParseOptions) -> Parsed:
    """Clean e-mail addresses (lower case); quality is ``ok`` or, with stars, ``masked``."""
    held = distinct(column, options)
    values: list[str | None] = []
    problems: list[str | None] = []
    quality: list[str | None] = []
    for text in held.texts.to_pylist():
        address = "" if text is None else text.lower().removeprefix("mailto:").replace(" ", "")
        masked = "*" in address and "@" in address
        good = masked or _EMAIL.fullmatch(address) is not None
        values.append(address if good else None)
        problems.append(None if good or text is None else Reason.BAD_EMAIL)
        quality.append((Quality.MASKED if masked else Quality.OK) if good else None)
    return held.parsed(
        pa.array(values, pa.string()),
        pa.array(problems, pa.string()),
        quality=pa.array(quality, pa.string()),
    )
