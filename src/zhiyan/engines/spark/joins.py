"""A query that joins dozens of tables, as several that join a few each.

Spark keeps sorters or hash tables for all joins of a stage in memory at once; the table of measures
joins one table per part of the plan. So the first joins are kept as a table, and the rest goes on
from it.
"""

from collections.abc import Callable
from typing import Any, Final

from sqlglot import exp

#: Joins that one statement may have.
MOST_JOINS: Final = 12
_STAGE: Final = "joined_so_far"

#: Runs a query, keeps its rows, and returns the name of the table.
Keep = Callable[[exp.Query], str]


def shorten(query: exp.Expr, keep: Keep) -> None:
    """Replace the first joins of every select that has too many of them by a kept table."""
    for select in list(query.find_all(exp.Select)):
        while len(_joins(select)) > MOST_JOINS and _can_be_cut(select):
            _cut(select, keep)


def _joins(select: exp.Select) -> list[exp.Join]:
    return list(select.args.get("joins") or [])


def _can_be_cut(select: exp.Select) -> bool:
    """Tell whether the joins are left ones of named tables, outside of any table expression."""
    plain = all(
        join.side == "LEFT" and isinstance(join.this, exp.Table) and join.args.get("on")
        for join in _joins(select)
    )
    within = select.args.get("with_") or select.find_ancestor(exp.With, exp.CTE)
    return plain and not within and not any(select.find_all(exp.Star))


def _cut(select: exp.Select, keep: Keep) -> None:
    joins = _joins(select)
    first, rest = joins[:MOST_JOINS], joins[MOST_JOINS:]
    source: Any = select.args["from_"].this
    behind = {source.alias_or_name, *(join.this.alias_or_name for join in first)}
    select.set("joins", rest)
    used = {(c.table, c.name): None for c in select.find_all(exp.Column) if c.table in behind}
    stage = exp.Select().from_(source.copy(), copy=False)
    stage = stage.select(*(_given(table, name) for table, name in used), copy=False)
    stage.set("joins", first)
    select.set("expressions", [_named(value) for value in select.expressions])
    for column in list(select.find_all(exp.Column)):
        if (column.table, column.name) in used:
            column.replace(_column(_STAGE, f"{column.table}__{column.name}"))
    kept = exp.to_table(keep(stage), alias=_STAGE)
    select.args["from_"].set("this", kept)


def _given(table: str, name: str) -> exp.Expr:
    return exp.alias_(_column(table, name), f"{table}__{name}", quoted=True)


def _named(value: exp.Expr) -> exp.Expr:
    """Give a bare column its name, which it would lose."""
    return exp.alias_(value, value.name, quoted=True) if isinstance(value, exp.Column) else value


def _column(table: str, name: str) -> exp.Expr:
    return exp.column(name, table=table, quoted=True)
