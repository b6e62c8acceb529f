"""The evidence card: rule, clauses with the customer's values, rows counted, and the next flip."""

from collections.abc import Mapping

from zhiyan.core.evidence import Clause, Counted, Evidence, Input
from zhiyan.core.expression import Node, Ref, Value, walk
from zhiyan.core.measure import Measure
from zhiyan.core.tag import Tag
from zhiyan.lang.catalogue import HOME_CLINIC
from zhiyan.lang.evaluate import evaluate
from zhiyan.lang.measure_sql import columns_read
from zhiyan.lang.memory import Found
from zhiyan.lang.moment import Moment
from zhiyan.pipeline.explain.ahead import outlook
from zhiyan.pipeline.explain.inputs import inputs_of
from zhiyan.pipeline.explain.replay import Replay, Rule, bound_rules
from zhiyan.pipeline.explain.rows import Subject, fetch_rows, stored_values

#: How far ahead a flip is looked for.
HORIZON_DAYS = 400
#: How many counted rows a card shows.
SHOWN_ROWS = 50


def explain(subject: Subject, code: str, *, horizon_days: int = HORIZON_DAYS) -> Evidence | None:
    """Explain one tag of one customer at a snapshot; None if it has no such customer.

    What is ahead is told by day: the first day on which the value differs if no new fact comes, or
    from which on it depends on how other customers move, which nobody can tell beforehand.
    """
    tag = subject.catalogue.tags[code]
    needed = inputs_of(subject, code)
    stored = stored_values(subject, needed.stored)
    if stored is None:
        return None
    rules = bound_rules(subject, needed.replayed)
    rows = fetch_rows(subject, [m for rule in rules for m in rule.measures])
    replay = Replay(rules, rows, stored)
    moment = subject.moment
    values = replay.values(moment)
    rule = next(found for found in rules if found.tag.code == code)
    seen = replay.names(rule, moment, values)
    ahead = outlook(replay, subject.catalogue, code, at=(moment, horizon_days))
    return Evidence(
        customer_id=subject.customer_id,
        tag=code,
        value=values[code],
        snapshot_id=subject.snapshot.snapshot_id,
        as_of=subject.snapshot.as_of,
        fingerprint=tag.fingerprint,
        clauses=_clauses(subject, rule, (seen, moment)),
        counted=tuple(_counted(m, replay.found(rule, m, moment)) for m in rule.measures),
        flip=ahead.flip,
        others_from=ahead.others_from,
        horizon_days=horizon_days,
    )


def _clauses(
    subject: Subject, rule: Rule, at: tuple[Mapping[str, Value], Moment]
) -> tuple[Clause, ...]:
    """Return every case in order, judged for the customer, the last one being ``otherwise``."""
    seen, moment = at
    tag = rule.tag
    decided = False
    clauses: list[Clause] = []
    for (when, then), case in zip(rule.cases, tag.cases, strict=True):
        verdict = evaluate(when, seen, moment)
        holds = verdict if isinstance(verdict, bool) else None
        clauses.append(
            Clause(
                when=case.when,
                then=evaluate(then, seen, moment),
                holds=holds,
                chosen=holds is True and not decided,
                reached=not decided,
                inputs=_inputs(subject, tag, case.when, seen=seen),
            )
        )
        decided = decided or holds is True
    last = Clause(
        when=None,
        then=evaluate(rule.otherwise, seen, moment),
        holds=None,
        chosen=not decided,
        reached=not decided,
        inputs=_inputs(subject, tag, tag.otherwise, seen=seen),
    )
    return (*clauses, last)


def _inputs(
    subject: Subject, tag: Tag, node: Node, *, seen: Mapping[str, Value]
) -> tuple[Input, ...]:
    """Return the names that an expression reads, with values and types, in order of appearance."""
    order = dict.fromkeys(part.name for part in walk(node) if isinstance(part, Ref))
    measures = {measure.name: measure.type for measure in tag.measures}
    found: list[Input] = []
    for name in order:
        if name.startswith("param."):
            param = subject.catalogue.params[name.removeprefix("param.")]
            home = {HOME_CLINIC: None, **seen}
            value = evaluate(param.node, home, subject.moment)
            found.append(Input(name=name, value=value, type=param.type))
        elif name in seen:
            kind = measures.get(name) or subject.catalogue.tags[name].type
            found.append(Input(name=name, value=seen[name], type=kind))
    return tuple(found)


def _counted(measure: Measure, found: Found) -> Counted:
    columns = ("occurred_at", *sorted(columns_read(measure) - {"occurred_at"}))
    newest = sorted(found.rows, key=lambda row: row["occurred_at"], reverse=True)[:SHOWN_ROWS]
    return Counted(
        measure=measure.name,
        source=measure.source,
        value=found.value,
        type=measure.type,
        row_count=len(found.rows),
        columns=columns,
        rows=tuple(tuple(row.get(name) for name in columns) for row in newest),
    )
