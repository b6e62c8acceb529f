"""Representative values of the names in a rule: around every constant it is compared with."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

from zhiyan.core.expression import Call, Literal, Node, Ref, Value, ValueType, names, replaced, walk
from zhiyan.lang.catalogue import AS_OF, Range
from zhiyan.lang.evaluate import evaluate
from zhiyan.lang.moment import Moment
from zhiyan.lang.volatile import reads_clock

#: The T at which rules are tried out.
MOMENT = Moment(as_of=datetime(2026, 3, 16, 4), offset_minutes=480)  # noqa: DTZ001 - naive UTC

_TYPES: Mapping[type, ValueType] = {
    bool: ValueType.BOOL,
    int: ValueType.INT,
    float: ValueType.DECIMAL,
    date: ValueType.DATE,
}
COMPARISONS = frozenset({"=", "<>", "<", "<=", ">", ">=", "in"})
OPEN = Range()
_ELSE = "~other"
_YUAN_100 = 10_000
_MOST_INT = 2**40
_LONGEST_LIST = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A name of a rule: its type and closed domain, its range, and whether it can be null."""

    name: str
    type: ValueType
    values: tuple[str, ...] = ()
    range: Range = OPEN
    nullable: bool = True


@dataclass(slots=True)
class _Constants:
    """What a name is compared with: directly, and as part of a longer term."""

    direct: set[float] = field(default_factory=set[float])
    mixed: set[float] = field(default_factory=set[float])
    texts: set[str] = field(default_factory=set[str])
    days: set[date] = field(default_factory=set[date])


def candidates(variables: Iterable[Variable], atoms: Iterable[Node]) -> dict[str, list[Value]]:
    """Return the values to try for each variable, typical ones first, null last.

    ``atoms`` are the conditions in which the variables stand, parameters bound.
    """
    listed = list(variables)
    seen = {variable.name: _Constants() for variable in listed}
    conditions = list(atoms)
    for atom in conditions:
        _note(atom, seen)
    types = {variable.name: variable.type for variable in listed}
    for atom in conditions:
        _share(names(atom), types, seen)
    found: dict[str, list[Value]] = {}
    for variable in listed:
        values = _values(variable, seen[variable.name])
        found[variable.name] = [*values, None] if variable.nullable else values
    return found


def at_sample(node: Node) -> Node:
    """Put the values of ``MOMENT`` in place of all parts that depend on T and on nothing else."""

    def value(part: Node) -> Node | None:
        if not (isinstance(part, Call) and reads_clock(part) and names(part) <= {AS_OF}):
            return None
        found = evaluate(part, {}, MOMENT)
        kind = _TYPES.get(type(found))
        return Literal(found, kind) if kind else None

    return replaced(node, value)


def _note(atom: Node, seen: Mapping[str, _Constants]) -> None:
    """Record the constants of one condition with every name that it reads."""
    if isinstance(atom, Call) and atom.op in COMPARISONS:
        refs = [arg for arg in atom.args if isinstance(arg, Ref)]
        if len(refs) == 1 and len(atom.args) - 1 == len(_literals(atom.args)):
            _add(seen, refs[0].name, _literals(atom.args), direct=True)
            return
    constants = _literals(walk(atom))
    for name in names(atom):
        _add(seen, name, constants, direct=False)


def _share(
    read: Iterable[str], types: Mapping[str, ValueType], seen: Mapping[str, _Constants]
) -> None:
    """Give names of one type that stand in one condition each other's constants."""
    for kind in set(types.values()):
        group = [seen[name] for name in read if types.get(name) is kind]
        direct = set[float]().union(*(known.direct for known in group))
        texts = set[str]().union(*(known.texts for known in group))
        for known in group:
            known.direct.update(direct)
            known.texts.update(texts)


def _literals(nodes: Iterable[Node]) -> list[Literal]:
    return [node for node in nodes if isinstance(node, Literal)]


def _add(
    seen: Mapping[str, _Constants], name: str, literals: Iterable[Literal], *, direct: bool
) -> None:
    known = seen.get(name)
    if known is None:
        return
    for literal in literals:
        value = literal.value
        if isinstance(value, str):
            known.texts.add(value)
        elif isinstance(value, tuple):
            known.texts.update(value)
        elif isinstance(value, date):
            known.days.add(value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            amount = literal.type is ValueType.MONEY
            (known.direct if direct or amount else known.mixed).add(value)


def _values(variable: Variable, known: _Constants) -> list[Value]:
    kind = variable.type
    if kind is ValueType.BOOL:
        return [True, False]
    if kind in (ValueType.TEXT, ValueType.ENUM, ValueType.REF):
        return list(variable.values) or [*sorted(known.texts), _ELSE]
    if kind is ValueType.LIST:
        return _lists(variable, known)
    if kind in (ValueType.DATE, ValueType.MOMENT):
        return _times(kind, known)
    numbers = _whole(known, kind) if kind is not ValueType.DECIMAL else _decimals(known)
    return list(_within(numbers, variable))


def _lists(variable: Variable, known: _Constants) -> list[Value]:
    members = sorted(known.texts) or list(variable.values[:2])
    other = (
        _ELSE
        if not variable.values
        else next((value for value in variable.values if value not in members), "")
    )
    found: list[Value] = [(member,) for member in members]
    if other:
        found.append((other,))
    if len(members) > 1:
        found.append(tuple(members))
    sizes = {int(size) for size in known.mixed if 1 < size <= _LONGEST_LIST}
    pool = list(variable.values) or [f"{_ELSE}{number}" for number in range(_LONGEST_LIST + 1)]
    found.extend(tuple(sorted(pool[: size + more])) for size in sorted(sizes) for more in (0, 1))
    return [*dict.fromkeys(found), ()]


def _times(kind: ValueType, known: _Constants) -> list[Value]:
    offsets = {1, 0, 400}
    for constant in known.direct | known.mixed:
        whole = int(min(abs(constant), 30_000))
        offsets.update((whole - 1, whole, whole + 1, -whole))
    today = MOMENT.today
    days = {today - timedelta(days=offset) for offset in offsets if abs(offset) <= 30_000}
    for day in known.days:
        days.update((day - timedelta(days=1), day, day + timedelta(days=1)))
    ordered = sorted(days, key=lambda day: (abs((today - day).days), day))
    if kind is ValueType.DATE:
        return list(ordered)
    return [MOMENT.as_of - timedelta(days=(today - day).days) for day in ordered]


def _whole(known: _Constants, kind: ValueType) -> set[float]:
    unit = _YUAN_100 if kind is ValueType.MONEY else 1
    found: set[float] = {0, unit, -unit, 5 * unit}
    for constant in known.direct:
        base = int(constant // 1)
        found.update((base - 1, base, base + 1, *((2 * base,) if known.mixed else ())))
    for constant in known.mixed:
        found.update(_parts(constant, unit))
    return {int(number) for number in found if abs(number) < _MOST_INT}


def _parts(constant: float, unit: int) -> set[float]:
    """Return whole numbers whose sums, differences and ratios reach a constant."""
    ratio = Fraction(constant).limit_denominator(100)
    top, bottom = ratio.numerator, ratio.denominator
    if bottom == 1:
        base = int(constant)
        return {base - 1, base, base + 1, 2 * base, unit}
    parts = (top - 1, top, top + 1, bottom - top, bottom - top + 1, bottom)
    return {part * unit for part in parts}


def _decimals(known: _Constants) -> set[float]:
    constants = sorted(known.direct | known.mixed)
    found: set[float] = {0.0, 0.5, 1.0, -1.0}
    for constant in constants:
        step = max(abs(constant), 1.0) * 1e-6
        found.update((constant - step, float(constant), constant + step))
    found.update((low + high) / 2 for low, high in pairwise(constants))
    return found | {constants[-1] * 2 + 1.0 if constants else 2.0}


def _within(numbers: Iterable[float], variable: Variable) -> list[float]:
    low, high = variable.range.min, variable.range.max
    inside = {n for n in numbers if (low is None or n >= low) and (high is None or n <= high)}
    ends = {end for end in (low, high) if end is not None}
    if variable.type is not ValueType.DECIMAL:
        return sorted((int(n) for n in inside | ends), key=lambda n: (n < 0, n))
    return sorted((float(n) for n in inside | ends), key=lambda n: (n < 0, n))
