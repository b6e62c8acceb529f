"""The routes of the queue: what to do next for whom, why, and how much the weights matter."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from zhiyan.api.models import Model, Named, Text
from zhiyan.api.routes import FAILURES, number
from zhiyan.api.show import raw
from zhiyan.app import queueing
from zhiyan.app.reads import Label
from zhiyan.core.action import Purpose
from zhiyan.core.identity import public_id
from zhiyan.core.time import aware
from zhiyan.pipeline.queue import Entry, Held, Request, Totals

Name = Annotated[str, Query(max_length=80)]
ActionCode = Annotated[str, Query(pattern="^([a-z][a-z0-9_]*)?$", max_length=80)]


class HeldBack(Named):
    """A reason for which marketing is held back; ``known`` false: nobody knows, taken as yes."""

    known: bool


class Contribution(Named):
    """What one tag adds: ``points`` = ``weight`` (millionths) times ``strength`` (0 to 100)."""

    value: bool | int | float | str | list[str] | None
    shown: Text
    weight: int
    strength: int
    points: int
    text: Text


class QueueEntry(Model):
    """One customer and one action; ``score`` is the sum of the points of the contributions."""

    place: int
    customer_id: str
    action: Named
    purpose: Purpose
    level: Text
    score: int
    owner: str | None
    clinic: str | None
    clinic_name: Text
    role: str
    first: bool
    blocked: bool
    held: list[HeldBack]
    because: Text
    contributions: list[Contribution]
    do: Text
    dont: Text


class ActionCount(Named):
    """Rows of one action: open, and held back."""

    open: int
    blocked: int


class HeldCount(Named):
    """Customers with an action whom a suppression holds for."""

    customers: int


class Queue(Model):
    """The queue that was asked for, ``entries`` up to ``limit``; ``total`` rows are open."""

    snapshot_id: str
    as_of: datetime
    entries: list[QueueEntry]
    total: int
    customers: int
    blocked: int
    actions: list[ActionCount]
    suppressions: list[HeldCount]
    missing: list[str]


class Step(Model):
    """A weight moved by ``percent``: Kendall's tau of the head, rows that leave it, that move."""

    percent: int
    tau: float | None
    left: int
    moved: int


class WeightLine(Named):
    """What changes of one weight do; least changes in millionths of weight, null where none."""

    weight: int
    actions: list[str]
    steps: list[Step]
    least_reordering: int | None
    least_replacing: int | None


class QueueSensitivity(Model):
    """One line per weight, the most sensitive first; ``size`` is the length of the head."""

    size: int
    weights: list[WeightLine]


class Choice(Named):
    """A clinic or consultant by whom the queue can be narrowed, with the number of customers."""

    customers: int


class ActionChoice(Named):
    """An action; ``role`` is the department that does it, ``level`` first or P0 to P3."""

    role: str
    level: Text
    first: bool


class QueueChoices(Model):
    """By what the queue can be narrowed; ``owner`` takes a consultant's code or a role."""

    clinics: list[Choice]
    owners: list[Choice]
    roles: list[str]
    actions: list[ActionChoice]


class QueueDoor:
    """Answers the routes of the queue."""

    def __init__(self, workspace: queueing.QueueReads) -> None:
        self._reads = workspace

    def queue(  # noqa: PLR0913 - one query parameter each
        self,
        *,
        clinic: Name = "",
        owner: Name = "",
        action: ActionCode = "",
        customer: Annotated[str, Query(pattern="^(C[0-9A-Fa-f]{16})?$")] = "",
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        held: bool = False,
    ) -> Queue:
        """What to do next for whom: complaints first, then priority, then weighted score."""
        asked = Request(
            owner=owner,
            clinic=clinic,
            action=action,
            limit=limit,
            held=held,
            customer=number(customer) if customer else None,
        )
        found, words = self._reads.queue(asked)
        totals = found.totals
        return Queue(
            snapshot_id=found.snapshot.snapshot_id,
            as_of=aware(found.snapshot.as_of),
            entries=[_entry(one, words) for one in found.entries],
            total=totals.entries,
            customers=totals.customers,
            blocked=totals.blocked,
            actions=_counts(totals, words),
            suppressions=[
                HeldCount(
                    code=code,
                    name=_text(words.held(Held(code=code, known=True))),
                    customers=count,
                )
                for code, count in totals.by_suppression.items()
            ],
            missing=list(found.missing),
        )

    def queue_choices(self) -> QueueChoices:
        """By what the queue can be narrowed: clinics, consultants, roles and actions."""
        found, words = self._reads.queue_choices()
        places = words.catalogue.playbook
        return QueueChoices(
            clinics=_choices(found.clinics, places.clinic_tag, words),
            owners=_choices(found.owners, places.owner_tag, words),
            roles=list(dict.fromkeys(one.owner for one in found.actions if one.owner)),
            actions=[
                ActionChoice(
                    code=one.code,
                    name=_text(words.name(one.code)),
                    role=one.owner,
                    level=_text(words.level(one.code)),
                    first=one.first,
                )
                for one in found.actions
            ],
        )

    def queue_sensitivity(
        self,
        *,
        clinic: Name = "",
        owner: Name = "",
        action: ActionCode = "",
        size: Annotated[int, Query(ge=2, le=500)] = queueing.HEAD,
    ) -> QueueSensitivity:
        """Which change of which weight would reorder the head of the queue."""
        asked = Request(owner=owner, clinic=clinic, action=action)
        found, words = self._reads.queue_sensitivity(asked, size)
        return QueueSensitivity(
            size=found.size,
            weights=[
                WeightLine(
                    code=one.tag,
                    name=_text(words.tag(one.tag)),
                    weight=one.weight,
                    actions=list(one.actions),
                    steps=[
                        Step(percent=percent, tau=step.tau, left=step.left, moved=step.moved)
                        for percent, step in one.steps.items()
                    ],
                    least_reordering=one.least.reorders,
                    least_replacing=one.least.replaces,
                )
                for one in found.effects
            ],
        )


def _entry(entry: Entry, words: queueing.Words) -> QueueEntry:
    action = words.action(entry.action)
    return QueueEntry(
        place=entry.place,
        customer_id=public_id(entry.customer_id),
        action=Named(code=entry.action, name=_text(words.name(entry.action))),
        purpose=action.purpose,
        level=_text(words.level(entry.action)),
        score=entry.score,
        owner=entry.owner,
        clinic=entry.clinic,
        clinic_name=_text(words.code(words.catalogue.playbook.clinic_tag, entry.clinic)),
        role=action.owner,
        first=action.first,
        blocked=entry.blocked,
        held=[
            HeldBack(code=one.code, name=_text(words.held(one)), known=one.known)
            for one in entry.held
        ],
        because=_text(words.because(entry)),
        contributions=[
            Contribution(
                code=one.tag,
                name=_text(words.tag(one.tag)),
                value=raw(one.value),
                shown=_text(words.value(one)),
                weight=one.weight,
                strength=one.strength,
                points=one.points,
                text=_text(words.contribution(one)),
            )
            for one in entry.contributions
        ],
        do=Text(zh=action.do_zh, en=action.do_en),
        dont=Text(zh=action.dont_zh, en=action.dont_en),
    )


def _counts(totals: Totals, words: queueing.Words) -> list[ActionCount]:
    return [
        ActionCount(code=code, name=_text(words.name(code)), open=one[0], blocked=one[1])
        for code, one in totals.by_action.items()
    ]


def _choices(counts: Mapping[str, int], tag: str, words: queueing.Words) -> list[Choice]:
    return [
        Choice(code=code, name=_text(words.code(tag, code)), customers=count)
        for code, count in counts.items()
    ]


def _text(label: Label) -> Text:
    return Text(zh=label.zh, en=label.en)


def router(workspace: queueing.QueueReads) -> APIRouter:
    """Return the routes of the queue over a workspace."""
    door = QueueDoor(workspace)
    routes = APIRouter(prefix="/api", responses=FAILURES)
    routes.get("/queue", operation_id="queue")(door.queue)
    routes.get("/queue/choices", operation_id="queue_choices")(door.queue_choices)
    routes.get("/queue/sensitivity", operation_id="queue_sensitivity")(door.queue_sensitivity)
    return routes
