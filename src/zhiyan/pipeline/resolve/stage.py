"""Resolve: which records are one person, as of (T, K).

A pure function of identity.observation, identity.decision and the parties of events, as they are
visible at (T, K). It replaces identity.assignment, .link, .identifier and .conflict, and appends
to identity.change what differs from the resolve before; all in one transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from zhiyan.core.time import AsOf
from zhiyan.pipeline.resolve import tables, write
from zhiyan.pipeline.resolve.layers import link
from zhiyan.ports import Engine, Progress

_STEPS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveReport:
    """What one resolve found and changed, in numbers of rows.

    ``links`` counts the evidence per identifier type, ``conflicts`` the review list per reason.
    ``merges`` and ``splits`` count the parties that changed their customer.
    """

    parties: int
    customers: int
    links: Mapping[str, int]
    conflicts: Mapping[str, int]
    merges: int
    splits: int


def resolve(
    engine: Engine, moment: AsOf, *, recorded_at: datetime, progress: Progress
) -> ResolveReport:
    """Resolve all parties visible at ``moment`` to customers.

    ``recorded_at`` is the aware moment that changes are recorded under. Every visible party gets
    exactly one customer: the id of the party in her component that was seen first (ties: smallest
    id), so that it does not change when newer records join.
    """
    with engine.transaction():
        progress.step("resolve", 0, _STEPS)
        tables.prepare(engine, moment)
        records, decisions = tables.read(engine, moment)
        progress.step("resolve", 1, _STEPS)
        linking = link(records)
        progress.step("resolve", 2, _STEPS)
        write.assign(engine, linking.labels)
        changed = write.record_changes(engine, moment, recorded_at)
        write.replace(engine, linking, decisions)
        progress.step("resolve", 3, _STEPS)
        sizes = write.count(engine)
        tables.drop(engine)
    progress.step("resolve", _STEPS, _STEPS)
    return ResolveReport(
        parties=sizes["parties"][None],
        customers=sizes["customers"][None],
        links=_by_name(sizes["links"]),
        conflicts=_by_name(sizes["conflicts"]),
        merges=changed["merge"],
        splits=changed["split"],
    )


def _by_name(sizes: Mapping[str | None, int]) -> dict[str, int]:
    return {name: sizes[name] for name in sorted(filter(None, sizes))}
