"""Type rules: what arguments a function takes and what type it gives.

A rule looks at typed arguments and answers with the type of the result or with a fault. Rules know
nothing of names, scopes or engines.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from zhiyan.core.expression import Literal, Node, Ref, ValueType

BOOL, INT, DECIMAL, MONEY = ValueType.BOOL, ValueType.INT, ValueType.DECIMAL, ValueType.MONEY
TEXT, DATE, MOMENT, LIST = ValueType.TEXT, ValueType.DATE, ValueType.MOMENT, ValueType.LIST
NULL = ValueType.NULL

#: Types whose values are texts: free text, a closed domain, a code of a reference table.
TEXTS = frozenset({TEXT, ValueType.ENUM, ValueType.REF})
NUMBERS = frozenset({INT, DECIMAL})
TIMES = frozenset({DATE, MOMENT})
#: Types with an order that means something; codes have none.
ORDERED = frozenset({INT, DECIMAL, MONEY, DATE, MOMENT, TEXT})
ANY = frozenset(ValueType)
SCALARS = ANY - {LIST}


@dataclass(frozen=True, slots=True)
class Typed:
    """An argument as a rule sees it; ``values`` is its closed domain, empty if open."""

    node: Node
    type: ValueType
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a rule refuses its arguments."""

    message: str
    hint: str = ""
    code: str = "ZY206"


Rule: TypeAlias = Callable[[Sequence[Typed]], ValueType | Fault]


def is_zero(arg: Typed) -> bool:
    """Say whether an argument is the literal 0, which also stands for no money."""
    return isinstance(arg.node, Literal) and arg.type is INT and arg.node.value == 0


def is_constant(node: Node) -> bool:
    """Say whether a node is a literal or a parameter that will become one."""
    return isinstance(node, Literal) or (isinstance(node, Ref) and node.name.startswith("param."))


def unify(args: Sequence[Typed]) -> ValueType | None:
    """Return the one type that all arguments can take, None if there is none.

    Null takes any type, int widens to decimal, the literal 0 may be money, and a text literal may
    be a code.
    """
    types = {arg.type for arg in args} - {NULL}
    if len(types) <= 1:
        return next(iter(types), NULL)
    if types <= NUMBERS:
        return DECIMAL
    if types == {MONEY, INT} and all(is_zero(arg) for arg in args if arg.type is INT):
        return MONEY
    if types <= TEXTS:
        firm = {arg.type for arg in args if not isinstance(arg.node, Literal)} - {NULL}
        return next(iter(firm)) if len(firm) == 1 else TEXT
    return None


def clash(args: Sequence[Typed]) -> Fault:
    """Explain why arguments have no common type."""
    types = sorted({arg.type.value for arg in args} - {NULL.value})
    return Fault(f"{' and '.join(types)} do not go together", _advice({arg.type for arg in args}))


def _advice(types: set[ValueType]) -> str:
    if MONEY in types and types & NUMBERS:
        return "write an amount as yuan(100), or divide two amounts"
    if types & TIMES and types & NUMBERS:
        return "write days_since(x) or days_between(a, b) for a number of days"
    if types >= TIMES:
        return "turn the moment into a business day with on_day(...)"
    if DATE in types and TEXT in types:
        return "write a day as date '2026-11-22'"
    if MOMENT in types:
        return "compare moments through days_since(...) or on_day(...)"
    return ""


def takes(result: ValueType, *accepted: frozenset[ValueType]) -> Rule:
    """Build the rule of a function with fixed argument types and one result type.

    The last set also holds for all further arguments. Null is accepted everywhere.
    """

    def rule(args: Sequence[Typed]) -> ValueType | Fault:
        for place, arg in enumerate(args):
            fault = expect(arg, accepted[min(place, len(accepted) - 1)], place)
            if fault:
                return fault
        return result

    return rule


def expect(arg: Typed, accepted: frozenset[ValueType], place: int = 0) -> Fault | None:
    """Return a fault unless the argument is null or of an accepted type."""
    if arg.type is NULL or arg.type in accepted:
        return None
    wanted = " or ".join(sorted(kind.value for kind in accepted))
    return Fault(f"argument {place + 1} is {arg.type.value}, needs {wanted}", _fit(arg, accepted))


def _fit(arg: Typed, accepted: frozenset[ValueType]) -> str:
    if arg.type in TIMES and accepted & NUMBERS:
        return "write days_since(x) or days_between(a, b) for a number of days"
    if arg.type is MONEY and accepted & NUMBERS:
        return "write round_down(x / yuan(1)) for whole yuan"
    if arg.type is LIST and not accepted & LISTS:
        return "write contains(list, text) or size(list); several groups are arguments of their own"
    return _advice({arg.type, *accepted}) if arg.type in TIMES | {TEXT} else ""


def common(accepted: frozenset[ValueType] = ANY, result: ValueType | None = None) -> Rule:
    """Build the rule of a function whose arguments share one accepted type.

    The result has that type, or ``result`` where given.
    """

    def rule(args: Sequence[Typed]) -> ValueType | Fault:
        shared = unify(args)
        if shared is None:
            return clash(args)
        for place, arg in enumerate(args):
            fault = expect(arg, accepted, place)
            if fault:
                return fault
        return result or shared

    return rule


def same_as_first(accepted: frozenset[ValueType], *more: frozenset[ValueType]) -> Rule:
    """Build the rule of a function that gives the type of its first argument."""

    def rule(args: Sequence[Typed]) -> ValueType | Fault:
        fixed = takes(NULL, accepted, *more)(args)
        return fixed if isinstance(fixed, Fault) else args[0].type

    return rule


def constant(rule: Rule, place: int, what: str) -> Rule:
    """Demand on top of a rule that one argument, if given, is a positive whole literal."""

    def stricter(args: Sequence[Typed]) -> ValueType | Fault:
        if place < len(args):
            node = args[place].node
            literal = isinstance(node, Literal)
            if not is_constant(node) or (literal and not _positive(node.value)):
                return Fault(f"{what} must be a positive whole number, written out", code="ZY207")
        return rule(args)

    return stricter


def _positive(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def addition(args: Sequence[Typed]) -> ValueType | Fault:
    """Type of ``a + b`` and ``a - b``: numbers, or money with money."""
    late = next((place for place, arg in enumerate(args) if arg.type in TIMES), None)
    if late is not None:
        return expect(args[late], AMOUNTS, late) or NULL
    return common(NUMBERS | {MONEY})(args)


def multiplication(args: Sequence[Typed]) -> ValueType | Fault:
    """Type of ``a * b``: numbers, or money with a whole number."""
    types = {arg.type for arg in args} - {NULL}
    if types == {MONEY, INT}:
        return MONEY
    if MONEY in types:
        return Fault("money can only be multiplied by a whole number", "divide amounts instead")
    return common(NUMBERS)(args)


def division(args: Sequence[Typed]) -> ValueType | Fault:
    """Type of ``a / b``, always decimal: numbers, money by money, or money by a number (fen)."""
    top, bottom = args
    if top.type is MONEY and bottom.type is MONEY:
        return DECIMAL
    return expect(top, AMOUNTS) or expect(bottom, NUMBERS, 1) or DECIMAL


def equality(args: Sequence[Typed]) -> ValueType | Fault:
    """Type of ``=``, ``<>`` and ``in``: arguments of one type; a bare null is a mistake."""
    if any(isinstance(arg.node, Literal) and arg.node.value is None for arg in args):
        return Fault("a comparison with null is never true", "write `is null` or `is not null`")
    return common(result=BOOL)(args)


def ordering(args: Sequence[Typed]) -> ValueType | Fault:
    """Type of ``<`` and its kin: arguments of one type that has an order."""
    found = equality(args)
    if isinstance(found, Fault):
        return found
    return common(ORDERED, BOOL)(args)


def membership(args: Sequence[Typed]) -> ValueType | Fault:
    """Type of ``x in (...)``: constants of the type of x."""
    if not all(is_constant(arg.node) for arg in args[1:]):
        return Fault("`in` takes a list of literals", "use `=` and `or` to compare with names")
    return equality(args)


def between_times(args: Sequence[Typed]) -> ValueType | Fault:
    """Type of ``days_between``: two dates or two moments."""
    return common(TIMES, INT)(args)


CONDITION = frozenset({BOOL})
WHOLE = frozenset({INT})
SCORES = frozenset({INT, MONEY})
AMOUNTS = NUMBERS | {MONEY}
LISTS = frozenset({LIST})
