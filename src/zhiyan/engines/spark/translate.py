"""From the warehouse's SQL to Spark's: the one place that knows how they differ.

The stages write one dialect, DuckDB's. A statement is parsed, its values are put in as literals of
the tree (so that no value is ever text), and each node that Spark writes or means otherwise is
replaced by its rule in ``rules``; a function without a rule that Spark may not know is refused.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar, Final, cast

import sqlglot
from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB

from zhiyan.engines.spark.rules import RULES, SAME, refuse, rewrite_anonymous
from zhiyan.ports import Statement

TARGET: Final = "spark"


def _without_len() -> dict[str, Callable[..., exp.Expr]]:
    known = cast("dict[str, Callable[..., exp.Expr]]", DuckDB.Parser.FUNCTIONS)  # pyright: ignore[reportUnknownMemberType] - untyped there
    return {name: build for name, build in known.items() if name != "LEN"}


class Warehouse(DuckDB):
    """The warehouse's dialect, with ``len`` (of a list) told from ``length`` (of a text)."""

    class Parser(DuckDB.Parser):
        """Leaves ``len`` as it is."""

        FUNCTIONS: ClassVar[dict[str, Callable[..., exp.Expr]]] = _without_len()


def parse(statement: Statement) -> exp.Expr:
    """Return the tree of a statement of the warehouse's dialect with its values put in."""
    tree = sqlglot.parse_one(statement.text, dialect=Warehouse)
    for place in list(tree.find_all(exp.Placeholder, exp.Parameter)):
        place.replace(literal(statement.values[place.name]))
    return tree


def spark_sql(tree: exp.Expr) -> str:
    """Return the Spark SQL of a query; the tree is used up.

    Raises InternalError ``ZY995`` where the query holds what Spark cannot be told.
    """
    return translated(tree).sql(dialect=TARGET, normalize_functions=False)


def translated(tree: exp.Expr) -> exp.Expr:
    """Replace every node that Spark writes or means otherwise; inner nodes first."""
    holder = exp.Paren(this=tree)
    for node in reversed(list(tree.walk(bfs=False))):
        rule = RULES.get(type(node))
        made = rule(node) if rule else _plain(node)
        if made is not node:
            node.replace(made)
    return holder.this


def _plain(node: exp.Expr) -> exp.Expr:
    """Return what is the same on Spark; a function that nobody vouches for is refused."""
    if isinstance(node, exp.Anonymous):
        return rewrite_anonymous(node)
    if isinstance(node, exp.Func) and not isinstance(node, SAME):
        raise refuse(f"the function {node.sql_name()}")
    return node


def literal(value: Any) -> exp.Expr:
    """Return a bound value as a constant of the tree."""
    if value is None:
        return exp.null()
    if isinstance(value, list | tuple):
        return exp.Array(expressions=[literal(member) for member in cast("list[Any]", value)])
    for kind, write in _LITERALS.items():
        if isinstance(value, kind):
            return write(value)
    raise refuse(f"a value of type {type(value).__name__}")


#: How values are written, the narrower type first: a bool is an int, a datetime a date.
_LITERALS: Final[Mapping[type, Callable[[Any], exp.Expr]]] = {
    bool: lambda value: exp.Boolean(this=value),
    datetime: lambda value: _typed(value.isoformat(sep=" "), exp.DType.TIMESTAMPNTZ),
    date: lambda value: _typed(value.isoformat(), exp.DType.DATE),
    int: lambda value: exp.cast(exp.Literal.number(value), exp.DType.BIGINT),
    float: lambda value: _typed(repr(value), exp.DType.DOUBLE),
    str: exp.Literal.string,
}


def _typed(text: str, kind: exp.DType) -> exp.Expr:
    return exp.cast(exp.Literal.string(text), kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A table of a statement. ``schema`` is empty for what lives only while a job runs."""

    schema: str
    table: str

    @property
    def view(self) -> str:
        """Return what Spark calls it; its views have no schemas."""
        return f"{self.schema}__{self.table}" if self.schema else self.table

    @property
    def text(self) -> str:
        """Return what the warehouse calls it."""
        return f'{self.schema}."{self.table}"' if self.schema else f'"{self.table}"'


def name_of(table: exp.Expr) -> Name:
    """Return the name of a table node; ``temp.x`` is ``x``."""
    found = table if isinstance(table, exp.Table) else table.find(exp.Table)
    if found is None:
        raise refuse("a statement without a table")
    return Name(schema="" if found.db == "temp" else found.db, table=found.name)


def tables_of(tree: exp.Expr) -> Mapping[Name, list[exp.Table]]:
    """Return every table that a statement names, common table expressions left out."""
    within = {cte.alias for cte in tree.find_all(exp.CTE)}
    found: dict[Name, list[exp.Table]] = {}
    for table in tree.find_all(exp.Table):
        if table.name and (table.db or table.name not in within):
            found.setdefault(name_of(table), []).append(table)
    return found


def point_to_views(places: Mapping[Name, list[exp.Table]]) -> None:
    """Make table nodes name Spark's views."""
    for name, nodes in places.items():
        for node in nodes:
            if not node.alias:
                node.set("alias", exp.TableAlias(this=exp.to_identifier(name.table)))
            node.set("this", exp.to_identifier(name.view, quoted=True))
            node.set("db", None)
