"""History over a workspace: kept after every snapshot, and asked by people.

Answers come from kept intervals, which know each kept snapshot exactly and nothing between two: every
answer says which snapshot it rests on. ``compute`` for the day itself makes it exact.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from zhiyan.app.lookup import customer_named, no_customer, tag_named
from zhiyan.app.session import Session
from zhiyan.app.uses import fold_uses, note_uses
from zhiyan.core.expression import Node, names
from zhiyan.core.snapshot import Manifest
from zhiyan.core.time import naive_utc
from zhiyan.errors import Problem, UsageError
from zhiyan.lang import lifecycle
from zhiyan.lang.catalogue import Catalogue, check_expression
from zhiyan.lang.lifecycle import in_history, published
from zhiyan.pipeline import compute as computing
from zhiyan.pipeline import history, stability
from zhiyan.pipeline.history import Ledger, Migration, Sighting, Span, Stretch
from zhiyan.pipeline.select import align
from zhiyan.ports import Statement


def remembered(session: Session, manifest: Manifest) -> Manifest:
    """Keep what a fresh snapshot says in history, with versions, quality and uses of its tags.

    What questions about many tags read is made anew if too much has changed.
    Snapshots that an interrupted run left out are kept first. Returns the manifest.
    """
    engine, catalogue = session.engine, published(session.catalogue)
    if session.worker is engine:
        align(engine, manifest, session.aligned)
    with engine.transaction():
        stability.keep_versions(engine, catalogue, manifest)
        stability.keep_quality(engine, catalogue, manifest)
    fold_uses(session)
    seen = {(one.snapshot_id, one.known_at) for one in history.sightings(engine)}
    waiting = [
        _sighting(session, one)
        for one in computing.snapshots(engine)
        if (one.snapshot_id, one.known_at) not in seen
    ]
    for number, one in enumerate(sorted(waiting, key=lambda one: one.order)):
        session.progress.step("history", number, len(waiting))
        history.keep(engine, one)
    session.progress.step("history", len(waiting), len(waiting))
    return manifest


def check_preview(file: Path | None, params: Mapping[str, object] | None) -> None:
    """Raise UsageError ``ZY107`` if a preview is given nothing, or a file that is not there."""
    if file is not None and not file.exists():
        raise UsageError(Problem(code="ZY107", message="there is no such file", where=str(file)))
    if file is None and not params:
        hint = "name a file of definitions, or a parameter and its new value"
        raise UsageError(Problem(code="ZY107", message="nothing to preview", hint=hint))


def previewed(catalogue: Catalogue) -> Catalogue:
    """Return what a preview computes: drafts too, but nothing that is retired."""
    return lifecycle.previewed(catalogue)


def _sighting(session: Session, manifest: Manifest) -> Sighting:
    """Return a snapshot as history keeps it: without tags that the definitions leave out."""
    chosen, known = in_history(session.catalogue), session.catalogue.tags
    table = f"snapshot.t_{manifest.snapshot_id}"
    return Sighting(
        snapshot_id=manifest.snapshot_id,
        as_of=manifest.as_of,
        known_at=manifest.known_at,
        tags={
            code: (manifest.tags[code], kind)
            for code, kind in history.kept_columns(session.engine, table).items()
            if code in manifest.tags and (code in chosen or code not in known)
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerHistory:
    """The stretches of a customer; ``merged_into`` names the customer who she is part of now."""

    customer_id: int
    stretches: tuple[Stretch, ...]
    sightings: int
    merged_into: int | None = None


def customer_history(
    session: Session,
    customer: str,
    tag: str | None = None,
    *,
    known_at: datetime | None = None,
    every_belief: bool = False,
) -> CustomerHistory:
    """Return a customer's whole history, or that of one tag and of the codes it had before.

    Raises UsageError ``ZY503`` for no such tag, ``ZY504`` if no kept snapshot had the customer,
    ``ZY510`` without history, ``ZY511`` for a tag that is left out of it.
    """
    customer_id = customer_named(customer)
    known = sightings(session)
    codes: list[str] = []
    if tag is not None:
        found = tag_named(session.catalogue, tag)
        codes = [found.code, *found.aliases]
        _check_kept(known, codes)
    stretches = history.stretches(
        session.engine,
        customer_id,
        [*codes, history.CUSTOMER] if codes else (),
        known_at=naive_utc(known_at) if known_at else None,
        every_belief=every_belief,
    )
    if not stretches:
        raise no_customer(customer)
    return CustomerHistory(
        customer_id=customer_id,
        stretches=tuple(stretches),
        sightings=len(known),
        merged_into=_merged_into(session, customer_id),
    )


def _check_kept(known: Sequence[Sighting], codes: Sequence[str]) -> None:
    if not any(code in one.tags for one in known for code in codes):
        raise UsageError(
            Problem(
                code="ZY511",
                message=f"tag {codes[0]!r} has no history",
                hint="values that move every day are left out; write `history: on` to keep them",
            )
        )


def _merged_into(session: Session, customer_id: int) -> int | None:
    rows = session.engine.query(
        Statement(
            "SELECT to_customer FROM identity.change WHERE action = 'merge'"
            " AND from_customer = $id AND NOT EXISTS ("
            "SELECT 1 FROM identity.assignment AS a WHERE a.customer_id = $id)"
            " ORDER BY recorded_at DESC LIMIT 1",
            {"id": customer_id},
        )
    ).to_pylist()
    return rows[0]["to_customer"] if rows else None


def sightings(session: Session) -> list[Sighting]:
    """Return all sightings; raises UsageError ``ZY510`` if there is none yet."""
    known = history.sightings(session.engine)
    if not known:
        raise UsageError(
            Problem(
                code="ZY510",
                message="no history yet",
                hint="run `zhiyan compute` or `zhiyan refresh`: each snapshot goes into history",
            )
        )
    return known


def sighting_at(session: Session, day: datetime, known_at: datetime | None = None) -> Sighting:
    """Return the sighting that answers for a moment; raises UsageError ``ZY512`` if none does."""
    known = sightings(session)
    moment = naive_utc(day)
    found = history.at(known, moment, naive_utc(known_at) if known_at else None)
    if found is None:
        first = min(one.as_of for one in known)
        raise UsageError(
            Problem(
                code="ZY512",
                message=f"no kept snapshot answers for {moment:%Y-%m-%d %H:%M} (UTC)",
                hint=f"the first one is of {first:%Y-%m-%d %H:%M} (UTC); `--exact` computes it",
            )
        )
    return found


def customer_as_of(session: Session, sighting: Sighting, customer: str) -> dict[str, Any]:
    """Return the kept tags of a customer at a sighting; raises UsageError ``ZY504``."""
    row = history.customer_at(
        session.engine,
        sighting,
        history.sightings(session.engine),
        customer_id=customer_named(customer),
    )
    if row is None:
        raise no_customer(customer)
    return row


def movements(
    session: Session,
    where: str,
    *,
    days: tuple[datetime, datetime],
    known_at: datetime | None = None,
) -> Ledger:
    """Return who entered and left an audience between two days, snapshot by snapshot, and why.

    ``where`` is an expression or a segment's code. Raises as ``select`` and ``sighting_at``;
    ``ZY513`` if a snapshot of the time lacks a tag that the expression reads.
    """
    catalogue = published(session.catalogue)
    segment = catalogue.segments.get(where.strip())
    node = segment.where if segment else check_expression(catalogue, where)
    span = _span(session, days, known_at)
    _check_read(session, span, node)
    note_uses(session, names(node) & set(catalogue.tags), "movements")
    return history.ledger(span, node)


def migration(
    session: Session,
    tag: str,
    *,
    days: tuple[datetime, datetime],
    known_at: datetime | None = None,
) -> Migration:
    """Return how customers moved between the values of a tag from one day to another."""
    code = tag_named(published(session.catalogue), tag).code
    span = _span(session, days, known_at)
    _check_read(session, span, None, codes=(code,))
    note_uses(session, (code,), "movements")
    return history.migration(span, code)


def _span(session: Session, days: tuple[datetime, datetime], known_at: datetime | None) -> Span:
    """Return the sightings from the state at the first day to the state at the last."""
    known = sightings(session)
    stored = naive_utc(known_at) if known_at else None
    first, last = (sighting_at(session, day, known_at).as_of for day in days)
    steps = [one for one in history.timeline(known, stored) if first <= one.as_of <= last]
    return Span(
        engine=session.engine,
        catalogue=published(session.catalogue),
        steps=tuple(steps),
        known=tuple(known),
        offset_minutes=session.settings.zone.offset_minutes,
    )


def _check_read(
    session: Session, span: Span, node: Node | None, *, codes: Sequence[str] = ()
) -> None:
    read = {*codes, *(names(node) if node else ())} & set(span.catalogue.tags)
    for one in span.steps:
        columns = history.kept_columns(session.engine, one.table) or one.tags
        missing = sorted(read - set(columns))
        if missing:
            raise UsageError(
                Problem(
                    code="ZY513",
                    message=f"the snapshot of {one.as_of:%Y-%m-%d} has no tag {missing[0]!r}",
                    hint="begin later, or compute that day anew with the definitions of today",
                )
            )


def members(session: Session, sighting: Sighting, where: str) -> pa.Table:
    """Return who was in an audience at a sighting: customer_id, in the order of ids."""
    catalogue: Catalogue = published(session.catalogue)
    segment = catalogue.segments.get(where.strip())
    node = segment.where if segment else check_expression(catalogue, where)
    span = Span(
        engine=session.engine,
        catalogue=catalogue,
        steps=(sighting,),
        known=tuple(history.sightings(session.engine)),
        offset_minutes=session.settings.zone.offset_minutes,
    )
    _check_read(session, span, node)
    note_uses(session, names(node) & set(catalogue.tags), "as-of")
    return history.members(span, node)
