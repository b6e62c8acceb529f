"""Snapshots: all tag values at one as-of time, immutable, with their manifest."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """How a snapshot came about.

    ``snapshot_id`` is a hash of (catalogue, as_of, events seen) and nothing else: the same inputs
    give the same id on any machine. ``known_at`` bounds what was known; moments are naive UTC.
    ``events`` maps each kind to the rows seen, ``timings`` each step to seconds (never part of the
    id). ``tags`` maps tag codes to the fingerprints that they were computed with.
    ``complete`` is False where an explicit ``known_at`` held facts back.
    """

    snapshot_id: str
    as_of: datetime
    known_at: datetime
    created_at: datetime
    catalogue: str
    data: str
    customers: int
    events: Mapping[str, int] = field(default_factory=dict[str, int])
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    timings: Mapping[str, float] = field(default_factory=dict[str, float])
    based_on: str | None = None
    complete: bool = True
