"""Functions that compare a customer with all others: what they mean, and their SQL.

The meaning takes the arguments of every customer at once and answers for each. Customers whose
``x`` or group is null stand outside: they are compared with nobody and get null.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from sqlglot import exp

from zhiyan.core.expression import Value
from zhiyan.lang.term import Emission, bare, binary, call, case, is_any_null

#: One tuple of arguments per customer -> one value per customer.
Compare: TypeAlias = Callable[[Sequence[tuple[Any, ...]]], list[Value]]


def _ranked(keys: Sequence[tuple[Any, tuple[Any, ...]]]) -> list[tuple[int, int] | None]:
    """Return (customers of the group with a smaller x, customers of the group) for each."""
    groups: dict[tuple[Any, ...], list[Any]] = {}
    for value, group in keys:
        if value is not None and None not in group:
            groups.setdefault(group, []).append(value)
    for peers in groups.values():
        peers.sort()
    return [
        (bisect_left(groups[group], value), len(groups[group]))
        if value is not None and None not in group
        else None
        for value, group in keys
    ]


def rank_share(keys: Sequence[tuple[Any, ...]]) -> list[Value]:
    """Return customers with a smaller x / customers with an x."""
    found = _ranked([(key[0], tuple(key[1:])) for key in keys])
    return [place[0] / place[1] if place else None for place in found]


def band(keys: Sequence[tuple[Any, ...]]) -> list[Value]:
    """Return smaller * n // all + 1: bands 1 (smallest) to n, in whole numbers."""
    found = _ranked([(key[0], tuple(key[2:])) for key in keys])
    pairs = zip(keys, found, strict=True)
    return [place[0] * key[1] // place[1] + 1 if place else None for key, place in pairs]


def peers(keys: Sequence[tuple[Any, ...]]) -> list[Value]:
    """Return how many customers have the same x, oneself included."""
    counts = Counter(key[0] for key in keys if key[0] is not None)
    return [None if key[0] is None else counts[key[0]] for key in keys]


def rank_share_sql(emission: Emission) -> exp.Expr:
    """Write the share of customers with a smaller value, within the same group if one is given."""
    value, *group = emission.plain
    below, known = _places(value, group)
    share = exp.Div(
        this=exp.cast(below, exp.DType.DOUBLE), expression=exp.cast(known, exp.DType.DOUBLE)
    )
    return case(is_any_null([value, *group]), exp.null(), share)


def band_sql(emission: Emission) -> exp.Expr:
    """Write the number of the band."""
    value, count, *group = emission.plain
    below, known = _places(value, group)
    wide = exp.cast(binary(exp.Mul, exp.Paren(this=below), count), exp.DType.BIGINT)
    number = exp.IntDiv(this=wide, expression=known)
    later = exp.Add(this=exp.Paren(this=number), expression=bare(1))
    return case(is_any_null([value, *group]), exp.null(), exp.cast(later, exp.DType.BIGINT))


def peers_sql(emission: Emission) -> exp.Expr:
    """Write the number of customers with the same value."""
    value = emission.plain[0]
    count = exp.Window(this=exp.Count(this=value.copy()), partition_by=[value.copy()])
    return case(is_any_null([value]), exp.null(), count)


def _places(value: exp.Expr, group: Sequence[exp.Expr]) -> tuple[exp.Expr, exp.Expr]:
    """Write how many have a smaller value, and how many have one."""
    order = exp.Order(expressions=[exp.Ordered(this=value.copy(), nulls_first=False)])
    rank = exp.Window(this=call("rank"), partition_by=_copies(group), order=order)
    known = exp.Window(this=exp.Count(this=value.copy()), partition_by=_copies(group))
    return exp.Sub(this=rank, expression=bare(1)), known


def _copies(parts: Sequence[exp.Expr]) -> list[exp.Expr]:
    return [part.copy() for part in parts]
