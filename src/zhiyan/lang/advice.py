"""What to write instead: words and signs that an analyst knows from SQL or from a spreadsheet."""

from collections.abc import Mapping

from zhiyan.core.expression import ValueType

_BETWEEN = "write days_since(x), days_between(a, b) or add_days(date, n)"
_NOW = "write as_of, the moment that the tags are told for"
_PARTS = "write month_of(x), weekday_of(x), hour_of(x), day_number(x) or month_number(x)"
_MISSING = "write coalesce(x, y)"
_CHOICE = "write case when ... then ... else ... end"
_MEAN = "write two measures, sum(x) and count(x), and divide one by the other in `value`"
_NEIGHBOUR = "write previous_at for the row before, or `follow` for what comes after"
_RANK = (
    "write `latest` for the last rows, top(x, n) for the most frequent, rank_share(x) for customers"
)
_ROUND = "write round_down(x), or round_down(x + 0.5) for the nearest whole number"
_WHEN = "write count(case when ... then 1 end)"

_GROUPS: Mapping[str, str] = {
    "avg mean average": _MEAN,
    "datediff date_diff timestampdiff date_sub date_add dateadd age": _BETWEEN,
    "now today current_date current_timestamp getdate sysdate curdate": _NOW,
    "year month day dayofweek weekday extract date_part date_trunc month_diff hour": _PARTS,
    "ifnull nvl isnull": _MISSING,
    "if iif decode": _CHOICE,
    "lag lead": _NEIGHBOUR,
    "row_number rank dense_rank ntile percent_rank": _RANK,
    "floor ceil ceiling round trunc int": _ROUND,
    "count_if countif sumif": _WHEN,
    "substr substring": "write left(text, n)",
    "length len cardinality array_length": "write size(list)",
    "concat concat_ws": "texts cannot be joined",
    "to_date str_to_date": "write a day as date '2026-11-22'",
    "max_by arg_max last_value": "write last(x), or top1(x, score)",
    "min_by arg_min first_value": "write first(x)",
    "array_agg list string_agg group_concat": "write set(x)",
}
_INSTEAD = {word: text for words, text in _GROUPS.items() for word in words.split()}
#: Signs of a Chinese keyboard that look like the plain ones, and such brackets.
_TYPED = frozenset("‘’“”（），；：＝＜＞！＋－＊／　")
_BRACKETS = frozenset("［］【】〔〕")

_NUMBERS = frozenset({ValueType.INT, ValueType.DECIMAL})
_TIMES = frozenset({ValueType.DATE, ValueType.MOMENT})
#: Types found, types wanted, what helps; the first that fits counts.
_CONVERSIONS = (
    (frozenset(ValueType), {ValueType.BOOL}, "compare it with something"),
    (
        {ValueType.DECIMAL},
        {ValueType.INT},
        "write round_down(...), or make the tag a decimal",
    ),
    (
        {ValueType.MONEY},
        _NUMBERS,
        "write round_down(x / yuan(1)) for whole yuan, or make the tag money",
    ),
    (
        _NUMBERS,
        {ValueType.MONEY},
        "write fen(x) for a computed number of fen, or yuan(100) for an amount",
    ),
    ({ValueType.MOMENT}, {ValueType.DATE}, "write on_day(...)"),
    (_TIMES, _NUMBERS, "write days_since(x) or days_between(a, b)"),
)


def instead_of(function: str) -> str:
    """Return a hint for a function that other languages have, an empty text if there is none."""
    return _INSTEAD.get(function, "")


def typed_brackets(text: str) -> str:
    """Return a hint if a text holds brackets of a Chinese keyboard, else an empty text."""
    return _plain_signs(text, _BRACKETS, "[")


def typed_signs(text: str) -> str:
    """Return a hint if a text holds signs of a Chinese keyboard, else an empty text."""
    return _plain_signs(text, _TYPED, "' ( ) , = < >")


def _plain_signs(text: str, signs: frozenset[str], plain: str) -> str:
    found = "".join(sorted(set(text) & signs))
    return f"write plain signs such as {plain} instead of {found}" if found else ""


def conversion(found: ValueType, wanted: ValueType) -> str:
    """Return a hint how a value of one type becomes the other, an empty text if it does not."""
    fitting = (hint for old, new, hint in _CONVERSIONS if found in old and wanted in new)
    return next(fitting, "")
