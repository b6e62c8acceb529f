"""Read-only routes over time: history of a customer, movements of an audience, life of tags."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, Protocol, TypeVar

from fastapi import APIRouter, Query

from zhiyan.api.failures import wrong_expressions
from zhiyan.api.models import Text
from zhiyan.api.naming import Names, named, tag_name
from zhiyan.api.over_time_models import (
    ChangeLine,
    HealthLine,
    History,
    Migration,
    MigrationCell,
    MigrationSide,
    Move,
    Movements,
    Period,
    QualityLine,
    Readers,
    Reason,
    Shelved,
    StretchLine,
    VersionLine,
)
from zhiyan.api.routes import FAILURES, Code, CustomerId, Where
from zhiyan.api.show import text
from zhiyan.app import catalogue_life, history
from zhiyan.app.reads import Label, Reads
from zhiyan.app.workspace import Workspace
from zhiyan.core.identity import public_id
from zhiyan.core.tag import Tag
from zhiyan.core.time import aware

Answer = TypeVar("Answer")
Moment = Annotated[str, Query(max_length=40, description="2026-11-01, at 00:00 in the zone")]
TagCode = Annotated[str, Query(pattern="^[a-z][a-z0-9_]*$", max_length=80)]
#: How many reasons of movements are told at most.
REASONS = 200
#: What history calls being a customer at all, and a side of a matrix without a customer.
CUSTOMER, ABSENT = "*", "absent"
_CUSTOMER = Label("是客户", "Is a customer")
_ABSENT = Label("不在册", "Not a customer")
_HERE = Label("在册", "Customer")


class Asking(Protocol):
    """Opens the workspace for one question."""

    def ask(self, question: Callable[[Workspace], Answer]) -> Answer:
        """Return its answer."""
        ...

    def shelved(self) -> list[tuple[Tag, int]]:
        """Return the tags that are not live, each with its number of readers."""
        ...


class OverTime:
    """Answers the routes from one workspace; ``workspace`` names tags and values."""

    def __init__(self, reads: Asking, workspace: Reads) -> None:
        self._reads = reads
        self._workspace = workspace

    def _ask(self, question: Callable[[Workspace], Answer]) -> Answer:
        return self._reads.ask(question)

    def _teller(self) -> "Teller":
        names = Names(self._workspace.definitions(), self._workspace.labels)
        return Teller(names, self._workspace.offset_minutes())

    def customer_history(
        self, customer_id: CustomerId, tag: Annotated[str | None, Query(max_length=80)] = None
    ) -> History:
        """The stretches of a customer's tags; with a tag, also what is not believed any more."""
        found = self._ask(
            lambda w: history.customer_history(w, customer_id, tag, every_belief=tag is not None)
        )
        merged, teller = found.merged_into, self._teller()
        return History(
            customer_id=public_id(found.customer_id),
            merged_into=None if merged is None else public_id(merged),
            stretches=[
                StretchLine.of(
                    one, name=teller.tag(one.tag), shown=teller.value(one.tag, one.value)
                )
                for one in found.stretches
            ],
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
        with wrong_expressions(where):
            found = self._ask(lambda w: history.movements(w, where, days=_days(w, first, last)))
        teller = self._teller()
        moves = found.moves.to_pylist()
        return Movements(
            periods=[Period.model_validate(_aware(row)) for row in found.periods.to_pylist()],
            moves=[
                Move.model_validate(
                    {
                        **_aware(row),
                        **teller.change(row),
                        "customer_id": public_id(row["customer_id"]),
                    }
                )
                for row in moves[:limit]
            ],
            total=len(moves),
            reasons=_reasons(moves, teller),
        )

    def migration(self, tag: TagCode, first: Moment, last: Moment) -> Migration:
        """How customers moved between the values of a tag, from one day to another."""
        found = self._ask(lambda w: history.migration(w, tag, days=_days(w, first, last)))
        teller, cells = self._teller(), found.cells.to_pylist()
        definition = self._workspace.definitions().tags[tag]
        order = {one.value: place for place, one in enumerate(definition.values)}
        seen = {row[side] for row in cells for side in ("before", "after")}

        def place(value: str | None) -> tuple[bool, bool, int, str]:
            said = value or ""
            return value == ABSENT, value is None, order.get(said, len(order)), said

        values = sorted(seen, key=place)
        return Migration(
            tag=named(tag, tag_name(definition)),
            before=aware(found.before),
            after=aware(found.after),
            values=[
                MigrationSide(
                    **teller.side(tag, value).model_dump(), value=value, absent=value == ABSENT
                )
                for value in values
            ],
            cells=[
                MigrationCell(
                    before=values.index(row["before"]),
                    after=values.index(row["after"]),
                    customers=row["customers"],
                )
                for row in cells
            ],
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

        def question(workspace: Workspace) -> Readers:
            found = catalogue_life.tag_users(workspace, code)
            named_by = catalogue_life.reader_names(workspace, (*found.direct, *found.indirect))
            return Readers(
                direct=list(found.direct),
                indirect=list(found.indirect),
                names={key: Text(zh=zh, en=en) for key, (zh, en) in named_by.items()},
            )

        return self._ask(question)

    def quality(self, code: Code) -> list[QualityLine]:
        """Coverage and stability of a tag at each kept snapshot, oldest as-of first."""

        def question(workspace: Workspace) -> list[catalogue_life.QualityPoint]:
            tag = workspace.tag(code)
            kept = catalogue_life.has_quality(workspace)
            return catalogue_life.quality_history(workspace, tag.code) if kept else []

        newest: dict[datetime, catalogue_life.QualityPoint] = {}
        for one in self._ask(question):
            newest.setdefault(one.as_of, one)
        return [QualityLine.of(newest[as_of]) for as_of in sorted(newest)]

    def health(self) -> list[HealthLine]:
        """How every live tag does, those proposed for retirement first."""
        return [HealthLine.of(one) for one in self._ask(catalogue_life.tags_health)]

    def shelved(self) -> list[Shelved]:
        """The tags that are not live: drafts, those in review, retired ones."""
        return [
            Shelved(
                **named(tag.code, tag_name(tag)).model_dump(),
                status=tag.status,
                owner=tag.owner,
                readers=readers,
            )
            for tag, readers in self._reads.shelved()
        ]


class Teller:
    """Says what history keeps, in words; ``offset`` minutes lead from UTC to the business zone."""

    def __init__(self, names: Names, offset: int) -> None:
        self._names = names
        self._offset = offset

    def tag(self, code: str) -> Text:
        """Return the name of a tag; one that is gone stands for itself."""
        if code == CUSTOMER:
            return text(_CUSTOMER)
        tag = self._names.definitions.tags.get(code)
        return text(tag_name(tag)) if tag else Text(zh=code, en=code)

    def value(self, code: str, value: str | None) -> Text:
        """Return a kept value in words."""
        if code == CUSTOMER:
            return text(_ABSENT if value is None else _HERE)
        return self._names.told(code, value, offset=self._offset)

    def side(self, code: str, value: str | None) -> Text:
        """Return a side of a matrix in words."""
        return text(_ABSENT) if value == ABSENT else self.value(code, value)

    def change(self, row: Mapping[str, Any]) -> dict[str, Text | None]:
        """Return the words for the tag that changed and for both of its values."""
        code = row["tag"]
        return {
            "name": None if code is None else self.tag(code),
            "before_shown": self.value(code or "", row["before"]),
            "after_shown": self.value(code or "", row["after"]),
        }


def _reasons(moves: Iterable[Mapping[str, Any]], teller: Teller) -> list[Reason]:
    counted = Counter(
        (row["change"], row["as_of"], row["tag"], row["before"], row["after"]) for row in moves
    )
    return [
        Reason.model_validate(
            {
                "change": change,
                "as_of": aware(as_of),
                "tag": tag,
                "customers": customers,
                **teller.change({"tag": tag, "before": before, "after": after}),
            }
        )
        for (change, as_of, tag, before, after), customers in counted.most_common(REASONS)
    ]


def _days(workspace: Workspace, first: str, last: str) -> tuple[datetime, datetime]:
    zone = workspace.settings.zone
    return zone.parse_moment(first), zone.parse_moment(last)


def _aware(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with its stored moments aware."""
    return {k: aware(v) if isinstance(v, datetime) else v for k, v in row.items()}


def router(reads: Asking, workspace: Reads) -> APIRouter:
    """Return the routes over a workspace."""
    door = OverTime(reads, workspace)
    routes = APIRouter(prefix="/api", responses=FAILURES)
    for path, answer in (
        ("/customers/{customer_id}/history", door.customer_history),
        ("/movements", door.movements),
        ("/migration", door.migration),
        ("/tags/{code}/versions", door.versions),
        ("/tags/{code}/readers", door.readers),
        ("/tags/{code}/quality", door.quality),
        ("/health/tags", door.health),
        ("/health/shelved", door.shelved),
    ):
        routes.get(path, operation_id=f"over_time_{answer.__name__}")(answer)
    return routes
