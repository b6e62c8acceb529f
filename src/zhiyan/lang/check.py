"""Types and names of an expression: every mistake found, before anything runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from zhiyan.core.expression import Call, Case, Literal, Node, Ref, ValueType, replaced
from zhiyan.errors import Problem
from zhiyan.lang.advice import instead_of
from zhiyan.lang.functions import REGISTRY, Function, Kind
from zhiyan.lang.nearest import nearest
from zhiyan.lang.render import render
from zhiyan.lang.signature import LISTS, TEXTS, Fault, Typed, clash, unify


@dataclass(frozen=True, slots=True)
class Name:
    """What a name stands for; ``values`` closes the domain of an enum or of a list's members."""

    type: ValueType
    values: tuple[str, ...] = ()


#: A value at least so like the mistyped one is proposed alone, else so many values are named.
_ALIKE, _LISTED = 0.7, 16
#: Names that every expression may read.
BUILT_IN: Mapping[str, Name] = {"as_of": Name(ValueType.MOMENT)}


@dataclass(frozen=True, slots=True)
class Scope:
    """Names that an expression may read, and what else it may be.

    ``aggregates``: the root must be one aggregate call. ``population``: ``rank_share`` is allowed.
    ``elsewhere``: names that may be read in another place, with a hint in which.
    """

    names: Mapping[str, Name]
    aggregates: bool = False
    population: bool = False
    elsewhere: Mapping[str, str] = field(default_factory=dict[str, str])

    def find(self, name: str) -> Name | None:
        """Return what a name stands for, or None."""
        return self.names.get(name) or BUILT_IN.get(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The outcome of a check; ``type`` is NULL where problems hide it."""

    type: ValueType
    values: tuple[str, ...]
    problems: tuple[Problem, ...]


def check(node: Node, scope: Scope, where: str = "") -> tuple[ValueType, list[Problem]]:
    """Return the type of an expression and all its problems.

    Problems: ``ZY203`` unknown function, ``ZY205`` unknown name, ``ZY206`` types, ``ZY207`` number
    of arguments or a missing literal, ``ZY208`` value outside a closed domain, ``ZY209`` an
    aggregate or ``rank_share`` in the wrong place.
    """
    found = inspect(node, scope, where)
    return found.type, list(found.problems)


def inspect(node: Node, scope: Scope, where: str = "") -> Checked:
    """Check like ``check`` and also tell the closed domain of the result, empty if open."""
    checker = _Checker(scope, where)
    if scope.aggregates:
        checker.demand_aggregate(node)
    typed = checker.typed(node, root=True)
    return Checked(
        type=typed.type if typed else ValueType.NULL,
        values=typed.values if typed else (),
        problems=tuple(checker.problems),
    )


def bind(node: Node, params: Mapping[str, Node]) -> Node:
    """Replace every ``param.x`` by what it stands for; names that ``params`` lacks stay as they are.

    Args:
        node: the expression.
        params: values by bare name (``value_high``) or by full name (``param.value_high``).

    Returns:
        The expression with values in place of parameters.
    """

    def value(part: Node) -> Node | None:
        if not (isinstance(part, Ref) and part.name.startswith("param.")):
            return None
        return params.get(part.name) or params.get(part.name.removeprefix("param."))

    return replaced(node, value)


class _Checker:
    """Walks one expression; a part whose type is hidden by a problem gives None."""

    def __init__(self, scope: Scope, where: str) -> None:
        self.problems: list[Problem] = []
        self._scope = scope
        self._where = where
        self._inside = ""
        self._blamed = False

    def report(self, code: str, message: str, hint: str = "") -> None:
        self.problems.append(Problem(code=code, message=message, where=self._where, hint=hint))

    def demand_aggregate(self, node: Node) -> None:
        """Note an expression that is not one aggregate; those inside need no blame of their own."""
        entry = REGISTRY.get(node.op) if isinstance(node, Call) else None
        if entry is None or entry.kind is not Kind.AGGREGATE:
            self._blamed = True
            self.report(
                "ZY209",
                f"`{render(node)}` is not one aggregate",
                "write count(*), sum(x), last(x) ...; arithmetic goes into the tag's cases or value",
            )

    def typed(self, node: Node, *, root: bool = False) -> Typed | None:
        if isinstance(node, Literal):
            return Typed(node, node.type)
        if isinstance(node, Ref):
            return self._name(node)
        if isinstance(node, Case):
            return self._case(node)
        return self._call(node, root=root)

    def _name(self, node: Ref) -> Typed | None:
        known = self._scope.find(node.name)
        if known is None:
            names = {*self._scope.names, *BUILT_IN}
            hint = self._scope.elsewhere.get(node.name) or nearest(node.name, names)
            self.report("ZY205", f"there is no name {node.name}", hint)
            return None
        return Typed(node, known.type, known.values)

    def _case(self, node: Case) -> Typed | None:
        for when, _ in node.branches:
            condition = self.typed(when)
            if condition and condition.type not in {ValueType.BOOL, ValueType.NULL}:
                self.report("ZY206", f"`{render(when)}` is {condition.type}, a condition is needed")
        results = [self.typed(part) for part in (*(b for _, b in node.branches), node.otherwise)]
        known = [part for part in results if part]
        shared = unify(known)
        if shared is None:
            fault = clash(known)
            self.report("ZY206", f"the branches of case: {fault.message}", fault.hint)
        if shared is None or len(known) < len(results):
            return None
        return Typed(node, shared, _joint_domain(known))

    def _call(self, node: Call, *, root: bool) -> Typed | None:
        entry = REGISTRY.get(node.op)
        if entry is None:
            hint = instead_of(node.op) or nearest(node.op, REGISTRY)
            self.report("ZY203", f"there is no function {node.op}", hint)
            return None
        self._place(entry, root=root)
        outer, self._inside = self._inside, self._inside or _fence(entry)
        args = [self.typed(arg) for arg in node.args]
        self._inside = outer
        if not self._count(entry, len(args)):
            return None
        known = [arg for arg in args if arg]
        if len(known) < len(args):
            return None
        return self._result(node, entry, known)

    def _result(self, node: Call, entry: Function, args: Sequence[Typed]) -> Typed | None:
        answer = entry.rule(args)
        if entry.kind is Kind.AGGREGATE and any(arg.type is ValueType.NULL for arg in args):
            answer = Fault("null is nothing to aggregate")
        if isinstance(answer, Fault):
            self.report(answer.code, f"`{render(node)}`: {answer.message}", answer.hint)
            return None
        if entry.shares_domain:
            self._within(args)
        return Typed(node, answer, _joint_domain(args) if entry.keeps_domain else ())

    def _place(self, entry: Function, *, root: bool) -> None:
        fits = self._blamed or (root and self._scope.aggregates)
        if entry.kind is Kind.AGGREGATE and not fits:
            self.report(
                "ZY209",
                f"the aggregate {entry.name}(...) cannot stand here",
                "an aggregate is the whole of a measure's `aggregate`",
            )
        if entry.kind is Kind.POPULATION and (not self._scope.population or self._inside):
            self.report(
                "ZY209",
                f"{entry.name}(...) cannot stand here",
                "it compares customers, so it belongs into the cases or value of a tag",
            )

    def _count(self, entry: Function, given: int) -> bool:
        if given >= entry.least and (entry.most is None or given <= entry.most):
            return True
        self.report("ZY207", f"{entry.name} takes {_span(entry)}, not {given}", entry.form)
        return False

    def _within(self, args: Sequence[Typed]) -> None:
        domain = next((arg.values for arg in args if arg.values and not _texts(arg.node)), None)
        if domain is None:
            return
        for text in (text for arg in args for text in _texts(arg.node)):
            if text not in domain:
                hint = (
                    nearest(text, domain, cutoff=_ALIKE) or f"values: {', '.join(domain[:_LISTED])}"
                )
                self.report("ZY208", f"{text!r} is not one of the values", hint)


def _fence(entry: Function) -> str:
    """Return the name of an entry in which no population function may stand."""
    return entry.name if entry.kind in {Kind.POPULATION, Kind.AGGREGATE} else ""


def _span(entry: Function) -> str:
    if entry.most is None:
        return f"at least {entry.least} arguments"
    few, most = entry.least, entry.most
    return f"{few} argument{'s' * (few != 1)}" if few == most else f"{few} to {most} arguments"


def _texts(node: Node) -> tuple[str, ...]:
    """Return the text literals of an argument, those of a ``list_of`` included."""
    if isinstance(node, Literal):
        return (node.value,) if isinstance(node.value, str) else ()
    if isinstance(node, Call) and node.op == "list_of":
        return tuple(text for arg in node.args for text in _texts(arg))
    return ()


def _joint_domain(args: Sequence[Typed]) -> tuple[str, ...]:
    """Return the closed domain that holds all texts of the arguments, empty if one is open."""
    parts = [arg.values or _texts(arg.node) for arg in args if arg.type in TEXTS | LISTS]
    if not all(parts):
        return ()
    return tuple(dict.fromkeys(text for part in parts for text in part))
