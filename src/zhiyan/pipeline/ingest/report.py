"""The report of an import: what came in, what became of every row and every fen."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultExample:
    """One cell at fault; the value is masked. ``row_no`` as a person counts in the file."""

    sheet: str | None
    row_no: int
    column: str
    value_masked: str | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyLine:
    """Money of one column of one kind, in fen: read = stored + duplicate + covered + quarantined.

    ``stored`` counts new events and new versions of corrected ones, ``covered`` what another list
    of the same purchase tells already (receipts of an order, the order of a voucher).
    """

    kind: str
    column: str
    read: int
    stored: int
    duplicate: int
    covered: int
    quarantined: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TableReport:
    """One table of the file: what it was taken for and what was not used of it.

    ``source`` None: no kind of export was recognised and the table was left out. ``rows`` are the
    lines after the header, dropped and rejected ones included.
    """

    sheet: str | None
    source: str | None
    title: str
    kinds: tuple[str, ...]
    rows: int
    fields: Mapping[str, str]
    unused: tuple[str, ...] = ()
    encoding: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """One file's import. Rows: read = accepted + duplicates + corrections + quarantined + dropped.

    ``committed`` False: a dry run, or a file known by its bytes (``known_as`` names the import that
    brought it). ``quarantine`` and ``drops`` map reason codes to rows, ``events`` kinds to new
    events, ``unmapped`` unknown item names to rows, ``unknown`` header and masked value of codes
    that no code table holds to rows. Moments are naive UTC.
    """

    file_name: str
    sha256: str
    import_id: int
    committed: bool
    recorded_at: datetime
    rows_read: int = 0
    accepted: int = 0
    duplicates: int = 0
    corrections: int = 0
    quarantined: int = 0
    dropped: int = 0
    tables: tuple[TableReport, ...] = ()
    quarantine: Mapping[str, int] = field(default_factory=dict[str, int])
    examples: tuple[FaultExample, ...] = ()
    drops: Mapping[str, int] = field(default_factory=dict[str, int])
    money: tuple[MoneyLine, ...] = ()
    events: Mapping[str, int] = field(default_factory=dict[str, int])
    identifiers: int = 0
    unmapped: Mapping[str, int] = field(default_factory=dict[str, int])
    unknown: Mapping[str, int] = field(default_factory=dict[str, int])
    warnings: tuple[str, ...] = ()
    first_at: datetime | None = None
    last_at: datetime | None = None
    known_as: int | None = None

    @property
    def money_read(self) -> int:
        """All money read, in fen."""
        return sum(line.read for line in self.money)

    @property
    def money_stored(self) -> int:
        """All money stored, in fen."""
        return sum(line.stored for line in self.money)

    def to_json(self) -> str:
        """Return the report as JSON text; moments in ISO form."""
        return json.dumps(asdict(self), ensure_ascii=False, default=_plain)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
