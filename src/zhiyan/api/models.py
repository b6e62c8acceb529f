"""What the API answers: closed response models, one per answer.

Moments are ISO 8601 in UTC, days ISO dates, money integer fen. A ``Shown`` carries the raw value and
its text in both languages, so that no client has to know how to print a tag.
"""

from datetime import datetime
from typing import TypeAlias

from pydantic import BaseModel, ConfigDict

from zhiyan.core.event import Sensitivity
from zhiyan.core.expression import ValueType
from zhiyan.core.tag import MarketingUse, TagKind

Raw: TypeAlias = bool | int | float | str | list[str] | None


class Model(BaseModel):
    """Base: frozen, and closed to unknown fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(Model):
    """A text in both languages."""

    zh: str
    en: str


class Shown(Text):
    """A value with its printable text; ``value`` None is unknown."""

    value: Raw


class Named(Model):
    """A code with its name."""

    code: str
    name: Text


class Fault(Model):
    """One mistake; ``column`` is its 1-based place in the expression, where known."""

    code: str
    message: str
    where: str
    hint: str
    column: int | None = None


class Failure(Model):
    """Every answer that is not a success; the first mistake, and all of them in ``problems``."""

    code: str
    message: str
    where: str
    hint: str
    problems: list[Fault]


class Health(Model):
    """The service answers; ``snapshot_id`` is None before the first compute."""

    status: str
    snapshot_id: str | None


class Snapshot(Model):
    """A snapshot's manifest in short; ``age_days`` counts whole days from as-of to now."""

    snapshot_id: str
    as_of: datetime
    known_at: datetime
    created_at: datetime
    age_days: int
    customers: int
    events: int
    tags: int
    seconds: float


class KindCount(Model):
    """Rows of one event kind."""

    kind: str
    name: Text
    rows: int


class Import(Model):
    """One import; rows_read = accepted + duplicates + quarantined + dropped."""

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


class ReasonCount(Model):
    """Quarantined rows of one reason code."""

    reason: str
    rows: int


class Bar(Model):
    """Customers with one value."""

    value: Shown
    customers: int


class Bin(Model):
    """Customers whose value lies in ``[low, high)``; the last bin includes ``high``."""

    low: Shown
    high: Shown
    customers: int


class Spread(Model):
    """How values spread; ``total`` customers, of whom ``known`` have a value."""

    total: int
    known: int
    bars: list[Bar]
    bins: list[Bin]
    other: int


class Highlight(Named):
    """A tag charted on the first page."""

    spread: Spread


class Overview(Model):
    """The state of the workspace; ``snapshot`` None before the first compute."""

    workspace: str
    zone: str
    offset_minutes: int
    customers: int
    parties: int
    tags: int
    segments: int
    newest_fact_at: datetime | None
    snapshot: Snapshot | None
    events: list[KindCount]
    imports: list[Import]
    quarantine: list[ReasonCount]
    conflicts: int
    unmapped_items: int
    highlights: list[Highlight]


class TaxonomyLine(Named):
    """One way to arrange the tags, with the number of tags that it places."""

    tags: int


class TagLine(Named):
    """One tag in short; ``coverage`` is the share of customers with a value, None if not computed."""

    kind: TagKind
    type: ValueType
    sensitivity: Sensitivity
    marketing_use: MarketingUse
    priority: str
    known: int | None
    coverage: float | None
    values: list[Shown]


class TagGroup(Named):
    """One node of the tag tree."""

    groups: list["TagGroup"]
    tags: list[TagLine]


class TagTree(Model):
    """The live tags under one taxonomy; ``customers`` None before the first compute."""

    taxonomy: Named
    customers: int | None
    groups: list[TagGroup]


class ValueMeaning(Shown):
    """One value of a closed domain and what it means."""

    meaning: str


class MeasureWords(Model):
    """One measure in words."""

    name: str
    source: Named
    words: Text


class CaseWords(Model):
    """One case in words; ``when`` None is the default."""

    when: Text | None
    then: Text


class Definition(Model):
    """A tag's rule in words; ``formula`` where it has no cases."""

    measures: list[MeasureWords]
    cases: list[CaseWords]
    formula: Text | None


class Freshness(Model):
    """How old a tag is against its own limit; ``fresh`` None where it has none or no snapshot."""

    as_of: datetime | None
    age_days: int | None
    limit_days: int | None
    fresh: bool | None


class TagDetail(TagLine):
    """Everything about one tag; ``spread`` None before the first compute."""

    description: Text
    meanings: list[ValueMeaning]
    definition: Definition
    spread: Spread | None
    freshness: Freshness
    sources: list[Named]
    depends_on: list[Named]
    used_by: list[Named]
    segments: list[Named]
    category: list[str]
    population: str
    refresh: str
    owner: str
    weight: float
    declassified: str
    consent: str
    purposes: list[str]
    example: str
    origin: list[str]
    status: str
    fingerprint: str
    defined_at: str


class Segment(Named):
    """A named expression."""

    description: str
    expression: str
    words: Text
    owner: str
