"""Conditions as two-valued formulas: what must be true, and what must be false, of which parts.

Cases are written out, so that every part reads measures and constants only.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from zhiyan.core.expression import Call, Case, Literal, Node, ValueType, names

MOST_PARTS = 40_000


@dataclass(frozen=True, slots=True)
class Atom:
    """A part that must be true (``wanted``) or false; null is neither.

    ``reads`` are the names whose values decide it.
    """

    node: Node
    wanted: bool
    reads: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "reads", _read(self.node))


@lru_cache(maxsize=10_000)
def _read(node: Node) -> frozenset[str]:
    """Return the names that decide a part; the same parts are written out again and again."""
    return names(node) - {"as_of"}


@dataclass(frozen=True, slots=True)
class Join:
    """All of some formulas, or any of them."""

    every: bool
    parts: tuple["Formula", ...]


Formula: TypeAlias = "Atom | Join | bool"


class TooLarge(Exception):  # noqa: N818 - a signal, not a fault
    """The formula has more parts than can be searched."""


class Writer:
    """Writes conditions as formulas, counting their parts."""

    def __init__(self) -> None:
        self._parts = 0

    def true(self, node: Node) -> Formula:
        """Return the formula that a condition is true."""
        return self._that(node, wanted=True)

    def false(self, node: Node) -> Formula:
        """Return the formula that a condition is false."""
        return self._that(node, wanted=False)

    def untrue(self, node: Node) -> Formula:
        """Return the formula that a condition is false or null."""
        return negated(self.true(node))

    def _that(self, node: Node, *, wanted: bool) -> Formula:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise TooLarge
        if isinstance(node, Literal):
            return node.value is wanted
        if isinstance(node, Call) and node.op in {"and", "or"}:
            parts = [self._that(arg, wanted=wanted) for arg in node.args]
            return join(parts, every=(node.op == "and") is wanted)
        if isinstance(node, Call) and node.op == "not":
            return self._that(node.args[0], wanted=not wanted)
        lifted = lift(node)
        if isinstance(lifted, Case):
            return self._case(lifted, wanted=wanted)
        if isinstance(lifted, Call) and _is_filled(lifted):
            return self._filled(lifted, wanted=wanted)
        return Atom(lifted, wanted)

    def _filled(self, node: Call, *, wanted: bool) -> Formula:
        """Write ``coalesce(x, true or false)``."""
        value, stand_in = node.args
        found = self._that(value, wanted=wanted)
        if isinstance(stand_in, Literal) and stand_in.value is wanted:
            return join([found, negated(self._that(value, wanted=not wanted))], every=False)
        return found

    def _case(self, node: Case, *, wanted: bool) -> Formula:
        options: list[Formula] = []
        before: list[Formula] = []
        for when, then in node.branches:
            reached = self.true(when)
            result = self._that(then, wanted=wanted)
            options.append(join([*before, reached, result], every=True))
            before.append(negated(reached))
        options.append(join([*before, self._that(node.otherwise, wanted=wanted)], every=True))
        return join(options, every=False)


def join(parts: list[Formula], *, every: bool) -> Formula:
    """Return all or any of some formulas, as short as constants allow."""
    kept = [part for part in parts if part is not every]
    if any(part is (not every) for part in kept):
        return not every
    if not kept:
        return every
    return kept[0] if len(kept) == 1 else Join(every, tuple(kept))


def negated(formula: Formula) -> Formula:
    """Return the opposite: an atom that is not true may be false or null."""
    if isinstance(formula, bool):
        return not formula
    if isinstance(formula, Join):
        return Join(not formula.every, tuple(negated(part) for part in formula.parts))
    told = Call("coalesce", (formula.node, Literal(not formula.wanted, ValueType.BOOL)))
    if isinstance(formula.node, Call) and _is_filled(formula.node):
        return Atom(formula.node, not formula.wanted)
    return Atom(told, not formula.wanted)


def _is_filled(node: Call) -> bool:
    """Say whether a node is ``coalesce(condition, true or false)``."""
    last = node.args[-1] if node.args else None
    is_flag = isinstance(last, Literal) and isinstance(last.value, bool)
    return node.op == "coalesce" and len(node.args) == 2 and is_flag


def lift(node: Node) -> Node:
    """Move a case out of the arguments of calls, so that it stands outside."""
    if not isinstance(node, Call):
        return node
    args = tuple(lift(arg) for arg in node.args)
    for place, arg in enumerate(args):
        if isinstance(arg, Case):
            return lift_case(arg, _filling(node.op, args, place))
    return Call(node.op, args)


def _filling(op: str, args: tuple[Node, ...], place: int) -> Callable[[Node], Node]:
    def fill(value: Node) -> Node:
        return Call(op, (*args[:place], value, *args[place + 1 :]))

    return fill


def lift_case(case: Case, around: Callable[[Node], Node]) -> Case:
    """Put a call around every result of a case."""
    branches = tuple((when, lift(around(then))) for when, then in case.branches)
    return Case(branches, lift(around(case.otherwise)))
