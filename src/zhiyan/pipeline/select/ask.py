"""Select: whom a predicate over a snapshot matches.

Only valid customers count. Three-valued: somebody of whom the predicate is unknown is neither
matched nor not matched.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

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
from zhiyan.pipeline.stored import tag_rows
from zhiyan.ports import Engine, Statement

DIALECT = "duckdb"
#: The parties whose behaviours are asked for.
ASKED = "asked_party"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A checked question to be asked of a snapshot.

    ``aligned``: the engine may have a table of all tags, and is asked for it.
    """

    engine: Engine
    catalogue: Catalogue
    snapshot: Manifest
    question: Question
    offset_minutes: int
    aligned: bool = False

    @property
    def moment(self) -> Moment:
        """The as-of of the snapshot, and the business zone."""
        return Moment(as_of=self.snapshot.as_of, offset_minutes=self.offset_minutes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """matched + not_matched + unknown = total, which is the number of valid customers."""

    matched: int
    not_matched: int
    unknown: int
    total: int


def count(judgement: Judgement) -> Counts:
    """Count a question over a snapshot."""
    query = exp.select(
        "count(CASE WHEN matched THEN 1 END) AS matched",
        "count(matched) AS known",
        "count(*) AS total",
    ).from_(_judged(judgement).subquery("judged", copy=False), copy=False)
    found = _run(judgement, query).to_pylist()[0]
    known, total = found["known"], found["total"]
    return Counts(
        matched=found["matched"],
        not_matched=known - found["matched"],
        unknown=total - known,
        total=total,
    )


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


def _judged(judgement: Judgement, tags: Sequence[str] = ()) -> exp.Select:
    """Return every valid customer with some tags and ``matched``: true, false or null."""
    catalogue, question = judgement.catalogue, judgement.question
    node = bind(question.node, catalogue.literals)
    behaviours = Behaviours.of(catalogue, question.behaviours, names(node))
    scope = question.scope(catalogue)

    def told(part: Node) -> exp.Expr:
        return scalar_sql(part, scope, place, judgement.moment)

    def place(name: str) -> exp.Expr:
        column = exp.column(behaviours.columns.get(name, name), quoted=True)
        return as_of_sql() if name == AS_OF else column

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
    rows_of = aligned_rows if judgement.aligned else tag_rows
    rows = rows_of(judgement.engine, catalogue, judgement.snapshot, codes={*codes, *valid})
    if valid:
        rows = rows.where(exp.column(VALID, quoted=True))
    return rows.subquery("customer", copy=False)


def _run(judgement: Judgement, query: exp.Select) -> pa.Table:
    used = {found.name for found in query.find_all(exp.Placeholder)}
    windows = (found.measure.window for found in judgement.question.behaviours.values())
    known = {
        **bound_values(windows, judgement.moment),
        AS_OF: judgement.snapshot.as_of,
        "facts_before": judgement.snapshot.as_of,
        "known_at": judgement.snapshot.known_at,
    }
    values = {name: known[name] for name in used}
    return judgement.engine.query(Statement(query.sql(dialect=DIALECT, copy=False), values))
