"""Region analysis of ordered cases: what can never be reached, overlaps, or leaves a gap.

Every name of a rule gets representative values: each constant that it is compared with, the values
just below and above, all values of a closed domain, null. The cases are evaluated over their
product, by the reference evaluator. What is found there is real and comes with a witness. What is
*not* found is proven impossible by a second pass, in which every longer term is a free name of its
own: if even that cannot reach a case, nothing can; otherwise there is only a warning.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from zhiyan.core.expression import Literal, Node, Value, names
from zhiyan.core.measure import Measure
from zhiyan.errors import Problem
from zhiyan.lang.catalogue import Param, Range
from zhiyan.lang.check import Name, bind
from zhiyan.lang.heads import Head
from zhiyan.lang.regions import Abstraction, Condition, points
from zhiyan.lang.render import render
from zhiyan.lang.rules import Rule
from zhiyan.lang.samples import Variable, at_sample, candidates
from zhiyan.lang.sources import domain

_NEVER_NULL = frozenset(
    {
        *("count", "count_distinct", "any", "streak", "longest_streak", "longest_run"),
        "latest_run",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What is known beyond one rule: parameters, ranges of tags, tags that are never null."""

    params: Mapping[str, Param]
    ranges: Mapping[str, Range]
    filled: frozenset[str]


@dataclass(slots=True)
class Tried:
    """What happened at the points that were tried.

    ``first`` maps a case (``None``: no case) to the point at which it matched first, with the
    fewest unknowns; ``ever`` holds the cases that were true at all; ``overlap`` is a point with two
    true cases; ``complete`` says that all combinations were tried.
    """

    variables: list[Variable]
    complete: bool = True
    first: dict[int | None, tuple[Value, ...]] = field(
        default_factory=dict[int | None, tuple[Value, ...]]
    )
    ever: set[int] = field(default_factory=set[int])
    overlap: tuple[int, int, tuple[Value, ...]] | None = None

    def note(self, point: tuple[Value, ...], true: Sequence[int]) -> None:
        """Record which cases are true at a point."""
        self.ever.update(true)
        first = true[0] if true else None
        known = self.first.get(first)
        if known is None or known.count(None) > point.count(None):
            self.first[first] = point
        if len(true) > 1 and self.overlap is None:
            self.overlap = (true[0], true[1], point)

    def witness(self, point: Sequence[Value]) -> str:
        """Write a point as an assignment that a person can read."""
        pairs = zip(self.variables, point, strict=True)
        return ", ".join(f"{v.name} = {render(Literal(value, v.type))}" for v, value in pairs)


def review(head: Head, rule: Rule, around: Around) -> tuple[list[Problem], list[Problem]]:
    """Analyse the cases of a rule.

    Returns:
        Errors (``ZY241`` unreachable, ``ZY242`` gap, ``ZY243`` overlap) and warnings (``ZY250``
        a value that nobody can get, ``ZY251`` a case for which no witness was found).
    """
    if len(rule.cases) == rule.own:
        return [], _missing_values(head, rule, frozenset())
    literals = {f"param.{code}": param.literal for code, param in around.params.items()}
    whens = [at_sample(bind(case.when, literals)) for case in rule.cases[rule.own :]]
    ranks: dict[str, tuple[Name, Range]] = {}
    real = Abstraction(rule.scope, ranks, only_population=True)
    tried = _try(
        [real.free(when) for when in whens],
        _variables(rule, around, ranks),
        thorough=rule.exclusive or not rule.total,
    )
    errors = _faults(head, rule, tried)
    unreached = [number for number in range(len(whens)) if number not in tried.first]
    never_otherwise = None not in tried.first
    if not unreached and not never_otherwise:
        return errors, _missing_values(head, rule, frozenset())
    free = _abstract(whens, rule, around)
    proven, warnings = _unreachable(head, rule, unreached, free=free)
    dead = {number for number in unreached if number not in free.first and free.complete}
    if never_otherwise and None not in free.first and free.complete:
        dead.add(-1)
    return [*errors, *proven], [*warnings, *_missing_values(head, rule, frozenset(dead))]


def _abstract(whens: Sequence[Node], rule: Rule, around: Around) -> Tried:
    terms: dict[str, tuple[Name, Range]] = {}
    abstraction = Abstraction(rule.scope, terms)
    freed = [abstraction.free(when) for when in whens]
    return _try(freed, _variables(rule, around, terms), thorough=True)


def _variables(
    rule: Rule, around: Around, terms: Mapping[str, tuple[Name, Range]]
) -> Callable[[str], Variable | None]:
    measures = {measure.name: measure for measure in rule.measures}

    def variable(name: str) -> Variable | None:
        free = terms.get(name)
        seen = free[0] if free else rule.scope.find(name)
        if seen is None or name == "as_of":
            return None
        if name in measures:
            return _of_measure(measures[name], seen, rule.ranges[name])
        return Variable(
            name=name,
            type=seen.type,
            values=seen.values,
            range=free[1] if free else around.ranges.get(name, Range()),
            nullable=name not in around.filled,
        )

    return variable


def _of_measure(measure: Measure, seen: Name, known: Range) -> Variable:
    op = getattr(measure.aggregate, "op", "")
    return Variable(
        name=measure.name,
        type=seen.type,
        values=seen.values,
        range=known,
        nullable=measure.empty.value is None and op not in _NEVER_NULL,
    )


def _try(
    whens: Sequence[Node], variable: Callable[[str], Variable | None], *, thorough: bool
) -> Tried:
    """Try the conditions at representative points.

    Unless ``thorough``, stop when every outcome has been seen, and look no further than the first
    case that matches.
    """
    read = sorted({name for when in whens for name in names(when)})
    variables = [found for name in read if (found := variable(name)) is not None]
    order = {found.name: place for place, found in enumerate(variables)}
    conditions = [Condition(when, order) for when in whens]
    atoms = [atom for condition in conditions for atom in condition.atoms]
    choices = candidates(variables, atoms)
    tried = Tried(variables)
    chosen, tried.complete = points([choices[found.name] for found in variables])
    for point in chosen:
        true = (number for number, condition in enumerate(conditions) if condition.holds(point))
        tried.note(point, list(true) if thorough else list(islice(true, 1)))
        if not thorough and len(tried.first) > len(conditions):
            break
    return tried


def _faults(head: Head, rule: Rule, tried: Tried) -> list[Problem]:
    """Return gaps and overlaps."""
    found: list[Problem] = []
    what = f"tag {head.code!r}"
    spots = rule.spots[rule.own :]
    if not rule.total and None in tried.first:
        found.append(
            Problem(
                code="ZY242",
                message=f"{what}: no case matches when {tried.witness(tried.first[None])}",
                where=str(head.fields["cases"].spot),
                hint="add a case or `otherwise`",
            )
        )
    if rule.exclusive and tried.overlap is not None:
        one, other, point = tried.overlap
        message = f"{what}: this case and the one at {spots[one]} both match when "
        found.append(
            Problem(
                code="ZY243",
                message=message + tried.witness(point),
                where=spots[other],
                hint="narrow one of them, or write `match: first`",
            )
        )
    return found


def _unreachable(
    head: Head, rule: Rule, unreached: Sequence[int], *, free: Tried
) -> tuple[list[Problem], list[Problem]]:
    """Tell cases that nothing can reach from those that only the search did not reach."""
    errors: list[Problem] = []
    warnings: list[Problem] = []
    spots = rule.spots[rule.own :]
    for number in unreached:
        what = f"tag {head.code!r}: "
        if number in free.first or not free.complete:
            message = f"{what}no customer was found whom this case would match"
            hint = "check its bounds; the search tries values around every constant"
            warnings.append(Problem(code="ZY251", message=message, where=spots[number], hint=hint))
            continue
        message = f"{what}this case can never be reached"
        hint = "its condition is never true"
        if number in free.ever:
            hint = "earlier cases match whenever it does"
        errors.append(Problem(code="ZY241", message=message, where=spots[number], hint=hint))
    return errors, warnings


def _missing_values(head: Head, rule: Rule, dead: frozenset[int]) -> list[Problem]:
    """Warn of values of a closed domain that no case gives; ``dead`` are cases, -1 otherwise."""
    if not head.codes or head.type.value != "enum":
        return []
    results = [case.then for case in rule.cases[: rule.own]]
    later = enumerate(rule.cases[rule.own :])
    results += [case.then for number, case in later if number not in dead]
    if -1 not in dead:
        results.append(rule.otherwise)
    given: set[str] = set()
    for result in results:
        values = domain(result, rule.scope)
        if values is None:
            return []
        given.update(values)
    missing = [value for value in head.codes if value not in given]
    where = head.where
    return [
        Problem(
            code="ZY250",
            message=f"tag {head.code!r}: nobody can get the value {value!r}",
            where=where,
            hint="add a case for it, or take it out of `values`",
        )
        for value in missing
    ]
