"""What the API asks of the workspace: a few read methods and the values that they return.

Moments are naive UTC as stored, money is integer fen, customer ids are numbers; the API turns them
into their public forms. Nothing here holds a raw identifier.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from zhiyan.core.evidence import Evidence
from zhiyan.core.expression import Value
from zhiyan.core.segment import Segment
from zhiyan.core.snapshot import Manifest
from zhiyan.core.tag import Tag


@dataclass(frozen=True, slots=True)
class Label:
    """A name in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One node of a taxonomy; ``tags`` are the codes that hang directly on it."""

    code: str
    name: Label
    groups: tuple["Group", ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Taxonomy:
    """One way to arrange the same tags."""

    code: str
    name: Label
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Definitions:
    """The live definitions. ``names`` are labels of sources, columns and parameters by name.

    Sources are keyed ``visit``, columns ``visit.clinic``, parameters ``param.value_high``.
    ``params`` are their values by bare name (``value_high``), those of ``money_params`` in fen.
    ``highlights`` are enum tags worth a chart on the first page, most telling first;
    ``headline`` are tags worth a column in a list of customers; ``codes`` names codes of items,
    categories, clinics, channels and tags.
    """

    name: str
    tags: Mapping[str, Tag]
    segments: Mapping[str, Segment]
    taxonomies: tuple[Taxonomy, ...]
    names: Mapping[str, Label] = field(default_factory=dict[str, Label])
    params: Mapping[str, Value] = field(default_factory=dict[str, Value])
    money_params: frozenset[str] = frozenset()
    highlights: tuple[str, ...] = ()
    headline: tuple[str, ...] = ()
    codes: Mapping[str, Label] = field(default_factory=dict[str, Label])


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportLine:
    """One import: rows read = accepted + duplicates + quarantined + dropped.

    Corrections are among the accepted.
    """

    import_id: int
    file_name: str
    source: str
    recorded_at: datetime
    rows_read: int
    accepted: int
    duplicates: int
    corrections: int
    quarantined: int
    dropped: int
    money_in_fen: int
    money_stored_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The state of a workspace.

    ``newest_fact_at`` is the last moment at which a known fact occurred; ``snapshot`` is None before
    the first compute; ``customers`` counts resolved customers; ``quarantine`` maps reason codes to
    rows; ``conflicts`` waits for review.
    """

    workspace: str
    zone: str
    offset_minutes: int
    snapshot: Manifest | None
    customers: int
    parties: int
    newest_fact_at: datetime | None
    events: Mapping[str, int] = field(default_factory=dict[str, int])
    imports: tuple[ImportLine, ...] = ()
    quarantine: Mapping[str, int] = field(default_factory=dict[str, int])
    conflicts: int = 0
    unmapped_items: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """Customers with one value (or member of a list value); value None is unknown."""

    value: Value
    customers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Customers whose number lies in ``[low, high)``, the last bin in ``[low, high]``.

    Money in fen, dates and moments as days since 1970-01-01.
    """

    low: float
    high: float
    customers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """How a tag's values spread over the newest snapshot.

    ``bars`` for closed and countable values (at most 50, most frequent first, the rest in
    ``other``), ``bins`` for numbers and dates. ``known`` customers have a value, of ``total``.
    """

    total: int
    known: int
    bars: tuple[Bar, ...] = ()
    bins: tuple[Bin, ...] = ()
    other: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerLine:
    """One customer in a list, with her headline tags."""

    customer_id: int
    first_seen: datetime
    tags: Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerPage:
    """Customers in the order of their ids; ``more`` if some follow. ``total`` None: not counted."""

    lines: tuple[CustomerLine, ...]
    more: bool
    total: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifierLine:
    """One identifier of a customer, without its value. ``persons`` customers hold it."""

    id_type: str
    quality: str
    verified: bool
    persons: int
    first_seen: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One tag value.

    ``since`` is the as-of of the oldest snapshot of the unbroken run with this value, None if only
    the newest snapshot is known.
    """

    value: Value
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One customer at the newest snapshot: every live tag has a cell (value None: unknown)."""

    customer_id: int
    first_seen: datetime
    parties: int
    cells: Mapping[str, Cell]
    identifiers: tuple[IdentifierLine, ...] = ()
    events: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseCount:
    """Counts of one top-level condition of an expression, alone."""

    text: str
    matched: int
    not_matched: int
    unknown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceCount:
    """Counts of an expression over a snapshot: matched + not_matched + unknown = total."""

    snapshot_id: str
    as_of: datetime
    matched: int
    not_matched: int
    unknown: int
    total: int
    clauses: tuple[ClauseCount, ...] = ()


class Reads(Protocol):
    """The read side of a workspace. Everything is as of the newest snapshot."""

    def now(self) -> datetime:
        """Return the present moment of the workspace's clock, aware."""
        ...

    def offset_minutes(self) -> int:
        """Return how far the business zone leads UTC."""
        ...

    def definitions(self) -> Definitions:
        """Return the live definitions; cheap, called on each request."""
        ...

    def overview(self) -> Overview:
        """Return the state of the workspace."""
        ...

    def snapshots(self) -> tuple[Manifest, ...]:
        """Return the manifests, newest as-of first."""
        ...

    def coverage(self) -> Mapping[str, int]:
        """Return for each tag how many customers have a value; empty before the first compute."""
        ...

    def distribution(self, code: str) -> Distribution:
        """Return the spread of a live tag's values."""
        ...

    def labels(self, code: str) -> Mapping[str, Label]:
        """Return the names of a tag's values: closed ones, and codes of items, clinics and so on."""
        ...

    def customers(self, query: str, *, where: str, after: int | None, limit: int) -> CustomerPage:
        """Return customers with an id above ``after``.

        ``query`` is a public id or a phone (looked up through the vault's blind index), empty for
        all. ``where`` is an expression, empty for all. Raises DefinitionError if it is wrong.
        """
        ...

    def customer(self, customer_id: int) -> Profile | None:
        """Return one customer, None if the snapshot has none of that id."""
        ...

    def evidence(self, customer_id: int, code: str) -> Evidence | None:
        """Explain a live tag of a customer, None if the snapshot has none of that id."""
        ...

    def audience(self, where: str) -> AudienceCount:
        """Count an expression (or a segment's code); raises DefinitionError if it is wrong."""
        ...
