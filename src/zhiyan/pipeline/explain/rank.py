"""A customer's place among all, told by counting instead of sorting everybody."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlglot import exp

from zhiyan.core.expression import Call, Case, Literal, Node, Value, ValueType, names
from zhiyan.core.tag import Tag
from zhiyan.lang.bounds import named
from zhiyan.lang.catalogue import AS_OF
from zhiyan.lang.check import Scope
from zhiyan.lang.plan import measure_columns
from zhiyan.lang.sql import scalar_sql
from zhiyan.lang.tag_sql import tag_scope
from zhiyan.pipeline.explain.rows import DIALECT, Subject
from zhiyan.pipeline.stored import Place, measure_table, place_of, tag_rows
from zhiyan.ports import Statement

_ONE = Literal(1, ValueType.INT)


def rank_value(subject: Subject, tag: Tag, rank: Call) -> Literal:
    """Return what a bound comparing call of a tag gives for the customer at the snapshot.

    Null for a customer without a value or a group, and for nobody's. It holds for the moment of the
    snapshot only: others move, so nothing later may be told from it (see ``others``).
    """
    value, bands, group = rank.args[0], _ONE, rank.args[1:]
    if rank.op == "band":
        bands, group = rank.args[1], rank.args[2:]
    elif rank.op == "peers":
        group = (value,)
    population = _Population(subject, tag, (value, bands, *group))
    mine = population.mine()
    if mine is None or mine[value] is None or any(mine[node] is None for node in group):
        return Literal(None, ValueType.DECIMAL)
    found = population.counts(value, {node: mine[node] for node in group}, than=mine[value])
    return Literal(_told(rank.op, found, bands=mine[bands]), ValueType.DECIMAL)


def _told(op: str, found: Mapping[str, int], *, bands: Any) -> float:
    """Return what a comparing function makes of the counts within the customer's group."""
    if op == "peers":
        return found["known"]
    if op == "band":
        return found["below"] * bands // found["known"] + 1
    return found["below"] / found["known"]


class _Population:
    """Everybody's values of the expressions that a comparing call of a tag holds."""

    def __init__(self, subject: Subject, tag: Tag, nodes: tuple[Node, ...]) -> None:
        self._subject = subject
        self._nodes = tuple(dict.fromkeys(nodes))
        self._scope: Scope = tag_scope(subject.catalogue, tag)
        read = {name for node in nodes for name in names(node)}
        own = read & {measure.name for measure in tag.measures}
        self._columns: Mapping[str, str] = {}
        if own:
            kept = _columns(subject)
            self._columns = {name: kept[tag.code, name] for name in own}
        self._codes = (read & set(subject.catalogue.tags)) - own

    def mine(self) -> dict[Node, Value] | None:
        """Return what the expressions give for the customer; None if she is none."""
        values = [named(self._sql(node), f"told_{n}") for n, node in enumerate(self._nodes)]
        query = exp.select(*values).from_(self._rows().subquery("customer"))
        her = exp.EQ(this=exp.column("customer_id"), expression=exp.Placeholder(this="id"))
        found = self._ask(query.where(her), {"id": self._subject.customer_id})
        return {node: found[f"told_{n}"] for n, node in enumerate(self._nodes)} if found else None

    def counts(self, value: Node, alike: Mapping[Node, Value], *, than: Value) -> dict[str, int]:
        """Count a group: who has a value (``known``), and whose is less than another (``below``)."""
        below = exp.LT(this=self._sql(value), expression=exp.Placeholder(this="than"))
        query = exp.select(
            exp.alias_(exp.func("count", self._sql(value)), "known"),
            exp.alias_(exp.func("count_if", below), "below"),
        )
        query = query.from_(self._rows().subquery("customer"))
        values: dict[str, Any] = {"than": than}
        for number, (node, label) in enumerate(alike.items()):
            values[f"label_{number}"] = label
            query = query.where(*self._equal(node, f"label_{number}"))
        return self._ask(query, values) or {}

    def _equal(self, node: Node, name: str) -> list[exp.Expr]:
        """Return conditions that an expression has a value that is not null.

        They are kept apart where they can be, so that each is asked where its columns lie.
        """
        conditions: list[exp.Expr] = []
        while isinstance(node, Case) and len(node.branches) == 1 and _is_null(node.otherwise):
            conditions.append(self._sql(node.branches[0][0]))
            node = node.branches[0][1]
        equal = exp.EQ(this=self._sql(node), expression=exp.Placeholder(this=name))
        return [*conditions, equal]

    def _ask(self, query: exp.Select, values: Mapping[str, Any]) -> dict[str, Any] | None:
        text = query.sql(dialect=DIALECT)
        used = {found.name for found in query.find_all(exp.Placeholder)}
        known = {AS_OF: self._subject.snapshot.as_of, **values}
        asked = {name: known[name] for name in used}
        rows = self._subject.engine.query(Statement(text, asked)).to_pylist()
        return rows[0] if rows else None

    def _sql(self, node: Node) -> exp.Expr:
        moment = self._subject.moment
        return scalar_sql(node, self._scope, self._place, moment)

    def _place(self, name: str) -> exp.Expr:
        return exp.column(self._columns.get(name, name), quoted=True)

    def _rows(self) -> exp.Select:
        """Return everybody's tags and measures that the expressions read."""
        subject, snapshot = self._subject, self._subject.snapshot
        rows = tag_rows(subject.engine, subject.catalogue, snapshot, codes=self._codes)
        if not self._columns:
            return rows
        query = exp.select("*").from_(rows.subquery("tagged"))
        for number, measured in enumerate(_measured(subject, set(self._columns.values()))):
            query = query.join(measured.subquery(f"measured_{number}"), using=["customer_id"])
        return query


def _measured(subject: Subject, columns: Collection[str]) -> list[exp.Select]:
    """Return queries of everybody's measures: customer_id and columns, from the tables that hold them.

    The view of all measures joins these tables even for one column.
    """
    place = place_of(subject.engine, subject.snapshot.snapshot_id)
    tables = _tables(subject, place) if place else {}
    held: dict[str, list[exp.Expr]] = {}
    for name in sorted(columns):
        table = tables.get(name, f"snapshot.m_{subject.snapshot.snapshot_id}")
        held.setdefault(table, []).append(exp.column(name, quoted=True))
    queries: list[exp.Select] = []
    for table, some in held.items():
        query = exp.select("customer_id", *some).from_(exp.to_table(table))
        queries.append(query.where(place.seen) if place and table in tables.values() else query)
    return queries


def _tables(subject: Subject, place: Place) -> Mapping[str, str]:
    """Return the table that stores each measure of a snapshot."""
    tables = [measure_table(place.generation, strip) for strip in place.strips]

    def made() -> Mapping[str, str]:
        found = subject.engine.query(
            Statement(
                "SELECT column_name AS name, table_name AS stored FROM information_schema.columns"
                " WHERE table_schema = 'snapshot' AND table_catalog = current_database()"
                " AND list_contains($tables, 'snapshot.' || table_name)",
                {"tables": tables},
            )
        ).to_pylist()
        return {row["name"]: f"snapshot.{row['stored']}" for row in found}

    return subject.once(("measured in", subject.snapshot.snapshot_id, place.generation), made)


def _columns(subject: Subject) -> Mapping[tuple[str, str], str]:
    """Return the column of each measure: tag code, name of the measure."""
    key = ("measure columns", subject.snapshot.catalogue)
    return subject.once(key, lambda: measure_columns(subject.catalogue)[1])


def _is_null(node: Node) -> bool:
    return isinstance(node, Literal) and node.value is None
