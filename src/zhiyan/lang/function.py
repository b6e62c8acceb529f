"""What the language knows of one operator, function or aggregate."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from zhiyan.core.expression import Value
from zhiyan.lang.aggregates import Reduce
from zhiyan.lang.aggregates_sql import Gather
from zhiyan.lang.population import Compare
from zhiyan.lang.scalars_sql import Write
from zhiyan.lang.signature import Rule


class Kind(StrEnum):
    """Where an entry may stand."""

    OPERATOR = "operator"
    SCALAR = "function"
    POPULATION = "population"
    AGGREGATE = "aggregate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One entry: how it is written, what it takes (``least`` to ``most`` arguments), what it means.

    ``form`` shows it with types, ``doc`` says in one line what it gives. ``shares_domain`` says
    that a text literal among the arguments must belong to the closed domain of the others;
    ``keeps_domain`` that the result stays within the domain of the arguments. ``range`` holds the
    least and greatest number that it can give, None where open.
    """

    name: str
    kind: Kind
    form: str
    doc: str
    rule: Rule
    least: int = 1
    most: int | None = 1
    shares_domain: bool = False
    keeps_domain: bool = False
    range: tuple[float | None, float | None] = (None, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar(Function):
    """An operator or function of one row.

    ``strict``: null as soon as one argument is null, without a call. ``evaluate`` takes the moment
    and the values.
    """

    evaluate: Callable[..., Value]
    write: Write
    strict: bool = True
    kind: Kind = Kind.SCALAR


@dataclass(frozen=True, slots=True, kw_only=True)
class Population(Function):
    """A function that compares a customer with the others; see ``evaluate_all``.

    ``compare`` takes the arguments of all customers and gives the value of each.
    """

    compare: Compare
    write: Write
    kind: Kind = Kind.POPULATION


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate(Function):
    """An aggregate over the rows of one customer; ``ordered``: it looks at ``occurred_at``."""

    reduce: Reduce
    gather: Gather
    ordered: bool = False
    kind: Kind = Kind.AGGREGATE


def timeless(function: Callable[..., Value]) -> Callable[..., Value]:
    """Make a function that does not care for the moment callable with it."""

    def evaluate(_: Any, *values: Any) -> Value:
        return function(*values)

    return evaluate
