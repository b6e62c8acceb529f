"""Imagined customers: small histories of events around every constant of some definitions.

Tags are told for them by the reference evaluator, so what they show is real: a customer with these
events has these values. What they do not show may still exist.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from zhiyan.core.expression import Call, Literal, Node, Ref, ValueType, names, replaced, walk
from zhiyan.core.measure import Measure, Unit
from zhiyan.lang.bounds import elapsed, window_spans
from zhiyan.lang.catalogue import Catalogue, View, ViewPart
from zhiyan.lang.check import bind
from zhiyan.lang.dice import Dice
from zhiyan.lang.evaluate import evaluate
from zhiyan.lang.measure_sql import columns_read, other_rows
from zhiyan.lang.memory import Row
from zhiyan.lang.rows import DERIVED, ITEM_PREFIX, PART
from zhiyan.lang.samples import MOMENT, Variable, candidates
from zhiyan.lang.usage import measure_nodes

#: Rows of every kind that somebody has: kind -> rows.
History: TypeAlias = Mapping[str, list[dict[str, Any]]]
_SIZES = (0, 0, 1, 1, 2, 3, 4, 9)
_SHARED = frozenset({"occurred_at", "tie", "clinic", "source"})
_LONGEST_DAYS = 4_000


@dataclass(frozen=True, slots=True)
class Palette:
    """What histories are made of: values by kind and column, and ages at which things happen."""

    values: Mapping[str, Mapping[str, list[Any]]]
    ages: tuple[timedelta, ...]


def palette(catalogue: Catalogue, measures: Iterable[Measure], rules: Iterable[Node]) -> Palette:
    """Gather the values that matter to some bound measures and rules."""
    listed = list(measures)
    read: dict[str, dict[str, Variable]] = {}
    atoms: dict[str, list[Node]] = {}
    for measure in listed:
        for view, wanted, nodes in _reads(catalogue, measure):
            for part in view.parts:
                found = _parts(catalogue, part, (wanted, nodes))
                read.setdefault(part.kind, {}).update(found[0])
                atoms.setdefault(part.kind, []).extend(found[1])
    found = {
        kind: candidates((variables[name] for name in sorted(variables)), atoms.get(kind, ()))
        for kind, variables in sorted(read.items())
    }
    return Palette(found, tuple(sorted(_ages(listed, rules))))


def _reads(catalogue: Catalogue, measure: Measure) -> Iterator[tuple[View, set[str], list[Node]]]:
    nodes = list(measure_nodes(measure))
    yield catalogue.views[measure.source], set(columns_read(measure)), nodes
    for rows in other_rows(measure):
        node = [rows.where] if rows.where else []
        yield catalogue.views[rows.source], {n for part in node for n in names(part)}, node


def _parts(
    catalogue: Catalogue, part: ViewPart, wanted: tuple[set[str], list[Node]]
) -> tuple[dict[str, Variable], list[Node]]:
    """Return which columns of a kind are read through a member of a source, and what of them."""
    columns, nodes = wanted
    inside = {n: bind(part.columns[n], catalogue.literals) for n in columns if n in part.columns}
    own = [
        replaced(node, lambda part: inside.get(part.name) if isinstance(part, Ref) else None)
        for node in nodes
    ]
    own += [bind(part.where, catalogue.literals)] if part.where else []
    base = catalogue.views[part.kind]
    needed = {name for node in (*own, *inside.values()) for name in names(node)}
    needed |= columns - set(inside)
    variables: dict[str, Variable] = {}
    for name in sorted(needed & set(base.columns) - {"occurred_at"}):
        column = base.columns[name]
        variables[name] = Variable(
            name=name, type=column.type, values=column.values, range=column.range
        )
    return variables, [atom for node in own for atom in _atoms(node)]


def _atoms(node: Node) -> Iterator[Node]:
    """Yield the parts of a condition that are joined by and, or, not."""
    if isinstance(node, Call) and node.op in {"and", "or", "not"}:
        for arg in node.args:
            yield from _atoms(arg)
    else:
        yield node


def _ages(measures: Iterable[Measure], rules: Iterable[Node]) -> set[timedelta]:
    """Return ages just before, at and just after every bound in days."""
    days: set[float] = {0, 1, 40}
    for measure in measures:
        for span in window_spans(measure.window):
            months = span.unit is Unit.MONTH
            days.add(30 * span.count if months else elapsed(span) / timedelta(days=1))
    literals = (part for node in rules for part in walk(node) if isinstance(part, Literal))
    for literal in literals:
        if literal.type is ValueType.INT and isinstance(literal.value, int):
            days.update((literal.value, literal.value + 1))
    inside = (day for day in days if 0 <= day <= _LONGEST_DAYS)
    hours = {timedelta(days=day, hours=more) for day in inside for more in (-1, 0, 1)}
    return {age for age in hours if age > timedelta(0)}


def histories(colours: Palette, *, seed: str, count: int) -> Iterator[History]:
    """Yield imagined customers, the same on every run."""
    yield {kind: [] for kind in colours.values}
    for number in range(count - 1):
        yield _Life(colours, Dice(f"{seed}|{number}")).history()


class _Life:
    """One customer in the making: most of her rows are alike, and none is younger than an age."""

    def __init__(self, colours: Palette, dice: Dice) -> None:
        self._colours = colours
        self._dice = dice
        self._items: dict[tuple[Any, str], Any] = {}
        self._usual: dict[tuple[str, str], Any] = {}
        youngest = dice.choose(colours.ages) if dice.below(2) else timedelta(0)
        self._ages = [age for age in colours.ages if age >= youngest]

    def history(self) -> History:
        """Return her events."""
        return {
            kind: [self._row(kind) for _ in range(self._dice.choose(_SIZES))]
            for kind in self._colours.values
        }

    def _row(self, kind: str) -> dict[str, Any]:
        at = MOMENT.as_of - self._dice.choose(self._ages)
        row: dict[str, Any] = {"occurred_at": at, "tie": f"{self._dice.below(10**9):09d}"}
        for name, values in self._colours.values[kind].items():
            value = self._value(kind, name, values)
            if name.startswith(ITEM_PREFIX):
                value = self._items.setdefault((row.get("item_code"), name), value)
            row[name] = value
        return row

    def _value(self, kind: str, name: str, values: Sequence[Any]) -> Any:
        if self._dice.below(8) == 0:
            return None
        known = [value for value in values if value is not None] or [None]
        usual = self._usual.setdefault((kind, name), self._dice.choose(known))
        return usual if self._dice.below(4) else self._dice.choose(known)


@dataclass(frozen=True, slots=True)
class Member:
    """A part of a union with its parameters bound: rows of a kind, and what a member of it holds.

    ``columns`` are the part's own: name, value, and the names that the value reads.
    """

    kind: str
    where: Node | None
    columns: tuple[tuple[str, Node, frozenset[str]], ...]


def members(catalogue: Catalogue, view: View) -> tuple[Member, ...]:
    """Return the parts of a union, ready to be asked row by row; none if it is no union."""
    literals = catalogue.literals
    found: list[Member] = []
    for part in view.parts if view.is_union else ():
        where = bind(part.where, literals) if part.where else None
        bound = [(name, bind(node, literals)) for name, node in part.columns.items()]
        columns = tuple((name, node, names(node) - DERIVED - {"as_of"}) for name, node in bound)
        found.append(Member(part.kind, where, columns))
    return tuple(found)


def source_rows(view: View, parts: Sequence[Member], history: History) -> list[Row]:
    """Return the rows of a source that a history holds, with the columns that it knows."""
    if not view.is_union:
        return list(history.get(view.name, ()))
    return [
        _as_member(part, row, number)
        for number, part in enumerate(parts)
        for row in history.get(part.kind, ())
        if part.where is None or evaluate(part.where, row, MOMENT) is True
    ]


def _as_member(part: Member, row: Row, number: int) -> Row:
    shared = {name: row[name] for name in _SHARED if name in row}
    items = {name: value for name, value in row.items() if name.startswith(ITEM_PREFIX)}
    own = {
        name: evaluate(node, row, MOMENT) for name, node, read in part.columns if read <= row.keys()
    }
    return {**shared, **items, **own, PART: number}


def told(row: Row) -> dict[str, Any]:
    """Return what a row says, for people: its moment and the columns that are not empty."""
    at = row["occurred_at"]
    days = (MOMENT.as_of - at) / timedelta(days=1) if isinstance(at, datetime) else 0.0
    own = {k: v for k, v in row.items() if k not in {"occurred_at", "tie", PART} and v is not None}
    return {"days_ago": round(days, 2), **own}
