"""Parse whole numbers and money: exact, from digits to integers, never through floating point."""

from dataclasses import dataclass

from zhiyan.pipeline.ingest.clean.column import Column, Parsed, choose, distinct
from zhiyan.pipeline.ingest.clean.options import ParseOptions
from zhiyan.pipeline.ingest.clean.reasons import Reason
from zhiyan.pipeline.ingest.read.arrow import Array, pa, pc

_GROUPED = r"(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)"
_NUMBER = (
    r"^(?P<open>\()?(?P<sign>[-+−–])?\s*(?:¥|￥|\$|RMB|CNY|rmb|人民币)?\s*(?P<inner>[-+−–])?\s*"
    rf"(?P<whole>{_GROUPED}?)(?:\.(?P<part>[0-9]*))?\s*"
    r"(?P<scale>[万千亿wWkK])?\s*(?P<tail>[元块圆]|RMB|CNY|rmb)?整?(?P<close>\))?(?P<after>-)?$"
)
_COUNT = (
    rf"^(?P<sign>[-+−–])?(?P<whole>{_GROUPED})(?:\.(?P<part>[0-9]*))?\s*"
    r"(?:[次个岁周张支只瓶天日分件项盒ml人条]|ML|cc)?$"
)
_SCIENTIFIC = r"^[-+]?[0-9](?:\.[0-9]+)?[eE][-+]?[0-9]{1,3}$"
#: How many places the decimal point moves right to come to fen, per unit and per suffix.
_UNIT_SHIFT = {"fen": 0, "yuan": 2, "wan": 6}
_SCALE_SHIFT = {"": 0, "千": 3, "k": 3, "K": 3, "万": 4, "w": 4, "W": 4, "亿": 8}
_MOST_DIGITS = 17


@dataclass(frozen=True, slots=True, kw_only=True)
class _Digits:
    """Whole digits and digits after the point, as texts without separators; null if no number."""

    whole: Array
    part: Array
    negative: Array


def parse_int(column: Column, options: ParseOptions) -> Parsed:
    """Parse whole numbers (int64): ``1,200``, ``28岁``, ``3.0``.

    Problems: ``not_whole``, ``out_of_range``, ``digits_lost``, ``bad_int``.
    """
    held = distinct(column, options)
    found = pc.extract_regex(held.texts, _COUNT)
    digits = _digits(found)
    is_number = pc.and_(pc.is_valid(held.texts), pc.is_valid(found))
    fraction = pc.not_equal(pc.utf8_rtrim(digits.part, "0"), "")
    too_long = pc.greater(pc.utf8_length(digits.whole), _MOST_DIGITS + 1)
    problems = choose(
        (pc.match_substring_regex(held.texts, _SCIENTIFIC), Reason.DIGITS_LOST),
        (pc.and_(pc.is_valid(held.texts), pc.invert(is_number)), Reason.BAD_INT),
        (pc.and_(is_number, fraction), Reason.NOT_WHOLE),
        (pc.and_(is_number, too_long), Reason.OUT_OF_RANGE),
    )
    read = pc.and_(is_number, pc.is_null(problems))
    values = _integers(pc.if_else(read, digits.whole, None), digits.negative)
    return held.parsed(values, problems)


def parse_money(column: Column, options: ParseOptions) -> Parsed:
    """Parse money to integer fen (int64), or to the parts of a fen that ``finer`` asks for.

    Takes ``¥1,234.50``, ``1.2万``, ``(12.00)`` and ``-12`` for negative, full-width digits, ``元``.
    ``unit`` is the unit of a bare number. Problems: ``too_many_decimals`` (more digits than a fen
    can hold, unless ``rounding`` is half_up), ``digits_lost``, ``out_of_range``, ``bad_money``.
    """
    held = distinct(column, options)
    found = pc.extract_regex(held.texts, _NUMBER)
    digits = _digits(found)
    shift = _shift(found, options)
    fitting = pc.and_(_is_money(found, digits), pc.is_valid(found))
    problems: list[tuple[Array, str]] = [
        (pc.match_substring_regex(held.texts, _SCIENTIFIC), Reason.DIGITS_LOST),
        (pc.and_(pc.is_valid(held.texts), pc.invert(fitting)), Reason.BAD_MONEY),
    ]
    fen, excess, up = _shifted(digits, shift)
    if options.rounding == "exact":
        problems.append((pc.and_(fitting, pc.not_equal(excess, "")), Reason.TOO_MANY_DECIMALS))
    long = pc.greater(pc.utf8_length(fen), _MOST_DIGITS)
    problems.append((pc.and_(fitting, long), Reason.OUT_OF_RANGE))
    reasons = choose(*problems)
    read = pc.and_(fitting, pc.is_null(reasons))
    values = _integers(pc.if_else(read, fen, None), digits.negative, up)
    return held.parsed(values, reasons)


def _field(found: Array, name: str) -> Array:
    return pc.fill_null(pc.struct_field(found, name), "")


def _digits(found: Array) -> _Digits:
    names = {field.name for field in found.type}
    whole = pc.replace_substring(_field(found, "whole"), ",", "")
    negative = pc.not_equal(pc.utf8_ltrim(_field(found, "sign"), "+"), "")
    for name in ("inner", "open", "after"):
        if name in names:
            more = pc.not_equal(pc.utf8_ltrim(_field(found, name), "+"), "")
            negative = pc.or_(negative, more)
    return _Digits(whole=pc.utf8_ltrim(whole, "0"), part=_field(found, "part"), negative=negative)


def _is_money(found: Array, digits: _Digits) -> Array:
    """Tell which matches are money: some digit, brackets in pairs, at most one sign."""
    some = pc.not_equal(pc.binary_join_element_wise(_field(found, "whole"), digits.part, ""), "")
    paired = pc.equal(pc.equal(_field(found, "open"), ""), pc.equal(_field(found, "close"), ""))
    signs = pc.utf8_length(
        pc.binary_join_element_wise(
            *(_field(found, name) for name in ("open", "sign", "inner", "after")), ""
        )
    )
    return pc.and_(pc.and_(some, paired), pc.less_equal(signs, 1))


def _shift(found: Array, options: ParseOptions) -> Array:
    """Places that the point moves right; a word for yuan overrules a unit of fen or wan."""
    scale = _field(found, "scale")
    spelled = pc.or_(pc.not_equal(scale, ""), pc.not_equal(_field(found, "tail"), ""))
    base = pc.if_else(spelled, _UNIT_SHIFT["yuan"], _UNIT_SHIFT[options.unit])
    names = pa.array(list(_SCALE_SHIFT))
    more = pa.array(list(_SCALE_SHIFT.values())).take(pc.index_in(scale, names))
    return pc.add(pc.add(base, more), options.finer)


def _shifted(digits: _Digits, shift: Array) -> tuple[Array, Array, Array]:
    """Return the digits in fen, the digits beyond a fen, and whether those round up."""
    empty = pa.scalar("", pa.string())
    fen, excess = pa.nulls(len(shift), pa.string()), pa.nulls(len(shift), pa.string())
    for places in pc.unique(shift).drop_null().to_pylist():
        padded = pc.utf8_rpad(digits.part, width=places, padding="0") if places else digits.part
        inside = pc.utf8_slice_codeunits(padded, 0, places) if places else empty
        beyond = pc.utf8_rtrim(pc.utf8_slice_codeunits(padded, places), "0")
        here = pc.equal(shift, places)
        joined = pc.utf8_ltrim(pc.binary_join_element_wise(digits.whole, inside, ""), "0")
        fen, excess = pc.if_else(here, joined, fen), pc.if_else(here, beyond, excess)
    excess = pc.fill_null(excess, "")
    return pc.fill_null(fen, ""), excess, pc.match_substring_regex(excess, "^[5-9]")


def _integers(digits: Array, negative: Array, up: Array | None = None) -> Array:
    """Turn digit texts into signed integers; null stays null, no digits are zero."""
    filled = pc.if_else(pc.equal(digits, ""), "0", digits)
    numbers = filled.cast(pa.int64())
    if up is not None:
        numbers = pc.add(numbers, up.cast(pa.int64()))
    return pc.if_else(negative, pc.negate(numbers), numbers)
