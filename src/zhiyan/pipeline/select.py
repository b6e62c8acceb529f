"""Select: whom a predicate over a snapshot matches.

Only valid customers count. Three-valued: somebody of whom the predicate is unknown is neither
matched nor not matched.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
from sqlglot import exp

from zhiyan.core.expression import Call, Node, names
from zhiyan.core.snapshot import Manifest
from zhiyan.lang.bounds import parameter
from zhiyan.lang.catalogue import AS_OF, Catalogue
from zhiyan.lang.check import bind
from zhiyan.lang.moment import Moment
from zhiyan.lang.sql import scalar_sql
from zhiyan.lang.tag_sql import VALID
from zhiyan.pipeline.stored import tag_rows
from zhiyan.ports import Engine, Statement

DIALECT = "duckdb"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A checked predicate to be asked of a snapshot."""

    engine: Engine
    catalogue: Catalogue
    snapshot: Manifest
    where: Node
    offset_minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """matched + not_matched + unknown = total, which is the number of valid customers."""

    matched: int
    not_matched: int
    unknown: int
    total: int


def count(judgement: Judgement) -> Counts:
    """Count a predicate over a snapshot."""
    query = exp.select(
        "count(CASE WHEN matched THEN 1 END) AS matched",
        "count(CASE WHEN NOT matched THEN 1 END) AS not_matched",
        "count(CASE WHEN matched IS NULL THEN 1 END) AS unknown",
        "count(*) AS total",
    ).from_(_judged(judgement).subquery("judged"))
    return Counts(**_run(judgement, query).to_pylist()[0])


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
    catalogue = judgement.catalogue
    node = bind(judgement.where, catalogue.literals)
    valid = {VALID} & set(catalogue.tags)
    read = {*tags, *valid, *(names(node) & set(catalogue.tags))}
    rows = tag_rows(judgement.engine, catalogue, judgement.snapshot, codes=read)
    if valid:
        rows = rows.where(exp.column(VALID, quoted=True))
    clock = Moment(as_of=judgement.snapshot.as_of, offset_minutes=judgement.offset_minutes)
    verdict = scalar_sql(node, catalogue.scope, _column, clock)
    judged = exp.select("*", exp.alias_(verdict, "matched"))
    return judged.from_(rows.subquery("customer"))


def _column(name: str) -> exp.Expr:
    return parameter(AS_OF) if name == AS_OF else exp.column(name, quoted=True)


def _run(judgement: Judgement, query: exp.Select) -> pa.Table:
    used = {found.name for found in query.find_all(exp.Placeholder)}
    values = {AS_OF: judgement.snapshot.as_of} if AS_OF in used else {}
    return judgement.engine.query(Statement(query.sql(dialect=DIALECT), values))
