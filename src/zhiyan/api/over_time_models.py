"""Answers of the routes over time; moments are aware, in UTC."""

from datetime import datetime
from typing import Self

from zhiyan.api.models import Model
from zhiyan.app.catalogue_life import Health
from zhiyan.core.time import aware
from zhiyan.lang.versions import Change
from zhiyan.pipeline.history import Stretch


class StretchLine(Model):
    """One value of one tag from ``valid_from`` on; null ends are open. The value is text."""

    tag: str
    value: str
    version: str
    unseen_at: datetime | None
    valid_from: datetime
    valid_to: datetime | None
    known_from: datetime
    known_to: datetime | None

    @classmethod
    def of(cls, one: Stretch) -> Self:
        """Return a stretch as an answer."""
        return cls(
            tag=one.tag,
            value=one.value,
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
    """One customer who entered or left, and one tag that changed with it; texts, null is unknown."""

    customer_id: str
    change: str
    between: datetime
    as_of: datetime
    tag: str | None
    before: str | None
    after: str | None


class Movements(Model):
    """The movements of an audience; ``total`` rows, of which ``moves`` holds the first."""

    periods: list[Period]
    moves: list[Move]
    total: int


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
    """Who reads a tag: tag codes, ``segment:CODE``, ``action:CODE``, ``suppression:CODE``."""

    direct: list[str]
    indirect: list[str]


class HealthLine(Model):
    """How a tag does: coverage 0 to 1, ages in days, PSI without unit, uses of 180 days."""

    code: str
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
            coverage=one.coverage,
            fact_age_days=one.fact_age_days,
            stale=one.stale,
            psi_previous=one.psi_previous,
            psi_30d=one.psi_30d,
            uses=one.uses,
            readers=one.readers,
            proposals=list(one.proposals),
        )
