"""How tags are kept between two moments: as values, as moments to count from, or told anew.

A *counter* is a number that only counts from moments on (days since the last visit): what is kept
are its measures, and the number is told when somebody reads it, so that a new day rewrites nothing.
A *moving* tag can change for a customer whom nothing touched: it looks at the clock, at a measure
that does, or at other customers.
"""

from collections.abc import Collection, Iterator

from zhiyan.core.expression import Call, Node, ValueType, walk
from zhiyan.core.tag import Tag
from zhiyan.lang.catalogue import Catalogue
from zhiyan.lang.plan import Plan
from zhiyan.lang.tag_sql import VALID, ancestors, gated
from zhiyan.lang.volatile import POPULATION_FUNCTIONS, reads_clock

_NUMBERS = frozenset({ValueType.INT, ValueType.DECIMAL, ValueType.MONEY})


def counters(catalogue: Catalogue) -> frozenset[str]:
    """Return the codes of the counters: formulas over the clock that compare no customers."""
    found: set[str] = set()
    for tag in catalogue.tags.values():  # inputs first
        clocked = reads_clock(tag.otherwise) or bool(found & set(tag.depends_on))
        if clocked and tag.type in _NUMBERS and not tag.cases and not _compares(tag):
            found.add(tag.code)
    return frozenset(found)


def moving(catalogue: Catalogue, plan: Plan) -> frozenset[str]:
    """Return the codes of all tags that can change for customers whom nothing touched."""
    volatile = {c.name for part in plan.parts for c in part.columns if c.volatile}
    found: set[str] = set()
    behind_gate = gated(catalogue)
    for tag in catalogue.tags.values():
        inputs = {*ancestors(catalogue, tag.code), *([VALID] if tag.code in behind_gate else [])}
        own = {plan.columns[tag.code, measure.name] for measure in tag.measures}
        clocked = any(reads_clock(node) for node in _nodes(tag))
        if clocked or _compares(tag) or own & volatile or found & inputs:
            found.add(tag.code)
    return frozenset(found)


def measures_of(codes: Collection[str], plan: Plan) -> list[str]:
    """Return the columns of the measures of some tags, each once, in the order of the plan."""
    return list(dict.fromkeys(name for (code, _), name in plan.columns.items() if code in codes))


def _compares(tag: Tag) -> bool:
    return any(
        isinstance(part, Call) and part.op in POPULATION_FUNCTIONS
        for node in _nodes(tag)
        for part in walk(node)
    )


def _nodes(tag: Tag) -> Iterator[Node]:
    for case in tag.cases:
        yield case.when
        yield case.then
    yield tag.otherwise
