"""When the passing of time alone can change a value, told from its expressions.

A comparison of a moment with the as-of changes once, when the moment has passed; a comparison of its
age with a number changes once, that age after it. A value with no other use of the clock stays as it
is as long as none of its moments crosses such a bound, and one that counts to a landmark until the
next landmark. All other uses tick: with the age of each moment, at midnight of the business zone, or
all the time.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from zhiyan.core.expression import Call, Case, Literal, Node, Ref, ValueType, children, names
from zhiyan.core.measure import Measure, Span, Unit
from zhiyan.lang.catalogue import AS_OF, Catalogue, View
from zhiyan.lang.measure_sql import other_rows, row_nodes
from zhiyan.lang.volatile import reads_clock

#: A length of time and whether it lies ahead of the as-of.
Crossing = tuple[Span, bool]
_ORDERINGS = frozenset({"<", "<=", ">", ">=", "=", "<>"})
#: Functions and aggregates that give one of their arguments.
_CHOOSING = frozenset({"coalesce", "least", "greatest", "nullif"})
_PICKING = frozenset({"min", "max", "first", "last"})
_AGES = {"days_since": Unit.DAY, "hours_since": Unit.HOUR}
_NOTHING = Literal(None, ValueType.NULL)
#: Functions that give a date, of whatever.
_DATES = frozenset({"on_day", "add_days", "add_months"})
#: Functions of the as-of that see nothing of it but its business day.
_CALENDAR = frozenset({
    "years_since", "days_until_anniversary", "on_day", "month_of", "weekday_of", "day_number",
    "week_number", "month_number",
})  # fmt: skip


class Tick(StrEnum):
    """How often a value that follows the clock can change.

    HOUR and DAY: when the age of one of its moments has grown by one. MIDNIGHT: with the business
    day. ALWAYS: at any time.
    """

    HOUR = "hour"
    DAY = "day"
    MIDNIGHT = "midnight"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Passing:
    """What passing time does to a value: the ages at which it can turn, and how it ticks.

    The as-of itself (age 0) is always an age and not listed. ``stretches``: the lengths in days of
    those at whose ends, which are landmarks, it can turn for anybody.
    """

    ages: frozenset[Crossing] = frozenset()
    ticks: frozenset[Tick] = frozenset()
    stretches: frozenset[int] = frozenset()

    def __or__(self, other: "Passing") -> "Passing":
        return Passing(
            self.ages | other.ages, self.ticks | other.ticks, self.stretches | other.stretches
        )


STILL = Passing()


def measure_passing(measure: Measure, catalogue: Catalogue) -> Passing:
    """Return what passing time does to a measure through the rows that it reads.

    Its window is not part of it. Ages are those of any row that it reads, of its source or another.
    """
    view = catalogue.views[measure.source]
    moments, dates = _moments(view), _named(view, ValueType.DATE)
    moments |= {
        name
        for name, node in measure.inner
        if isinstance(node, Call)
        and node.op in _PICKING
        and _is_moment(node.args[0], frozenset(moments))
    }
    grouped = (measure.aggregate, *((measure.having,) if measure.having else ()))
    nodes = (*row_nodes(measure), *(grouped if measure.grouped else ()))
    found = passing(nodes, moments=moments, dates=dates) | _of_view(view, catalogue)
    for rows in other_rows(measure):
        other = catalogue.views[rows.source]
        where = (rows.where,) if rows.where else ()
        found |= passing(where, moments=_moments(other), dates=_named(other, ValueType.DATE))
        found |= _of_view(other, catalogue)
    return found


def passing(nodes: Iterable[Node], *, moments: Collection[str], dates: Collection[str]) -> Passing:
    """Return what passing time does to expressions, given which names hold moments, which dates."""
    found = STILL
    for node in nodes:
        found |= _passing(node, frozenset(moments), frozenset(dates))
    return found


def _of_view(view: View, catalogue: Catalogue) -> Passing:
    """Return what passing time does to the rows of a view by its own expressions."""
    found = STILL
    for part in view.parts:
        kind = catalogue.views[part.kind]
        nodes = (*part.columns.values(), *((part.where,) if part.where else ()))
        found |= passing(nodes, moments=_moments(kind), dates=_named(kind, ValueType.DATE))
    return found


def _moments(view: View) -> set[str]:
    return _named(view, ValueType.MOMENT) | {"occurred_at"}


def _named(view: View, kind: ValueType) -> set[str]:
    return {name for name, column in view.columns.items() if column.type is kind}


def _passing(node: Node, moments: frozenset[str], dates: frozenset[str]) -> Passing:
    if not reads_clock(node):
        return STILL
    if isinstance(node, Ref):
        return Passing(ticks=frozenset({Tick.ALWAYS}))
    if isinstance(node, Call):
        known = _known_form(node, moments, dates)
        if known is not None:
            return known
    found, below = STILL, children(node)
    if isinstance(node, Call) and node.op in _CALENDAR:
        found = Passing(ticks=frozenset({Tick.MIDNIGHT}))
        below = tuple(child for child in below if child != Ref(AS_OF))
    for child in below:
        found |= _passing(child, moments, dates)
    return found


def _known_form(node: Call, moments: frozenset[str], dates: frozenset[str]) -> Passing | None:
    """Return what passing time does to a comparison, an age or a landmark; None for anything else."""
    if node.op == "landmark":
        return _landmarks(node.args[0])
    if node.op in _AGES:
        below = _passing(node.args[0], moments, dates)
        return below | Passing(ticks=_age(node, moments, dates))
    turning = _comparison(node, moments) if node.op in _ORDERINGS else None
    return None if turning is None else Passing(ages=turning)


def _landmarks(days: Node) -> Passing:
    if isinstance(days, Literal) and isinstance(days.value, int):
        return Passing(stretches=frozenset({days.value}))
    return Passing(ticks=frozenset({Tick.MIDNIGHT}))


def _age(node: Call, moments: frozenset[str], dates: frozenset[str]) -> frozenset[Tick]:
    """Return how an age ticks: with its moment, at midnight for a date, both if it may be either."""
    tick, of = Tick.HOUR if node.op == "hours_since" else Tick.DAY, node.args[0]
    if tick is Tick.DAY and _is_date(of, dates):
        return frozenset({Tick.MIDNIGHT})
    read = names(of) - {AS_OF}
    if tick is Tick.HOUR or (read and read <= moments):
        return frozenset({tick})
    return frozenset({tick, Tick.MIDNIGHT})


def _is_date(node: Node, dates: frozenset[str]) -> bool:
    """Tell whether an expression is sure to give a date: an age of it ticks at midnight."""
    if isinstance(node, Call) and node.op in _CHOOSING:
        return all(_is_date(child, dates) for child in node.args)
    if isinstance(node, Call):
        return node.op in _DATES
    return isinstance(node, Ref) and node.name in dates


def _comparison(node: Call, moments: frozenset[str]) -> frozenset[Crossing] | None:
    """Return the ages at which a comparison can turn; None for anything but the two plain forms."""
    left, right = node.args
    if isinstance(left, Ref | Literal) and not isinstance(right, Ref | Literal):
        left, right = right, left
    if isinstance(left, Ref) and left.name == AS_OF:
        left, right = right, left
    if isinstance(right, Ref) and right.name == AS_OF:
        return frozenset() if _is_moment(left, moments) else None
    if not (isinstance(left, Call) and left.op in _AGES and isinstance(right, Literal)):
        return None
    if not (isinstance(right.value, int) and _is_moment(left.args[0], moments)):
        return None
    ages = (int(right.value), int(right.value) + 1)
    return frozenset((Span(abs(age), _AGES[left.op]), age < 0) for age in ages)


def _is_moment(node: Node, moments: frozenset[str]) -> bool:
    """Tell whether an expression always gives one of the moments, or nothing."""
    if isinstance(node, Ref):
        return node.name in moments
    if reads_clock(node):
        return False
    given: tuple[Node, ...] = ()
    if isinstance(node, Case):
        given = (*(then for _, then in node.branches), node.otherwise)
    elif isinstance(node, Call) and node.op in _CHOOSING:
        given = node.args
    chosen = [part for part in given if part != _NOTHING]
    return bool(chosen) and all(_is_moment(part, moments) for part in chosen)
