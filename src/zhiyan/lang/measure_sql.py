"""Measures of one shape as one query with a row per customer.

The common table expressions are named after what one of their rows is: ``fact`` (a visible row of
the source), ``kept`` (a row that counts), ``bundle`` (a customer's rows with the same ``per``).
"""

from collections.abc import Sequence

from sqlglot import exp

from zhiyan.core.expression import Node, ValueType, names
from zhiyan.core.measure import Follow, Measure, Span, Unit
from zhiyan.lang.bounds import in_window, named
from zhiyan.lang.catalogue import Catalogue, common_names
from zhiyan.lang.check import Name, Scope, check
from zhiyan.lang.rows import DERIVED, Frame, column, source_rows, view_scope

#: Measures with the names of their columns; all of one shape.
Named = Sequence[tuple[str, Measure]]
_CUSTOMER = exp.column("customer_id")


def row_nodes(measure: Measure) -> tuple[Node, ...]:
    """Return the expressions of a measure that read rows of its source."""
    inner = tuple(node for _, node in measure.inner)
    aggregate = inner if measure.per else (measure.aggregate,)
    return (*aggregate, *((measure.where,) if measure.where else ()))


def reads_back(measure: Measure) -> bool:
    """Tell whether a measure looks at the row before each row."""
    return any("previous_at" in names(node) for node in row_nodes(measure))


def columns_read(measure: Measure) -> frozenset[str]:
    """Return the names that a measure reads from its source's rows."""
    read = {name for node in row_nodes(measure) for name in names(node)}
    return frozenset({*read, *measure.per, measure.window.on} - {"as_of"})


def part_query(frame: Frame, measures: Named) -> exp.Query:
    """Return the query that computes some measures of one shape: customer_id and their columns."""
    first = measures[0][1]
    if first.per or first.follow or reads_back(first):
        return _shaped(frame, measures)
    return _plain(frame, measures)


def _plain(frame: Frame, measures: Named) -> exp.Query:
    """One scan of a source, every measure an aggregate with its own condition."""
    view = frame.catalogue.views[measures[0][1].source]
    scope = view_scope(frame.catalogue, view)
    read = {name for _, measure in measures for name in columns_read(measure)}
    values = [
        named(frame.aggregate(m.aggregate, scope, _condition(frame, m, scope)), name)
        for name, m in measures
    ]
    query = exp.select(_CUSTOMER.copy(), *values, copy=False)
    query = query.from_(exp.to_table("fact"), copy=False).group_by(_CUSTOMER.copy(), copy=False)
    return query.with_("fact", as_=source_rows(frame, view, read), copy=False)


def _shaped(frame: Frame, measures: Named) -> exp.Query:
    """Rows are kept first, then looked at in order or in bundles, then aggregated."""
    first = measures[0][1]
    view = frame.catalogue.views[first.source]
    scope = view_scope(frame.catalogue, view)
    read = {name for _, measure in measures for name in columns_read(measure)}
    facts = source_rows(frame, view, read)
    kept = exp.select("*").from_("fact")
    condition = _condition(frame, first, scope)
    kept = kept.where(condition) if condition else kept
    for key in first.per:
        kept = kept.where(column(key).is_(exp.null()).not_())
    if reads_back(first):
        kept = kept.select(named(_previous(first.per), "previous_at"))
    query = exp.select("customer_id").group_by("customer_id")
    if first.per:
        query = query.from_("bundle")
        scope = _bundle_scope(frame.catalogue, first, scope)
        query = query.where(frame.scalar(first.having, scope)) if first.having else query
    else:
        query = query.from_("followed" if first.follow else "kept")
    values = [named(frame.aggregate(m.aggregate, scope), name) for name, m in measures]
    query = query.select(*values, copy=False)
    query = query.with_("fact", as_=facts, copy=False).with_("kept", as_=kept, copy=False)
    rows = "kept"
    if first.follow:
        rows = "followed"
        query = query.with_("later", as_=_later(frame, first.follow), copy=False)
        query = query.with_("followed", as_=_followed(first.follow), copy=False)
    if first.per:
        query = query.with_("bundle", as_=_bundles(frame, first, rows), copy=False)
    return query


def _condition(frame: Frame, measure: Measure, scope: Scope) -> exp.Expr | None:
    """Return the condition that a row counts: its filter and its window."""
    parts = [in_window(measure.window, column(measure.window.on))]
    if measure.where:
        parts.append(frame.scalar(measure.where, scope))
    present = [part for part in parts if part is not None]
    return exp.and_(*present, copy=False) if present else None


def _previous(per: tuple[str, ...]) -> exp.Expr:
    """Return the moment of the row before, within a customer (and bundle)."""
    return exp.Window(
        this=exp.Lag(this=column("occurred_at")),
        partition_by=[exp.column("customer_id"), *(column(key) for key in per)],
        order=exp.Order(
            expressions=[exp.Ordered(this=column(name)) for name in ("occurred_at", "tie")]
        ),
    )


def _later(frame: Frame, follow: Follow) -> exp.Query:
    """Return the rows that may follow: customer_id and occurred_at."""
    view = frame.catalogue.views[follow.source]
    read = (names(follow.where) if follow.where else frozenset[str]()) - DERIVED - {"as_of"}
    rows = exp.select("customer_id", "occurred_at").from_(
        source_rows(frame, view, read).subquery("row", copy=False), copy=False
    )
    if follow.where:
        rows = rows.where(frame.scalar(follow.where, view_scope(frame.catalogue, view)))
    return rows


def _followed(follow: Follow) -> exp.Query:
    """Return kept rows with the flag whether a later row came within the span."""
    later = (
        exp.select(exp.Literal.number(1))
        .from_("later")
        .where(
            "later.customer_id = kept.customer_id",
            "later.occurred_at > kept.occurred_at",
            exp.LTE(
                this=exp.column("occurred_at", table="later"),
                expression=exp.Add(
                    this=exp.column("occurred_at", table="kept"),
                    expression=_interval(follow.within),
                ),
            ),
        )
    )
    flag = named(exp.Exists(this=later), "followed")
    return exp.select("kept.*", flag).from_("kept")


def _interval(span: Span) -> exp.Expr:
    units = {Unit.HOUR: "HOUR", Unit.DAY: "DAY", Unit.MONTH: "MONTH"}
    return exp.Interval(this=exp.Literal.string(str(span.count)), unit=exp.var(units[span.unit]))


def _bundles(frame: Frame, measure: Measure, rows: str) -> exp.Query:
    """Return a row per customer and value of ``per`` with the inner aggregates."""
    scope = view_scope(frame.catalogue, frame.catalogue.views[measure.source])
    keys = [column(key) for key in measure.per]
    values = [named(frame.aggregate(node, scope), name) for name, node in measure.inner]
    query = exp.select("customer_id", *keys, *values, copy=False).from_(rows)
    return query.group_by("customer_id", *(key.copy() for key in keys))


def _bundle_scope(catalogue: Catalogue, measure: Measure, scope: Scope) -> Scope:
    """Return the names that the outer aggregate may read: ``per`` columns and inner names."""
    inner = {name: Name(type=check(node, scope)[0]) for name, node in measure.inner}
    per = {key: scope.names[key] for key in measure.per}
    known: dict[str, Name] = {**common_names(catalogue.params), **per, **inner}
    known.setdefault("occurred_at", Name(type=ValueType.MOMENT))
    return Scope(names=known, aggregates=True)
