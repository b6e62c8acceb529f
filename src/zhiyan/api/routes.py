"""The read-only routes under ``/api``."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from zhiyan.api import describe, models, people_models
from zhiyan.api.failures import not_found, wrong_expressions
from zhiyan.api.memory import Memory
from zhiyan.api.naming import Names, named, tag_name
from zhiyan.api.people import Desk, codes_of, kind_counts
from zhiyan.api.show import text
from zhiyan.app.reads import Overview, Reads
from zhiyan.core.identity import parse_public_id
from zhiyan.core.snapshot import Manifest
from zhiyan.core.tag import Tag
from zhiyan.core.time import aware

FAILURES: dict[int | str, dict[str, Any]] = {
    code: {"model": models.Failure, "description": words}
    for code, words in (
        (400, "wrong use"),
        (404, "not there"),
        (422, "wrong definition or request"),
        (500, "an error of ours"),
        (503, "something outside failed"),
    )
}
Code = Annotated[str, Path(pattern="^[a-z][a-z0-9_]*$", max_length=80)]
CustomerId = Annotated[str, Path(pattern="^[Cc][0-9A-Fa-f]{16}$")]
Where = Annotated[str, Query(max_length=4000, description="expression over tags")]


class Door:
    """Answers the routes from one workspace."""

    def __init__(self, workspace: Reads) -> None:
        self._reads = workspace
        self._memory = Memory(workspace)

    def health(self) -> models.Health:
        """Say that the service answers."""
        newest = self._newest()
        return models.Health(
            status="ok",
            snapshot_id=newest.snapshot_id if newest else None,
        )

    def overview(self) -> models.Overview:
        """Counts, freshness, imports and the spread of the leading tags."""
        found, names = self._reads.overview(), self._names()
        known = names.definitions
        newest = found.snapshot
        return models.Overview(
            workspace=found.workspace,
            zone=found.zone,
            offset_minutes=found.offset_minutes,
            customers=found.customers,
            parties=found.parties,
            tags=len(known.tags),
            segments=len(known.segments),
            newest_fact_at=aware(found.newest_fact_at) if found.newest_fact_at else None,
            snapshot=self._snapshot(newest) if newest else None,
            events=kind_counts(dict(found.events)),
            imports=imports(found),
            quarantine=[
                models.ReasonCount(reason=reason, rows=rows)
                for reason, rows in sorted(found.quarantine.items(), key=lambda one: -one[1])
            ],
            conflicts=found.conflicts,
            unmapped_items=found.unmapped_items,
            highlights=self._highlights(names, newest) if newest else [],
        )

    def snapshots(self) -> list[models.Snapshot]:
        """Every snapshot, newest as-of first."""
        return [self._snapshot(one) for one in self._reads.snapshots()]

    def taxonomies(self) -> list[models.TaxonomyLine]:
        """The ways to arrange the tags."""
        known = self._reads.definitions()
        return [
            models.TaxonomyLine(
                code=one.code,
                name=text(one.name),
                tags=len(
                    {code for group in one.groups for code in codes_of(group)} & set(known.tags)
                ),
            )
            for one in known.taxonomies
        ]

    def tags(self, taxonomy: str | None = None) -> models.TagTree:
        """The tree of tags with their coverage, under one taxonomy (default: the first)."""
        names = self._names()
        all_of_them = names.definitions.taxonomies
        chosen = next((one for one in all_of_them if taxonomy in (None, one.code)), None)
        if chosen is None:
            raise not_found("taxonomy", taxonomy or "")
        return self._shelf(names, self._newest()).tree(chosen)

    def tag(self, code: Code) -> models.TagDetail:
        """One tag: definition in words, values, spread, coverage, freshness, dependencies."""
        names = self._names()
        tag, newest = self._tag(names, code), self._newest()
        known = newest if newest and code in newest.tags else None
        found = self._memory.distribution(known.snapshot_id, code) if known else None
        return self._shelf(names, newest).detail(tag, found, self._reads.now())

    def segments(self) -> list[models.Segment]:
        """The predefined segments."""
        names = self._names()
        return [describe.segment(one, names) for one in names.definitions.segments.values()]

    def customers(
        self,
        *,
        query: Annotated[str, Query(max_length=80, description="customer id or phone")] = "",
        where: Where = "",
        after: Annotated[str, Query(max_length=17)] = "",
        limit: Annotated[int, Query(ge=1, le=100)] = 50,
    ) -> people_models.CustomerPage:
        """A page of customers in the order of their ids."""
        start = parse_public_id(after)
        if after and start is None:
            raise not_found("customer", after)
        with wrong_expressions(where):
            page = self._reads.customers(
                query.strip(), where=where.strip(), after=start, limit=limit
            )
        return self._desk().page(page)

    def customer(self, customer_id: CustomerId) -> people_models.Profile:
        """One customer with her tags by category."""
        newest = self._newest()
        found = self._reads.customer(number(customer_id)) if newest else None
        if found is None or newest is None:
            raise not_found("customer", customer_id)
        return self._desk().profile(found, newest)

    def evidence(self, customer_id: CustomerId, tag: Code) -> people_models.Evidence:
        """Why a customer has a tag value, clause by clause, with the rows that counted."""
        names = self._names()
        definition = self._tag(names, tag)
        found = self._reads.evidence(number(customer_id), tag)
        if found is None:
            raise not_found("customer", customer_id)
        return self._desk().evidence(found, definition)

    def count(self, expression: people_models.Expression) -> people_models.AudienceCount:
        """Count an expression over tags, or a segment by its code."""
        with wrong_expressions(expression.where):
            found = self._reads.audience(expression.where)
        return people_models.AudienceCount(
            snapshot_id=found.snapshot_id,
            as_of=aware(found.as_of),
            matched=found.matched,
            not_matched=found.not_matched,
            unknown=found.unknown,
            total=found.total,
            clauses=[
                people_models.ClauseCount(
                    text=one.text,
                    matched=one.matched,
                    not_matched=one.not_matched,
                    unknown=one.unknown,
                )
                for one in found.clauses
            ],
        )

    def _names(self) -> Names:
        return Names(self._reads.definitions(), self._reads.labels)

    def _newest(self) -> Manifest | None:
        return next(iter(self._reads.snapshots()), None)

    def _desk(self) -> Desk:
        return Desk(self._names(), self._reads.offset_minutes())

    def _shelf(self, names: Names, newest: Manifest | None) -> describe.Shelf:
        coverage = self._memory.coverage(newest.snapshot_id) if newest else dict[str, int]()
        return describe.Shelf(names, coverage, newest)

    def _tag(self, names: Names, code: str) -> Tag:
        tag = names.definitions.tags.get(code)
        if tag is None:
            raise not_found("tag", code)
        return tag

    def _highlights(self, names: Names, newest: Manifest) -> list[models.Highlight]:
        tags = [
            names.definitions.tags[one.code]
            for one in names.tags(names.definitions.highlights)
            if one.code in newest.tags
        ]
        return [
            models.Highlight(
                **named(tag.code, tag_name(tag)).model_dump(),
                spread=describe.spread(
                    self._memory.distribution(newest.snapshot_id, tag.code),
                    tag,
                    names.values(tag),
                ),
            )
            for tag in tags
        ]

    def _snapshot(self, one: Manifest) -> models.Snapshot:
        return models.Snapshot(
            snapshot_id=one.snapshot_id,
            as_of=aware(one.as_of),
            known_at=aware(one.known_at),
            created_at=aware(one.created_at),
            age_days=max(0, (self._reads.now() - aware(one.as_of)).days),
            customers=one.customers,
            events=sum(one.events.values()),
            tags=len(one.tags),
            seconds=round(sum(one.timings.values()), 3),
        )


def imports(found: Overview) -> list[models.Import]:
    """Return the imports, newest first."""
    return [
        models.Import(
            import_id=one.import_id,
            file_name=one.file_name,
            source=one.source,
            recorded_at=aware(one.recorded_at),
            rows_read=one.rows_read,
            accepted=one.accepted,
            duplicates=one.duplicates,
            corrections=one.corrections,
            quarantined=one.quarantined,
            dropped=one.dropped,
            money_in_fen=one.money_in_fen,
            money_stored_fen=one.money_stored_fen,
        )
        for one in sorted(found.imports, key=lambda one: -one.import_id)
    ]


def number(customer_id: str) -> int:
    """Return the number behind a public id that the route has already checked."""
    found = parse_public_id(customer_id)
    if found is None:
        raise not_found("customer", customer_id)
    return found


def router(workspace: Reads) -> APIRouter:
    """Return the routes over a workspace."""
    door = Door(workspace)
    routes = APIRouter(prefix="/api", responses=FAILURES)
    for path, answer in (
        ("/health", door.health),
        ("/overview", door.overview),
        ("/snapshots", door.snapshots),
        ("/taxonomies", door.taxonomies),
        ("/tags", door.tags),
        ("/tags/{code}", door.tag),
        ("/segments", door.segments),
        ("/customers", door.customers),
        ("/customers/{customer_id}", door.customer),
        ("/customers/{customer_id}/evidence/{tag}", door.evidence),
    ):
        routes.get(path, operation_id=answer.__name__)(answer)
    routes.post("/audience/count", operation_id="count_audience")(door.count)
    return routes
