"""How aggregates are written in SQL, each as one item of ``SELECT ... GROUP BY customer_id``.

A row condition goes into the argument as CASE where nulls do not count anyway (measured faster than
FILTER) and becomes a FILTER where rows are gathered into lists. Ranks and ties are settled by
values, never by the order in which rows arrive.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from sqlglot import exp

from zhiyan.core.expression import ValueType
from zhiyan.lang.term import Term, as_type, bare, binary, call, case, is_null, literal_sql


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathering:
    """What the writer of one aggregate may look at.

    ``where`` is the row condition, None if all rows count; ``at`` is when a row occurred.
    """

    terms: tuple[Term, ...]
    where: exp.Expr | None
    at: exp.Expr
    result: ValueType

    @property
    def value(self) -> exp.Expr:
        """A fresh copy of the first argument."""
        return self.terms[0].sql.copy()

    def kept(self, sql: exp.Expr) -> exp.Expr:
        """Write a value that is null in rows that do not count."""
        if self.where is None:
            return sql
        return exp.Case(ifs=[exp.If(this=self.where.copy(), true=sql)])

    def known(self, *values: exp.Expr) -> exp.Expr | None:
        """Write that a row counts and that the values are there; None if that is always so."""
        parts = [exp.Not(this=is_null(value.copy())) for value in values]
        conditions = [*([self.where.copy()] if self.where else []), *parts]
        if len(conditions) > 1:
            return binary(exp.And, *conditions)
        return conditions[0] if conditions else None

    def listed(self, sql: exp.Expr, *known: exp.Expr) -> exp.Expr:
        """Write the list of a value over the rows that count and have the known values."""
        gathered = call("list", sql)
        condition = self.known(*known)
        if condition is None:
            return gathered
        return exp.Filter(this=gathered, expression=exp.Where(this=condition))


Gather: TypeAlias = Callable[[Gathering], exp.Expr]


def count(rows: Gathering) -> exp.Expr:
    """Write the number of rows, or of rows with a value."""
    if rows.terms:
        return exp.Count(this=rows.kept(rows.value))
    return exp.Count(this=exp.Star() if rows.where is None else rows.kept(bare(1)))


def count_distinct(rows: Gathering) -> exp.Expr:
    """Write the number of different values."""
    return exp.Count(this=exp.Distinct(expressions=[rows.kept(rows.value)]))


def total(rows: Gathering) -> exp.Expr:
    """Write the sum in 64 bits; the engine's own sum is wider."""
    return exp.cast(exp.Sum(this=rows.kept(rows.value)), exp.DType.BIGINT)


def smallest(rows: Gathering) -> exp.Expr:
    """Write the smallest value."""
    return exp.Min(this=rows.kept(rows.value))


def largest(rows: Gathering) -> exp.Expr:
    """Write the largest value."""
    return exp.Max(this=rows.kept(rows.value))


def is_any(rows: Gathering) -> exp.Expr:
    """Write whether the condition is true in any row."""
    found = call("bool_or", rows.kept(rows.value))
    return exp.Coalesce(this=found, expressions=[exp.false()])


def first(rows: Gathering) -> exp.Expr:
    """Write the value of the smallest (moment, value)."""
    return taken(exp.Min(this=_dated(rows)))


def last(rows: Gathering) -> exp.Expr:
    """Write the value of the largest (moment, value)."""
    return taken(exp.Max(this=_dated(rows)))


def mode(rows: Gathering) -> exp.Expr:
    """Write the value of the smallest (minus count, value)."""
    return taken(call("list_min", _counted(rows)))


def top(rows: Gathering) -> exp.Expr:
    """Write the n values of the smallest (minus count or score, value), sorted."""
    entries = _scored(rows, 2) if rows.terms[2:] else _counted(rows)
    return best_of(entries, as_type(rows.terms[1], ValueType.INT))


def top1(rows: Gathering) -> exp.Expr:
    """Write the value of the smallest (minus score, value)."""
    return taken(call("list_min", _scored(rows, 1)))


def members(rows: Gathering) -> exp.Expr:
    """Write the sorted distinct values; lists are flattened first."""
    if rows.terms[0].type is ValueType.LIST:
        flat = call("flatten", rows.listed(rows.value, rows.value))
        return call("list_sort", call("list_distinct", flat))
    distinct = exp.Distinct(expressions=[rows.value])
    return different(rows.listed(distinct, rows.value))


def median_gap_days(rows: Gathering) -> exp.Expr:
    """Write the lower median of the gaps between each date and the next; n dates have n - 1."""
    days = call("list_distinct", rows.listed(rows.value, rows.value))
    return gaps_median(different(days))


def different(values: exp.Expr) -> exp.Expr:
    """Write a list of different values in order."""
    return call("list_sort", values)


def gaps_median(days: exp.Expr) -> exp.Expr:
    """Write the lower median of the gaps of different dates in order."""
    later = call("list_slice", days.copy(), bare(2), bare(-1))
    pairs = call("list_slice", call("list_zip", days, later), bare(1), bare(-2))
    gap = call("date_diff", exp.Literal.string("day"), _place("_p", 1), _place("_p", 2))
    gaps = call("list_sort", _each(pairs, "_p", gap))
    middle = exp.IntDiv(this=call("len", days.copy()), expression=bare(2))
    return call("list_extract", gaps, middle)


def max_share(rows: Gathering) -> exp.Expr:
    """Write the largest count / the number of values."""
    counts = call("map_values", call("histogram", rows.kept(rows.value)))
    most = exp.cast(call("list_max", counts), exp.DType.DOUBLE)
    return exp.Div(
        this=most, expression=exp.cast(exp.Count(this=rows.kept(rows.value)), exp.DType.DOUBLE)
    )


def latest_by(rows: Gathering) -> exp.Expr:
    """Write ``key=value`` of every row that is the last of its key in (key, moment, value)."""
    key, value = (term.sql for term in rows.terms)
    entry = struct(k=key.copy(), at=rows.at.copy(), v=value.copy())
    ordered = call("list_sort", rows.listed(entry, key, value))
    after = call("list_slice", ordered.copy(), bare(2), bare(-1))
    other = exp.NEQ(this=_extract(_place("_p", 1), "k"), expression=_extract(_place("_p", 2), "k"))
    is_last = binary(exp.Or, is_null(_place("_p", 2)), other)
    pairs = call("list_filter", call("list_zip", ordered, after), _lambda("_p", is_last))
    text = call(
        "concat",
        _extract(_place("_p", 1), "k"),
        exp.Literal.string("="),
        _extract(_place("_p", 1), "v"),
    )
    texts = call("list_sort", call("list_distinct", _each(pairs, "_p", text)))
    return exp.Nullif(this=texts, expression=literal_sql((), ValueType.LIST))


def streak(rows: Gathering) -> exp.Expr:
    """Write the number of rows later than the last one with a true condition."""
    hit = rows.value if rows.where is None else binary(exp.And, rows.where.copy(), rows.value)
    newest = exp.Max(this=exp.Case(ifs=[exp.If(this=hit, true=rows.at.copy())]))
    later = exp.GT(this=_name("_a"), expression=newest)
    since = call("len", call("list_filter", rows.listed(rows.at.copy()), _lambda("_a", later)))
    everything = exp.Count(this=exp.Star() if rows.where is None else rows.kept(bare(1)))
    return case(is_null(newest.copy()), everything, since)


def longest_streak(rows: Gathering) -> exp.Expr:
    """Write the longest run of 1 in a text with a digit per row, in order of time."""
    hit = exp.Coalesce(this=rows.value, expressions=[exp.false()])
    ordered = call("list_sort", rows.listed(struct(at=rows.at.copy(), hit=hit)))
    one, none = exp.Literal.string("1"), exp.Literal.string("0")
    digit = case(_extract(_name("_e"), "hit"), one, none)
    text = call("array_to_string", _each(ordered, "_e", digit), exp.Literal.string(""))
    runs = call("string_split", text, none.copy())
    longest = call("list_max", _each(runs, "_r", exp.Length(this=_name("_r"))))
    return exp.Coalesce(this=longest, expressions=[bare(0)])


def longest_run(rows: Gathering) -> exp.Expr:
    """Write the greatest number of values with the same start."""
    starts = _starts(rows)
    same = exp.EQ(this=_name("_s"), expression=_name("_k"))
    own = call("len", call("list_filter", starts.copy(), _lambda("_s", same)))
    longest = call("list_max", _each(call("list_distinct", starts), "_k", own))
    return exp.Coalesce(this=longest, expressions=[bare(0)])


def latest_run(rows: Gathering) -> exp.Expr:
    """Write the number of values with the last start, which is the greatest."""
    starts = _starts(rows)
    same = exp.EQ(this=_name("_s"), expression=call("list_max", starts.copy()))
    own = call("len", call("list_filter", starts, _lambda("_s", same)))
    return exp.Coalesce(this=own, expressions=[bare(0)])


def _starts(rows: Gathering) -> exp.Expr:
    """Write for each distinct value, in order, value - place: equal within a run of neighbours."""
    values = call("list_sort", call("list_distinct", rows.listed(rows.value, rows.value)))
    start = exp.Sub(this=_name("_v"), expression=_name("_i"))
    body = exp.Lambda(
        this=start, expressions=[exp.to_identifier("_v"), exp.to_identifier("_i")], colon=True
    )
    return call("list_transform", values, body)


def taken(entry: exp.Expr) -> exp.Expr:
    """Write the value of an entry."""
    return _extract(entry, "x")


def best_of(entries: exp.Expr, limit: exp.Expr) -> exp.Expr:
    """Write the values of the n smallest entries, sorted."""
    best = call("list_slice", call("list_sort", entries), bare(1), limit)
    return call("list_sort", _each(best, "_e", taken(_name("_e"))))


def _dated(rows: Gathering) -> exp.Expr:
    entry = struct(at=rows.at.copy(), x=rows.value)
    condition = rows.known(rows.value)
    return exp.Case(ifs=[exp.If(this=condition, true=entry)]) if condition else entry


def _counted(rows: Gathering) -> exp.Expr:
    """Write the list of {n: minus count, x: value}."""
    entries = call("map_entries", call("histogram", rows.kept(rows.value)))
    number = exp.Neg(this=exp.cast(_extract(_name("_e"), "value"), exp.DType.BIGINT))
    return _each(entries, "_e", struct(n=number, x=_extract(_name("_e"), "key")))


def _scored(rows: Gathering, place: int) -> exp.Expr:
    """Write the list of {n: minus sum of scores, x: value}."""
    score = rows.terms[place].sql
    entries = rows.listed(struct(x=rows.value, s=score.copy()), rows.value, score)
    keys = call("list_distinct", _each(entries.copy(), "_e", _extract(_name("_e"), "x")))
    same = exp.EQ(this=_extract(_name("_e"), "x"), expression=_name("_k"))
    own = call("list_filter", entries, _lambda("_e", same))
    number = exp.Neg(this=call("list_sum", _each(own, "_e", _extract(_name("_e"), "s"))))
    return _each(keys, "_k", struct(n=number, x=_name("_k")))


def _name(name: str) -> exp.Expr:
    return exp.column(name)


def struct(**fields: exp.Expr) -> exp.Expr:
    """Write a struct of named fields, compared in their order."""
    pairs = [
        exp.PropertyEQ(this=exp.to_identifier(name), expression=sql) for name, sql in fields.items()
    ]
    return exp.Struct(expressions=pairs)


def _extract(sql: exp.Expr, field: str) -> exp.Expr:
    return call("struct_extract", sql, exp.Literal.string(field))


def _place(name: str, place: int) -> exp.Expr:
    return call("struct_extract", _name(name), bare(place))


def _lambda(name: str, body: exp.Expr) -> exp.Expr:
    return exp.Lambda(this=body, expressions=[exp.to_identifier(name)], colon=True)


def _each(items: exp.Expr, name: str, body: exp.Expr) -> exp.Expr:
    return call("list_transform", items, _lambda(name, body))
