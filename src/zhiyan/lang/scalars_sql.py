"""How operators and functions are written in SQL.

Kept to constructs that mean the same on other engines where that costs nothing: elapsed time is
arithmetic on microseconds, calendar differences are taken between dates only.
"""

from collections.abc import Callable
from typing import TypeAlias

from sqlglot import exp

from zhiyan.core.expression import ValueType
from zhiyan.lang.moment import Moment
from zhiyan.lang.term import (
    AS_OF,
    Emission,
    as_type,
    bare,
    binary,
    call,
    case,
    double,
    is_any_null,
    is_null,
    literal_sql,
    long,
    wrap,
)

Write: TypeAlias = Callable[[Emission], exp.Expr]

_HOUR_US, _DAY_US = 3_600_000_000, 86_400_000_000
#: Added before and taken away after an integer division, which cuts towards zero, so that it
#: rounds towards the past; larger than any span of days between years 1 and 9999.
_SHIFT_DAYS = 4_000_000
_MONDAY = "0001-01-01"


def as_of_sql() -> exp.Expr:
    """Write T."""
    return exp.cast(exp.Placeholder(this=AS_OF), exp.DType.TIMESTAMP)


def local_sql(moment: Moment, then: exp.Expr) -> exp.Expr:
    """Write a moment as wall-clock time of the business zone."""
    minutes = exp.Literal.string(str(moment.offset_minutes))
    return exp.Add(this=wrap(then), expression=exp.Interval(this=minutes, unit=exp.var("MINUTE")))


def day_sql(moment: Moment, then: exp.Expr) -> exp.Expr:
    """Write the business day of a moment."""
    return exp.cast(local_sql(moment, then), exp.DType.DATE)


def chain(kind: type[exp.Binary]) -> Write:
    """Write ``a and b and c``."""
    return lambda emission: binary(kind, *emission.plain)


def compare(kind: type[exp.Binary]) -> Write:
    """Write a comparison of two operands of one type."""
    return lambda emission: binary(kind, *emission.shared())


def arithmetic(kind: type[exp.Binary]) -> Write:
    """Write a sum, difference or product in 64 bits or in DOUBLE."""

    def write(emission: Emission) -> exp.Expr:
        if emission.result is ValueType.DECIMAL:
            return binary(kind, *(as_type(term, ValueType.DECIMAL) for term in emission.terms))
        return binary(kind, *(long(term) for term in emission.terms))

    return write


def divide(emission: Emission) -> exp.Expr:
    """Write a decimal division that is null where the divisor is 0."""
    top, bottom = (as_type(term, ValueType.DECIMAL) for term in emission.terms)
    return exp.Div(this=wrap(top), expression=exp.Nullif(this=bottom, expression=double(0.0)))


def negate(emission: Emission) -> exp.Expr:
    """Write ``-a``; a whole one as 0 - a, since the engine widens the minus of a constant."""
    if emission.result is ValueType.DECIMAL:
        return exp.Neg(this=wrap(emission.plain[0]))
    return exp.Sub(this=bare(0), expression=long(emission.terms[0]))


def absolute(emission: Emission) -> exp.Expr:
    """Write ``abs(a)``."""
    return exp.Abs(this=long(emission.terms[0]))


def logical_not(emission: Emission) -> exp.Expr:
    """Write ``not a``."""
    return exp.Not(this=wrap(emission.plain[0]))


def null_test(emission: Emission) -> exp.Expr:
    """Write ``x is null``."""
    return is_null(emission.plain[0])


def is_in(emission: Emission) -> exp.Expr:
    """Write ``x in (...)``."""
    value, *choices = emission.shared()
    return exp.In(this=wrap(value), expressions=choices)


def coalesce(emission: Emission) -> exp.Expr:
    """Write ``coalesce(...)``."""
    value, *others = emission.exact()
    return exp.Coalesce(this=value, expressions=others)


def nullif(emission: Emission) -> exp.Expr:
    """Write ``nullif(a, b)``; a null of no type gets the type of the result, as Spark wants it."""
    if emission.terms[0].type is ValueType.NULL:
        return literal_sql(None, emission.result)
    value, unwanted = emission.exact()
    return exp.Nullif(this=value, expression=unwanted)


def extreme(name: str) -> Write:
    """Write ``least`` or ``greatest``, null as soon as one argument is null."""

    def write(emission: Emission) -> exp.Expr:
        value, *others = emission.exact()
        chosen = call(name, value, *others)
        unknown = is_any_null([part.copy() for part in (value, *others)])
        return case(unknown, exp.null(), chosen)

    return write


def round_down(emission: Emission) -> exp.Expr:
    """Write the floor of a number as a whole one."""
    term = emission.terms[0]
    if term.type is not ValueType.DECIMAL:
        return long(term)
    return exp.cast(exp.Floor(this=term.sql), exp.DType.BIGINT)


def yuan(emission: Emission) -> exp.Expr:
    """Write a whole number of yuan in fen."""
    return binary(exp.Mul, long(emission.terms[0]), bare(100))


def days_since(emission: Emission) -> exp.Expr:
    """Write whole days to T, or calendar days to T's business day."""
    term = emission.terms[0]
    if term.type is ValueType.DATE:
        return _date_difference(day_sql(emission.moment, as_of_sql()), term.sql)
    return _elapsed(as_of_sql(), term.sql, _DAY_US)


def hours_since(emission: Emission) -> exp.Expr:
    """Write whole hours to T."""
    return _elapsed(as_of_sql(), emission.plain[0], _HOUR_US)


def days_between(emission: Emission) -> exp.Expr:
    """Write whole days from a to b."""
    a, b = emission.plain
    if all(term.type is ValueType.DATE for term in emission.terms):
        return _date_difference(b, a)
    return _elapsed(b, a, _DAY_US)


def on_day(emission: Emission) -> exp.Expr:
    """Write the business day of a moment."""
    return day_sql(emission.moment, emission.plain[0])


def month_of(emission: Emission) -> exp.Expr:
    """Write the month."""
    return _part("month", _day(emission))


def hour_of(emission: Emission) -> exp.Expr:
    """Write the hour of the business zone."""
    return _part("hour", local_sql(emission.moment, emission.plain[0]))


def weekday_of(emission: Emission) -> exp.Expr:
    """Write the day of the week, Monday 1, counted from a Monday before all dates."""
    monday = exp.cast(exp.Literal.string(_MONDAY), exp.DType.DATE)
    days = _date_difference(_day(emission), monday)
    return exp.Add(this=exp.Mod(this=days, expression=bare(7)), expression=bare(1))


def years_since(emission: Emission) -> exp.Expr:
    """Write completed years at T's business day."""
    today, then = day_sql(emission.moment, as_of_sql()), emission.plain[0]
    early = exp.LT(this=_month_and_day(today), expression=_month_and_day(then))
    years = binary(exp.Sub, _part("year", today), _part("year", then))
    return binary(exp.Sub, years, case(early, bare(1), bare(0)))


def days_until_anniversary(emission: Emission) -> exp.Expr:
    """Write days from T's business day to the next anniversary."""
    today, then = day_sql(emission.moment, as_of_sql()), emission.plain[0]
    year = _part("year", today)
    this_year = _days_to(today, year, then)
    next_year = _days_to(today, exp.Add(this=year.copy(), expression=bare(1)), then)
    return case(exp.GTE(this=wrap(this_year), expression=bare(0)), this_year.copy(), next_year)


def contains(emission: Emission) -> exp.Expr:
    """Write whether a list has a member."""
    return call("list_contains", *emission.plain)


def overlaps(emission: Emission) -> exp.Expr:
    """Write whether two lists have a member in common."""
    return call("list_has_any", *emission.plain)


def size(emission: Emission) -> exp.Expr:
    """Write the length of a list."""
    return call("len", *emission.plain)


def list_of(emission: Emission) -> exp.Expr:
    """Write the sorted list of distinct texts, nulls left out."""
    texts = exp.cast(exp.Array(expressions=list(emission.plain)), "VARCHAR[]")
    return call("list_sort", call("list_distinct", texts))


def _day(emission: Emission) -> exp.Expr:
    term = emission.terms[0]
    return term.sql if term.type is ValueType.DATE else day_sql(emission.moment, term.sql)


def _part(name: str, then: exp.Expr) -> exp.Expr:
    return call(name, then.copy())


def _date_difference(later: exp.Expr, earlier: exp.Expr) -> exp.Expr:
    return call("date_diff", exp.Literal.string("day"), earlier, later)


def _elapsed(later: exp.Expr, earlier: exp.Expr, unit: int) -> exp.Expr:
    """Write whole units from one moment to another, rounded towards the past."""
    steps = _SHIFT_DAYS * (_DAY_US // unit)
    microseconds = exp.Sub(this=call("epoch_us", later), expression=call("epoch_us", earlier))
    shifted = exp.Add(this=microseconds, expression=bare(steps * unit))
    units = exp.IntDiv(this=exp.Paren(this=shifted), expression=bare(unit))
    return exp.Sub(this=units, expression=bare(steps))


def _month_and_day(then: exp.Expr) -> exp.Expr:
    hundreds = exp.Mul(this=_part("month", then), expression=bare(100))
    return exp.Add(this=hundreds, expression=_part("day", then))


def _days_to(today: exp.Expr, year: exp.Expr, then: exp.Expr) -> exp.Expr:
    """Write days from today to the anniversary of a year; 29 Feb is 1 Mar in common years."""
    month = call("make_date", year, _part("month", then), bare(1))
    days = _date_difference(month, today.copy())
    return exp.Sub(this=exp.Add(this=days, expression=_part("day", then)), expression=bare(1))
