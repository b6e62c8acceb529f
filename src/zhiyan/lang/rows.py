"""Rows as definitions may see them: known, not in the future, with later truths still hidden.

One place decides what is visible at (facts_before, known_at); every stage reads events through it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlglot import exp

from zhiyan.core.event import Column, ColumnType
from zhiyan.core.expression import Node, ValueType, names
from zhiyan.core.kinds import KINDS
from zhiyan.errors import InternalError, Problem
from zhiyan.lang.bounds import named, parameter
from zhiyan.lang.catalogue import AS_OF, Catalogue, View, ViewPart, common_names
from zhiyan.lang.check import Name, Scope, bind
from zhiyan.lang.moment import Moment
from zhiyan.lang.scalars_sql import as_of_sql
from zhiyan.lang.sql import aggregate_sql, scalar_sql

IDENTIFIER = "identifier"
ITEM_PREFIX = "item."

#: Names that a measure computes from its rows; sources do not hold them.
DERIVED = frozenset({"occurred_at", "previous_at", "followed", "followed_at"})
#: Tells apart the rows of one moment that come from several members of a view.
PART = "union_part"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What every query of one computation shares: definitions, zone and the customers wanted.

    ``moment`` gives the business zone; T itself is bound when a statement runs. ``parties`` names
    the table (party_id, customer_id) of the customers wanted. ``facts`` and the name of a kind name
    the table of its facts.
    """

    catalogue: Catalogue
    moment: Moment
    parties: str = "identity.assignment"
    facts: str = "event."

    def scalar(self, node: Node, scope: Scope) -> exp.Expr:
        """Write an expression over rows whose columns are called like the names."""
        return scalar_sql(node, scope, column, self.moment)

    def aggregate(self, node: Node, scope: Scope, where: exp.Expr | None = None) -> exp.Expr:
        """Write an aggregate over such rows."""
        return aggregate_sql(node, scope, column, self.moment, where=where)


def sql_name(name: str) -> str:
    """Return the SQL column behind a name: ``item.category`` becomes ``item__category``."""
    return name.replace(".", "__")


def column(name: str) -> exp.Expr:
    """Return the SQL behind a name of the language."""
    return as_of_sql() if name == AS_OF else exp.column(sql_name(name), quoted=True)


def known_condition(alias: str) -> exp.Expr:
    """Return the condition that a row has happened, was known, and stood uncorrected."""
    occurred, recorded, superseded = (
        exp.column(name, table=alias) for name in ("occurred_at", "recorded_at", "superseded_at")
    )
    known_at = parameter("known_at")
    return exp.and_(
        exp.LT(this=occurred, expression=parameter("facts_before")),
        exp.LTE(this=recorded, expression=known_at),
        exp.or_(
            exp.Is(this=superseded, expression=exp.null()),
            exp.GT(this=superseded.copy(), expression=known_at.copy()),
            copy=False,
        ),
        copy=False,
    )


def visible(declared: Column, alias: str) -> exp.Expr:
    """Return a column's value with what was not yet true at ``facts_before`` hidden."""
    value = exp.column(declared.name, table=alias, quoted=True)
    if declared.known_from:
        before = exp.Literal.string(declared.before) if declared.before else exp.null()
        return _if_passed(exp.column(declared.known_from, table=alias, quoted=True), value, before)
    if declared.type is ColumnType.MOMENT and not declared.plan and declared.name != "occurred_at":
        return _if_passed(value.copy(), value, exp.null())
    return value


def _if_passed(moment: exp.Expr, value: exp.Expr, before: exp.Expr) -> exp.Expr:
    passed = exp.LT(this=moment, expression=parameter("facts_before"))
    return exp.Case(ifs=[exp.If(this=passed, true=value)], default=before)


def source_rows(frame: Frame, view: View, read: Iterable[str]) -> exp.Query:
    """Return a query with one row per visible row of a source.

    Columns: customer_id, occurred_at, tie (orders rows of one moment; for views together with
    union_part), and ``read``.
    """
    wanted = sorted(set(read) - DERIVED)
    items = [name for name in wanted if name.startswith(ITEM_PREFIX)]
    own = sorted({*wanted, *(["item_code"] if items else [])} - set(items))
    if view.is_union:
        parts = [_part_rows(frame, part, own, number) for number, part in enumerate(view.parts)]
    else:
        parts = [_kind_rows(frame, part.kind, own) for part in view.parts]
    query: exp.Query = parts[0]
    for part in parts[1:]:
        query = exp.union(query, part, distinct=False, copy=False)
    return _with_items(query, items)


def _part_rows(  # noqa: PLR0917 - whose, which member, what of it, and its place
    frame: Frame, part: ViewPart, own: list[str], number: int
) -> exp.Select:
    """Return the rows of one part of a view, its own columns computed from the kind's."""
    catalogue = frame.catalogue
    nodes = {n: bind(part.columns[n], catalogue.literals) for n in own if n in part.columns}
    where = bind(part.where, catalogue.literals) if part.where else None
    read = {
        name for node in (*nodes.values(), *((where,) if where else ())) for name in names(node)
    }
    shared = set(own) - set(nodes)
    items = sorted(name for name in read if name.startswith(ITEM_PREFIX))
    needed = {*read, *shared, *(("item_code",) if items else ())} - DERIVED - {*items, AS_OF}
    base = _with_items(_kind_rows(frame, part.kind, sorted(needed)), items)
    scope = view_scope(catalogue, catalogue.views[part.kind])
    rows = exp.select(*(exp.column(name) for name in ("customer_id", "occurred_at", "tie")))
    rows = rows.select(named(exp.Literal.number(number), PART), copy=False)
    rows = rows.from_(base.subquery("fact", copy=False), copy=False)
    values = [
        named(frame.scalar(nodes[name], scope) if name in nodes else column(name), sql_name(name))
        for name in own
    ]
    rows = rows.select(*values, copy=False)
    return rows.where(frame.scalar(where, scope), copy=False) if where else rows


def _kind_rows(frame: Frame, kind: str, own: list[str]) -> exp.Select:
    """Return the visible rows of an event kind, or of the identifiers that resolve found."""
    if kind == IDENTIFIER:
        rows = exp.select("customer_id", "first_seen AS occurred_at", "token AS tie")
        rows = rows.from_("identity.identifier").where(
            exp.In(
                this=exp.column("customer_id"),
                query=exp.select("customer_id").from_(exp.to_table(frame.parties)).subquery(),
            )
        )
        return rows.select(*(exp.column(name, quoted=True) for name in own))
    values = [
        exp.column("customer_id", table="party"),
        exp.column("occurred_at", table="fact"),
        exp.alias_(exp.column("event_id", table="fact"), "tie"),
        *(named(visible(_declared(kind, name), "fact"), name) for name in own),
    ]
    same = exp.EQ(
        this=exp.column("party_id", table="party"), expression=exp.column("party_id", table="fact")
    )
    rows = exp.select(*values, copy=False)
    rows = rows.from_(exp.to_table(f"{frame.facts}{kind}", alias="fact"), copy=False)
    rows = rows.join(exp.to_table(frame.parties, alias="party"), on=same, copy=False)
    return rows.where(known_condition("fact"), copy=False)


def _declared(kind: str, name: str) -> Column:
    found = KINDS[kind].column(name)
    if found is None:
        raise InternalError(Problem(code="ZY999", message=f"{kind} has no column {name}"))
    return found


def _with_items(query: exp.Query, items: list[str]) -> exp.Query:
    """Join the reference columns of each row's item; null where the item is not known."""
    if not items:
        return query
    values = [
        named(exp.column(name.removeprefix(ITEM_PREFIX), table="item", quoted=True), sql_name(name))
        for name in items
    ]
    rows = exp.select("row.*", *values).from_(query.subquery("row", copy=False), copy=False)
    return rows.join("ref.item AS item", on="item.code = row.item_code", join_type="left")


def view_scope(catalogue: Catalogue, view: View) -> Scope:
    """Return the names and types that expressions over a source's rows may read."""
    columns = {c.name: Name(type=c.type, values=c.values) for c in view.columns.values()}
    derived = {
        "occurred_at": Name(type=ValueType.MOMENT),
        "previous_at": Name(type=ValueType.MOMENT),
        "followed": Name(type=ValueType.BOOL),
        "followed_at": Name(type=ValueType.MOMENT),
    }
    return Scope(names={**derived, **columns, **common_names(catalogue.params)}, aggregates=True)
