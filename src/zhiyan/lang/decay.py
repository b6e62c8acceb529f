"""``decay``: weights that halve every half life, in whole numbers only.

Powers of two with fractions are rounded differently by different engines, so the millionths of one
half life stand in a table, worked out here in exact decimal arithmetic, and whole half lives are
shifts.

Counted to a ``landmark`` in place of T, scores keep their relations to each other and need no new
values as T passes: forward decay (Cormode, Shkapenyuk, Srivastava, Xu, ICDE 2009).
"""

from decimal import Context, Decimal
from functools import lru_cache
from typing import Any

from sqlglot import exp

from zhiyan.core.expression import Literal, ValueType
from zhiyan.errors import InternalError, Problem
from zhiyan.lang.scalars import whole
from zhiyan.lang.term import Emission, bare, binary, call, case, long

#: Half lives after which less than half a millionth is left.
_GONE = 22
#: Binary places that the table has beyond millionths.
_FINE = 20
_CONTEXT = Context(prec=40)


@lru_cache(maxsize=64)
def millionths(half_life: int) -> tuple[int, ...]:
    """Return 1,000,000 * 2^(-d / half_life) * 2^20, rounded, for d = 0 ... half_life - 1."""
    scale, two = Decimal(1_000_000 << _FINE), Decimal(2)
    powers = (
        _CONTEXT.power(two, _CONTEXT.divide(Decimal(-day), Decimal(half_life)))
        for day in range(half_life)
    )
    return tuple(int((scale * power).to_integral_value()) for power in powers)


def decay(age_days: Any, half_life: Any, weight: Any) -> int:
    """Return weight times the millionths that are left of 1 at an age; an age below 0 is 0."""
    halvings, rest = divmod(max(int(age_days), 0), int(half_life))
    places = min(halvings, _GONE) + _FINE
    left: int = (millionths(int(half_life))[rest] + (1 << (places - 1))) >> places
    return whole(int(weight) * left)


def decay_sql(emission: Emission) -> exp.Expr:
    """Write the same: an element of a constant list, then a shift to the right."""
    days, half_life = long(emission.terms[0]), _literal(emission.terms[1].typed.node)
    early = exp.LT(this=days, expression=bare(0))
    age = exp.Paren(this=case(early, exp.cast(bare(0), exp.DType.BIGINT), days.copy()))
    listed: list[exp.Expr] = [bare(number) for number in millionths(half_life)]
    table = exp.cast(exp.Array(expressions=listed), "BIGINT[]")
    rest = exp.Paren(this=binary(exp.Mod, age, bare(half_life)))
    place = exp.cast(binary(exp.Add, rest, bare(1)), exp.DType.INT)
    whole_lives = exp.IntDiv(this=age.copy(), expression=bare(half_life))
    least = call("least", whole_lives, bare(_GONE))
    halvings = exp.Paren(this=exp.Add(this=exp.cast(least, exp.DType.INT), expression=bare(_FINE)))
    one = exp.cast(bare(1), exp.DType.BIGINT)
    unit = exp.Paren(this=exp.BitwiseLeftShift(this=one, expression=halvings))
    half = exp.Paren(this=exp.BitwiseRightShift(this=unit, expression=bare(1)))
    sum_ = exp.Paren(this=binary(exp.Add, call("list_extract", table, place), half))
    left = exp.Paren(this=exp.BitwiseRightShift(this=sum_, expression=halvings.copy()))
    return binary(exp.Mul, long(emission.terms[2]), left)


def _literal(node: object) -> int:
    value = node.value if isinstance(node, Literal) and node.type is ValueType.INT else None
    if not isinstance(value, int):
        raise InternalError(Problem(code="ZY991", message="unchecked expression: half life"))
    return value
