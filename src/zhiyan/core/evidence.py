"""Evidence: why a customer has a tag value, and when it will change by itself."""

from dataclasses import dataclass
from datetime import datetime

from zhiyan.core.expression import Node, Value, ValueType


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """What a clause read: a measure, another tag or a parameter, with the customer's value."""

    name: str
    value: Value
    type: ValueType


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One case of the rule for one customer. ``holds`` is three-valued; ``chosen`` decided.

    ``when`` None is the ``otherwise``. ``reached`` is False after the chosen clause.
    """

    when: Node | None
    then: Value
    holds: bool | None
    chosen: bool
    reached: bool
    inputs: tuple[Input, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """The rows that one measure counted for one customer; at most 50 in ``rows``, newest first.

    ``columns`` names the columns that the definition reads, occurred_at first.
    """

    measure: str
    source: str
    value: Value
    type: ValueType
    row_count: int
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Value, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """When the value changes if nothing happens, and to what."""

    at: datetime
    value: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Why a customer has a tag value, and what is ahead of it if nothing happens.

    ``flip`` None and ``others_from`` None: no change within ``horizon_days``. From ``others_from``
    on the value also depends on how other customers move, so no flip is told; the as-of: already.
    """

    customer_id: int
    tag: str
    value: Value
    snapshot_id: str
    as_of: datetime
    fingerprint: str
    clauses: tuple[Clause, ...]
    counted: tuple[Counted, ...]
    flip: Flip | None = None
    others_from: datetime | None = None
    horizon_days: int = 0
