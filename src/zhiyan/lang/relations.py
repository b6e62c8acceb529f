"""What is always true between measures: windows inside windows, sources inside sources."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import permutations

from zhiyan.core.expression import Call, Literal, Node, Ref, ValueType, walk
from zhiyan.core.measure import Measure, Unit, Window
from zhiyan.lang.bounds import elapsed
from zhiyan.lang.catalogue import Catalogue, View

_AT = Ref("occurred_at")
_AGES = frozenset({"days_since", "hours_since", "years_since", "on_day", "days_until_anniversary"})


def holds_between(catalogue: Catalogue, measures: Mapping[str, Measure]) -> Iterator[Node]:
    """Yield conditions over names of measures that are true of every customer."""
    for (one, inner), (other, outer) in permutations(measures.items(), 2):
        if within(catalogue, inner, outer):
            yield from _edges((one, _edge(inner)), (other, _edge(outer)))
            yield from _numbers((one, inner), (other, outer))


def _edges(inner: tuple[str, str], outer: tuple[str, str]) -> Iterator[Node]:
    """Yield what holds of first and last moments of rows that lie within others."""
    (one, first), (other, last) = inner, outer
    ages = [Call("days_since", (Ref(name),)) for name in (one, other)]
    if first and last:
        yield _implies(_known(one), _known(other))
    if first and last == "max":
        yield _ordered(ages[1], ages[0])
    if first and last == "min":
        yield _ordered(ages[0], ages[1])


def _numbers(inner: tuple[str, Measure], outer: tuple[str, Measure]) -> Iterator[Node]:
    """Yield what holds of numbers of rows that lie within others."""
    (one, narrow), (other, wide) = inner, outer
    if _counts(narrow) and _counts(wide):
        yield _ordered(Ref(one), Ref(other))
    if _counts(narrow) and _edge(wide):
        yield _implies(_some(one), _known(other))
    if _edge(narrow) and _counts(wide):
        yield _implies(_known(one), _some(other))


def _some(name: str) -> Node:
    return Call(">", (Ref(name), Literal(0, ValueType.INT)))


def term_links(nodes: Iterable[Node]) -> Iterator[Node]:
    """Yield that the age of a moment or date is known exactly if the moment or date is."""
    parts = (part for node in nodes for part in walk(node))
    ages = (p for p in parts if isinstance(p, Call) and p.op in _AGES and len(p.args) == 1)
    for age in dict.fromkeys(ages):
        at = age.args[0]
        if isinstance(at, Ref):
            yield _implies(_known(at.name), Call("not", (Call("is_null", (age,)),)))
            yield _implies(Call("is_null", (at,)), Call("is_null", (age,)))


def within(catalogue: Catalogue, inner: Measure, outer: Measure) -> bool:
    """Say whether every row that counts for one measure counts for the other."""
    if not (_is_plain(inner) and _is_plain(outer)):
        return False
    if not _inside(inner.window, outer.window):
        return False
    if inner.source == outer.source:
        return outer.where is None or outer.where == inner.where
    if outer.where is not None:
        return False
    return _view_inside(catalogue.views[inner.source], catalogue.views[outer.source])


def _is_plain(measure: Measure) -> bool:
    return not (measure.grouped or measure.since or measure.latest is not None)


def _view_inside(inner: View, outer: View) -> bool:
    def wheres(view: View, kind: str) -> list[Node | None]:
        return [part.where for part in view.parts if part.kind == kind]

    return all(
        any(where is None or where == part.where for where in wheres(outer, part.kind))
        for part in inner.parts
    )


def _inside(inner: Window, outer: Window) -> bool:
    if inner.ahead or outer.ahead or inner.on != outer.on:
        return False
    if inner == outer or outer == Window(on=outer.on):
        return True
    if outer.end is not None or outer.start is None or inner.start is None:
        return False
    if Unit.MONTH in (inner.start.unit, outer.start.unit):
        return False
    return elapsed(inner.start) <= elapsed(outer.start)


def _edge(measure: Measure) -> str:
    """Return min or max where a measure is the first or last moment of its rows, else nothing."""
    node = measure.aggregate
    op = node.op if isinstance(node, Call) else ""
    return op if op in {"min", "max"} and node == Call(op, (_AT,)) else ""


def _counts(measure: Measure) -> bool:
    return measure.aggregate == Call("count", ())


def _known(name: str) -> Node:
    return Call("not", (Call("is_null", (Ref(name),)),))


def _implies(given: Node, then: Node) -> Node:
    return Call("or", (Call("not", (given,)), then))


def _ordered(small: Node, large: Node) -> Node:
    """Return small <= large, wherever both are known."""
    order = Call("<=", (small, large))
    return Call("or", (Call("is_null", (small,)), Call("is_null", (large,)), order))
