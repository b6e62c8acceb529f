"""Parse resident identity cards, and check the numbers of identity and bank cards."""

import re
from datetime import date

from zhiyan.core.identity import Quality
from zhiyan.pipeline.ingest.clean.column import Column, Parsed, distinct, is_scientific
from zhiyan.pipeline.ingest.clean.options import ParseOptions
from zhiyan.pipeline.ingest.clean.reasons import Reason
from zhiyan.pipeline.ingest.read.arrow import pa

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_MASKED = re.compile(r"[0-9]{1,10}\*{2,}[0-9Xx*]*")
_BLANKS = re.compile(r"[\s-]+")


def check_digit(body: str) -> str:
    """Return the check character of the first 17 digits of an identity card (GB 11643)."""
    total = sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True))
    return _CHECKS[total % 11]


def is_id_card(text: str) -> bool:
    """Tell whether 18 characters are an identity card number with a right check character."""
    return (
        re.fullmatch(r"[1-9][0-9]{16}[0-9X]", text) is not None
        and birthdate_of(text) is not None
        and check_digit(text[:17]) == text[17]
    )


def is_bank_card(digits: str) -> bool:
    """Tell whether 16 to 19 digits are a bank card number by Luhn's check."""
    if not 16 <= len(digits) <= 19 or digits[0] not in "34569" or len(set(digits)) < 4:
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (2 if place % 2 else 1)
        total += number - 9 if number > 9 else number
    return total % 10 == 0


def birthdate_of(card: str) -> date | None:
    """Return the date of birth in an 18-digit number, None if there is no such day."""
    try:
        born = date(int(card[6:10]), int(card[10:12]), int(card[12:14]))
    except ValueError:
        return None
    return born if 1880 <= born.year <= 2100 else None


def parse_id_card(column: Column, options: ParseOptions) -> Parsed:
    """Clean identity card numbers to 18 characters (15 old digits are widened).

    ``quality`` is ``ok`` or ``masked``; ``extra`` holds ``birthdate`` (date32) and ``gender``
    (male or female) as the number states them. Problems: ``bad_checksum``, ``digits_lost``,
    ``bad_id_card``.
    """
    held = distinct(column, options)
    cards: list[str | None] = []
    problems: list[str | None] = []
    quality: list[str | None] = []
    for text in held.texts.to_pylist():
        card, problem = (None, None) if text is None else _read(text)
        cards.append(card)
        problems.append(problem)
        quality.append(None if card is None else Quality.MASKED if "*" in card else Quality.OK)
    clear = [card if card and "*" not in card else None for card in cards]
    born = [birthdate_of(card) if card else None for card in clear]
    gender = [("male" if int(card[16]) % 2 else "female") if card else None for card in clear]
    return held.parsed(
        pa.array(cards, pa.string()),
        pa.array(problems, pa.string()),
        quality=pa.array(quality, pa.string()),
        extra={"birthdate": pa.array(born, pa.date32()), "gender": pa.array(gender, pa.string())},
    )


def _read(text: str) -> tuple[str | None, str | None]:
    card = _BLANKS.sub("", text).upper().removesuffix(".0")
    if _MASKED.fullmatch(card) or is_id_card(card):
        return card, None
    if is_scientific(card) or re.fullmatch(r"[1-9][0-9]{14}000", card):
        return None, Reason.DIGITS_LOST
    if re.fullmatch(r"[1-9][0-9]{14}", card):
        body = f"{card[:6]}19{card[6:]}"
        real = birthdate_of(body + "0") is not None
        return (body + check_digit(body), None) if real else (None, Reason.BAD_ID_CARD)
    shaped = re.fullmatch(r"[1-9][0-9]{16}[0-9X]", card) and birthdate_of(card)
    return None, Reason.BAD_CHECKSUM if shaped else Reason.BAD_ID_CARD
