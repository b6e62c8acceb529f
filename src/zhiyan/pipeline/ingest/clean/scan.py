"""Find what must not land in free text, and mask what must be shown."""

import re

from zhiyan.pipeline.ingest.clean.cards import is_bank_card, is_id_card
from zhiyan.pipeline.ingest.clean.column import Column
from zhiyan.pipeline.ingest.read.arrow import Array, pa, pc

#: A superset of everything searched for: any long run of digits, perhaps broken by blanks.
_RUN = r"[0-9０-９][0-9０-９ \-]{8,}[0-9０-９Xx]"
_ID_CARD = re.compile(r"(?<![0-9A-Za-z])[1-9][0-9]{16}[0-9Xx](?![0-9A-Za-z])")
_OLD_CARD = re.compile(
    r"(?<![0-9A-Za-z])[1-9][0-9]{5}[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}(?![0-9A-Za-z])"
)
_BANK = re.compile(r"(?<![0-9A-Za-z])[0-9]{16,19}(?![0-9A-Za-z])")
_PHONE = re.compile(r"(?<![0-9])(?:\+?86|0086)?0?1[3-9][0-9]{9}(?![0-9])")
_BREAKS = re.compile(r"(?<=[0-9])[ \-]+(?=[0-9Xx])")

#: Parsers whose cells say nothing about who somebody is: shown with long digit runs masked only.
_IMPERSONAL = frozenset(
    {"int", "money", "bool", "date", "datetime", "code", "codes", "clinic"}
    | {"city", "province", "district"}
)
_LONG_DIGITS = re.compile(r"[0-9]{7,}")
_SHOWN = 40


def scan_sensitive(column: Column) -> Array:
    """Return per row what a text holds: ``id_card``, ``bank_card``, ``phone``, or null.

    Identity cards count with a right check character (18 digits) or a possible date (15 digits),
    bank cards with a right Luhn sum; the first of the three kinds that occurs is named.
    """
    encoded = pc.dictionary_encode(column)
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.unify_dictionaries().combine_chunks()
    texts = encoded.dictionary
    suspect = pc.match_substring_regex(texts, _RUN).to_pylist()
    kinds = [
        find_sensitive(text) if maybe else None
        for text, maybe in zip(texts.to_pylist(), suspect, strict=True)
    ]
    return pa.array(kinds, pa.string()).take(encoded.indices)


def find_sensitive(text: str) -> str | None:
    """Return the kind of the first sensitive number in a text, also if written with blanks."""
    plain = text.translate(_NARROW)
    for form in dict.fromkeys((plain, _BREAKS.sub("", plain))):
        kind = _kind(form)
        if kind:
            return kind
    return None


_NARROW = {ord("０") + digit: ord("0") + digit for digit in range(10)}


def _kind(text: str) -> str | None:
    if any(is_id_card(found.upper()) for found in _ID_CARD.findall(text)):
        return "id_card"
    if _OLD_CARD.search(text):
        return "id_card"
    if any(is_bank_card(found) for found in _BANK.findall(text)):
        return "bank_card"
    return "phone" if _PHONE.search(text) else None


def mask(value: str, parser: str = "text") -> str:
    """Return a cell as quarantine may show it: its shape, not the person behind it.

    Cells of impersonal parsers (dates, money, codes) stay readable except for runs of seven and
    more digits; of others at most the first character, and of long numbers the first three and
    last two digits, are shown.
    """
    if parser in _IMPERSONAL:
        shown = _LONG_DIGITS.sub(lambda m: m[0][:2] + "*" * (len(m[0]) - 3) + m[0][-1], value)
        return shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…"
    text = value.strip()
    if len(text) >= 7 and sum(c.isdigit() for c in text) >= 7:
        return text[:3] + "*" * min(len(text) - 5, 12) + text[-2:]
    return text[: len(text) > 1] + "*" * min(max(len(text) - 1, 1), 12) if text else ""
