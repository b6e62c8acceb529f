"""Whom a change touched, part by part of the plan.

``touched`` has a row per customer and cause: the number of a cause of facts, or one of those below.
Where resolve says what it changed since the snapshot before, nobody else's records are looked at.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from zhiyan.core.kinds import KINDS
from zhiyan.core.snapshot import Manifest
from zhiyan.lang.bounds import named
from zhiyan.lang.plan import Part
from zhiyan.lang.rows import IDENTIFIER
from zhiyan.pipeline.compute.causes import Cause, Step, causes, step_values, windows_are_stored
from zhiyan.pipeline.compute.generation import Generation, seen_by
from zhiyan.pipeline.compute.run import (
    DIALECT,
    Job,
    Template,
    create_as,
    drop,
    template,
    union,
)
from zhiyan.pipeline.compute.store import LONG, last_import, resolution
from zhiyan.ports import Statement

#: Temporary tables: (party, cause) of facts, (customer, cause), (party, customer, cause).
FACTS, TOUCHED, MEMBERS = "touched_fact", "touched", "touched_member"
#: Causes that lie in who is who: parties changed hands (every part is touched), identifiers are others
#: (parts that read them are), resolve found anything else about the customer.
MOVED, IDENTIFIED, RESOLVED = -1, -2, -3


_MEMBERS = f"""
CREATE TEMPORARY TABLE {MEMBERS} AS SELECT now.party_id, now.customer_id, {TOUCHED}.cause
FROM identity.assignment AS now JOIN {TOUCHED} ON {TOUCHED}.customer_id = now.customer_id
"""  # noqa: S608 - ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """What must be computed again.

    ``everybody``: the parts that time changes for all. ``parties``: for each other part that
    somebody is touched in, the temporary table (party_id, customer_id) of those customers; parts
    with the same customers share one. ``resolved``: ``touched`` has all customers of whom resolve
    knows anything new. ``causes`` are those that touched somebody. Of all other ``kinds`` of facts
    the snapshot before saw the very rows that are seen now.
    """

    everybody: tuple[Part, ...]
    parties: Mapping[str, str]
    resolved: bool
    causes: frozenset[int]
    kinds: frozenset[str]

    @property
    def may_move(self) -> bool:
        """Whether anybody's parties may be others than they were."""
        return not self.resolved or RESOLVED in self.causes

    def columns(self, job: Job) -> frozenset[str]:
        """Return the measures that are computed again for anybody."""
        parts = [*self.everybody, *(p for p in job.plan.parts if p.name in self.parties)]
        return frozenset(column.name for part in parts for column in part.columns)

    def forget(self, job: Job) -> None:
        """Drop the temporary tables."""
        drop(job.engine, TOUCHED, MEMBERS, *sorted(set(self.parties.values())))


def find_touched(job: Job, base: Manifest, place: Generation) -> Touched:
    """Tell whom what happened since a snapshot may touch; its rows lie at ``place``."""
    step = Step.of(job, base.as_of)
    resolved = resolution(job.engine, base.snapshot_id)
    everybody = tuple(
        part
        for part in job.plan.parts
        if step.reaches_all(part)
        or not windows_are_stored(job.catalogue, part)
        or (part.source == IDENTIFIER and resolved is None)
    )
    others = [part for part in job.plan.parts if part not in everybody]
    factual = [part for part in others if part.source != IDENTIFIER]
    long = frozenset(kind for kind, rows in base.events.items() if rows > LONG)
    key = (FACTS, tuple(part.name for part in factual), long)
    found, facts = job.once(key, lambda: _facts(causes(job, factual), long))
    values = {
        **step_values(job, step),
        "last_import": last_import(job.engine, base.snapshot_id),
        "old_known": base.known_at,
    }
    job.engine.run(facts.bind(values))
    customers = job.written(
        (TOUCHED, place.number, resolved is None),
        lambda: create_as(TOUCHED, _customers(place, resolved), temporary=True),
    )
    job.engine.run(customers.bind({**place.numbers, "resolution": resolved}))
    job.engine.run(Statement(_MEMBERS))
    kinds = frozenset(KINDS) - {cause.kind for cause in found}
    kinds |= {found[number].kind for number in _causes(job, FACTS)}
    drop(job.engine, FACTS)
    happened = _causes(job, TOUCHED)
    return Touched(
        everybody=everybody,
        parties=_parties(job, found, others, happened=happened),
        resolved=resolved is not None,
        causes=happened,
        kinds=kinds,
    )


def _facts(found: Sequence[Cause], long: Collection[str]) -> tuple[Sequence[Cause], Template]:
    """Return the causes, and the statement of a row per party and number of a cause.

    Facts of a kind are read once, against all conditions; a long table once for each condition,
    which reads few blocks of it.
    """
    kinds: dict[str, dict[int, exp.Expr]] = {}
    for number, cause in enumerate(found):
        kinds.setdefault(cause.kind, {})[number] = cause.condition
    queries = [exp.select("party_id", "0 AS cause").from_("identity.assignment").where(exp.false())]
    for kind, conditions in kinds.items():
        if kind in long:
            queries += [_parties_of(kind, {n: one}) for n, one in conditions.items()]
        else:
            queries.append(_parties_of(kind, conditions))
    return found, template(create_as(FACTS, union(queries), temporary=True))


def _parties_of(kind: str, conditions: Mapping[int, exp.Expr]) -> exp.Select:
    """Return a row per party of a kind's facts and condition that holds of one."""
    rows = exp.select("party_id", copy=False).from_(exp.to_table(f"event.{kind}"), copy=False)
    if len(conditions) == 1:
        ((number, one),) = conditions.items()
        return rows.select(f"{number} AS cause", copy=False).where(one, copy=False)
    numbers = [
        exp.Case(ifs=[exp.If(this=one.copy(), true=exp.Literal.number(number))])
        for number, one in conditions.items()
    ]
    each = exp.func("unnest", exp.Array(expressions=numbers))
    rows = rows.select(named(each, "cause"), copy=False)
    rows = rows.where(exp.or_(*conditions.values(), copy=False), copy=False)
    return exp.select("party_id", "cause").from_(rows.subquery("fact")).where("cause IS NOT NULL")


def _customers(place: Generation, resolved: int | None) -> exp.Query:
    """Return (customer, cause): of touched facts, and of what resolve changed."""
    by_fact = (
        exp.select("now.customer_id", "fact.cause")
        .from_("identity.assignment AS now")
        .join(f"{FACTS} AS fact", on="fact.party_id = now.party_id")
    )
    parties = exp.select("party_id", "customer_id").from_(place.parties).where(seen_by("before"))
    moved = (
        exp.select(
            "unnest([now.customer_id, before.customer_id]) AS customer_id", f"{MOVED} AS cause"
        )
        .from_(parties.subquery("before"))
        .join("identity.assignment AS now", on="before.party_id = now.party_id", join_type="left")
        .where("now.customer_id IS DISTINCT FROM before.customer_id")
    )
    queries: list[exp.Query] = [by_fact, moved]
    if resolved is not None:
        news = (
            exp.select("customer_id")
            .from_("identity.touched")
            .where("resolution > $resolution", dialect=DIALECT)
        )
        records = news.where("id_type = 'party'")
        queries[1] = moved.where(
            exp.In(this=exp.column("customer_id", table="before"), query=records.subquery())
        )
        identified = news.where("id_type <> 'party'").select(f"{IDENTIFIED} AS cause")
        queries += [identified, records.select(f"{RESOLVED} AS cause")]
    return (
        exp.select("customer_id", "cause")
        .from_(union(queries, distinct=True).subquery("one"))
        .where("customer_id IS NOT NULL")
    )


def _causes(job: Job, table: str) -> frozenset[int]:
    rows = job.engine.query(Statement(f"SELECT DISTINCT cause FROM {table}"))  # noqa: S608 - our names
    return frozenset(int(row["cause"]) for row in rows.to_pylist())


def _parties(
    job: Job, found: Sequence[Cause], parts: Sequence[Part], *, happened: frozenset[int]
) -> dict[str, str]:
    """Make the tables of parties; return the name of each touched part's."""
    tables: dict[frozenset[int], str] = {}
    chosen: dict[str, str] = {}
    for part in parts:
        why = frozenset(
            number
            for number in happened
            if (part.name in found[number].parts if number >= 0 else _is_reached(part, number))
        )
        if why:
            chosen[part.name] = tables.setdefault(why, f"touched_{part.name}")
    for why, name in tables.items():
        numbers = ", ".join(map(str, sorted(why)))
        text = f"SELECT DISTINCT party_id, customer_id FROM {MEMBERS} WHERE cause IN ({numbers})"  # noqa: S608 - ours
        job.engine.run(Statement(f"CREATE TEMPORARY TABLE {name} AS {text}"))
    return chosen


def _is_reached(part: Part, cause: int) -> bool:
    """Tell whether what resolve changed touches a part."""
    return cause == MOVED or (cause == IDENTIFIED and part.source == IDENTIFIER)
