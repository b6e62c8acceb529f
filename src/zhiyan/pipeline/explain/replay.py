"""The rules of some tags replayed in memory for one customer, at any moment ahead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from zhiyan.core.expression import Call, Case, Node, Value, replaced, walk
from zhiyan.core.measure import Measure
from zhiyan.core.tag import Tag
from zhiyan.lang.catalogue import Catalogue
from zhiyan.lang.check import bind
from zhiyan.lang.evaluate import evaluate
from zhiyan.lang.memory import Found, Row, measure_value
from zhiyan.lang.moment import Moment
from zhiyan.lang.plan import bind_measure
from zhiyan.lang.tag_sql import VALID, ancestors, gated
from zhiyan.lang.volatile import POPULATION_FUNCTIONS, compares
from zhiyan.pipeline.explain.rank import rank_value
from zhiyan.pipeline.explain.rows import Subject


def closure(catalogue: Catalogue, code: str) -> list[Tag]:
    """Return a tag and all that it reads, in an order in which they can be told."""
    needed = {code, *ancestors(catalogue, code)}
    if needed & gated(catalogue):
        needed |= {VALID, *ancestors(catalogue, VALID)}
    return [tag for name, tag in catalogue.tags.items() if name in needed]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A tag with parameters bound and its place in the population filled in.

    ``comparing`` is the rule as one expression with its comparing calls left as they are, None if
    it has none.
    """

    tag: Tag
    measures: tuple[Measure, ...]
    cases: tuple[tuple[Node, Node], ...]
    otherwise: Node
    gated: bool
    comparing: Node | None = None

    @property
    def node(self) -> Node:
        """The rule as one expression."""
        return _whole(self.cases, self.otherwise)


def bound_rules(subject: Subject, tags: Sequence[Tag]) -> list[Rule]:
    """Bind the rules of some tags; ranks among customers become what the snapshot has."""
    rules: list[Rule] = []
    for tag in tags:
        key = ("rule", tag.code, tag.fingerprint, subject.snapshot.catalogue)
        rules.append(_ranked(subject, subject.once(key, partial(_bound, subject, tag))))
    return rules


def _bound(subject: Subject, tag: Tag) -> Rule:
    """Bind a rule whose comparing calls are left as they are."""
    literals = subject.catalogue.literals
    nodes = [node for case in tag.cases for node in (case.when, case.then)]
    bound = [bind(node, literals) for node in (*nodes, tag.otherwise)]
    return Rule(
        tag=tag,
        measures=tuple(bind_measure(measure, literals) for measure in tag.measures),
        cases=_cases(bound),
        otherwise=bound[-1],
        gated=tag.code in gated(subject.catalogue),
        comparing=_whole(_cases(bound), bound[-1]) if any(map(compares, bound)) else None,
    )


def _ranked(subject: Subject, rule: Rule) -> Rule:
    """Return a rule with the customer's ranks in place of its comparing calls."""
    if rule.comparing is None:
        return rule
    ranks = {
        part
        for part in walk(rule.comparing)
        if isinstance(part, Call) and part.op in POPULATION_FUNCTIONS
    }
    fixed: dict[Node, Node] = {rank: rank_value(subject, rule.tag, rank) for rank in ranks}
    cases = tuple(
        (replaced(when, fixed.get), replaced(then, fixed.get)) for when, then in rule.cases
    )
    return replace(rule, cases=cases, otherwise=replaced(rule.otherwise, fixed.get))


def _cases(bound: Sequence[Node]) -> tuple[tuple[Node, Node], ...]:
    """Return conditions and values in pairs; the last expression is the ``otherwise``."""
    return tuple(zip(bound[0:-1:2], bound[1:-1:2], strict=True))


def _whole(cases: tuple[tuple[Node, Node], ...], otherwise: Node) -> Node:
    return Case(cases, otherwise) if cases else otherwise


class Replay:
    """Tells the values of some tags at moments from the rows of one customer.

    ``rules`` stand in an order in which they can be told, ``rows`` are her visible rows by source.
    ``stored`` are values of tags that stay as they are if no new fact comes.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        rows: Mapping[str, list[Row]],
        stored: Mapping[str, Value] | None = None,
    ) -> None:
        self.rules = rules
        self.rows = rows
        self.stored = stored or {}
        self._known: dict[tuple[str, str], tuple[Moment, Found]] = {}

    def found(self, rule: Rule, measure: Measure, moment: Moment) -> Found:
        """Return a measure's value and rows at a moment."""
        place = (rule.tag.code, measure.name)
        known = self._known.get(place)
        if known and known[0] == moment:
            return known[1]
        found = measure_value(measure, self.rows[measure.source], moment, sources=self.rows)
        self._known[place] = (moment, found)
        return found

    def names(self, rule: Rule, moment: Moment, values: Mapping[str, Value]) -> dict[str, Any]:
        """Return all that a rule may read at a moment: its measures and other tags."""
        own = {m.name: self.found(rule, m, moment).value for m in rule.measures}
        return {**values, **own}

    def values(self, moment: Moment) -> dict[str, Value]:
        """Return the values of all tags at a moment."""
        values: dict[str, Value] = dict(self.stored)
        for rule in self.rules:
            row = self.names(rule, moment, values)
            shut = rule.gated and values.get(VALID) is not True
            values[rule.tag.code] = None if shut else verdict(rule, row, moment)
        return values


def verdict(rule: Rule, row: Mapping[str, Value], moment: Moment) -> Value:
    """Return the value that a rule gives for a row of names."""
    for when, then in rule.cases:
        if evaluate(when, row, moment) is True:
            return evaluate(then, row, moment)
    return evaluate(rule.otherwise, row, moment)
