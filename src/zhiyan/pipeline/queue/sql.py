"""SQL of the queue: who is eligible for what, at which score, and what holds it back.

Everything is whole numbers: a weight in millionths times a strength of 0 to 100. Identifiers come
from the catalogue, values are bound or literals of checked definitions.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from sqlglot import exp

from zhiyan.core.action import FULL_STRENGTH, Action, Basis, Suppression, weight_units
from zhiyan.core.expression import Node
from zhiyan.core.snapshot import Manifest
from zhiyan.lang.bounds import named, parameter
from zhiyan.lang.catalogue import AS_OF, Catalogue
from zhiyan.lang.check import bind
from zhiyan.lang.moment import Moment
from zhiyan.lang.sql import scalar_sql
from zhiyan.lang.tag_sql import VALID
from zhiyan.ports import Engine, Statement

DIALECT = "duckdb"
#: Temporary tables of one run: a row per valid customer, a row per customer and action.
CUSTOMERS, ENTRIES = "queue_customer", "queue_entry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One ranking at a snapshot: the actions and suppressions in force, numbered by place.

    ``actions`` stand in the order of their codes, which breaks ties between actions of a customer.
    """

    engine: Engine
    catalogue: Catalogue
    snapshot: Manifest
    offset_minutes: int
    actions: tuple[Action, ...]
    suppressions: tuple[Suppression, ...]

    @property
    def tags_table(self) -> str:
        """The table of tags of the snapshot."""
        return f"snapshot.t_{self.snapshot.snapshot_id}"

    def weight(self, basis: Basis) -> int:
        """Return the weight of a basis in millionths."""
        return weight_units(self.catalogue.tags[basis.tag].weight)

    def mask(self, action: Action) -> int:
        """Return the bits of the suppressions that hold an action back."""
        held = enumerate(self.suppressions)
        return sum(1 << n for n, one in held if action.purpose in one.blocks)

    def sql(self, node: Node) -> exp.Expr:
        """Return an expression over the columns of the table of tags."""
        clock = Moment(as_of=self.snapshot.as_of, offset_minutes=self.offset_minutes)
        bound = bind(node, self.catalogue.literals)
        return scalar_sql(bound, self.catalogue.scope, _column, clock)

    def strength(self, basis: Basis) -> exp.Expr:
        """Return how strongly a tag argues, within 0 to 100; unknown is 0."""
        plain = exp.func("coalesce", self.sql(basis.strength), number(0))
        return exp.func(
            "least", exp.func("greatest", plain, number(0)), number(FULL_STRENGTH), dialect=DIALECT
        )

    def score(self, action: Action) -> exp.Expr:
        """Return the score of an action: the sum of weight times strength."""
        total: exp.Expr = number(0)
        for basis in action.based_on:
            part = exp.Mul(this=_big(self.strength(basis)), expression=number(self.weight(basis)))
            total = exp.Add(this=total, expression=part)
        return _big(exp.paren(total))

    def customers(self) -> exp.Select:
        """Return the rows of the customers that count."""
        rows = exp.select().from_(exp.to_table(self.tags_table))
        if VALID in self.catalogue.tags:
            rows = rows.where(exp.column(VALID, quoted=True), copy=False)
        return rows

    def query(self, query: exp.Query, values: Mapping[str, Any] | None = None) -> pa.Table:
        """Run a query with those of its values that it binds."""
        return self.engine.query(self._statement(query, values))

    def make(self, name: str, query: exp.Query) -> None:
        """Make a temporary table of a query."""
        drop(self.engine, (name,))
        created = exp.Create(
            this=exp.to_table(name),
            kind="TABLE",
            expression=query,
            properties=exp.Properties(expressions=[exp.TemporaryProperty()]),
        )
        self.engine.run(self._statement(created, None))

    def _statement(self, query: exp.Expr, values: Mapping[str, Any] | None) -> Statement:
        known: dict[str, Any] = {AS_OF: self.snapshot.as_of, **(values or {})}
        used = {found.name for found in query.find_all(exp.Placeholder)}
        return Statement(query.sql(dialect=DIALECT), {name: known[name] for name in used})


def make_tables(run: Run, customer: int | None = None) -> None:
    """Make the temporary tables: eligibility, scores and suppressions of every valid customer.

    ``customer`` makes them of that customer alone.
    """
    playbook = run.catalogue.playbook
    place = {
        "owner": _text(playbook.owner_tag, run.catalogue),
        "clinic": _text(playbook.clinic_tag, run.catalogue),
    }
    columns = [exp.column("customer_id"), *(named(node, name) for name, node in place.items())]
    columns += [named(node, name) for name, node in _masks(run).items()]
    for place_no, action in enumerate(run.actions):
        score = exp.case().when(run.sql(action.when), run.score(action))
        columns.append(named(score, f"s_{place_no}"))
    rows = run.customers()
    if customer is not None:
        rows = rows.where(exp.EQ(this=exp.column("customer_id"), expression=number(customer)))
    run.make(CUSTOMERS, rows.select(*columns, copy=False))
    run.make(ENTRIES, _entries(run))


def _entries(run: Run) -> exp.Query:
    """Return one row per customer and action that applies to her."""
    parts: list[exp.Query] = []
    for place, action in enumerate(run.actions):
        score = exp.column(f"s_{place}")
        blocked = exp.NEQ(
            this=exp.paren(
                exp.BitwiseAnd(this=exp.column("held"), expression=number(run.mask(action)))
            ),
            expression=number(0),
        )
        parts.append(
            exp.select(
                "customer_id", "owner", "clinic", "held", "unknown",
                named(number(place), "action"), named(number(action.rank), "class"),
                named(score, "score"), named(blocked, "blocked"),
            )
            .from_(CUSTOMERS)
            .where(exp.Not(this=exp.Is(this=score.copy(), expression=exp.null())))
        )  # fmt: skip
    whole = parts[0]
    for part in parts[1:]:
        whole = exp.union(whole, part, distinct=False, copy=False)
    return whole


def _masks(run: Run) -> dict[str, exp.Expr]:
    """Return the bits of the suppressions that hold, and of those that are unknown (and hold)."""
    held: exp.Expr = number(0)
    unknown: exp.Expr = number(0)
    for place, one in enumerate(run.suppressions):
        when, bit = exp.paren(run.sql(one.when)), number(1 << place)
        holds = exp.case().when(exp.func("coalesce", when, exp.true()), bit).else_(number(0))
        missing = exp.Is(this=when.copy(), expression=exp.null())
        held = exp.Add(this=held, expression=holds)
        unknown = exp.Add(this=unknown, expression=exp.case().when(missing, bit).else_(number(0)))
    return {"held": _big(exp.paren(held)), "unknown": _big(exp.paren(unknown))}


def strengths_of(run: Run, customers: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return for some customers the strength of every basis (``x_ACTION_BASIS``) and their tags."""
    used = dict.fromkeys(basis.tag for action in run.actions for basis in action.based_on)
    columns = [exp.column("customer_id"), *(exp.column(code, quoted=True) for code in used)]
    for place, action in enumerate(run.actions):
        columns += [
            named(run.strength(basis), f"x_{place}_{n}") for n, basis in enumerate(action.based_on)
        ]
    query = exp.select(*columns).from_(exp.to_table(run.tags_table))
    wanted = exp.condition("list_contains($customers, customer_id)", dialect=DIALECT)
    rows = run.query(query.where(wanted), {"customers": list(customers)})
    return {row["customer_id"]: row for row in rows.to_pylist()}


def drop(engine: Engine, names: Iterable[str] = (CUSTOMERS, ENTRIES)) -> None:
    """Drop the temporary tables."""
    for name in names:
        engine.run(Statement(f"DROP TABLE IF EXISTS {name}"))


def number(value: int) -> exp.Expr:
    """Return a whole number as SQL."""
    return exp.Literal.number(value)


def _big(node: exp.Expr) -> exp.Expr:
    return exp.cast(node, exp.DataType.Type.BIGINT)


def _text(code: str, catalogue: Catalogue) -> exp.Expr:
    """Return a tag as text, null where there is none of that code."""
    known = code in catalogue.tags
    node = exp.column(code, quoted=True) if known else exp.null()
    return exp.cast(node, exp.DataType.Type.VARCHAR)


def _column(name: str) -> exp.Expr:
    return parameter(AS_OF) if name == AS_OF else exp.column(name, quoted=True)
