"""Constants in definitions: parameters, empty values, values of a closed domain."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from zhiyan.core.expression import Literal, ValueType
from zhiyan.core.measure import NULL
from zhiyan.lang.nearest import nearest
from zhiyan.lang.reader import Reader
from zhiyan.lang.yaml_nodes import Item, Items, Scalar

_MOST_YUAN = Decimal(10) ** 12


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a constant must be; ``values`` closes the domain of texts and of list members."""

    type: ValueType
    values: Collection[str] = ()


def read_literal(reader: Reader, item: Item, wanted: Wanted, *, what: str) -> Literal | None:
    """Return a typed constant, money given in yuan as fen; None after reporting a problem.

    ``null`` is always accepted.
    """
    if isinstance(item, Scalar) and item.value is None:
        return NULL
    if isinstance(item, Items):
        return _list(reader, item, wanted, what=what)
    convert = _CONVERT.get(wanted.type)
    if convert is None or not isinstance(item, Scalar):
        reader.wrong_kind(item, what, f"a constant of type {wanted.type.value}")
        return None
    if wanted.type in _TEXTS and wanted.values and item.text not in wanted.values:
        message = f"{what}: {item.text!r} is not one of the values"
        reader.report("ZY233", item, message, hint=nearest(item.text, wanted.values))
        return None
    value = convert(item)
    if value is None:
        reader.wrong_kind(item, what, _EXPECTED.get(wanted.type, f"a {wanted.type.value}"))
        return None
    return Literal(value, wanted.type)


def fen(text: str) -> int | None:
    """Return an amount written in yuan as whole fen, None if it is none or has fractions of a fen.

    Example:
        >>> fen("19.90")
        1990
    """
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    if not amount.is_finite() or abs(amount) > _MOST_YUAN:
        return None
    scaled = amount * 100
    return int(scaled) if scaled == scaled.to_integral_value() else None


def _list(reader: Reader, item: Items, wanted: Wanted, *, what: str) -> Literal | None:
    if wanted.type is not ValueType.LIST:
        reader.wrong_kind(item, what, f"a constant of type {wanted.type.value}")
        return None
    members = reader.words(item, what)
    for member, node in zip(members, item.items, strict=False):
        if wanted.values and member not in wanted.values:
            message = f"{what}: {member!r} is not one of the values"
            reader.report("ZY233", node, message, hint=nearest(member, wanted.values))
            return None
    return Literal(tuple(sorted(set(members))), ValueType.LIST)


def _int(item: Scalar) -> int | None:
    return item.value if isinstance(item.value, int) and not isinstance(item.value, bool) else None


def _decimal(item: Scalar) -> float | None:
    number = isinstance(item.value, int | float) and not isinstance(item.value, bool)
    return float(item.text) if number else None


def _money(item: Scalar) -> int | None:
    return None if isinstance(item.value, bool | str) else fen(item.text)


def _date(item: Scalar) -> date | None:
    try:
        return date.fromisoformat(item.text)
    except ValueError:
        return None


_TEXTS = frozenset({ValueType.TEXT, ValueType.ENUM, ValueType.REF})
_CONVERT: dict[ValueType, Callable[[Scalar], bool | int | float | str | date | None]] = {
    ValueType.BOOL: lambda item: item.value if isinstance(item.value, bool) else None,
    ValueType.INT: _int,
    ValueType.DECIMAL: _decimal,
    ValueType.MONEY: _money,
    ValueType.DATE: _date,
    ValueType.TEXT: lambda item: item.text,
    ValueType.ENUM: lambda item: item.text,
    ValueType.REF: lambda item: item.text,
}
_EXPECTED = {
    ValueType.BOOL: "true or false",
    ValueType.INT: "a whole number",
    ValueType.DECIMAL: "a number",
    ValueType.MONEY: "an amount in yuan with at most two decimals",
    ValueType.DATE: "a day such as 2026-11-22",
}
