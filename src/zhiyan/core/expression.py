"""Expressions: the only predicate language, as a closed tree.

``lang`` turns text into this tree, checks it, evaluates it and writes it as SQL.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias


class ValueType(StrEnum):
    """Types of values. MONEY is integer fen; LIST is a sorted tuple of distinct texts."""

    BOOL = "bool"
    INT = "int"
    DECIMAL = "decimal"  # IEEE double from one correctly rounded operation
    MONEY = "money"
    TEXT = "text"
    ENUM = "enum"
    REF = "ref"
    DATE = "date"
    MOMENT = "moment"
    LIST = "list"
    NULL = "null"  # the type of a bare null literal


#: A value at run time; moments are naive UTC, lists are tuples.
Value: TypeAlias = bool | int | float | str | date | datetime | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant."""

    value: Value
    type: ValueType


@dataclass(frozen=True, slots=True)
class Ref:
    """A name: a column, a tag, a measure, ``param.x`` or ``item.x``."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """An operator or function of the closed list, applied to arguments."""

    op: str
    args: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Case:
    """First branch whose condition is true, else ``otherwise`` (null if absent)."""

    branches: tuple[tuple["Node", "Node"], ...]
    otherwise: "Node"


Node: TypeAlias = Literal | Ref | Call | Case


def children(node: Node) -> tuple[Node, ...]:
    """Return the direct parts of a node."""
    if isinstance(node, Call):
        return node.args
    if isinstance(node, Case):
        pairs = tuple(part for branch in node.branches for part in branch)
        return (*pairs, node.otherwise)
    return ()


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and everything below it, parents first."""
    waiting = [node]
    while waiting:
        part = waiting.pop()
        yield part
        waiting.extend(reversed(children(part)))


def names(node: Node) -> frozenset[str]:
    """Return the names that an expression reads."""
    return frozenset(part.name for part in walk(node) if isinstance(part, Ref))


def replaced(node: Node, instead: Callable[[Node], Node | None]) -> Node:
    """Return an expression with some parts replaced, from the outside in.

    ``instead`` gives what takes the place of a part, None where the part stays and its own parts are
    asked about. What was put in is not looked into.
    """
    found = instead(node)
    if found is not None:
        return found
    if isinstance(node, Call):
        return Call(node.op, tuple(replaced(arg, instead) for arg in node.args))
    if isinstance(node, Case):
        branches = tuple((replaced(a, instead), replaced(b, instead)) for a, b in node.branches)
        return Case(branches, replaced(node.otherwise, instead))
    return node
