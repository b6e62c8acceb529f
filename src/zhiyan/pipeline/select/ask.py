"""Select: whom a predicate over a snapshot matches.

Only valid customers count. Three-valued: somebody of whom the predicate is unknown is neither
matched nor not matched.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyarrow as pa
from sqlglot import exp

from zhiyan.core.expression import Call, Node, names
from zhiyan.core.snapshot import Manifest
from zhiyan.lang.behaviours import Question
from zhiyan.lang.bounds import bound_values
from zhiyan.lang.catalogue import AS_OF, Catalogue
from zhiyan.lang.check import bind
from zhiyan.lang.moment import Moment
from zhiyan.lang.rows import Frame
from zhiyan.lang.scalars_sql import as_of_sql
from zhiyan.lang.sql import scalar_sql
from zhiyan.lang.tag_sql import VALID
from zhiyan.lang.volatile import compares
from zhiyan.pipeline.select.aligned import aligned_rows
from zhiyan.pipeline.select.behaviours import Behaviours
from zhiyan.pipeline.select.counts import Counts
from zhiyan.pipeline.select.encoded import Encoded
from zhiyan.pipeline.stored import tag_rows
from zhiyan.ports import Engine, Statement

DIALECT = "duckdb"
#: The parties whose behaviours are asked for.
ASKED = "asked_party"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A checked question to be asked of a snapshot.

    ``aligned``: where the files of a table of all tags lie, None if the engine never has one.
    """

    engine: Engine
    catalogue: Catalogue
    snapshot: Manifest
    question: Question
    offset_minutes: int
    aligned: Path | None = None

    @property
    def moment(self) -> Moment:
        """The as-of of the snapshot, and the business zone."""
        return Moment(as_of=self.snapshot.as_of, offset_minutes=self.offset_minutes)


def count(judgement: Judgement) -> Counts:
    """Count a question over a snapshot."""
    told = _count_encoded(judgement)
    if told is not None:
        return told
    query = exp.select(
        "count(CASE WHEN matched THEN 1 END) AS matched",
        "count(*) - count(matched) AS unknown",
        "count(*) AS total",
    ).from_(_judged(judgement).subquery("judged", copy=False), copy=False)
    return Counts.of(**_run(judgement, query).to_pylist()[0])


def matched(
    judgement: Judgement,
    tags: Sequence[str],
    *,
    limit: int | None,
    after: int | None = None,
    only: Sequence[int] | None = None,
) -> pa.Table:
    """Return whom a predicate matches: customer_id and some tags, in the order of ids.

    ``after`` leaves out ids up to and including it, ``only`` all ids but those.
    """
    columns = [exp.column(tag, quoted=True) for tag in tags]
    query = (
        exp.select("customer_id", *columns)
        .from_(_judged(judgement, tags).subquery("judged"))
        .where("matched")
        .order_by("customer_id")
    )
    if after is not None:
        query = query.where(
            exp.GT(this=exp.column("customer_id"), expression=exp.Literal.number(after))
        )
    if only is not None:
        ids = [exp.Literal.number(one) for one in only] or [exp.null()]
        query = query.where(exp.In(this=exp.column("customer_id"), expressions=ids))
    if limit is not None:
        query = query.limit(limit)
    return _run(judgement, query)


def parts_of(where: Node) -> tuple[Node, ...]:
    """Return the conditions that a predicate joins by ``and`` or ``or``; itself if it is one."""
    if isinstance(where, Call) and where.op in {"and", "or"}:
        return tuple(
            part
            for arg in where.args
            for part in (parts_of(arg) if isinstance(arg, Call) and arg.op == where.op else (arg,))
        )
    return (where,)


def _count_encoded(judgement: Judgement) -> Counts | None:
    """Count a question over tags alone off the files of its snapshot, if they serve."""
    if judgement.aligned is None or judgement.question.behaviours:
        return None
    catalogue, snapshot = judgement.catalogue, judgement.snapshot

    def written(node: Node) -> exp.Expr:
        return scalar_sql(node, catalogue.scope, _tag, judgement.moment)

    encoded = Encoded(
        engine=judgement.engine,
        folder=judgement.aligned / snapshot.snapshot_id,
        written=written,
        bound=partial(_bound, judgement),
    )
    return encoded.count(bind(judgement.question.node, catalogue.literals))


def _tag(name: str) -> exp.Expr:
    return as_of_sql() if name == AS_OF else exp.column(name, quoted=True)


def _judged(judgement: Judgement, tags: Sequence[str] = ()) -> exp.Select:
    """Return every valid customer with some tags and ``matched``: true, false or null."""
    catalogue, question = judgement.catalogue, judgement.question
    node = bind(question.node, catalogue.literals)
    behaviours = Behaviours.of(catalogue, question.behaviours, names(node))
    scope = question.scope(catalogue)

    def told(part: Node) -> exp.Expr:
        return scalar_sql(part, scope, place, judgement.moment)

    def place(name: str) -> exp.Expr:
        return _tag(behaviours.columns.get(name, name))

    rows = _customers(judgement, {*tags, *(names(node) & set(catalogue.tags))})
    matched_ = exp.alias_(told(node), "matched", copy=False)
    if not behaviours.told:
        return exp.select("*", matched_, copy=False).from_(rows, copy=False)
    asked = _parties(judgement, rows.copy(), [told(part) for part in _alone(node, behaviours)])
    frame = Frame(catalogue=catalogue, moment=judgement.moment, parties=ASKED)
    rows = behaviours.beside(rows, frame).subquery("customer", copy=False)
    query = exp.select("*", matched_, copy=False).from_(rows, copy=False)
    return query.with_(ASKED, as_=asked, copy=False)


def _alone(node: Node, behaviours: Behaviours) -> list[Node]:
    """Return the conditions over tags alone that must all hold.

    None where customers are compared: those who are ruled out count among the others.
    """
    if compares(node):
        return []
    parts = parts_of(node) if isinstance(node, Call) and node.op == "and" else (node,)
    return [part for part in parts if not names(part) & set(behaviours.columns)]


def _parties(
    judgement: Judgement, customers: exp.Subquery, alone: Sequence[exp.Expr]
) -> exp.Select:
    """Return the parties of whom behaviours can decide, as the snapshot knew them.

    Whom a condition over tags alone rules out, no behaviour brings back.
    """
    parties = exp.select("party_id", "customer_id")
    parties = parties.from_(f"snapshot.a_{judgement.snapshot.snapshot_id}")
    if not alone:
        return parties
    open_ = exp.select("customer_id").from_(customers, copy=False)
    open_ = open_.where(*(exp.func("coalesce", one, exp.true()) for one in alone), copy=False)
    inside = exp.In(this=exp.column("customer_id"), query=exp.Subquery(this=open_))
    return parties.where(inside, copy=False)


def _customers(judgement: Judgement, codes: Collection[str]) -> exp.Subquery:
    """Return every valid customer with some tags."""
    catalogue = judgement.catalogue
    valid = {VALID} & set(catalogue.tags)
    rows_of = aligned_rows if judgement.aligned is not None else tag_rows
    rows = rows_of(judgement.engine, catalogue, judgement.snapshot, codes={*codes, *valid})
    if valid:
        rows = rows.where(exp.column(VALID, quoted=True))
    return rows.subquery("customer", copy=False)


def _run(judgement: Judgement, query: exp.Select) -> pa.Table:
    return judgement.engine.query(_bound(judgement, query))


def _bound(judgement: Judgement, query: exp.Select) -> Statement:
    used = {found.name for found in query.find_all(exp.Placeholder)}
    windows = (found.measure.window for found in judgement.question.behaviours.values())
    known = {
        **bound_values(windows, judgement.moment),
        AS_OF: judgement.snapshot.as_of,
        "facts_before": judgement.snapshot.as_of,
        "known_at": judgement.snapshot.known_at,
    }
    values = {name: known[name] for name in used}
    return Statement(query.sql(dialect=DIALECT, copy=False), values)
