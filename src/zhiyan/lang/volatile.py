"""Which expressions change with the as-of alone, and which look at other customers."""

from zhiyan.core.expression import Call, Node, Ref, walk
from zhiyan.core.measure import Measure
from zhiyan.lang.functions import REGISTRY, Kind
from zhiyan.lang.measure_sql import other_rows

#: Functions whose value depends on the as-of.
CLOCK_FUNCTIONS = frozenset({
    "days_since", "hours_since", "years_since", "days_until_anniversary", "landmark",
})  # fmt: skip
#: Functions whose value depends on the whole population.
POPULATION_FUNCTIONS = frozenset(
    name for name, entry in REGISTRY.items() if entry.kind is Kind.POPULATION
)


def reads_clock(node: Node) -> bool:
    """Tell whether an expression's value can change although no row changes."""
    return any(
        (isinstance(part, Call) and part.op in CLOCK_FUNCTIONS)
        or (isinstance(part, Ref) and part.name == "as_of")
        for part in walk(node)
    )


def compares(node: Node) -> bool:
    """Tell whether an expression looks at other customers."""
    return any(isinstance(part, Call) and part.op in POPULATION_FUNCTIONS for part in walk(node))


def is_volatile(measure: Measure) -> bool:
    """Tell whether a measure can change for a customer whom no event or window touched."""
    nodes = [measure.aggregate, *(node for _, node in measure.inner)]
    nodes += [node for node in (measure.where, measure.having) if node is not None]
    nodes += [rows.where for rows in other_rows(measure) if rows.where is not None]
    return measure.source == "identifier" or any(reads_clock(node) for node in nodes)
