"""Resolve: which records are one person, as of (T, K).

A pure function of identity.observation, identity.decision and the parties of events, as they are
visible at (T, K). It replaces identity.assignment, .link, .identifier and .conflict, and appends
to identity.change what differs from the resolve before; all in one transaction.

Where the tables hold a former moment with nothing held back, only the parties that something became
visible of are resolved again, with all that identifiers or decisions connect them with. The result
is the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from zhiyan.core.time import AsOf, naive_utc
from zhiyan.pipeline.resolve import news, scope, tables, write
from zhiyan.pipeline.resolve.layers import connected, link
from zhiyan.pipeline.resolve.news import Sources
from zhiyan.pipeline.resolve.replace import replace as replace_rows
from zhiyan.pipeline.resolve.state import (
    State,
    observations,
    read_state,
    rules,
    write_state,
)
from zhiyan.ports import Engine, Progress

_STEPS: Final = 4


class Extent(StrEnum):
    """How much of the base a resolve looked at."""

    NOTHING = "nothing"
    PART = "part"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveReport:
    """What one resolve found and changed, in numbers of rows.

    ``parties``, ``customers``, ``links`` (the evidence per identifier type) and ``conflicts`` (the
    review list per reason) count the whole base. ``merges`` and ``splits`` count the parties that
    changed their customer, ``resolved`` those that were looked at again. ``resolution`` is the
    number under which identity.touched has the customers that differ; where nothing was looked at
    it is that of the resolve before.
    """

    parties: int
    customers: int
    links: Mapping[str, int]
    conflicts: Mapping[str, int]
    merges: int
    splits: int
    extent: Extent
    resolved: int
    resolution: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """One resolve: what is asked, where the facts stand, and what the tables hold."""

    engine: Engine
    moment: AsOf
    recorded_at: datetime
    now: Sources
    rules: str
    held: State | None
    usable: State | None
    whole: bool


def resolve(
    engine: Engine,
    moment: AsOf,
    *,
    recorded_at: datetime,
    progress: Progress,
    whole: bool = False,
) -> ResolveReport:
    """Resolve all parties visible at ``moment`` to customers.

    ``recorded_at`` is the aware moment that changes are recorded under. With ``whole`` everything is
    looked at, and nothing is noted that a later resolve could build on: many small questions cost an
    engine of many machines more than one large one. Every visible party gets
    exactly one customer: the id of the party in her component that was seen first (ties: smallest
    id), so that it does not change when newer records join.
    """
    with engine.transaction():
        progress.step("resolve", 0, _STEPS)
        held = read_state(engine)
        now, by = news.sources(engine, moment, held), rules(engine)
        run = _Run(
            engine=engine,
            moment=moment,
            recorded_at=recorded_at,
            now=now,
            rules=by,
            held=held,
            usable=news.reusable(engine, (moment, by), held, now=now) if not whole else None,
            whole=whole,
        )
        report = _run(run, progress)
        tables.drop(engine, looked=report.extent is Extent.NOTHING)
    progress.step("resolve", _STEPS, _STEPS)
    return report


def _run(run: _Run, progress: Progress) -> ResolveReport:
    recounts, within = 0, False
    if run.usable is not None:
        found = news.look(run.engine, run.moment, run.usable, now=run.now)
        if not found.parties:
            return _stay(run, run.usable)
        recounts = found.recounts
        within = scope.enclose(run.engine, run.moment) is not None
    return _resolve(run, progress, within=within, recounts=recounts)


def _stay(run: _Run, state: State) -> ResolveReport:
    """Nothing to do but to note the new moment."""
    write_state(run.engine, _state(run, state.resolution, state.sizes))
    return _report(state.resolution, state.sizes, Extent.NOTHING)


def _resolve(run: _Run, progress: Progress, *, within: bool, recounts: int) -> ResolveReport:
    engine, moment = run.engine, run.moment
    tables.prepare(engine, moment, within=within, recounts=recounts)
    if within:
        scope.look_around(engine, moment)
    else:
        scope.nobody_around(engine)
    records, decisions = tables.read(engine, moment)
    progress.step("resolve", 1, _STEPS)
    linking = link(records)
    progress.step("resolve", 2, _STEPS)
    write.assign(engine, linking.labels, connected(records))
    changed = write.record_changes(engine, moment, run.recorded_at, within=within)
    resolution = run.held.resolution + 1 if run.held else 1
    replace_rows(engine, linking, decisions, within=within, resolution=resolution)
    sizes = write.count(engine)
    write_state(engine, _state(run, resolution, sizes))
    progress.step("resolve", 3, _STEPS)
    report = _report(resolution, sizes, Extent.PART if within else Extent.ALL)
    return replace(report, merges=changed["merge"], splits=changed["split"], resolved=records.size)


def _state(run: _Run, resolution: int, sizes: Mapping[str, Mapping[str, int]]) -> State:
    """Return what the tables hold from now on."""
    return State(
        resolution=resolution,
        as_of=run.moment.stored_as_of,
        complete=not run.whole and not run.now.holds_back(run.moment),
        last_import=run.now.last_import,
        next_due=_next_due(run),
        observations=observations(run.engine, run.now.last_import),
        decisions=frozenset(run.now.decisions),
        rules=run.rules,
        sizes=sizes,
        recorded_at=naive_utc(run.recorded_at),
    )


def _next_due(run: _Run) -> datetime | None:
    """Return when the next fact becomes visible, asking only facts that may tell."""
    if run.whole:
        return None
    due = run.usable.next_due if run.usable else None
    passed = due is not None and due < run.moment.stored_as_of
    if run.usable is None or passed:
        return news.next_due(run.engine, run.moment)
    if run.now.last_import == run.usable.last_import:
        return due
    later = news.next_due(run.engine, run.moment, run.now.brought, after=run.usable.last_import)
    return min(filter(None, (due, later)), default=None)


def _report(
    resolution: int, sizes: Mapping[str, Mapping[str, int]], extent: Extent
) -> ResolveReport:
    return ResolveReport(
        parties=sizes["parties"][""],
        customers=sizes["customers"][""],
        links=dict(sorted(sizes["links"].items())),
        conflicts=dict(sorted(sizes["conflicts"].items())),
        merges=0,
        splits=0,
        extent=extent,
        resolved=0,
        resolution=resolution,
    )
