"""Answers of the routes over time; moments are aware, in UTC."""

from datetime import datetime
from typing import Self

from zhiyan.api.models import Model, Named, Text
from zhiyan.app.catalogue_life import Health, QualityPoint
from zhiyan.core.time import aware
from zhiyan.lang.versions import Change
from zhiyan.pipeline.history import Stretch


class StretchLine(Model):
    """One value of one tag from ``valid_from`` on; null ends are open. The value is text.

    ``tag`` is ``*`` for the time in which she was a customer.
    """

    tag: str
    name: Text
    value: str
    shown: Text
    version: str
    unseen_at: datetime | None
    valid_from: datetime
    valid_to: datetime | None
    known_from: datetime
    known_to: datetime | None

    @classmethod
    def of(cls, one: Stretch, *, name: Text, shown: Text) -> Self:
        """Return a stretch as an answer, with the words for its tag and value."""
        return cls(
            tag=one.tag,
            name=name,
            value=one.value,
            shown=shown,
            version=one.version,
            unseen_at=one.unseen_at and aware(one.unseen_at),
            valid_from=aware(one.valid_from),
            valid_to=one.valid_to and aware(one.valid_to),
            known_from=aware(one.known_from),
            known_to=one.known_to and aware(one.known_to),
        )


class History(Model):
    """The stretches of a customer; ``merged_into`` names whom she became."""

    customer_id: str
    merged_into: str | None
    stretches: list[StretchLine]


class Period(Model):
    """How an audience changed up to one snapshot."""

    as_of: datetime
    size: int
    entered: int
    left: int


class Move(Model):
    """One customer who entered or left, and one tag that changed with it; texts, null is unknown.

    ``tag`` is ``*`` where she came or went as a customer, null where no tag of the condition
    changed: the days moved on.
    """

    customer_id: str
    change: str
    between: datetime
    as_of: datetime
    tag: str | None
    before: str | None
    after: str | None
    name: Text | None
    before_shown: Text
    after_shown: Text


class Reason(Model):
    """How many customers entered or left in one step with the same change of the same tag."""

    change: str
    as_of: datetime
    tag: str | None
    name: Text | None
    before_shown: Text
    after_shown: Text
    customers: int


class Movements(Model):
    """The movements of an audience; ``total`` rows, of which ``moves`` holds the first.

    ``reasons`` counts all of them, most frequent first, at most 200.
    """

    periods: list[Period]
    moves: list[Move]
    total: int
    reasons: list[Reason]


class MigrationSide(Text):
    """A value of the matrix, as text; ``absent``: no customer then. Null is unknown."""

    value: str | None
    absent: bool


class MigrationCell(Model):
    """Customers with one value before and another after; places in the list of values."""

    before: int
    after: int
    customers: int


class Migration(Model):
    """How customers moved between the values of a tag from one kept snapshot to another."""

    tag: Named
    before: datetime
    after: datetime
    values: list[MigrationSide]
    cells: list[MigrationCell]


class QualityLine(Model):
    """Coverage (0 to 1), PSI (no unit) and the age of the newest fact in days, at one snapshot."""

    as_of: datetime
    snapshot_id: str
    version: str
    customers: int
    coverage: float
    fact_age_days: int | None
    psi_previous: float | None
    psi_30d: float | None

    @classmethod
    def of(cls, one: QualityPoint) -> Self:
        """Return a point as an answer."""
        return cls(
            as_of=aware(one.as_of),
            snapshot_id=one.snapshot_id,
            version=one.version,
            customers=one.customers,
            coverage=one.coverage,
            fact_age_days=one.fact_age_days,
            psi_previous=one.psi_previous,
            psi_30d=one.psi_30d,
        )


class ChangeLine(Model):
    """One part of a definition that changed; kind is breaking, policy or words."""

    part: str
    kind: str
    before: str | None
    after: str | None

    @classmethod
    def of(cls, one: Change) -> Self:
        """Return a change as an answer."""
        return cls(part=one.part, kind=one.kind, before=one.before, after=one.after)


class VersionLine(Model):
    """One version of a tag."""

    fingerprint: str
    status: str
    first_snapshot: str
    first_as_of: datetime
    changes: list[ChangeLine]


class Readers(Model):
    """Who reads a tag: tag codes, ``segment:CODE``, ``action:CODE``, ``suppression:CODE``.

    ``names`` names each of them.
    """

    direct: list[str]
    indirect: list[str]
    names: dict[str, Text]


class Shelved(Named):
    """A tag that is not live: draft, review or retired."""

    status: str
    owner: str
    readers: int


class HealthLine(Model):
    """How a tag does: coverage 0 to 1, ages in days, PSI without unit, uses of 180 days."""

    code: str
    name: Text
    coverage: float
    fact_age_days: int | None
    stale: bool
    psi_previous: float | None
    psi_30d: float | None
    uses: int
    readers: int
    proposals: list[str]

    @classmethod
    def of(cls, one: Health) -> Self:
        """Return a tag's health as an answer."""
        return cls(
            code=one.code,
            name=Text(zh=one.name_zh, en=one.name_en),
            coverage=one.coverage,
            fact_age_days=one.fact_age_days,
            stale=one.stale,
            psi_previous=one.psi_previous,
            psi_30d=one.psi_30d,
            uses=one.uses,
            readers=one.readers,
            proposals=list(one.proposals),
        )
