"""What the API answers about customers: lists, profiles, evidence, audience counts."""

from datetime import datetime

from zhiyan.api.models import KindCount, Model, Named, Shown, Text
from zhiyan.core.event import Sensitivity
from zhiyan.core.expression import ValueType
from zhiyan.core.tag import MarketingUse, TagKind


class CustomerLine(Model):
    """One customer of a list, with her headline tags by code."""

    id: str
    first_seen: datetime
    tags: dict[str, Shown]


class CustomerPage(Model):
    """Up to ``limit`` customers in the order of their ids; ``next`` goes into ``after``."""

    columns: list[Named]
    customers: list[CustomerLine]
    next: str | None
    total: int | None


class Identifier(Model):
    """One identifier without its value; ``persons`` customers hold it."""

    id_type: str
    quality: str
    verified: bool
    persons: int
    first_seen: datetime


class TagCell(Named):
    """One tag of one customer; ``since`` None if only the newest snapshot is known."""

    kind: TagKind
    type: ValueType
    sensitivity: Sensitivity
    marketing_use: MarketingUse
    value: Shown
    since: datetime | None


class CellGroup(Named):
    """The tags of one category."""

    tags: list[TagCell]


class Profile(Model):
    """One customer at the newest snapshot; ``total`` live tags, ``known`` with a value."""

    id: str
    first_seen: datetime
    parties: int
    as_of: datetime
    known: int
    total: int
    groups: list[CellGroup]
    identifiers: list[Identifier]
    events: list[KindCount]


class InputLine(Model):
    """What a clause read, with the customer's value; ``is_tag`` if it is a tag with evidence."""

    name: str
    is_tag: bool
    label: Text
    value: Shown


class ClauseLine(Model):
    """One clause for one customer.

    ``holds`` None is unknown, ``when`` None the default; the one clause of a tag without cases has
    its formula there.
    """

    when: Text | None
    then: Shown
    holds: bool | None
    chosen: bool
    reached: bool
    inputs: list[InputLine]


class CountedRows(Model):
    """The rows that one measure counted; ``rows`` holds the newest of ``row_count``."""

    measure: str
    words: Text
    source: Named
    value: Shown
    row_count: int
    columns: list[Named]
    rows: list[list[Shown]]


class Flip(Model):
    """When the value changes if nothing happens, and to what."""

    at: datetime
    value: Shown


class Evidence(Model):
    """Why a customer has a value; ``flip`` and ``others_from`` None: none in ``horizon_days``.

    From ``others_from`` on the value also depends on how other customers move: no flip is told.
    """

    id: str
    tag: Named
    type: ValueType
    sensitivity: Sensitivity
    value: Shown
    snapshot_id: str
    as_of: datetime
    fingerprint: str
    defined_at: str
    owner: str
    description: Text
    clauses: list[ClauseLine]
    counted: list[CountedRows]
    flip: Flip | None
    others_from: datetime | None
    horizon_days: int


class Expression(Model):
    """What to count: an expression over tags, or the code of a segment."""

    where: str


class ClauseCount(Model):
    """Counts of one top-level condition, alone."""

    text: str
    matched: int
    not_matched: int
    unknown: int


class AudienceCount(Model):
    """matched + not_matched + unknown = total."""

    snapshot_id: str
    as_of: datetime
    matched: int
    not_matched: int
    unknown: int
    total: int
    clauses: list[ClauseCount]
