"""Behaviours that a condition asks for, told from the facts that the snapshot saw."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlglot import exp

from zhiyan.lang.bounds import named
from zhiyan.lang.catalogue import Catalogue
from zhiyan.lang.measures import ReadMeasure
from zhiyan.lang.plan import Plan, measure_columns, plan_of
from zhiyan.lang.rows import Frame

_OWNER = "behaviour"


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviours:
    """Measures by the names that a condition has for them, and the plan that tells them."""

    measures: Mapping[str, ReadMeasure]
    plan: Plan

    @classmethod
    def of(
        cls, catalogue: Catalogue, known: Mapping[str, ReadMeasure], read: Collection[str]
    ) -> "Behaviours":
        """Return those of some measures that are read."""
        measures = {text: found for text, found in known.items() if text in read}
        asked = {_OWNER: [found.measure for found in measures.values()]}
        return cls(measures=measures, plan=plan_of(*measure_columns(catalogue, asked)))

    def column(self, name: str) -> str:
        """Return the column of a behaviour; any other name is its own column."""
        found = self.measures.get(name)
        return self.plan.columns[_OWNER, found.measure.name] if found else name

    def beside(self, customers: exp.Subquery, frame: Frame) -> exp.Select:
        """Return some customers with their behaviours, empty ones filled."""
        query = exp.select(f"{customers.alias}.*").from_(customers, copy=False)
        for part in self.plan.parts:
            query = query.join(
                part.query(frame).subquery(part.name, copy=False),
                on=f"{part.name}.customer_id = {customers.alias}.customer_id",
                join_type="left",
                copy=False,
            )
            told = [named(found.filled(part.name), found.name) for found in part.columns]
            query = query.select(*told, copy=False)
        return query
