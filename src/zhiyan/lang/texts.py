"""What functions of texts and of lists mean on values, and their SQL."""

from typing import Any

from sqlglot import exp

from zhiyan.core.expression import ValueType
from zhiyan.lang.term import Emission, bare, call, case, is_any_null, literal_sql


def left(text: Any, count: Any) -> str:
    """Return the first characters of a text."""
    return text[:count]


def without_end(text: Any, end: Any) -> str:
    """Return a text without an ending, as it is if it ends otherwise."""
    return text.removesuffix(end)


def union(a: Any, b: Any) -> tuple[str, ...]:
    """Return the sorted members of either list."""
    return tuple(sorted({*a, *b}))


def common(a: Any, b: Any) -> tuple[str, ...]:
    """Return the members of both lists."""
    return tuple(member for member in a if member in b)


def minus(a: Any, b: Any) -> tuple[str, ...]:
    """Return the members of the first list that the second has not."""
    return tuple(member for member in a if member not in b)


def value_of(pairs: Any, key: Any) -> str | None:
    """Return what stands behind ``key=`` in the first such member of a list."""
    start = f"{key}="
    return next((pair[len(start) :] for pair in pairs if pair.startswith(start)), None)


def left_sql(emission: Emission) -> exp.Expr:
    """Write the first characters."""
    text, count = emission.terms
    return exp.Substring(this=text.sql, start=bare(1), length=_int(count.sql))


def without_end_sql(emission: Emission) -> exp.Expr:
    """Write a text without an ending."""
    text, end = emission.plain
    start = exp.Add(
        this=exp.Sub(this=_length(text.copy()), expression=_length(end.copy())), expression=bare(1)
    )
    tail = exp.Substring(this=text.copy(), start=exp.cast(start, exp.DType.INT))
    long_enough = exp.GTE(this=_length(text.copy()), expression=_length(end.copy()))
    ends = exp.and_(long_enough, exp.EQ(this=tail, expression=end), copy=False)
    head = exp.Substring(
        this=text.copy(),
        start=bare(1),
        length=exp.cast(
            exp.Sub(this=_length(text.copy()), expression=_length(end.copy())), exp.DType.INT
        ),
    )
    unknown = is_any_null([text.copy(), end.copy()])
    return case(unknown, exp.null(), case(ends, head, text))


def value_of_sql(emission: Emission) -> exp.Expr:
    """Write the rest of the first member that begins with the key and an equals sign."""
    pairs, key = emission.plain
    start = exp.DPipe(this=key, expression=exp.Literal.string("="))
    begins = exp.StartsWith(this=exp.column("_m"), expression=exp.Paren(this=start))
    member = exp.Lambda(this=begins, expressions=[exp.to_identifier("_m")], colon=True)
    found = call("list_filter", pairs, member)
    place = exp.Add(this=_length(key.copy()), expression=bare(2))
    return exp.Substring(this=call("list_min", found), start=exp.cast(place, exp.DType.INT))


def union_sql(emission: Emission) -> exp.Expr:
    """Write the sorted distinct members of both lists together."""
    a, b = emission.plain
    both = exp.ArrayConcat(this=a, expressions=[b])
    unknown = is_any_null([a.copy(), b.copy()])
    nothing = literal_sql(None, ValueType.LIST)
    return case(unknown, nothing, call("list_sort", call("list_distinct", both)))


def common_sql(emission: Emission) -> exp.Expr:
    """Write the members of the first list that the second has."""
    return _filtered(emission, wanted=True)


def minus_sql(emission: Emission) -> exp.Expr:
    """Write the members of the first list that the second has not."""
    return _filtered(emission, wanted=False)


def _filtered(emission: Emission, *, wanted: bool) -> exp.Expr:
    a, b = emission.plain
    found: exp.Expr = call("list_contains", b, exp.column("_m"))
    body = found if wanted else exp.Not(this=found)
    member = exp.Lambda(this=body, expressions=[exp.to_identifier("_m")], colon=True)
    kept = exp.Anonymous(this="list_filter", expressions=[a, member])
    unknown = exp.Is(this=b.copy(), expression=exp.null())
    return case(unknown, literal_sql(None, ValueType.LIST), kept)


def _length(text: exp.Expr) -> exp.Expr:
    return exp.Length(this=text)


def _int(sql: exp.Expr) -> exp.Expr:
    return exp.cast(sql, exp.DType.INT)
