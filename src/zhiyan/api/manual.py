"""The routes of what people entered for a tag of a customer, beside its evidence."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter

from zhiyan.api.failures import not_found
from zhiyan.api.models import Model, Named, Text
from zhiyan.api.naming import Names, named, tag_name
from zhiyan.api.routes import FAILURES, Code, CustomerId, number
from zhiyan.app.manual import EntryReads
from zhiyan.app.reads import Reads
from zhiyan.core.tag import TagKind
from zhiyan.core.time import aware


class EnteredValue(Model):
    """One entry: ``value`` null records a removal; ``until`` null never expires.

    ``way`` is set, confirm, remove or import; ``status`` live, overruled, expired, removed, removal
    or invalid. ``confidence_ppm`` halves with every half-life that the tag declares.
    """

    value: str | None
    shown: Text
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


class EnteredTag(Named):
    """What people entered for one tag; ``computed`` says that rules give it a value too."""

    computed: bool
    entries: list[EnteredValue]


class EnteredAll(Model):
    """Everything that people entered of a customer, by tag; the newest first."""

    customer_id: str
    tags: list[EnteredTag]


class EntryDoor:
    """Answers the routes; ``workspace`` names the values."""

    def __init__(self, people: EntryReads, workspace: Reads) -> None:
        self._reads = people
        self._workspace = workspace

    def entered_all(self, customer_id: CustomerId) -> EnteredAll:
        """What people entered of a customer, tag by tag."""
        rows = self._reads.entered(number(customer_id))
        if rows is None:
            raise not_found("customer", customer_id)
        names = self._names()
        known = names.definitions.tags
        codes = [code for code in dict.fromkeys(row["tag"] for row in rows) if code in known]
        return EnteredAll(
            customer_id=customer_id,
            tags=[
                EnteredTag(
                    **named(code, tag_name(known[code])).model_dump(),
                    computed=known[code].kind is not TagKind.MANUAL,
                    entries=[_entry(row, names) for row in rows if row["tag"] == code],
                )
                for code in codes
            ],
        )

    def _names(self) -> Names:
        return Names(self._workspace.definitions(), self._workspace.labels)

    def entered(self, customer_id: CustomerId, tag: Code) -> Entered:
        """Who entered what, why and until when; beside a computed tag it never replaces it."""
        rows = self._reads.entered(number(customer_id), tag)
        if rows is None:
            raise not_found("customer", customer_id)
        names = self._names()
        told = [_entry(row, names) for row in rows]
        return Entered(customer_id=customer_id, tag=tag, entries=told)


def _entry(row: dict[str, Any], names: Names) -> EnteredValue:
    return EnteredValue(
        value=row["value"],
        shown=names.told(row["tag"], row["value"], one=True),
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


def router(people: EntryReads, workspace: Reads) -> APIRouter:
    """Return the routes over a workspace."""
    door = EntryDoor(people, workspace)
    routes = APIRouter(prefix="/api", responses=FAILURES)
    routes.get("/customers/{customer_id}/entered", operation_id="entered_all")(door.entered_all)
    routes.get("/customers/{customer_id}/entered/{tag}", operation_id="entered")(door.entered)
    return routes
