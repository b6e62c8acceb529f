"""The newest snapshot brought up to date, by recomputing only whom something touched.

Touched are the customers of new, corrected or newly due facts, of windows that a fact entered or
left since, and of parties that changed hands. What follows the clock by itself or compares customers
is told again for all; everything else of all other customers stays where it is. Only rows that came
out different are written. The result is what ``compute`` gives.
"""

from functools import cache
from typing import Any

from sqlglot import exp

from zhiyan.core.event import ColumnType
from zhiyan.core.expression import Ref
from zhiyan.core.kinds import KINDS
from zhiyan.core.measure import Window
from zhiyan.core.snapshot import Manifest
from zhiyan.lang.bounds import bound_name, shift, window_spans
from zhiyan.lang.crossings import crossings
from zhiyan.lang.moment import Moment
from zhiyan.lang.plan import Plan, make_plan
from zhiyan.pipeline.compute.full import compute
from zhiyan.pipeline.compute.run import DIALECT, Job, create_as, drop, statement
from zhiyan.pipeline.compute.store import keep, keeping, last_import, newest, place_of
from zhiyan.pipeline.compute.update import Update, is_crowded

TOUCHED = "touched"
TOUCHED_PARTIES = "touched_party"


def refresh(job: Job) -> Manifest:
    """Bring the newest snapshot up to the job's as-of; in full where nothing can be reused."""
    base = newest(job.engine)
    plan = make_plan(job.frame())
    spans = _crossings(job, plan)
    if base is None or spans is None or not _reusable(job, base):
        return compute(job)
    place = place_of(job.engine, base.snapshot_id)
    if place is None or is_crowded(job.engine, place):
        return compute(job)
    with keeping(job) as kept, job.engine.transaction():
        with job.timed("find touched"):
            _find_touched(job, base, spans)
        update = Update(job=job, plan=plan, place=place, touched=TOUCHED, parties=TOUCHED_PARTIES)
        following = update.run()
        drop(job.engine, TOUCHED, TOUCHED_PARTIES)
        kept.append(keep(job, plan, following, based_on=base.snapshot_id))
    return kept[0]


def _reusable(job: Job, base: Manifest) -> bool:
    """Tell whether a snapshot was made by the same definitions, earlier, with nothing held back."""
    return (
        base.catalogue == job.definitions
        and base.as_of <= job.moment.stored_as_of
        and job.moment.known_at is None
        and base.complete
    )


def _crossings(job: Job, plan: Plan) -> dict[str, set[tuple[str, Window]]] | None:
    """Return for each kind the (column, window) pairs that facts may enter or leave.

    None if a window runs over a computed column, so that nothing can be told from stored facts.
    """
    found: dict[str, set[tuple[str, Window]]] = {kind: set() for kind in KINDS}
    for measure in (c.measure for part in plan.parts for c in part.columns if not c.volatile):
        view = job.catalogue.views[measure.source]
        ages = crossings(measure, view) or frozenset()
        for member in view.parts:
            node = member.columns.get(measure.window.on, Ref(measure.window.on))
            if not isinstance(node, Ref):
                return None
            found[member.kind].add((node.name, measure.window))
            for name in _moments(member.kind):
                found[member.kind] |= {
                    (name, Window(start=span, ahead=ahead, on=name)) for span, ahead in ages
                }
    return found


def _find_touched(job: Job, base: Manifest, spans: dict[str, set[tuple[str, Window]]]) -> None:
    """Make the tables of touched customers and of their parties."""
    values: dict[str, Any] = {
        "last_import": last_import(job.engine, base.snapshot_id),
        "old_known": base.known_at,
        "old": base.as_of,
        "new": job.moment.stored_as_of,
    }
    old = Moment(as_of=base.as_of, offset_minutes=job.zone.offset_minutes)
    queries: list[exp.Query] = []
    for kind in KINDS:
        conditions = _touching(kind, spans[kind], clocks=(old, job.clock), values=values)
        rows = exp.select(exp.column("party_id")).from_(exp.to_table(f"event.{kind}"), copy=False)
        queries.append(rows.where(exp.or_(*conditions, copy=False), copy=False))
    parties = queries[0]
    for more in queries[1:]:
        parties = exp.union(parties, more, distinct=False, copy=False)
    job.engine.run(statement(create_as("touched_fact", parties, temporary=True), values))
    customers = _customers_of_facts(base)
    job.engine.run(statement(create_as(TOUCHED, customers, temporary=True), {}))
    members = (
        exp.select("party_id", "customer_id")
        .from_("identity.assignment")
        .where(f"customer_id IN (SELECT customer_id FROM {TOUCHED})")  # noqa: S608 - declared names
    )
    job.engine.run(statement(create_as(TOUCHED_PARTIES, members, temporary=True), {}))
    drop(job.engine, "touched_fact")


def _customers_of_facts(base: Manifest) -> exp.Query:
    """Return the customers of touched facts, and those whose parties are not what they were."""
    by_fact = (
        exp.select("customer_id")
        .from_("identity.assignment AS now")
        .where("now.party_id IN (SELECT party_id FROM touched_fact)")
    )
    before = exp.to_table(f"snapshot.a_{base.snapshot_id}", alias="before")
    moved = (
        exp.select("unnest([now.customer_id, before.customer_id]) AS customer_id")
        .from_("identity.assignment AS now")
        .join(before, on="before.party_id = now.party_id", join_type="full")
        .where("now.customer_id IS DISTINCT FROM before.customer_id")
    )
    both = exp.union(by_fact, moved, distinct=True)
    return (
        exp.select("customer_id").from_(both.subquery("customer")).where("customer_id IS NOT NULL")
    )


def _touching(
    kind: str,
    spans: set[tuple[str, Window]],
    *,
    clocks: tuple[Moment, Moment],
    values: dict[str, Any],
) -> list[exp.Expr]:
    """Return the conditions under which a fact may change a measure; adds the values they bind."""
    conditions = [condition.copy() for condition in _changed()]
    conditions += [_between(name, "old", "new") for name in _moments(kind)]
    for name, window in sorted(spans, key=repr):
        for span in window_spans(window):
            bound = bound_name(span, ahead=window.ahead)
            values[f"old_{bound}"], values[f"new_{bound}"] = (
                shift(clock, span, ahead=window.ahead) for clock in clocks
            )
            conditions.append(_between(name, f"old_{bound}", f"new_{bound}"))
    return conditions


@cache
def _changed() -> tuple[exp.Expr, ...]:
    """Return the conditions that a fact is new or corrected since the snapshot."""
    return (
        exp.condition("import_id > $last_import AND occurred_at < $new", dialect=DIALECT),
        exp.condition("superseded_at >= $old_known", dialect=DIALECT),
    )


def _moments(kind: str) -> list[str]:
    """Return the columns of a kind whose passing changes what is visible or due."""
    own = [c.name for c in KINDS[kind].columns if c.type is ColumnType.MOMENT]
    return ["occurred_at", *own]


def _between(name: str, low: str, high: str) -> exp.Expr:
    def bound(parameter: str) -> exp.Expr:
        return exp.Placeholder(this=parameter)

    column = exp.column(name, quoted=True)
    return exp.and_(
        exp.GTE(this=column, expression=bound(low)),
        exp.LTE(this=column.copy(), expression=bound(high)),
        copy=False,
    )
