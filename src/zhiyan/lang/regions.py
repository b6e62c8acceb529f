"""Conditions tried out over many points, each part evaluated once per combination it reads."""

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from zhiyan.core.expression import Call, Literal, Node, Ref, Value, ValueType, names, replaced
from zhiyan.lang.catalogue import Range
from zhiyan.lang.check import Name, Scope, check
from zhiyan.lang.evaluate import evaluate
from zhiyan.lang.ranges import range_of
from zhiyan.lang.render import render
from zhiyan.lang.samples import COMPARISONS, MOMENT
from zhiyan.lang.volatile import POPULATION_FUNCTIONS

MOST_POINTS = 20_000
_CONNECTIVES = frozenset({"and", "or", "not"})


class Condition:
    """One condition, split into parts that are joined by ``and``, ``or``, ``not``.

    The value of a part depends on the few names that it reads, so it is remembered for each
    combination of their values; likewise the value of the whole for each combination of parts.
    """

    def __init__(self, node: Node, order: Mapping[str, int]) -> None:
        self.atoms: list[Node] = []
        self._skeleton = self._split(node)
        self._reads = [
            tuple(order[name] for name in sorted(names(atom)) if name in order)
            for atom in self.atoms
        ]
        self._keys = [
            tuple(name for name in sorted(names(atom)) if name in order) for atom in self.atoms
        ]
        self._seen: list[dict[tuple[Value, ...], Value]] = [{} for _ in self.atoms]
        self._whole: dict[tuple[Value, ...], bool] = {}

    def _split(self, node: Node) -> Node:
        if isinstance(node, Call) and node.op in _CONNECTIVES:
            return Call(node.op, tuple(self._split(arg) for arg in node.args))
        if node not in self.atoms:
            self.atoms.append(node)
        return Ref(f"part_{self.atoms.index(node)}")

    def holds(self, point: Sequence[Value]) -> bool:
        """Return whether the condition is true at a point (false and unknown are both no)."""
        parts = tuple(self._part(number, point) for number in range(len(self.atoms)))
        known = self._whole.get(parts)
        if known is None:
            row = {f"part_{number}": value for number, value in enumerate(parts)}
            known = evaluate(self._skeleton, row, MOMENT) is True
            self._whole[parts] = known
        return known

    def _part(self, number: int, point: Sequence[Value]) -> Value:
        key = tuple(point[place] for place in self._reads[number])
        seen = self._seen[number]
        if key not in seen:
            row = dict(zip(self._keys[number], key, strict=True))
            seen[key] = evaluate(self.atoms[number], row, MOMENT)
        return seen[key]


def points(choices: Sequence[Sequence[Value]]) -> tuple[Iterator[tuple[Value, ...]], bool]:
    """Return the combinations of choices, and whether these are all of them.

    Beyond ``MOST_POINTS`` a fixed, evenly spread selection is taken: the same on every run.
    """
    total = math.prod(len(options) for options in choices)
    if total <= MOST_POINTS:
        return (_point(number, choices) for number in range(total)), True
    chosen = (_spread(number) % total for number in range(MOST_POINTS))
    return (_point(number, choices) for number in chosen), False


def _spread(number: int) -> int:
    digest = hashlib.blake2b(number.to_bytes(4, "big"), digest_size=16).digest()
    return int.from_bytes(digest, "big")


def _point(number: int, choices: Sequence[Sequence[Value]]) -> tuple[Value, ...]:
    values: list[Value] = []
    for options in reversed(choices):
        number, place = divmod(number, len(options))
        values.append(options[place])
    return tuple(reversed(values))


@dataclass(slots=True)
class Abstraction:
    """Replaces what cannot be enumerated by free names, which can only add possibilities.

    With ``only_population`` just calls that compare customers are replaced, as they have no value
    in one row. ``found`` gathers type and range of every name made.
    """

    scope: Scope
    found: dict[str, tuple[Name, Range]]
    only_population: bool = False

    def free(self, node: Node) -> Node:
        """Return a condition in which every opaque part is a name of its own."""
        if self.only_population:
            return self._without_ranks(node)
        if isinstance(node, Literal | Ref):
            return node
        if isinstance(node, Call) and node.op in _CONNECTIVES:
            return Call(node.op, tuple(self.free(arg) for arg in node.args))
        if isinstance(node, Call) and node.op == "is_null":
            return Call("is_null", (self.term(node.args[0]),))
        if isinstance(node, Call) and node.op in COMPARISONS:
            return self._comparison(node)
        return self._name(node)

    def _comparison(self, node: Call) -> Node:
        open_sides = [arg for arg in node.args if not isinstance(arg, Literal)]
        if len(open_sides) > 1:
            return self._name(node)
        return Call(
            node.op, tuple(a if isinstance(a, Literal) else self.term(a) for a in node.args)
        )

    def term(self, node: Node) -> Node:
        """Keep a name, also with a stand-in for null; free anything longer."""
        if isinstance(node, Literal | Ref):
            return node
        if isinstance(node, Call) and node.op == "coalesce" and len(node.args) == 2:
            tried, stand_in = node.args
            if isinstance(tried, Ref) and isinstance(stand_in, Literal):
                return node
        return self._name(node)

    def _name(self, node: Node) -> Ref:
        text = render(node)
        type_ = check(node, self.scope)[0]
        name = Name(type=type_ if type_ is not ValueType.NULL else ValueType.BOOL)
        self.found[text] = (name, range_of(node, {}))
        return Ref(text)

    def _without_ranks(self, node: Node) -> Node:
        def named(part: Node) -> Node | None:
            compares = isinstance(part, Call) and part.op in POPULATION_FUNCTIONS
            return self._name(part) if compares else None

        return replaced(node, named)
