"""What the API reads of a workspace, each answer from a short read-only opening of the warehouse.

So the server never keeps others from importing: while a writer is at work, readers are told to try
again.
"""

from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from zhiyan.app import distribution, records
from zhiyan.app.catalogue_life import shelved_tags
from zhiyan.app.describing import definitions_of, names_of_values
from zhiyan.app.importing import phone_tokens
from zhiyan.app.lookup import customer_row, tag_at
from zhiyan.app.reads import (
    AudienceCount,
    Cell,
    ClauseCount,
    CustomerLine,
    CustomerPage,
    Definitions,
    Distribution,
    IdentifierLine,
    ImportLine,
    Label,
    Overview,
    Profile,
)
from zhiyan.app.uses import note_uses, read_by
from zhiyan.app.workspace import Workspace
from zhiyan.core.evidence import Evidence
from zhiyan.core.expression import Literal, Node, ValueType
from zhiyan.core.identity import parse_public_id
from zhiyan.core.snapshot import Manifest
from zhiyan.core.tag import Tag
from zhiyan.lang.behaviours import Question
from zhiyan.lang.lifecycle import published
from zhiyan.lang.render import render
from zhiyan.memo import Memo
from zhiyan.pipeline.select import Judgement, count, matched, parts_of
from zhiyan.ports import Statement

Answer = TypeVar("Answer")
ALL = Literal(value=True, type=ValueType.BOOL)


class WorkspaceReads:
    """Implements what the API asks, over a workspace folder; safe to call from several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()
        self._compiled = Memo()
        with self._opened() as workspace:
            self._shelved = shelved_tags(workspace.catalogue)
            self._catalogue = published(workspace.catalogue)
            self._values = names_of_values(workspace.settings, workspace.pack, self._catalogue)
            known = definitions_of(self._catalogue)
            self._definitions = replace(known, codes=self._values.codes)
            self._clock = workspace.clock
            self._offset_minutes = workspace.settings.zone.offset_minutes

    def _opened(self) -> AbstractContextManager[Workspace]:
        """Open the workspace for one question."""
        return Workspace.reading(self._folder)

    @contextmanager
    def _open(self) -> Generator[Workspace]:
        with self._lock, self._opened() as workspace:
            workspace.catalogue, workspace.compiled = self._catalogue, self._compiled
            yield workspace

    def ask(self, question: Callable[[Workspace], Answer]) -> Answer:
        """Return the answer to a question that one opening of the workspace can give."""
        with self._open() as workspace:
            return question(workspace)

    def now(self) -> datetime:
        """Return the present moment, aware."""
        return self._clock.now()

    def offset_minutes(self) -> int:
        """Return what the business zone is ahead of UTC."""
        return self._offset_minutes

    def definitions(self) -> Definitions:
        """Return the live definitions."""
        return self._definitions

    def shelved(self) -> list[tuple[Tag, int]]:
        """Return the tags that are not live, each with its number of readers."""
        return self._shelved

    def overview(self) -> Overview:
        """Return the state of the workspace."""
        with self._open() as workspace:
            return _overview(workspace)

    def snapshots(self) -> tuple[Manifest, ...]:
        """Return the manifests, newest as-of first."""
        with self._open() as workspace:
            return tuple(workspace.snapshots())

    def coverage(self) -> Mapping[str, int]:
        """Return how many customers have a value of each tag; empty before the first compute."""
        with self._open() as workspace:
            found = workspace.snapshots()
            if not found:
                return {}
            return distribution.coverage(workspace.engine, workspace.catalogue, found[0])

    def distribution(self, code: str) -> Distribution:
        """Return the spread of a tag's values."""
        with self._open() as workspace:
            snapshot, zone = workspace.snapshot(), workspace.settings.zone
            tag = tag_at(workspace.catalogue, snapshot, code, zone=zone)
            return distribution.spread(workspace.engine, workspace.catalogue, snapshot, tag=tag)

    def labels(self, code: str) -> Mapping[str, Label]:
        """Return the names of a tag's values."""
        return self._values.of(self._catalogue.tags[code])

    def customers(self, query: str, *, where: str, after: int | None, limit: int) -> CustomerPage:
        """Return a page of customers, found by id or phone, or by an expression."""
        with self._open() as workspace:
            snapshot = workspace.snapshot()
            codes = [c for c in self._definitions.headline if c in snapshot.tags]
            judgement = workspace.judgement(where, snapshot) if where.strip() else _all(workspace)
            wanted = _ids(workspace, query) if query.strip() else None
            rows = matched(judgement, codes, after=after, limit=limit + 1, only=wanted).to_pylist()
            seen = _first_seen(workspace, [row["customer_id"] for row in rows])
            total = (
                count(judgement).matched
                if wanted is None
                else matched(judgement, (), limit=None, only=wanted).num_rows
            )
        lines = tuple(
            CustomerLine(
                customer_id=row["customer_id"],
                first_seen=seen.get(row["customer_id"], snapshot.as_of),
                tags={code: _plain(row[code]) for code in codes},
            )
            for row in rows[:limit]
        )
        return CustomerPage(lines=lines, more=len(rows) > limit, total=total)

    def customer(self, customer_id: int) -> Profile | None:
        """Return one customer at the newest snapshot."""
        with self._open() as workspace:
            return _profile(workspace, customer_id)

    def evidence(self, customer_id: int, code: str) -> Evidence | None:
        """Explain a tag of a customer."""
        with self._open() as workspace:
            found = workspace.evidence(customer_id, code)
            if found is not None:
                note_uses(workspace, [code], "explain")
            return found

    def audience(self, where: str) -> AudienceCount:
        """Count an expression or a segment, and each of its conditions alone."""
        with self._open() as workspace:
            snapshot = workspace.snapshot()
            judgement = workspace.judgement(where, snapshot)
            note_uses(workspace, read_by(workspace, where), "audience")
            whole = count(judgement)
            parts = parts_of(judgement.question.node)
            alone = [count(_with(judgement, part)) for part in parts] if len(parts) > 1 else []
        return AudienceCount(
            snapshot_id=snapshot.snapshot_id,
            as_of=snapshot.as_of,
            matched=whole.matched,
            not_matched=whole.not_matched,
            unknown=whole.unknown,
            total=whole.total,
            clauses=tuple(
                ClauseCount(
                    text=render(part),
                    matched=found.matched,
                    not_matched=found.not_matched,
                    unknown=found.unknown,
                )
                for part, found in zip(parts, alone, strict=False)
            ),
        )


def _with(judgement: Judgement, node: Node) -> Judgement:
    return replace(judgement, question=replace(judgement.question, node=node))


def _all(workspace: Workspace) -> Judgement:
    return Judgement(
        engine=workspace.engine,
        catalogue=workspace.catalogue,
        snapshot=workspace.snapshot(),
        question=Question(node=ALL),
        offset_minutes=workspace.settings.zone.offset_minutes,
        aligned=workspace.aligned,
    )


def _ids(workspace: Workspace, query: str) -> list[int]:
    """Return the customers that a query names: a public id or a phone."""
    customer_id = parse_public_id(query)
    if customer_id is not None:
        return [customer_id]
    tokens = phone_tokens(workspace.key, query)
    rows = workspace.engine.query(
        Statement(
            "SELECT DISTINCT customer_id FROM identity.identifier"
            " WHERE id_type = 'phone' AND list_contains($tokens, token)",
            {"tokens": tokens},
        )
    )
    return [row["customer_id"] for row in rows.to_pylist()] if tokens else []


def _first_seen(workspace: Workspace, ids: list[int]) -> dict[int, datetime]:
    rows = workspace.engine.query(
        Statement(
            "SELECT customer_id, min(first_seen) AS first_seen FROM identity.assignment"
            " WHERE list_contains($ids, customer_id) GROUP BY customer_id",
            {"ids": ids},
        )
    )
    return {row["customer_id"]: row["first_seen"] for row in rows.to_pylist()}


def _profile(workspace: Workspace, customer_id: int) -> Profile | None:
    history = workspace.snapshots()
    snapshot = workspace.snapshot()
    row = customer_row(workspace.engine, snapshot, customer_id)
    if row is None:
        return None
    older = [customer_row(workspace.engine, m, customer_id) for m in history[1:20]]
    cells = {
        code: Cell(value=_plain(row[code]), since=_since(code, row[code], (history, older)))
        for code in workspace.catalogue.tags
        if code in row
    }
    identifiers = workspace.engine.query(
        Statement(
            "SELECT id_type, quality, verified, persons, first_seen FROM identity.identifier"
            " WHERE customer_id = $id ORDER BY id_type, first_seen",
            {"id": customer_id},
        )
    ).to_pylist()
    assigned = workspace.engine.query(
        Statement(
            "SELECT count(*) AS parties, min(first_seen) AS first_seen FROM identity.assignment"
            " WHERE customer_id = $id",
            {"id": customer_id},
        )
    ).to_pylist()[0]
    return Profile(
        customer_id=customer_id,
        first_seen=assigned["first_seen"] or snapshot.as_of,
        parties=assigned["parties"],
        cells=cells,
        identifiers=tuple(IdentifierLine(**line) for line in identifiers),
        events={
            kind: n for kind, n in _event_counts(workspace, customer_id, snapshot).items() if n
        },
    )


def _since(
    code: str, value: Any, past: tuple[list[Manifest], list[dict[str, Any] | None]]
) -> datetime | None:
    """Return the as-of of the oldest snapshot of the unbroken run that has this value."""
    history, older = past
    since: datetime | None = None
    for manifest, row in zip(history[1:], older, strict=False):
        if row is None or code not in row or row[code] != value:
            break
        since = manifest.as_of
    return since


def _event_counts(workspace: Workspace, customer_id: int, snapshot: Manifest) -> dict[str, int]:
    kinds = list(snapshot.events)
    if not kinds:
        return {}
    each = " UNION ALL ".join(
        f"SELECT '{kind}' AS kind, count(*) AS n FROM event.{kind} SEMI JOIN party USING (party_id)"  # noqa: S608 - declared names
        " WHERE occurred_at < $as_of AND superseded_at IS NULL"
        for kind in kinds
    )
    rows = workspace.engine.query(
        Statement(
            f"WITH party AS (SELECT party_id FROM snapshot.a_{snapshot.snapshot_id}"  # noqa: S608 - declared names
            f" WHERE customer_id = $id) {each}",
            {"id": customer_id, "as_of": snapshot.as_of},
        )
    )
    return {row["kind"]: row["n"] for row in rows.to_pylist()}


def _overview(workspace: Workspace) -> Overview:
    engine = workspace.engine
    found = workspace.snapshots()
    snapshot = found[0] if found else None
    sizes = engine.query(
        Statement(
            "SELECT count(DISTINCT customer_id) AS customers, count(*) AS parties"
            " FROM identity.assignment"
        )
    ).to_pylist()[0]
    reasons = engine.query(
        Statement(
            "SELECT reason, count(DISTINCT (import_id, file_name, sheet, row_no)) AS n"
            " FROM meta.quarantine WHERE resolved_by IS NULL GROUP BY reason ORDER BY n DESC, reason"
        )
    ).to_pylist()
    conflicts = engine.query(Statement("SELECT count(*) AS n FROM identity.conflict")).to_pylist()
    lines = [
        ImportLine(**{name: row[name] for name in ImportLine.__dataclass_fields__})
        for row in records.imports(engine).to_pylist()
    ]
    return Overview(
        workspace=workspace.settings.legal_entity or workspace.folder.resolve().name,
        zone=workspace.settings.zone.name,
        offset_minutes=workspace.settings.zone.offset_minutes,
        snapshot=snapshot,
        customers=snapshot.customers if snapshot else sizes["customers"],
        parties=sizes["parties"],
        newest_fact_at=records.newest_fact(engine),
        events=dict(snapshot.events) if snapshot else {},
        imports=tuple(lines),
        quarantine={row["reason"]: row["n"] for row in reasons},
        conflicts=conflicts[0]["n"],
        unmapped_items=records.unmapped_items(engine).num_rows,
    )


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
