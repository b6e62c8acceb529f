"""Expressions worked out as far as the names that stand still allow."""

from collections.abc import Collection, Mapping

from zhiyan.core.expression import Call, Case, Literal, Node, Ref, Value, ValueType
from zhiyan.errors import DataError
from zhiyan.lang.catalogue import AS_OF
from zhiyan.lang.evaluate import evaluate
from zhiyan.lang.moment import Moment
from zhiyan.lang.volatile import CLOCK_FUNCTIONS


def folded(
    node: Node, row: Mapping[str, Value], moment: Moment, *, moving: Collection[str]
) -> Node:
    """Return an expression that has the same value whatever the clock and the moving names say.

    All names that it reads and that do not move must be in ``row``. What overflows is left as it
    was, for it may stand where nobody looks.
    """
    if isinstance(node, Literal):
        return node
    if isinstance(node, Ref):
        stays = node.name == AS_OF or node.name in moving
        return node if stays else _literal(row[node.name])
    if isinstance(node, Case):
        return _case(node, row, moment, moving=moving)
    args = tuple(folded(arg, row, moment, moving=moving) for arg in node.args)
    found = Call(node.op, args)
    if node.op in CLOCK_FUNCTIONS or not all(isinstance(arg, Literal) for arg in args):
        return found
    try:
        return _literal(evaluate(found, {}, moment))
    except DataError:
        return found


def _case(node: Case, row: Mapping[str, Value], moment: Moment, *, moving: Collection[str]) -> Node:
    branches: list[tuple[Node, Node]] = []
    for when, then in node.branches:
        condition = folded(when, row, moment, moving=moving)
        if isinstance(condition, Literal) and condition.value is not True:
            continue
        value = folded(then, row, moment, moving=moving)
        if isinstance(condition, Literal):
            return Case(tuple(branches), value) if branches else value
        branches.append((condition, value))
    last = folded(node.otherwise, row, moment, moving=moving)
    return Case(tuple(branches), last) if branches else last


def _literal(value: Value) -> Literal:
    """Return a value as a node; nobody asks a checked expression for its types again."""
    return Literal(value, ValueType.NULL)
