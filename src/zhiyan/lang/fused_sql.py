"""Many aggregates over one table of rows as one query, nothing worked out twice.

Aggregates of different values stand beside the others as queries of their own (see
``value_counts_sql``); everybody with a row keeps a row.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from zhiyan.core.expression import Call, Node, Ref, replaced, walk
from zhiyan.lang.bounds import named
from zhiyan.lang.check import Name, Scope, check
from zhiyan.lang.rows import Frame
from zhiyan.lang.term import bare
from zhiyan.lang.value_counts_sql import CUSTOMER, Asked, ValueCounts, counts_values, only_if

#: Functions of a row that cost more than remembering what they gave.
_DEAR = frozenset({"decay"})
_EVERYBODY = "everybody"


def aggregated(
    frame: Frame, scope: Scope, asked: Sequence[Asked], *, table: str, everybody: bool = True
) -> exp.Query:
    """Return a row per customer who has rows in a table: customer_id and the columns asked.

    Not ``everybody``: whom all columns tell what they tell of no rows may be left out. ``table``
    is read more than once: a common table expression, or a table.
    """
    values = _by_value(asked, scope)
    plain = [one for one in asked if not any(one in some for some in values)]
    if not everybody and not plain and len(values) == 1:
        return ValueCounts(frame=frame, scope=scope, table=table, asked=values[0]).query()
    columns = [named(frame.aggregate(o.node, scope, o.where), o.name) for o in plain]
    query = exp.select(CUSTOMER).from_(table).group_by(CUSTOMER).select(*columns, copy=False)
    if not values:
        return query
    found = {one.name: exp.column(one.name, table=_EVERYBODY, quoted=True) for one in plain}
    query = exp.select(f"{_EVERYBODY}.{CUSTOMER}").from_(query.subquery(_EVERYBODY), copy=False)
    for number, some in enumerate(values):
        name = f"values_{number}"
        counts = ValueCounts(frame=frame, scope=scope, table=table, asked=some).query()
        query = query.join(
            counts.subquery(name, copy=False),
            on=f"{name}.{CUSTOMER} = {_EVERYBODY}.{CUSTOMER}",
            join_type="left",
            copy=False,
        )
        found |= {one.name: _filled(one, name) for one in some}
    return query.select(*(named(found[one.name], one.name) for one in asked), copy=False)


def worked_out(
    frame: Frame, scope: Scope, asked: Sequence[Asked], *, rows: exp.Query
) -> tuple[exp.Query, Scope, Sequence[Asked]]:
    """Work out once, as columns of the rows, the dear arguments that several aggregates share.

    Returns the rows with those columns, and scope and aggregates that read them.
    """
    times = Counter(arg for one in asked for arg in one.node.args if _is_dear(arg))
    shared = [arg for arg, number in times.items() if number > 1]
    refs: dict[Node, Ref] = {arg: Ref(f"_shared_{place}") for place, arg in enumerate(shared)}
    if not refs:
        return rows, scope, asked
    values = [
        named(only_if(_counting(asked, arg), frame.scalar(arg, scope)), ref.name)
        for arg, ref in refs.items()
    ]
    rows = exp.select("*", *values, copy=False).from_(rows.subquery("row", copy=False), copy=False)
    known = {ref.name: Name(type=check(arg, scope)[0]) for arg, ref in refs.items()}
    read = [replace(one, node=replaced(one.node, refs.get)) for one in asked]
    return rows, replace(scope, names={**scope.names, **known}), read


def _by_value(asked: Sequence[Asked], scope: Scope) -> list[list[Asked]]:
    """Return those written in two steps, by the values that they share.

    A single ``set`` gains nothing by it.
    """
    found: dict[Node, list[Asked]] = {}
    for one in asked:
        if counts_values(one.node, scope):
            found.setdefault(one.node.args[0], []).append(one)
    return [some for some in found.values() if len(some) > 1 or some[0].node.op != "set"]


def _is_dear(node: Node) -> bool:
    return any(isinstance(part, Call) and part.op in _DEAR for part in walk(node))


def _counting(asked: Sequence[Asked], argument: Node) -> exp.Expr | None:
    """Return the condition that a row counts for any aggregate of an argument; None if all do."""
    conditions = dict.fromkeys(one.where for one in asked if argument in one.node.args)
    some = [where.copy() for where in conditions if where is not None]
    return exp.or_(*some, copy=False) if len(some) == len(conditions) else None


def _filled(one: Asked, table: str) -> exp.Expr:
    """Write the value of somebody with rows, but none that counts."""
    value = exp.column(one.name, table=table, quoted=True)
    if one.node.op == "count_distinct":
        return exp.Coalesce(this=value, expressions=[bare(0)])
    return value
