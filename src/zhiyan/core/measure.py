"""Measures: one aggregate over one source and window, the only way that tags read events."""

from dataclasses import dataclass
from enum import StrEnum

from zhiyan.core.expression import Literal, Node, ValueType


class Unit(StrEnum):
    """Units of a window's length. A month is a calendar month of the business zone."""

    MINUTE = "min"
    HOUR = "h"
    DAY = "d"
    MONTH = "mo"


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time."""

    count: int
    unit: Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which rows count, by the moment column ``on``.

    ``start`` None and ``end`` None is the whole past: ``on < T``. ``start`` 365d is
    ``[T - 365d, T)``; with ``end`` 30d it is ``[T - 365d, T - 30d)``. ``ahead`` reads forward on a
    planned moment: ``[T, T + start)``, or ``[T, ...)`` where start is None. Rows with
    ``occurred_at >= T`` never count.
    """

    start: Span | None = None
    end: Span | None = None
    ahead: bool = False
    on: str = "occurred_at"


LIFETIME = Window()
NULL = Literal(None, ValueType.NULL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Some rows of a source: those for which ``where`` is true, all where it is None."""

    source: str
    where: Node | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """A later row of another source: within ``within`` after this row, for the same customer.

    ``without`` are rows that must not come between the two.
    """

    source: str
    where: Node | None
    within: Span
    without: Rows | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """Only rows later than the customer's last row of ``rows`` count.

    ``never`` says whether all rows count ("all") or none ("none") where there is no such row.
    """

    rows: Rows
    never: str = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One aggregate per customer.

    ``aggregate`` is one aggregate call over the rows of ``source`` that ``where`` and ``window``
    keep. With ``per``, rows are first grouped by those columns, ``inner`` names aggregates of each
    group, ``having`` keeps groups, and ``aggregate`` runs over the groups. ``previous_at`` may be
    read where rows are: the occurred_at of the customer's row before this one (within ``per`` if
    given). ``follow`` gives rows the flag ``followed`` and the moment ``followed_at``. ``since``
    keeps rows later than another row, ``latest`` the last n rows (with groups: the last n groups).
    ``session`` groups rows instead of ``per``: a pause longer than it begins a new session.
    ``empty`` is the value of customers without rows. ``name`` is unique within its tag; ``type`` is
    the type of the result.
    """

    name: str
    source: str
    aggregate: Node
    type: ValueType
    where: Node | None = None
    window: Window = LIFETIME
    per: tuple[str, ...] = ()
    inner: tuple[tuple[str, Node], ...] = ()
    having: Node | None = None
    follow: Follow | None = None
    since: Since | None = None
    latest: Node | None = None
    session: Span | None = None
    empty: Literal = NULL

    @property
    def grouped(self) -> bool:
        """True if rows are grouped before the aggregate runs."""
        return bool(self.per) or self.session is not None
