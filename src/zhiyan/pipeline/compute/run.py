"""Running a plan: which values its statements bind, and the tables that they make."""

import hashlib
import time
from collections.abc import Callable, Generator, Hashable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlglot import exp

from zhiyan.core.time import AsOf, BusinessZone
from zhiyan.lang.bounds import bound_values
from zhiyan.lang.catalogue import Catalogue
from zhiyan.lang.moment import Moment
from zhiyan.lang.plan import Plan, make_plan
from zhiyan.lang.rows import Frame
from zhiyan.memo import Memo
from zhiyan.ports import Engine, Progress, Statement

DIALECT = "duckdb"
_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True)
class Template:
    """A rendered statement and the names of the values that it binds."""

    text: str
    names: frozenset[str]

    def bind(self, values: Mapping[str, Any]) -> Statement:
        """Return the statement with those of the values that it binds."""
        return Statement(self.text, {name: values[name] for name in self.names})


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What one computation is about.

    ``reference`` is the fingerprint of the reference tables (items, clinics, cities).
    ``facts_before`` is as_of unless the clock is moved ahead of the facts (a forecast): facts at or
    after it are not seen, while windows and ages are told at ``as_of``.
    """

    engine: Engine
    catalogue: Catalogue
    moment: AsOf
    zone: BusinessZone
    now: datetime
    progress: Progress
    reference: str = ""
    facts_before: datetime | None = None
    timings: dict[str, float] = field(default_factory=dict[str, float])
    memo: Memo = field(default_factory=Memo)

    def once(self, key: Hashable, make: Callable[[], _Made]) -> _Made:
        """Return what a function makes of nothing but the definitions, made once for each key."""
        return self.memo.once((self.definitions, key), make)

    def written(self, key: Hashable, make: Callable[[], exp.Expr]) -> "Template":
        """Return the statement that a function builds of nothing but the definitions and a key."""
        return self.once(("written", key), lambda: template(make()))

    @property
    def plan(self) -> Plan:
        """The plan of all tags."""
        return self.once("plan", lambda: make_plan(self.catalogue))

    @property
    def definitions(self) -> str:
        """Fingerprint of everything but events and time that the result depends on."""
        text = f"{self.catalogue.fingerprint}|{self.reference}|{self.zone.name}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    @property
    def clock(self) -> Moment:
        """The as-of and zone as expressions see them."""
        return Moment(as_of=self.moment.stored_as_of, offset_minutes=self.zone.offset_minutes)

    def frame(self, parties: str = "identity.assignment", facts: str = "event.") -> Frame:
        """Return what the queries of this job share."""
        return Frame(catalogue=self.catalogue, moment=self.clock, parties=parties, facts=facts)

    @property
    def values(self) -> dict[str, Any]:
        """Every value that statements of the plan may bind."""
        return {
            **bound_values(self.plan.windows, self.clock),
            "as_of": self.moment.stored_as_of,
            "facts_before": self.facts_before or self.moment.stored_as_of,
            "known_at": self.moment.stored_known_at,
        }

    @contextmanager
    def timed(self, name: str) -> Generator[None]:
        """Add the seconds spent inside to a timing."""
        begin = time.perf_counter()
        yield
        self.timings[name] = self.timings.get(name, 0.0) + time.perf_counter() - begin


def template(query: exp.Expr) -> Template:
    """Render a query tree."""
    names = {found.name for found in query.find_all(exp.Parameter, exp.Placeholder)}
    return Template(query.sql(dialect=DIALECT, copy=False), frozenset(names))


def statement(query: exp.Expr, values: Mapping[str, Any]) -> Statement:
    """Render a query tree, with those of the values that it binds."""
    return template(query).bind(values)


def union(queries: Sequence[exp.Query], *, distinct: bool = False) -> exp.Query:
    """Return the rows of all of some queries, which are one or more."""
    return exp.union(*queries, distinct=distinct, copy=False) if queries[1:] else queries[0]


def create_as(name: str, query: exp.Query, *, temporary: bool = False) -> exp.Create:
    """Return the statement that keeps a query's rows as a table."""
    properties = exp.Properties(expressions=[exp.TemporaryProperty()]) if temporary else None
    return exp.Create(
        this=exp.to_table(name), kind="TABLE", expression=query, properties=properties
    )


def drop(engine: Engine, *names: str) -> None:
    """Drop tables that may not exist."""
    for name in names:
        engine.run(Statement(f"DROP TABLE IF EXISTS {name}"))
