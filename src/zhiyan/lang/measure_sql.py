"""Measures of one shape as one query with a row per customer.

The common table expressions are named after what one of their rows is: ``fact`` (a visible row of
the source), ``kept`` (a row that counts), ``bundle`` (a customer's rows with the same ``per`` or of
one session); see ``steps_sql`` for those between.
"""

from collections.abc import Sequence

from sqlglot import exp

from zhiyan.core.expression import Call, Node, ValueType, names
from zhiyan.core.measure import Measure, Rows
from zhiyan.errors import InternalError, Problem
from zhiyan.lang.bounds import in_window, named
from zhiyan.lang.catalogue import Catalogue, common_names
from zhiyan.lang.check import Name, Scope, check
from zhiyan.lang.fused_sql import aggregated, worked_out
from zhiyan.lang.rows import DERIVED, PART, Frame, column, source_rows, sql_name, view_scope
from zhiyan.lang.steps_sql import Steps, narrowed
from zhiyan.lang.value_counts_sql import Asked

#: Measures with the names of their columns; all of one shape.
Named = Sequence[tuple[str, Measure]]
_CUSTOMER = exp.column("customer_id")
SESSION = "session_no"
#: What is known of every session without asking.
SESSION_NAMES = {
    name: Name(type=ValueType.MOMENT) for name in ("started_at", "ended_at", "occurred_at")
}


def row_nodes(measure: Measure) -> tuple[Node, ...]:
    """Return the expressions of a measure that read rows of its source."""
    inner = tuple(node for _, node in measure.inner)
    aggregate = inner if measure.grouped else (measure.aggregate,)
    return (*aggregate, *((measure.where,) if measure.where else ()))


def reads_back(measure: Measure) -> bool:
    """Tell whether a measure looks at the row before each row."""
    return any("previous_at" in names(node) for node in row_nodes(measure))


def is_shaped(measure: Measure) -> bool:
    """Tell whether rows must be put in order, joined or grouped before they are aggregated."""
    ordered = measure.latest is not None or reads_back(measure)
    return bool(ordered or measure.grouped or measure.follow or measure.since)


def other_rows(measure: Measure) -> tuple[Rows, ...]:
    """Return what a measure reads of sources beside its own: rows that follow, or that bound it."""
    follow, since = measure.follow, measure.since
    found = [Rows(source=follow.source, where=follow.where)] if follow else []
    if follow and follow.without:
        found.append(follow.without)
    return (*found, *([since.rows] if since else []))


def columns_read(measure: Measure) -> frozenset[str]:
    """Return the names that a measure reads from its source's rows."""
    read = {name for node in row_nodes(measure) for name in names(node)}
    return frozenset({*read, *measure.per, measure.window.on} - {"as_of"})


def part_query(frame: Frame, measures: Named) -> exp.Query:
    """Return the query that computes some measures of one shape: customer_id and their columns."""
    first = measures[0][1]
    if is_shaped(first):
        return _shaped(frame, measures)
    return _plain(frame, measures)


def counted_query(frame: Frame, name: str, measure: Measure) -> exp.Query:
    """Return the query of one measure that reads no row but those that count.

    Customers without such rows are not there. Of several measures of a source, ``part_query`` costs
    less.
    """
    return _shaped(frame, [(name, measure)], everybody=False)


def _plain(frame: Frame, measures: Named) -> exp.Query:
    """One scan of a source, every measure an aggregate with its own condition."""
    view = frame.catalogue.views[measures[0][1].source]
    scope = view_scope(frame.catalogue, view)
    read = {name for _, measure in measures for name in columns_read(measure)}
    asked = [
        Asked(name=name, node=_call(m.aggregate), where=_condition(frame, m, scope))
        for name, m in measures
    ]
    rows, scope, asked = worked_out(frame, scope, asked, rows=source_rows(frame, view, read))
    return aggregated(frame, scope, asked, table="fact").with_("fact", as_=rows, copy=False)


def _shaped(frame: Frame, measures: Named, *, everybody: bool = True) -> exp.Query:
    """Rows are kept first, then looked at in order or in bundles, then aggregated."""
    first = measures[0][1]
    view = frame.catalogue.views[first.source]
    scope = view_scope(frame.catalogue, view)
    read = {name for _, measure in measures for name in columns_read(measure)}
    steps = _kept(frame, first, sorted(read))
    narrowed(steps, first, reads_back=reads_back(first))
    if first.grouped:
        scope = _bundled(steps, first, scope)
    asked = [Asked(name=name, node=_call(m.aggregate)) for name, m in measures]
    told = aggregated(frame, scope, asked, table=steps.last, everybody=everybody)
    return steps.attach(told)


def _call(aggregate: Node) -> Call:
    if not isinstance(aggregate, Call):
        raise InternalError(Problem(code="ZY991", message="unchecked measure: no aggregate"))
    return aggregate


def _kept(frame: Frame, measure: Measure, read: list[str]) -> Steps:
    """Return the first steps: the visible rows, and those of them that count."""
    view = frame.catalogue.views[measure.source]
    own = [sql_name(name) for name in read if name not in DERIVED]
    shared = ["customer_id", "occurred_at", "tie", *([PART] if view.is_union else [])]
    steps = Steps(frame=frame, columns=[*shared, *own], union=view.is_union)
    steps.add("fact", source_rows(frame, view, read))
    kept = exp.select("*").from_("fact")
    condition = _condition(frame, measure, view_scope(frame.catalogue, view))
    kept = kept.where(condition) if condition else kept
    for key in measure.per:
        kept = kept.where(column(key).is_(exp.null()).not_())
    steps.add("kept", kept)
    return steps


def _bundled(steps: Steps, measure: Measure, rows: Scope) -> Scope:
    """Add the steps of groups; returns the names that the outer aggregate may read."""
    frame = steps.frame
    steps.add("bundle", _bundles(frame, measure, steps.last))
    scope = _bundle_scope(frame.catalogue, measure, rows)
    if measure.having:
        chosen = exp.select("*").from_("bundle").where(frame.scalar(measure.having, scope))
        steps.add("chosen", chosen)
    if measure.latest is not None:
        newest = exp.Ordered(this=column("occurred_at"), desc=True, nulls_first=False)
        keys = [exp.Ordered(this=column(key), nulls_first=False) for key in measure.per]
        steps.latest(measure.latest, [newest, *keys])
    return scope


def _condition(frame: Frame, measure: Measure, scope: Scope) -> exp.Expr | None:
    """Return the condition that a row counts: its filter and its window."""
    parts = [in_window(measure.window, column(measure.window.on))]
    if measure.where:
        parts.append(frame.scalar(measure.where, scope))
    present = [part for part in parts if part is not None]
    return exp.and_(*present, copy=False) if present else None


def _bundles(frame: Frame, measure: Measure, rows: str) -> exp.Query:
    """Return a row per customer and group with the inner aggregates."""
    scope = view_scope(frame.catalogue, frame.catalogue.views[measure.source])
    keys = [column(key) for key in (*measure.per, *([SESSION] if measure.session else []))]
    values = [named(frame.aggregate(node, scope), name) for name, node in measure.inner]
    if measure.session:
        edges = {"started_at": exp.Min, "ended_at": exp.Max, "occurred_at": exp.Max}
        given = {name for name, _ in measure.inner}
        values += [
            named(pick(this=column("occurred_at")), name)
            for name, pick in edges.items()
            if name not in given
        ]
    query = exp.select("customer_id", *keys, *values, copy=False).from_(rows)
    return query.group_by("customer_id", *(key.copy() for key in keys))


def _bundle_scope(catalogue: Catalogue, measure: Measure, scope: Scope) -> Scope:
    """Return the names that the outer aggregate may read: ``per`` columns and inner names."""
    inner = {name: Name(type=check(node, scope)[0]) for name, node in measure.inner}
    per = {key: scope.names[key] for key in measure.per}
    session = SESSION_NAMES if measure.session else {}
    known: dict[str, Name] = {**common_names(catalogue.params), **session, **per, **inner}
    known.setdefault("occurred_at", Name(type=ValueType.MOMENT))
    return Scope(names=known, aggregates=True)
