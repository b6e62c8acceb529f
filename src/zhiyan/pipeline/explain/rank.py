"""A customer's place among all, told by counting instead of sorting everybody."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlglot import exp

from zhiyan.core.expression import Call, Literal, Node, ValueType, names
from zhiyan.core.tag import Tag
from zhiyan.lang.bounds import named
from zhiyan.lang.moment import Moment
from zhiyan.lang.plan import measure_columns
from zhiyan.lang.sql import scalar_sql
from zhiyan.lang.tag_sql import tag_scope
from zhiyan.pipeline.explain.rows import DIALECT, Subject
from zhiyan.pipeline.stored import tag_rows
from zhiyan.ports import Statement

#: What each comparing function makes of the counts within the customer's group.
_TOLD: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "rank_share": lambda at: at["below"] / at["known"],
    "band": lambda at: at["below"] * at["bands"] // at["known"] + 1,
    "peers": lambda at: at["same"],
}
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
        group = ()
    labels = [f"group_{number}" for number in range(len(group))]
    nodes = dict(zip(("value", "bands", *labels), (value, bands, *group), strict=True))
    compared = _compared(subject, tag, nodes)
    mine = exp.select("*").from_("compared").where("customer_id = $id")
    counts = exp.select(
        "any_value(mine.bands) AS bands",
        "count(CASE WHEN compared.value < mine.value THEN 1 END) AS below",
        "count(CASE WHEN compared.value = mine.value THEN 1 END) AS same",
        "count(compared.value) AS known",
    ).from_("compared")
    alike = [f"compared.{label} = mine.{label}" for label in labels]
    counts = counts.join("mine", on=exp.and_("mine.value IS NOT NULL", *alike))
    counts = counts.with_("compared", as_=compared).with_("mine", as_=mine)
    text = counts.sql(dialect=DIALECT)
    found = subject.engine.query(Statement(text, {"id": subject.customer_id})).to_pylist()[0]
    return Literal(_TOLD[rank.op](found) if found["known"] else None, ValueType.DECIMAL)


def _compared(subject: Subject, tag: Tag, nodes: Mapping[str, Node]) -> exp.Select:
    """Return everybody's values of some expressions that a tag's rule may hold."""
    catalogue, snapshot = subject.catalogue, subject.snapshot
    read = {name for node in nodes.values() for name in names(node)}
    own = read & {measure.name for measure in tag.measures}
    codes = (read & set(catalogue.tags)) - own
    rows = tag_rows(subject.engine, catalogue, snapshot, codes=codes)
    columns: dict[str, str] = {}
    if own:
        kept = measure_columns(catalogue)[1]
        columns = {name: kept[tag.code, name] for name in own}
        listed = [exp.column(name, quoted=True) for name in sorted(set(columns.values()))]
        measured = exp.select("customer_id", *listed)
        measured = measured.from_(exp.to_table(f"snapshot.m_{snapshot.snapshot_id}"))
        rows = exp.select("*").from_(rows.subquery("tagged"))
        rows = rows.join(measured.subquery("measured"), using=["customer_id"])
    clock = Moment(as_of=snapshot.as_of, offset_minutes=subject.zone.offset_minutes)
    scope = tag_scope(catalogue, tag)

    def place(name: str) -> exp.Expr:
        return exp.column(columns.get(name, name), quoted=True)

    values = [named(scalar_sql(node, scope, place, clock), name) for name, node in nodes.items()]
    return exp.select("customer_id", *values).from_(rows.subquery("customer"))
