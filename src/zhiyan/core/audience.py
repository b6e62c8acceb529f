"""Audiences: a segment at a snapshot, counted."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceCount:
    """Counts of an expression over a snapshot: matched + not_matched + unknown = total.

    Only valid customers count. ``text`` is the expression.
    """

    snapshot_id: str
    text: str
    matched: int
    not_matched: int
    unknown: int
    total: int
