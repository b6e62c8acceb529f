"""Read-only routes over time: history of a customer, movements of an audience, life of tags."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Protocol, TypeVar

from fastapi import APIRouter, Query

from zhiyan.api.over_time_models import (
    ChangeLine,
    HealthLine,
    History,
    Move,
    Movements,
    Period,
    Readers,
    StretchLine,
    VersionLine,
)
from zhiyan.api.routes import FAILURES, Code, CustomerId, Where
from zhiyan.app import catalogue_life, history
from zhiyan.app.workspace import Workspace
from zhiyan.core.identity import public_id
from zhiyan.core.time import aware

Answer = TypeVar("Answer")
Moment = Annotated[str, Query(max_length=40, description="2026-11-01, at 00:00 in the zone")]


class Asking(Protocol):
    """Opens the workspace for one question."""

    def ask(self, question: Callable[[Workspace], Answer]) -> Answer:
        """Return its answer."""
        ...


class OverTime:
    """Answers the routes from one workspace."""

    def __init__(self, reads: Asking) -> None:
        self._reads = reads

    def _ask(self, question: Callable[[Workspace], Answer]) -> Answer:
        return self._reads.ask(question)

    def customer_history(
        self, customer_id: CustomerId, tag: Annotated[str | None, Query(max_length=80)] = None
    ) -> History:
        """The stretches of a customer's tags; with a tag, also what is not believed any more."""
        found = self._ask(
            lambda w: history.customer_history(w, customer_id, tag, every_belief=tag is not None)
        )
        merged = found.merged_into
        return History(
            customer_id=public_id(found.customer_id),
            merged_into=None if merged is None else public_id(merged),
            stretches=[StretchLine.of(one) for one in found.stretches],
        )

    def movements(
        self,
        where: Where,
        first: Moment,
        last: Moment,
        *,
        limit: Annotated[int, Query(ge=0, le=10_000)] = 1000,
    ) -> Movements:
        """Who entered and left an audience between two days, snapshot by snapshot, and why."""

        def question(workspace: Workspace) -> Any:
            zone = workspace.settings.zone
            days = (zone.parse_moment(first), zone.parse_moment(last))
            return history.movements(workspace, where, days=days)

        found = self._ask(question)
        return Movements(
            periods=[Period.model_validate(_aware(row)) for row in found.periods.to_pylist()],
            moves=[
                Move.model_validate({**_aware(row), "customer_id": public_id(row["customer_id"])})
                for row in found.moves.slice(0, limit).to_pylist()
            ],
            total=found.moves.num_rows,
        )

    def versions(self, code: Code) -> list[VersionLine]:
        """The versions of a tag, oldest first, each with what changed from the one before."""
        found = self._ask(lambda w: catalogue_life.tag_versions(w, code))
        return [
            VersionLine(
                fingerprint=one.fingerprint,
                status=one.status,
                first_snapshot=one.first_snapshot,
                first_as_of=aware(one.first_as_of),
                changes=[ChangeLine.of(change) for change in changed],
            )
            for one, changed in found
        ]

    def readers(self, code: Code) -> Readers:
        """Who reads a tag: tags, segments and actions."""
        found = self._ask(lambda w: catalogue_life.tag_users(w, code))
        return Readers(direct=list(found.direct), indirect=list(found.indirect))

    def health(self) -> list[HealthLine]:
        """How every live tag does, those proposed for retirement first."""
        return [HealthLine.of(one) for one in self._ask(catalogue_life.tags_health)]


def _aware(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with its stored moments aware."""
    return {k: aware(v) if isinstance(v, datetime) else v for k, v in row.items()}


def router(reads: Asking) -> APIRouter:
    """Return the routes over a workspace."""
    door = OverTime(reads)
    routes = APIRouter(prefix="/api", responses=FAILURES)
    for path, answer in (
        ("/customers/{customer_id}/history", door.customer_history),
        ("/movements", door.movements),
        ("/tags/{code}/versions", door.versions),
        ("/tags/{code}/readers", door.readers),
        ("/health/tags", door.health),
    ):
        routes.get(path, operation_id=f"over_time_{answer.__name__}")(answer)
    return routes
