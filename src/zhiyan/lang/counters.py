"""How tags are kept between two moments: as values, as moments to count from, or compared anew.

A *counter* is a number that only counts from moments on (days since the last visit): what is kept
are its measures, and the number is told when somebody reads it, so that a new day rewrites nothing.
A *clocked* tag looks at the clock in another way: it turns at certain ages of its moments, or ticks.
What *compares* customers can change for anybody when it changes for one.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from zhiyan.core.expression import Call, Node, Ref, ValueType, names, replaced, walk
from zhiyan.core.tag import Tag
from zhiyan.lang.catalogue import Catalogue
from zhiyan.lang.check import bind
from zhiyan.lang.crossings import Passing, passing
from zhiyan.lang.plan import Plan
from zhiyan.lang.tag_sql import VALID, ancestors, gated
from zhiyan.lang.volatile import POPULATION_FUNCTIONS, reads_clock

_NUMBERS = frozenset({ValueType.INT, ValueType.DECIMAL, ValueType.MONEY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocked:
    """What time alone does to a tag: through which columns of measures, and how."""

    moments: frozenset[str]
    passing: Passing


def counters(catalogue: Catalogue) -> frozenset[str]:
    """Return the codes of the counters: formulas over the clock that compare no customers."""
    found: set[str] = set()
    for tag in catalogue.tags.values():  # inputs first
        clocked = reads_clock(tag.otherwise) or bool(found & set(tag.depends_on))
        if clocked and tag.type in _NUMBERS and not tag.cases and not _compares(tag):
            found.add(tag.code)
    return frozenset(found)


def clocked(catalogue: Catalogue, plan: Plan) -> dict[str, Clocked]:
    """Return the tags, counters apart, whose own rule looks at the clock or at a counter."""
    told = counters(catalogue)
    types = {c.name: c.measure.type for part in plan.parts for c in part.columns}
    moments = {name for name, kind in types.items() if kind is ValueType.MOMENT}
    dates = {name for name, kind in types.items() if kind is ValueType.DATE}
    formulas: dict[str, Node] = {}
    found: dict[str, Clocked] = {}
    for tag in catalogue.tags.values():  # inputs first
        own = {m.name: Ref(plan.columns[tag.code, m.name]) for m in tag.measures}
        known = {**{code: formulas[code] for code in tag.depends_on if code in formulas}, **own}
        nodes = [replaced(bind(node, catalogue.literals), _instead(known)) for node in _nodes(tag)]
        if tag.code in told:
            formulas[tag.code] = nodes[0]
        elif any(map(reads_clock, nodes)):
            read = {name for node in nodes for name in names(node)}
            found[tag.code] = Clocked(
                moments=frozenset(read & moments),
                passing=passing(nodes, moments=moments, dates=dates),
            )
    return found


def compared(catalogue: Catalogue) -> frozenset[str]:
    """Return the tags that compare customers, and those on the way from one such tag to another."""
    comparing = {tag.code for tag in catalogue.tags.values() if _compares(tag)}
    between = {
        code for code in read_by(catalogue, comparing) if comparing & inputs_of(catalogue, code)
    }
    return frozenset(comparing | between)


def inputs_of(catalogue: Catalogue, code: str) -> frozenset[str]:
    """Return all tags that a tag's value depends on, the gate of valid customers among them."""
    above = ancestors(catalogue, code)
    if not gated(catalogue).isdisjoint({code, *above}):
        above |= {VALID, *ancestors(catalogue, VALID)}
    return above


def read_by(catalogue: Catalogue, codes: Collection[str]) -> frozenset[str]:
    """Return all tags that the values of some tags depend on."""
    return frozenset(up for code in codes for up in inputs_of(catalogue, code))


def measures_of(codes: Collection[str], plan: Plan) -> list[str]:
    """Return the columns of the measures of some tags, each once, in the order of the plan."""
    return list(dict.fromkeys(name for (code, _), name in plan.columns.items() if code in codes))


def _instead(known: Mapping[str, Node]) -> Callable[[Node], Node | None]:
    return lambda node: known.get(node.name) if isinstance(node, Ref) else None


def _compares(tag: Tag) -> bool:
    return any(
        isinstance(part, Call) and part.op in POPULATION_FUNCTIONS
        for node in _nodes(tag)
        for part in walk(node)
    )


def _nodes(tag: Tag) -> Iterator[Node]:
    yield tag.otherwise
    for case in tag.cases:
        yield case.when
        yield case.then
