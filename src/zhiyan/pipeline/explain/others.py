"""Which values an expression may take while nobody knows how the other customers move.

What a comparing call (``rank_share``, ``band``, ``peers``) gives can differ any day: others buy,
and what they bought leaves a window. So it may be anything, except that who has no value to compare,
or no group, is compared with nobody and gets null.
"""

from collections.abc import Callable, Collection, Mapping
from typing import TypeAlias

from zhiyan.core.expression import Call, Case, Literal, Node, Ref, Value, ValueType
from zhiyan.errors import DataError
from zhiyan.lang.evaluate import evaluate
from zhiyan.lang.moment import Moment
from zhiyan.lang.volatile import POPULATION_FUNCTIONS

#: The values that may come out; None is any.
Possible: TypeAlias = frozenset[Value] | None
_NOTHING: frozenset[Value] = frozenset({None})
#: The value of ``and`` and ``or`` that one argument settles.
_SETTLING = {"and": False, "or": True}


def depends_on_others(
    node: Node, row: Mapping[str, Value], moment: Moment, *, unsure: Collection[str]
) -> bool:
    """Tell whether a bound expression may give another value once other customers have moved.

    ``unsure`` names what it reads that may itself differ so; all other names must be in ``row``.
    """
    found = _possible(node, _Known(row, moment, unsure).value)
    return found is None or len(found) > 1


class _Known:
    """What names and calls stand for at a moment."""

    def __init__(self, row: Mapping[str, Value], moment: Moment, unsure: Collection[str]) -> None:
        self._row, self._moment, self._unsure = row, moment, unsure

    def value(self, node: Node) -> Possible:
        """Return what a name, or a call over literals, may be; anything if it overflows."""
        if isinstance(node, Ref) and node.name in self._unsure:
            return None
        try:
            return frozenset({evaluate(node, self._row, self._moment)})
        except DataError:  # it may stand where nobody looks
            return None


def _possible(node: Node, known: Callable[[Node], Possible]) -> Possible:
    if isinstance(node, Case):
        return _of_case(node, known)
    if not isinstance(node, Call):
        return known(node)
    args = [_possible(arg, known) for arg in node.args]
    if node.op in POPULATION_FUNCTIONS:
        compared = [args[0], *(args[2:] if node.op == "band" else args[1:])]
        return _NOTHING if _NOTHING in compared else None
    settling = _SETTLING.get(node.op)
    if settling is not None and frozenset({settling}) in args:
        return frozenset({settling})
    single = [next(iter(arg)) for arg in args if arg is not None and len(arg) == 1]
    if len(single) < len(args):
        return None
    return known(Call(node.op, tuple(Literal(value, ValueType.NULL) for value in single)))


def _of_case(node: Case, known: Callable[[Node], Possible]) -> Possible:
    """Return all that the branches which may be reached can give."""
    found: set[Value] = set()
    for when, then in (*node.branches, (None, node.otherwise)):
        holds = frozenset({True}) if when is None else _possible(when, known)
        if holds is not None and True not in holds:
            continue
        given = _possible(then, known)
        if given is None:
            return None
        found |= given
        if holds == frozenset({True}):
            break
    return frozenset(found)
