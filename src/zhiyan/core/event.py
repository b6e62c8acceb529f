"""Events: what an event kind is, and the columns that every kind shares.

An event kind is one append-only table. Its *grain* says what one row is; its *key* names the
columns that, with source and clinic, identify the fact: the same key seen again with the same
content is a duplicate, with other content a correction (a new version, recorded later).

Leakage is ruled out by declaration. A value that becomes true after the event occurred (an
appointment's outcome, a reply, a closing) names the column that says when: before that moment it
reads as ``before``. A moment is hidden until it has passed, unless it is a ``plan`` (the time of a
booking, an expiry date), which may lie ahead.
"""

from dataclasses import dataclass
from enum import StrEnum


class Sensitivity(StrEnum):
    """Classes of personal information, least to most sensitive.

    P1 general, P2 important (contact, transactions), S3 sensitive under PIPL Art. 28 (needs separate
    consent), S4 sensitive and reserved to safety and compliance.
    """

    P1 = "P1"
    P2 = "P2"
    S3 = "S3"
    S4 = "S4"


class ColumnType(StrEnum):
    """Types of stored columns; FEN is money in integer fen (1/100 CNY)."""

    TEXT = "text"
    CODE = "code"
    INT = "int"
    FEN = "fen"
    BOOL = "bool"
    DATE = "date"
    MOMENT = "moment"
    CODES = "codes"  # a sorted list of distinct codes


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One typed column of an event kind.

    ``values`` closes the domain of a CODE. ``known_from`` names the MOMENT column from which the
    value is true; earlier it reads as ``before`` (None: unknown). ``plan`` marks a moment that may
    lie after the as-of. ``ref`` names the reference table that a code points into. ``least``
    and ``most`` bound a number where its source does.
    """

    name: str
    type: ColumnType
    zh: str
    sensitivity: Sensitivity = Sensitivity.P1
    values: tuple[str, ...] = ()
    known_from: str | None = None
    before: str | None = None
    plan: bool = False
    ref: str | None = None
    least: int | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventKind:
    """One kind of event: a table of facts with its grain, key and typed columns.

    ``key`` names own columns; source and clinic always belong to the key. An empty key means that
    the whole content identifies the fact. ``sensitivity`` is the class of the mere existence and
    time of a row: everything read from the kind inherits at least that.
    """

    name: str
    zh: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    sensitivity: Sensitivity = Sensitivity.P1

    def column(self, name: str) -> Column | None:
        """Return the column of that name, shared ones included, or None."""
        return next((c for c in (*SHARED_COLUMNS, *self.columns) if c.name == name), None)

    @property
    def money_columns(self) -> tuple[str, ...]:
        """Names of the columns in fen."""
        return tuple(c.name for c in self.columns if c.type is ColumnType.FEN)


#: Columns of every event table that definitions may read. ``occurred_at`` is when it happened (UTC),
#: ``occurred_on`` its business day.
SHARED_COLUMNS = (
    Column(name="source", type=ColumnType.TEXT, zh="来源系统"),
    Column(name="clinic", type=ColumnType.CODE, zh="门店", ref="clinic"),
    Column(name="occurred_at", type=ColumnType.MOMENT, zh="发生时间"),
)

#: Columns of every event table that only stages read, never definitions, with their SQL types.
#: event_id: md5 of kind, source, clinic and key. party_id: the source record of a person that the
#: fact hangs on. content_hash: 64 bits over all values. superseded_at: when a correction replaced it.
BOOKKEEPING = (
    ("event_id", "UUID"),
    ("party_id", "BIGINT"),
    ("recorded_at", "TIMESTAMP"),
    ("superseded_at", "TIMESTAMP"),
    ("content_hash", "UBIGINT"),
    ("import_id", "INTEGER"),
    ("row_no", "INTEGER"),
)

#: SQL type of each column type in the warehouse.
SQL_TYPES = {
    ColumnType.TEXT: "VARCHAR",
    ColumnType.CODE: "VARCHAR",
    ColumnType.INT: "BIGINT",
    ColumnType.FEN: "BIGINT",
    ColumnType.BOOL: "BOOLEAN",
    ColumnType.DATE: "DATE",
    ColumnType.MOMENT: "TIMESTAMP",
    ColumnType.CODES: "VARCHAR[]",
}
