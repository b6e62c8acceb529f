"""When the passing of time alone can change a measure, told from its expressions.

A comparison of a row's moment with the as-of changes once, when the moment has passed; a comparison
of its age with a number changes once, that age after it. Such measures stay as they are for
customers of whom no row crosses such a bound. All other uses of the clock follow it all the time.
"""

from zhiyan.core.expression import Call, Literal, Node, Ref, ValueType, children, names
from zhiyan.core.measure import Measure, Span, Unit
from zhiyan.lang.catalogue import AS_OF, View
from zhiyan.lang.measure_sql import other_rows, row_nodes
from zhiyan.lang.rows import IDENTIFIER
from zhiyan.lang.volatile import is_volatile, reads_clock

#: A length of time and whether it lies ahead of the as-of.
Crossing = tuple[Span, bool]
_ORDERINGS = frozenset({"<", "<=", ">", ">=", "=", "<>"})
#: Functions and aggregates that give one of their arguments.
_CHOOSING = frozenset({"coalesce", "least", "greatest", "nullif"})
_PICKING = frozenset({"min", "max", "first", "last"})
_AGES = {"days_since": Unit.DAY, "hours_since": Unit.HOUR}


def crossings(measure: Measure, view: View) -> frozenset[Crossing] | None:
    """Return the ages at which a row can change the measure; None if it follows the clock.

    The as-of itself (age 0) is always one and not listed.
    """
    if not is_volatile(measure):
        return frozenset()
    if measure.source == IDENTIFIER or _others_read_clock(measure):
        return None
    moments = _moments(measure, view)
    grouped = (measure.aggregate, *((measure.having,) if measure.having else ()))
    found: set[Crossing] = set()
    for node in (*row_nodes(measure), *(grouped if measure.grouped else ())):
        part = _crossings(node, moments)
        if part is None:
            return None
        found |= part
    return frozenset(found)


def _others_read_clock(measure: Measure) -> bool:
    return any(rows.where and reads_clock(rows.where) for rows in other_rows(measure))


def _moments(measure: Measure, view: View) -> frozenset[str]:
    """Return the names that always hold one of the moments of a row, or nothing."""
    own = {name for name, column in view.columns.items() if column.type is ValueType.MOMENT}
    own.add("occurred_at")
    inner = {
        name
        for name, node in measure.inner
        if isinstance(node, Call) and node.op in _PICKING and names(node) <= own
    }
    return frozenset(own | inner)


def _crossings(node: Node, moments: frozenset[str]) -> frozenset[Crossing] | None:
    if not reads_clock(node):
        return frozenset()
    if isinstance(node, Call) and node.op in _ORDERINGS:
        return _comparison(node, moments)
    if isinstance(node, Ref) or (isinstance(node, Call) and node.op in _AGES):
        return None
    if isinstance(node, Call) and reads_clock(Call(node.op, ())):
        return None
    found: set[Crossing] = set()
    for child in children(node):
        part = _crossings(child, moments)
        if part is None:
            return None
        found |= part
    return frozenset(found)


def _comparison(node: Call, moments: frozenset[str]) -> frozenset[Crossing] | None:
    """Return the ages at which a comparison can turn; None for anything but the two plain forms."""
    left, right = node.args
    if isinstance(left, Ref | Literal) and not isinstance(right, Ref | Literal):
        left, right = right, left
    if isinstance(left, Ref) and left.name == AS_OF:
        left, right = right, left
    if isinstance(right, Ref) and right.name == AS_OF:
        return frozenset() if _is_row_moment(left, moments) else None
    if not (isinstance(left, Call) and left.op in _AGES and isinstance(right, Literal)):
        return None
    if not (isinstance(right.value, int) and _is_row_moment(left.args[0], moments)):
        return None
    ages = (int(right.value), int(right.value) + 1)
    return frozenset((Span(abs(age), _AGES[left.op]), age < 0) for age in ages)


def _is_row_moment(node: Node, moments: frozenset[str]) -> bool:
    """Tell whether an expression always gives one of the moments of the row, or nothing."""
    if isinstance(node, Call) and node.op not in _CHOOSING:
        return False
    return not reads_clock(node) and bool(names(node)) and names(node) <= moments
