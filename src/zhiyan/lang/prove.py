"""Proof that no customer can break an expectation, by search over the measures behind its tags.

Tags are written out down to their measures. Every comparison with a constant splits a measure into
regions; a search tries one value of each, and longer terms are free names of their own, so that more
is possible in the search than in life. If it finds nothing, nobody can break the expectation.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from zhiyan.core.expectation import Expectation
from zhiyan.core.expression import Call, Case, Literal, Node, Ref, Value, ValueType, replaced, walk
from zhiyan.core.measure import Measure
from zhiyan.lang.catalogue import Catalogue, Range
from zhiyan.lang.check import Name, Scope, bind
from zhiyan.lang.evaluate import evaluate
from zhiyan.lang.formula import Atom, Formula, Join, TooLarge, Writer, join
from zhiyan.lang.plan import bind_measure
from zhiyan.lang.ranges import range_of
from zhiyan.lang.regions import Abstraction
from zhiyan.lang.relations import holds_between, term_links
from zhiyan.lang.samples import MOMENT, Variable, at_sample, candidates
from zhiyan.lang.tag_sql import VALID, gated

MOST_STEPS = 5_000
_MOST_NODES = 6_000
_NEVER_NULL = frozenset({"count", "count_distinct", "any"})


@dataclass(slots=True)
class _Expansion:
    """Tags written out down to their measures; measures that ask the same have one name."""

    catalogue: Catalogue
    measures: dict[str, Measure] = field(default_factory=dict[str, Measure])
    _names: dict[Measure, str] = field(default_factory=dict[Measure, str])
    _done: dict[str, Node] = field(default_factory=dict[str, Node])
    _gated: frozenset[str] = frozenset()

    def node(self, node: Node) -> Node:
        """Write out an expression over tags."""
        self._gated = self._gated or gated(self.catalogue)
        return self._filled(at_sample(bind(node, self.catalogue.literals)), {})

    def _tag(self, code: str) -> Node:
        if code not in self._done:
            tag = self.catalogue.tags[code]
            own = {m.name: Ref(self._name(code, m)) for m in tag.measures}
            literals = self.catalogue.literals
            rule = self._filled(at_sample(bind(tag.otherwise, literals)), own)
            if tag.cases:
                branches = tuple(
                    (
                        self._filled(at_sample(bind(case.when, literals)), own),
                        self._filled(at_sample(bind(case.then, literals)), own),
                    )
                    for case in tag.cases
                )
                rule = Case(branches, rule)
            if code in self._gated:
                rule = Case(((self._tag(VALID), rule),), Literal(None, ValueType.NULL))
            self._done[code] = rule
        return self._done[code]

    def _name(self, code: str, measure: Measure) -> str:
        bound = bind_measure(measure, self.catalogue.literals)
        key = replace(bound, name="")
        name = self._names.setdefault(key, f"{code}.{measure.name}")
        self.measures.setdefault(name, bound)
        return name

    def _filled(self, node: Node, own: Mapping[str, Node]) -> Node:
        def meaning(part: Node) -> Node | None:
            if not isinstance(part, Ref):
                return None
            if part.name in own:
                return own[part.name]
            return self._tag(part.name) if part.name in self.catalogue.tags else None

        return replaced(node, meaning)


def is_proven(catalogue: Catalogue, expectation: Expectation) -> bool:
    """Say whether it was proven that every customer meets an expectation."""
    expansion = _Expansion(catalogue)
    given, then = expansion.node(expectation.given), expansion.node(expectation.then)
    if sum(1 for node in (given, then) for _ in walk(node)) > _MOST_NODES:
        return False
    writer = Writer()
    try:
        broken = join([writer.true(given), writer.untrue(then)], every=True)
        relations = list(holds_between(catalogue, expansion.measures))
        links = term_links([given, then, *relations])
        known = [writer.true(node) for node in (*relations, *links)]
    except TooLarge:
        return False
    return _Search(expansion).is_impossible(broken, join(known, every=True))


class _Search:
    """Backtracking over representative values of the names in a formula."""

    def __init__(self, expansion: _Expansion) -> None:
        self._measures = expansion.measures
        types = {n: _name(m, expansion.catalogue) for n, m in self._measures.items()}
        self._scope = Scope(names=types, population=True)
        self._free: dict[str, tuple[Name, Range]] = {}
        self._seen: dict[Atom, Atom] = {}
        self._abstract = Abstraction(self._scope, self._free)
        self._steps = 0

    def is_impossible(self, broken: Formula, known: Formula) -> bool:
        """Say whether no combination of values makes both true, as far as it could be told."""
        goal, rest = self._abstracted(broken), self._abstracted(known)
        atoms = list(dict.fromkeys((*_atoms(goal), *_atoms(rest))))
        read = sorted({name for atom in atoms for name in atom.reads})
        variables = [self._variable(name) for name in read]
        choices = candidates(variables, [atom.node for atom in atoms])
        try:
            return not self._possible((goal, rest), {}, choices)
        except TooLarge:
            return False

    def _abstracted(self, formula: Formula) -> Formula:
        if isinstance(formula, Join):
            return Join(formula.every, tuple(self._abstracted(part) for part in formula.parts))
        if isinstance(formula, Atom):
            if formula not in self._seen:
                self._seen[formula] = Atom(self._freed(formula.node), formula.wanted)
            return self._seen[formula]
        return formula

    def _freed(self, node: Node) -> Node:
        """Keep comparisons of two terms, which relations need; free all else that is long."""
        if isinstance(node, Call) and node.op == "coalesce" and len(node.args) == 2:
            return Call("coalesce", (self._freed(node.args[0]), node.args[1]))
        if isinstance(node, Call) and node.op == "<=" and not _has_literal(node):
            return Call("<=", tuple(self._abstract.term(arg) for arg in node.args))
        return self._abstract.free(node)

    def _variable(self, name: str) -> Variable:
        if name in self._free:
            known, limits = self._free[name]
            return Variable(name=name, type=known.type, values=known.values, range=limits)
        measure, known = self._measures[name], self._scope.names[name]
        op = getattr(measure.aggregate, "op", "")
        return Variable(
            name=name,
            type=known.type,
            values=known.values,
            range=range_of(measure.aggregate, {}),
            nullable=measure.empty.value is None and op not in _NEVER_NULL,
        )

    def _possible(
        self,
        both: tuple[Formula, Formula],
        point: dict[str, Value],
        choices: Mapping[str, Sequence[Value]],
    ) -> bool:
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise TooLarge
        goal, rest = _simplified(both[0], point), _simplified(both[1], point)
        if goal is False or rest is False:
            return False
        if goal is True and rest is True:
            return True
        name = _next_name(rest if goal is True else goal, (goal, rest), point)
        return any(
            self._possible((goal, rest), {**point, name: value}, choices) for value in choices[name]
        )


def _name(measure: Measure, catalogue: Catalogue) -> Name:
    view = catalogue.views[measure.source]
    node = measure.aggregate
    first = node.args[0] if isinstance(node, Call) and node.args else None
    column = view.columns.get(first.name) if isinstance(first, Ref) else None
    return Name(type=measure.type, values=column.values if column else ())


def _has_literal(node: Call) -> bool:
    return any(isinstance(arg, Literal) for arg in node.args)


def _atoms(formula: Formula) -> Iterator[Atom]:
    if isinstance(formula, Join):
        for part in formula.parts:
            yield from _atoms(part)
    elif isinstance(formula, Atom):
        yield formula


def _next_name(formula: Formula, both: tuple[Formula, Formula], point: Mapping[str, Value]) -> str:
    """Return the open name that is read most, out of the part that leaves least freedom."""
    reads = Counter(n for part in both for atom in _atoms(part) for n in atom.reads)
    tightest = formula
    if isinstance(formula, Join) and formula.every:
        tightest = min(formula.parts, key=_size)
    inside = {name for atom in _atoms(tightest) for name in atom.reads}
    return max(inside - point.keys(), key=lambda name: (reads[name], name))


def _size(formula: Formula) -> int:
    return sum(_size(p) for p in formula.parts) if isinstance(formula, Join) else 1


def _simplified(formula: Formula, point: Mapping[str, Value]) -> Formula:
    if isinstance(formula, Join):
        parts: list[Formula] = []
        for part in formula.parts:
            left = _simplified(part, point)
            if left is (not formula.every):
                return left
            parts.append(left)
        return join(parts, every=formula.every)
    if isinstance(formula, Atom) and formula.reads <= point.keys():
        return evaluate(formula.node, point, MOMENT) is formula.wanted
    return formula
