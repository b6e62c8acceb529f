"""What a column looks like: the guess behind a suggested mapping, by its name and its cells.

Bare digits read as many things: a number of a record, a phone, a day that Excel counts from 1900.
So digits become a date only where the column's name says so, or where they are written as eight
digits of a calendar day; what is unique and of one length is a number of a record, whatever it
could mean.
"""

import re
from dataclasses import dataclass

from zhiyan.pipeline.ingest.arrays import filled, flat, true
from zhiyan.pipeline.ingest.clean import PARSERS, Parsed, parse_options
from zhiyan.pipeline.ingest.headers import forms
from zhiyan.pipeline.ingest.read.arrow import Array, pc

_SAMPLE = 2_000
_ENOUGH = 0.9
#: What the end of a header says about its column, in the order of asking.
_SAYS = (
    ("phone", r"手机号?码?|电话(?:号码)?|联系方式|mobile|phone|tel"),
    ("id_card", r"身份证.*|证件号码?|idcard"),
    ("email", r".*邮箱|.*e?mail"),
    ("native_id", r".*(?:编号|编码|代码|号码?|单号|流水|id|uid|no|code|key|序号|账号|条码|条形码)"),
    ("datetime", r".*(?:日期|时间|时刻|日|年月|生日|date|time|datetime|day|_at|birthday|dob)"),
    ("money", r".*(?:金额|价格?|总额|实收|实付|应收|应付|业绩|余额|费用?|款|本金|优惠|折扣额|消费|花了|钱|amount|price|total|fee|cost|spend|sales|revenue|paid|net)"),
    ("int", r".*(?:数量|次数?|件数?|年龄|积分|时长|天数|秒数?|人数|份数|qty|quantity|count|age|points|units|cds)"),
)  # fmt: skip
_DIGITS = r"^\d+(?:\.0+)?$"
_DAY_DIGITS = r"^(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:\d{4}|\d{6})?$"
_DECIMALS = r"^[-+(¥￥$]*[\d,]+\.\d{1,2}\)?元?$"
#: Fewer digits than this are amounts and counts, not numbers of records.
_ID_WIDTH = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """What a column seems to hold: a parser, the share of cells it reads, distinct values.

    ``said`` is what its name alone says, empty if nothing.
    """

    parser: str
    share: float
    distinct: int
    cells: int
    said: str = ""


def said_by(header: str) -> str:
    """Return the parser that a header speaks for, empty if it says nothing."""
    names = forms(header)
    return next(
        (parser for parser, words in _SAYS if any(re.fullmatch(words, name) for name in names)), ""
    )


def sniff(column: Array, header: str = "") -> Guess:
    """Guess the parser of a column from its name and up to 2,000 of its filled cells."""
    cells = flat(column).drop_null().slice(0, _SAMPLE)
    distinct = len(pc.unique(cells))
    said = said_by(header)
    if len(cells) == 0:
        return Guess(parser="text", share=0.0, distinct=0, cells=0, said=said)
    tried = _plausible(cells, distinct, said)
    for parser in tried:
        share = _share(cells, parser)
        if share >= _ENOUGH:
            return Guess(parser=parser, share=share, distinct=distinct, cells=len(cells), said=said)
    parser = "code" if distinct <= 20 and distinct * 5 <= len(cells) else "text"
    return Guess(parser=parser, share=1.0, distinct=distinct, cells=len(cells), said=said)


def _plausible(cells: Array, distinct: int, said: str) -> tuple[str, ...]:
    """Return the parsers worth trying, the likeliest first."""
    first = (said,) if said else ()
    if _matching(cells, _DIGITS) < _ENOUGH:
        decimal = said != "int" and _matching(cells, _DECIMALS) >= 0.5
        numbers = ("money", "int") if decimal else ("int", "money")
        # A number of a record may be any text: the name alone does not make free text one.
        named = first if said != "native_id" or distinct == len(cells) else ()
        return tuple(
            dict.fromkeys((*named, "id_card", "phone", "email", "datetime", "bool", *numbers))
        )
    if said in {"datetime", "phone", "id_card", "native_id"}:
        return (said, *_of_digits(cells, distinct))
    if said in {"money", "int"}:
        return (said,)
    return _of_digits(cells, distinct)


def _of_digits(cells: Array, distinct: int) -> tuple[str, ...]:
    """Return what digits may be whose name says nothing: never a day that Excel counts."""
    found = ["id_card", "phone"]
    if _matching(cells, _DAY_DIGITS) >= _ENOUGH:
        found.append("datetime")
    if _numbers_records(cells, distinct):
        found.append("native_id")
    return (*found, "bool", "int", "money")


def _numbers_records(cells: Array, distinct: int) -> bool:
    """Tell whether digits look like numbers of records: leading zeros, or long and mostly unlike."""
    bare = pc.replace_substring_regex(cells, pattern=r"\.0+$", replacement="")
    if _matching(bare, r"^0\d+$") > 0:
        return True
    widths = pc.utf8_length(bare)
    steady = len(pc.unique(widths)) <= 2 and pc.min(widths).as_py() >= _ID_WIDTH
    round_share = _matching(bare, r"0{2}$")
    return bool(steady) and distinct * 2 >= len(cells) and round_share < 0.5


def _matching(cells: Array, pattern: str) -> float:
    return float(true(pc.match_substring_regex(cells, pattern=pattern)).sum()) / len(cells)


def _share(cells: Array, parser: str) -> float:
    parsed = PARSERS[parser](cells, parse_options({}))
    values = flat(parsed.values)
    if parser in {"phone", "id_card", "email"}:
        good = pc.equal(parsed.quality, "ok") if parser != "phone" else _good_phones(parsed)
        return float(true(good).sum()) / len(cells)
    return float(filled(values).sum()) / len(cells)


def _good_phones(parsed: Parsed) -> Array:
    lists = parsed.quality
    first = pc.list_element(pc.if_else(pc.greater(pc.list_value_length(lists), 0), lists, None), 0)
    return pc.equal(first, "ok")
