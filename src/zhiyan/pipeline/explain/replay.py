"""The rules of some tags replayed in memory for one customer, at any moment ahead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from zhiyan.core.expression import Call, Literal, Node, Value, ValueType, replaced, walk
from zhiyan.core.measure import Measure
from zhiyan.core.tag import Tag
from zhiyan.lang.bounds import shift, window_spans
from zhiyan.lang.catalogue import Catalogue
from zhiyan.lang.check import bind
from zhiyan.lang.evaluate import evaluate
from zhiyan.lang.memory import Found, Row, measure_value
from zhiyan.lang.moment import Moment
from zhiyan.lang.plan import bind_measure, measure_columns
from zhiyan.lang.sql import scalar_sql
from zhiyan.lang.tag_sql import VALID, ancestors, gated, tag_scope
from zhiyan.lang.volatile import POPULATION_FUNCTIONS, is_volatile
from zhiyan.pipeline.explain.rows import DIALECT, Subject
from zhiyan.ports import Statement


def closure(catalogue: Catalogue, code: str) -> list[Tag]:
    """Return a tag and all that it reads, in an order in which they can be told."""
    needed = {code, *ancestors(catalogue, code)}
    if needed & gated(catalogue):
        needed |= {VALID, *ancestors(catalogue, VALID)}
    return [tag for name, tag in catalogue.tags.items() if name in needed]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A tag with parameters bound and its place in the population filled in."""

    tag: Tag
    measures: tuple[Measure, ...]
    cases: tuple[tuple[Node, Node], ...]
    otherwise: Node
    gated: bool


def bound_rules(subject: Subject, tags: Sequence[Tag]) -> list[Rule]:
    """Bind the rules of some tags; ranks among customers become what the snapshot has."""
    literals = subject.catalogue.literals
    behind_gate = gated(subject.catalogue)
    rules: list[Rule] = []
    for tag in tags:
        nodes = [node for case in tag.cases for node in (case.when, case.then)]
        bound = [bind(node, literals) for node in (*nodes, tag.otherwise)]
        ranks = {part for node in bound for part in walk(node) if _is_rank(part)}
        fixed = {rank: _rank_value(subject, tag, rank) for rank in ranks}
        bound = [replaced(node, fixed.get) for node in bound]
        rules.append(
            Rule(
                tag=tag,
                measures=tuple(bind_measure(measure, literals) for measure in tag.measures),
                cases=tuple(zip(bound[0:-1:2], bound[1:-1:2], strict=True)),
                otherwise=bound[-1],
                gated=tag.code in behind_gate,
            )
        )
    return rules


def _is_rank(node: Node) -> bool:
    return isinstance(node, Call) and node.op in POPULATION_FUNCTIONS


def _rank_value(subject: Subject, tag: Tag, rank: Node) -> Node:
    """Return the customer's rank in the snapshot as a literal."""
    scope = tag_scope(subject.catalogue, tag)
    clock = Moment(as_of=subject.snapshot.as_of, offset_minutes=subject.zone.offset_minutes)
    columns = measure_columns(subject.catalogue)[1]
    value = scalar_sql(
        rank,
        scope,
        lambda name: exp.column(columns.get((tag.code, name), name), quoted=True),
        clock,
    )
    identity = subject.snapshot.snapshot_id
    rows = exp.select("customer_id", exp.alias_(value, "rank")).from_(
        exp.to_table(f"snapshot.t_{identity}")
    )
    rows = rows.join(exp.to_table(f"snapshot.m_{identity}"), using=["customer_id"])
    query = exp.select("rank").from_(rows.subquery("customer")).where("customer_id = $id")
    table = subject.engine.query(Statement(query.sql(dialect=DIALECT), {"id": subject.customer_id}))
    found = table.column("rank")[0].as_py() if table.num_rows else None
    return Literal(found, ValueType.DECIMAL)


class Replay:
    """Tells the values of some tags at moments from the rows of one customer.

    Measures that do not follow the clock are told again only when a row enters or leaves their
    window.
    """

    def __init__(self, rules: Sequence[Rule], rows: Mapping[str, list[Row]]) -> None:
        self._rules = rules
        self._rows = rows
        self._known: dict[tuple[str, str], tuple[tuple[int, ...], Found]] = {}

    def found(self, rule: Rule, measure: Measure, moment: Moment) -> Found:
        """Return a measure's value and rows at a moment."""
        place = (rule.tag.code, measure.name)
        state = self._state(measure, moment)
        known = self._known.get(place)
        if known and known[0] == state and not is_volatile(measure):
            return known[1]
        rows = self._rows[measure.source]
        found = measure_value(measure, rows, moment, sources=self._rows)
        self._known[place] = (state, found)
        return found

    def names(self, rule: Rule, moment: Moment, values: Mapping[str, Value]) -> dict[str, Any]:
        """Return all that a rule may read at a moment: its measures and other tags."""
        own = {m.name: self.found(rule, m, moment).value for m in rule.measures}
        return {**values, **own}

    def values(self, moment: Moment) -> dict[str, Value]:
        """Return the values of all tags at a moment."""
        values: dict[str, Value] = {}
        for rule in self._rules:
            row = self.names(rule, moment, values)
            shut = rule.gated and values.get(VALID) is not True
            values[rule.tag.code] = None if shut else verdict(rule, row, moment)
        return values

    def _state(self, measure: Measure, moment: Moment) -> tuple[int, ...]:
        """Return how many rows lie before each bound of the window: equal states, equal rows."""
        window = measure.window
        bounds = [shift(moment, span, ahead=window.ahead) for span in window_spans(window)]
        moments = [row[window.on] for row in self._rows[measure.source] if row[window.on]]
        return tuple(sum(1 for on in moments if on < bound) for bound in (*bounds, moment.as_of))


def verdict(rule: Rule, row: Mapping[str, Value], moment: Moment) -> Value:
    """Return the value that a rule gives for a row of names."""
    for when, then in rule.cases:
        if evaluate(when, row, moment) is True:
            return evaluate(then, row, moment)
    return evaluate(rule.otherwise, row, moment)
