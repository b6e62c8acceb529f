"""Behaviours that a condition asks for, told from the facts that the snapshot saw."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlglot import exp

from zhiyan.lang.bounds import named
from zhiyan.lang.catalogue import Catalogue
from zhiyan.lang.measure_sql import counted_query
from zhiyan.lang.measures import ReadMeasure
from zhiyan.lang.plan import MeasureColumn, measure_columns
from zhiyan.lang.rows import Frame

_OWNER = "behaviour"


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviours:
    """The columns that tell behaviours, and which of them each name of a condition stands for."""

    told: tuple[MeasureColumn, ...]
    columns: Mapping[str, str]

    @classmethod
    def of(
        cls, catalogue: Catalogue, known: Mapping[str, ReadMeasure], read: Collection[str]
    ) -> "Behaviours":
        """Return those of some measures that are read."""
        asked = {text: found.measure for text, found in known.items() if text in read}
        told, columns = measure_columns(catalogue, {_OWNER: asked.values()})
        return cls(
            told=tuple(told),
            columns={text: columns[_OWNER, measure.name] for text, measure in asked.items()},
        )

    def beside(self, customers: exp.Subquery, frame: Frame) -> exp.Select:
        """Return some customers with their behaviours; who has no rows that count has none."""
        query = exp.select(f"{customers.alias}.*").from_(customers, copy=False)
        for number, column in enumerate(self.told):
            table = f"told_{number}"
            rows = _apart(counted_query(frame, column.name, column.measure), number)
            query = query.join(
                rows.subquery(table, copy=False),
                on=f"{table}.customer_id = {customers.alias}.customer_id",
                join_type="left",
                copy=False,
            )
            query = query.select(named(column.filled(table), column.name), copy=False)
        return query


def _apart(rows: exp.Query, number: int) -> exp.Query:
    """Give the table expressions of a query names of their own: Spark has one set of all names."""
    names = {cte.alias: f"{cte.alias}_{number}" for cte in rows.ctes}
    for table in rows.find_all(exp.Table):
        if not table.db and table.name in names:
            known_as = table.alias_or_name
            table.set("this", exp.to_identifier(names[table.name]))
            table.set("alias", exp.TableAlias(this=exp.to_identifier(known_as)))
    for cte in rows.ctes:
        cte.set("alias", exp.TableAlias(this=exp.to_identifier(names[cte.alias])))
    return rows
