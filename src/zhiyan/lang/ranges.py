"""Ranges of numbers: declared on columns, parameters, tags and measures, or known of a function."""

from collections.abc import Mapping

from zhiyan.core.expression import Call, Literal, Node, Ref, ValueType
from zhiyan.lang.catalogue import Range
from zhiyan.lang.functions import REGISTRY
from zhiyan.lang.literals import Wanted, read_literal
from zhiyan.lang.reader import Reader
from zhiyan.lang.yaml_nodes import Item

OPEN = Range()
#: Aggregates whose value is one of the values that they read.
_HANDS_ON = frozenset({"first", "last", "min", "max", "mode", "top1"})


def read_range(reader: Reader, item: Item, type_: ValueType, *, what: str) -> Range:
    """Read ``{min: ..., max: ...}``; money is given in yuan."""
    found = reader.fields(item, what, ("min", "max"))
    ends = {
        key: read_literal(reader, value, Wanted(type_), what=f"{what}.{key}")
        for key, value in found.items()
    }
    low, high = (_amount(ends.get(key)) for key in ("min", "max"))
    if low is not None and high is not None and low > high:
        reader.report("ZY226", item, f"{what}: min is above max")
    return Range(low, high)


def range_of(node: Node, names: Mapping[str, Range]) -> Range:
    """Return the range of a call, a name or a literal as far as it is declared, else an open one.

    ``names`` are the declared ranges of names.
    """
    if isinstance(node, Ref):
        return names.get(node.name, OPEN)
    if isinstance(node, Literal):
        return _of_literal(node)
    if not isinstance(node, Call):
        return OPEN
    if node.op in _HANDS_ON:
        return range_of(node.args[0], names)
    entry = REGISTRY.get(node.op)
    if entry is None:
        return OPEN
    low, high = entry.range
    if node.op == "band" and isinstance(node.args[1], Literal):
        high = _amount(node.args[1])
    return Range(low, high)


def _of_literal(node: Literal) -> Range:
    amount = _amount(node)
    return Range(amount, amount)


def _amount(literal: Literal | None) -> float | None:
    value = literal.value if literal else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
