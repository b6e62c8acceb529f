"""How functions that move dates or number days, weeks and months are written in SQL."""

from sqlglot import exp

from zhiyan.core.expression import ValueType
from zhiyan.lang.scalars_sql import as_of_sql, day_sql
from zhiyan.lang.term import DATA_TYPES, Emission, bare, binary, call, case, long

#: First day of the calendar, a Monday, and how many days follow it up to 9999-12-31.
FIRST_DAY = "0001-01-01"
LAST_DAY = 3_652_058
FIRST_MONTH, LAST_MONTH = 12, 119_999


def _between(value: exp.Expr, low: int, high: int) -> exp.Expr:
    return exp.Between(this=exp.Paren(this=value), low=_number(low), high=_number(high))


def _number(value: int) -> exp.Expr:
    return exp.Neg(this=bare(-value)) if value < 0 else bare(value)


def _ordinal(day: exp.Expr) -> exp.Expr:
    """Write days since the first day."""
    first = exp.cast(exp.Literal.string(FIRST_DAY), exp.DType.DATE)
    return call("date_diff", exp.Literal.string("day"), first, day)


def _months(day: exp.Expr) -> exp.Expr:
    """Write twelve times the year plus the month, counted from 0."""
    years = binary(exp.Mul, call("year", day), bare(12))
    return exp.Sub(
        this=exp.Add(this=years, expression=call("month", day.copy())), expression=bare(1)
    )


def _moved(emission: Emission, unit: str) -> exp.Expr:
    day, count = emission.terms
    step = exp.cast(count.sql.copy(), exp.DType.INT)
    moved = exp.DateAdd(this=day.sql.copy(), expression=step, unit=exp.var(unit))
    return exp.cast(moved, exp.DType.DATE)


def _guarded(
    emission: Emission, place: exp.Expr, *, limits: tuple[int, int], unit: str
) -> exp.Expr:
    """Write a moved date, null where the step or the result lies outside the calendar."""
    low, high = limits
    count = long(emission.terms[1])
    target = binary(exp.Add, exp.Paren(this=place), count)
    inside = case(_between(target, low, high), _moved(emission, unit), exp.null())
    nothing = exp.cast(exp.null(), DATA_TYPES[ValueType.DATE])
    return case(_between(count.copy(), -high, high), inside, nothing)


def add_days(emission: Emission) -> exp.Expr:
    """Write a date so many days later."""
    place = _ordinal(emission.plain[0].copy())
    return _guarded(emission, place, limits=(0, LAST_DAY), unit="DAY")


def add_months(emission: Emission) -> exp.Expr:
    """Write a date so many months later; a day that the month lacks becomes its last."""
    place = _months(emission.plain[0].copy())
    return _guarded(emission, place, limits=(FIRST_MONTH, LAST_MONTH), unit="MONTH")


def date_range(emission: Emission) -> exp.Expr:
    """Write ``2026-12-01..2026-12-21``."""
    first, last = (exp.cast(part, exp.DType.VARCHAR) for part in emission.plain)
    return binary(exp.DPipe, first, exp.Literal.string(".."), last)


def day_number(emission: Emission) -> exp.Expr:
    """Write days since the first day of the calendar."""
    return _ordinal(_day(emission))


def landmark(emission: Emission) -> exp.Expr:
    """Write the number of the first day after T's stretch of so many days."""
    days = long(emission.terms[0])
    number = exp.Paren(this=_ordinal(day_sql(emission.moment, as_of_sql())))
    stretches = exp.Paren(this=exp.IntDiv(this=number, expression=days))
    return exp.Add(this=exp.Mul(this=stretches, expression=days.copy()), expression=days.copy())


def week_number(emission: Emission) -> exp.Expr:
    """Write weeks, beginning on Mondays, since the first day of the calendar."""
    return exp.IntDiv(this=exp.Paren(this=_ordinal(_day(emission))), expression=bare(7))


def month_number(emission: Emission) -> exp.Expr:
    """Write months of the calendar, so that neighbours differ by 1."""
    return _months(_day(emission))


def _day(emission: Emission) -> exp.Expr:
    term = emission.terms[0]
    return term.sql if term.type is ValueType.DATE else day_sql(emission.moment, term.sql)
