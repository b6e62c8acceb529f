"""The route of what people entered for a tag of a customer, beside its evidence."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter

from zhiyan.api.failures import not_found
from zhiyan.api.models import Model
from zhiyan.api.routes import FAILURES, Code, CustomerId, number
from zhiyan.app.manual import EntryReads
from zhiyan.core.time import aware


class EnteredValue(Model):
    """One entry: ``value`` null records a removal; ``until`` null never expires.

    ``way`` is set, confirm, remove or import; ``status`` live, overruled, expired, removed, removal
    or invalid. ``confidence_ppm`` halves with every half-life that the tag declares.
    """

    value: str | None
    author: str | None
    reason: str | None
    at: datetime
    until: datetime | None
    way: str
    status: str
    age_days: int
    confidence_ppm: int | None
    confirm_by: datetime | None


class Entered(Model):
    """Everything that people entered for a tag of a customer, the newest first."""

    customer_id: str
    tag: str
    entries: list[EnteredValue]


class EntryDoor:
    """Answers the route."""

    def __init__(self, workspace: EntryReads) -> None:
        self._reads = workspace

    def entered(self, customer_id: CustomerId, tag: Code) -> Entered:
        """Who entered what, why and until when; beside a computed tag it never replaces it."""
        rows = self._reads.entered(number(customer_id), tag)
        if rows is None:
            raise not_found("customer", customer_id)
        return Entered(customer_id=customer_id, tag=tag, entries=[_entry(row) for row in rows])


def _entry(row: dict[str, Any]) -> EnteredValue:
    return EnteredValue(
        value=row["value"],
        author=row["author"],
        reason=row["reason"],
        at=aware(row["occurred_at"]),
        until=aware(row["expires_at"]) if row["expires_at"] else None,
        way=row["way"],
        status=row["status"],
        age_days=row["age_days"],
        confidence_ppm=row["confidence_ppm"],
        confirm_by=aware(row["due_at"]) if row["due_at"] else None,
    )


def router(workspace: EntryReads) -> APIRouter:
    """Return the route over a workspace."""
    door = EntryDoor(workspace)
    routes = APIRouter(prefix="/api", responses=FAILURES)
    routes.get("/customers/{customer_id}/entered/{tag}", operation_id="entered")(door.entered)
    return routes
