"""What operators and functions mean on values: the reference semantics.

Operands have been checked before, so they are ``Any`` here. Whole numbers have 64 bits and leaving
them is an error, never a silent wrap. A decimal operand makes the other one decimal. Functions see
no nulls unless they are registered as not strict.
"""

import math
from collections.abc import Callable
from typing import Any

from zhiyan.core.expression import Value
from zhiyan.errors import DataError, Problem

SMALLEST, LARGEST = -(2**63), 2**63 - 1


def whole(number: int) -> int:
    """Return the number, or raise DataError ``ZY590`` if it does not fit into 64 bits."""
    if SMALLEST <= number <= LARGEST:
        return number
    raise DataError(
        Problem(
            code="ZY590",
            message="a whole number left the range of 64 bits",
            hint="look for amounts or counts that are far too large in the data",
        )
    )


def alike(*values: Any) -> tuple[Any, ...]:
    """Turn whole numbers into decimals where any value is a decimal."""
    if not any(isinstance(value, float) for value in values):
        return values
    return tuple(float(v) if isinstance(v, int) and not isinstance(v, bool) else v for v in values)


def arithmetic(operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Value]:
    """Make a binary operation of numbers out of Python's."""

    def apply(a: Any, b: Any) -> Value:
        a, b = alike(a, b)
        result = operation(a, b)
        return whole(result) if isinstance(result, int) else result

    return apply


def comparison(operation: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """Make a comparison out of Python's."""

    def apply(a: Any, b: Any) -> bool:
        return operation(*alike(a, b))

    return apply


def divide(a: Any, b: Any) -> float | None:
    """Return a / b as a decimal; null if b is 0."""
    return float(a) / float(b) if b else None


def negate(a: Any) -> Value:
    """Return -a."""
    return -a if isinstance(a, float) else whole(-a)


def absolute(a: Any) -> Value:
    """Return the distance of a from 0."""
    return abs(a) if isinstance(a, float) else whole(abs(a))


def round_down(a: Any) -> int:
    """Return the greatest whole number not above a."""
    return whole(math.floor(a) if math.isfinite(a) else LARGEST + 1)


def least(*values: Any) -> Value:
    """Return the smallest value."""
    return min(alike(*values))


def greatest(*values: Any) -> Value:
    """Return the largest value."""
    return max(alike(*values))


def both(*values: Any) -> bool | None:
    """Return false if any is false, else null if any is null, else true."""
    return False if False in values else None if None in values else True


def either(*values: Any) -> bool | None:
    """Return true if any is true, else null if any is null, else false."""
    return True if True in values else None if None in values else False


def is_null(value: Any) -> bool:
    """Say whether there is no value."""
    return value is None


def is_in(value: Any, *choices: Any) -> bool:
    """Say whether the value is one of the choices."""
    return any(a == b for a, b in (alike(value, choice) for choice in choices))


def coalesce(*values: Any) -> Value:
    """Return the first value that is not null, null if there is none."""
    return next((value for value in values if value is not None), None)


def nullif(a: Any, b: Any) -> Value:
    """Return a, but null if it equals b."""
    if a is None or b is None:
        return a
    a, b = alike(a, b)
    return None if a == b else a


def yuan(number: Any) -> int:
    """Return a whole number of yuan in fen."""
    return whole(number * 100)


def size(texts: Any) -> int:
    """Return the number of members of a list."""
    return len(texts)


def contains(texts: Any, text: Any) -> bool:
    """Say whether a list has a member."""
    return text in texts


def overlaps(a: Any, b: Any) -> bool:
    """Say whether two lists have a member in common."""
    return not set(a).isdisjoint(b)


def list_of(*texts: Any) -> tuple[str, ...]:
    """Return the sorted list of the distinct texts; nulls are left out."""
    return tuple(sorted({text for text in texts if text is not None}))
