"""Expressions on values in memory: the reference that every engine must agree with."""

from collections.abc import Mapping, Sequence

from zhiyan.core.expression import Call, Case, Literal, Node, Ref, Value, replaced, walk
from zhiyan.errors import InternalError, Problem
from zhiyan.lang.aggregates import Entry
from zhiyan.lang.functions import REGISTRY, Aggregate, Kind, Population, Scalar
from zhiyan.lang.moment import Moment

Row = Mapping[str, Value]


def evaluate(node: Node, row: Row, moment: Moment) -> Value:
    """Return the value of a checked expression for one row.

    Args:
        node: an expression without aggregates and without a look at other customers.
        row: a value for every name that the expression reads; moments are naive UTC.
        moment: T and the business zone.

    Returns:
        The value, None for null.

    Raises:
        DataError: ``ZY590``, a whole number left the range of 64 bits.
        InternalError: ``ZY991``, the expression had not been checked.
    """
    if isinstance(node, Literal):
        return node.value
    if isinstance(node, Ref):
        return _read(node.name, row, moment)
    if isinstance(node, Case):
        hit = (then for when, then in node.branches if evaluate(when, row, moment) is True)
        return evaluate(next(hit, node.otherwise), row, moment)
    entry = REGISTRY.get(node.op)
    if not isinstance(entry, Scalar):
        raise _unchecked(f"{node.op} has no value for a single row")
    args = [evaluate(arg, row, moment) for arg in node.args]
    if entry.strict and None in args:
        return None
    return entry.evaluate(moment, *args)


def evaluate_all(node: Node, rows: Sequence[Row], moment: Moment) -> list[Value]:
    """Return the values of an expression for all customers, row by row.

    Unlike ``evaluate`` it knows the population, so the expression may hold ``rank_share``,
    ``band`` and ``peers``.
    """
    calls = [part for part in walk(node) if isinstance(part, Call) and _compares(part)]
    places = {part: Ref(f"compared {number}") for number, part in enumerate(dict.fromkeys(calls))}
    columns = {ref.name: _compared(part, rows, moment) for part, ref in places.items()}
    extended = [
        {**row, **{name: values[number] for name, values in columns.items()}}
        for number, row in enumerate(rows)
    ]
    plain = replaced(node, lambda part: places.get(part) if isinstance(part, Call) else None)
    return [evaluate(plain, row, moment) for row in extended]


def aggregate(node: Node, rows: Sequence[Row], moment: Moment) -> Value:
    """Return the value of one aggregate call over the rows of one customer.

    Rows carry ``occurred_at``; their order never matters. Over no rows counts are 0, ``any`` is
    false and everything else is null.
    """
    entry = REGISTRY.get(node.op) if isinstance(node, Call) else None
    if not isinstance(node, Call) or not isinstance(entry, Aggregate):
        raise _unchecked("not an aggregate")
    return entry.reduce([_entry(node, row, moment) for row in rows])


def _entry(node: Call, row: Row, moment: Moment) -> Entry:
    args = tuple(evaluate(arg, row, moment) for arg in node.args)
    return Entry(row.get("occurred_at"), args)  # pyright: ignore[reportArgumentType]


def _read(name: str, row: Row, moment: Moment) -> Value:
    if name in row:
        return row[name]
    if name == "as_of":
        return moment.as_of
    raise _unchecked(f"no value for {name}")


def _compares(node: Call) -> bool:
    entry = REGISTRY.get(node.op)
    return entry is not None and entry.kind is Kind.POPULATION


def _compared(node: Call, rows: Sequence[Row], moment: Moment) -> list[Value]:
    """Return the value of a comparing call for every row."""
    keys = [tuple(evaluate(arg, row, moment) for arg in node.args) for row in rows]
    entry = REGISTRY[node.op]
    if not isinstance(entry, Population):
        raise _unchecked(f"{node.op} compares nothing")
    return entry.compare(keys)


def _unchecked(message: str) -> InternalError:
    return InternalError(Problem(code="ZY991", message=f"unchecked expression: {message}"))
