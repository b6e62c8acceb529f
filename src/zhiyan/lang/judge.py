"""The tags of an imagined customer, told by the reference evaluator."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zhiyan.core.expression import (
    Call,
    Case,
    Literal,
    Node,
    Value,
    ValueType,
    names,
    replaced,
    walk,
)
from zhiyan.core.measure import Measure
from zhiyan.core.tag import Tag
from zhiyan.errors import DataError
from zhiyan.lang.catalogue import Catalogue
from zhiyan.lang.check import bind
from zhiyan.lang.customers import History, Member, Palette, members, palette, source_rows
from zhiyan.lang.dice import Dice
from zhiyan.lang.evaluate import evaluate
from zhiyan.lang.measure_sql import other_rows
from zhiyan.lang.memory import Row, measure_value
from zhiyan.lang.plan import bind_measure
from zhiyan.lang.samples import MOMENT
from zhiyan.lang.tag_sql import VALID, ancestors, gated
from zhiyan.lang.volatile import POPULATION_FUNCTIONS

_RANKS: tuple[Value, ...] = (0.0, 0.05, 0.1, 0.2, 0.25, 0.4, 0.5, 0.6, 0.75, 0.8, 0.9, 0.95, 0.99)
_NUMBERS: tuple[Value, ...] = (1, 2, 3, 4, 5, 10, 20, 100)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Values of tags, and of measures by ``tag.measure``, of one customer."""

    tags: Mapping[str, Value]
    measures: Mapping[str, Value]


class Judge:
    """Tells some tags, and all that they read, for imagined customers."""

    def __init__(self, catalogue: Catalogue, codes: frozenset[str]) -> None:
        self.catalogue = catalogue
        needed = set(codes)
        for code in codes:
            needed |= ancestors(catalogue, code)
        self._gated = gated(catalogue) & needed
        if self._gated:
            needed |= {VALID, *ancestors(catalogue, VALID)}
        self.tags = [tag for code, tag in catalogue.tags.items() if code in needed]
        literals = catalogue.literals
        self._rules = {tag.code: _rule(tag, literals) for tag in self.tags}
        self._comparing = {
            code: tuple(dict.fromkeys(part for part in walk(rule) if _compares(part)))
            for code, rule in self._rules.items()
        }
        self._measures = {
            tag.code: [bind_measure(m, literals) for m in tag.measures] for tag in self.tags
        }
        read = {name for own in self._measures.values() for m in own for name in _sources(m)}
        self._members: dict[str, tuple[Member, ...]] = {
            name: members(catalogue, catalogue.views[name]) for name in sorted(read)
        }

    @property
    def palette(self) -> Palette:
        """What customers must be made of to show all sides of these tags."""
        measures = [m for found in self._measures.values() for m in found]
        return palette(self.catalogue, measures, self._rules.values())

    def judge(self, history: History, *, seed: str = "") -> Verdicts | None:
        """Return the values for one customer, None if her numbers leave 64 bits.

        How she ranks among others is chosen by ``seed``: the others are not imagined.
        """
        tags: dict[str, Value] = {}
        measures: dict[str, Value] = {}
        dice = Dice(f"ranks|{seed}")
        try:
            sources = self._read(history)
            for tag in self.tags:
                row = self._row(tag, sources, tags)
                measures.update({f"{tag.code}.{m.name}": row[m.name] for m in tag.measures})
                shut = tag.code in self._gated and tags.get(VALID) is not True
                rule = self._rules[tag.code]
                if calls := self._comparing[tag.code]:
                    rule = replaced(rule, _places(calls, row, dice).get)
                tags[tag.code] = None if shut else evaluate(rule, row, MOMENT)
        except DataError:
            return None
        return Verdicts(tags, measures)

    def _read(self, history: History) -> dict[str, list[Row]]:
        """Return the rows of every source that any measure reads."""
        views = self.catalogue.views
        return {n: source_rows(views[n], parts, history) for n, parts in self._members.items()}

    def _row(
        self, tag: Tag, sources: Mapping[str, list[Row]], tags: Mapping[str, Value]
    ) -> dict[str, Any]:
        own = {
            m.name: measure_value(m, sources[m.source], MOMENT, sources=sources).value
            for m in self._measures[tag.code]
        }
        return {**tags, **own}


def _sources(measure: Measure) -> tuple[str, ...]:
    return (measure.source, *(rows.source for rows in other_rows(measure)))


def _rule(tag: Tag, literals: Mapping[str, Node]) -> Node:
    """Return the rule of a tag as one expression."""
    bound = [(bind(case.when, literals), bind(case.then, literals)) for case in tag.cases]
    otherwise = bind(tag.otherwise, literals)
    return Case(tuple(bound), otherwise) if bound else otherwise


def _places(calls: Sequence[Node], row: Mapping[str, Any], dice: Dice) -> dict[Node, Node]:
    """Return a place among others for every call that compares customers."""
    places: dict[Node, Node] = {}
    for call in calls:
        known = isinstance(call, Call) and evaluate(call.args[0], row, MOMENT) is not None
        share = isinstance(call, Call) and call.op == "rank_share"
        value = dice.choose(_RANKS if share else _NUMBERS) if known else None
        kind = ValueType.DECIMAL if share else ValueType.INT
        places[call] = Literal(value, kind)
    return places


def _compares(node: Node) -> bool:
    return isinstance(node, Call) and node.op in POPULATION_FUNCTIONS


def read_tags(catalogue: Catalogue, *nodes: Node) -> frozenset[str]:
    """Return the tags that some expressions read, the home clinic included where it decides."""
    bound = [bind(node, catalogue.literals) for node in nodes]
    return frozenset(n for node in bound for n in names(node) if n in catalogue.tags)
