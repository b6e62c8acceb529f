"""Compare: what separates two tables of tags of the same people."""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from sqlglot import exp

from zhiyan.core.difference import Difference, Move, SegmentMove
from zhiyan.core.expression import ValueType
from zhiyan.core.segment import Segment
from zhiyan.lang.catalogue import Catalogue
from zhiyan.lang.check import bind
from zhiyan.lang.moment import Moment
from zhiyan.lang.sql import scalar_sql
from zhiyan.ports import Engine, Statement

DIALECT = "duckdb"
#: The tag that says what a customer is worth, in fen.
WORTH = "net_spend_12m"
#: Types with few enough values to list their moves.
CLOSED = frozenset({ValueType.ENUM, ValueType.BOOL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side: its name for people, its table of tags, its definitions and its moment."""

    name: str
    tags: str
    catalogue: Catalogue
    moment: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two sides of the same people, to be counted or listed."""

    engine: Engine
    before: Side
    after: Side

    def difference(self) -> Difference:
        """Count what changed, tag by tag and segment by segment."""
        return _difference(self.engine, self.before, self.after)

    def members(self, code: str, *, limit: int) -> pa.Table:
        """Return who changed a tag: customer_id, before, after (text), worth_fen; a row each."""
        return _members(self, code, limit)


def _difference(engine: Engine, before: Side, after: Side) -> Difference:
    compared = _compared(before, after)
    totals = _one(engine, _totals(before, after, compared))
    changed = {code: int(totals[code]) for code in compared if totals[code]}
    closed = [code for code in changed if after.catalogue.tags[code].type in CLOSED]
    moves = [move for code in closed for move in _moves(engine, before, after, code=code)]
    segments = [
        found
        for code, segment in after.catalogue.segments.items()
        if code in before.catalogue.segments
        for found in [_segment_move(engine, before, after, segment=segment)]
    ]
    return Difference(
        before=before.name,
        after=after.name,
        customers=int(totals["customers"]),
        appeared=int(totals["appeared"]),
        gone=int(totals["gone"]),
        changed=changed,
        moves=tuple(moves),
        segments=tuple(segments),
    )


def _members(comparison: Comparison, code: str, limit: int) -> pa.Table:
    before, after = comparison.before, comparison.after
    rows = (
        _pairs(before, after)
        .select(
            "coalesce(old.customer_id, new.customer_id) AS customer_id",
            exp.alias_(_text(before, "old", code), "before", quoted=True),
            exp.alias_(_text(after, "new", code), "after", quoted=True),
            exp.alias_(_worth(before, after), "worth_fen"),
        )
        .where(_differs(before, after, code))
        .order_by("customer_id")
        .limit(limit)
    )
    return comparison.engine.query(Statement(rows.sql(dialect=DIALECT)))


def _compared(before: Side, after: Side) -> list[str]:
    """Return the tags of the after side, but those whose type is another than before."""
    old = before.catalogue.tags
    return [
        code
        for code, tag in after.catalogue.tags.items()
        if code not in old or old[code].type is tag.type
    ]


def _pairs(before: Side, after: Side) -> exp.Select:
    return (
        exp.Select()
        .from_(exp.to_table(f"{before.tags}", alias="old"))
        .join(
            exp.to_table(f"{after.tags}", alias="new"),
            on="new.customer_id = old.customer_id",
            join_type="full",
        )
    )


def _tag(alias: str, code: str) -> exp.Expr:
    return exp.column(code, table=alias, quoted=True)


def _has(side: Side, code: str) -> bool:
    return code in side.catalogue.tags


def _text(side: Side, alias: str, code: str) -> exp.Expr:
    value = _tag(alias, code) if _has(side, code) else exp.null()
    return exp.cast(value, "VARCHAR")


def _differs(before: Side, after: Side, code: str) -> exp.Expr:
    return exp.NullSafeNEQ(this=_text(before, "old", code), expression=_text(after, "new", code))


def _worth(before: Side, after: Side) -> exp.Expr:
    known = [_tag(a, WORTH) for a, side in (("old", before), ("new", after)) if _has(side, WORTH)]
    return exp.func("coalesce", *known, exp.Literal.number(0))


def _totals(before: Side, after: Side, codes: list[str]) -> exp.Select:
    counts: list[exp.Expr] = []
    for code in codes:
        old = _tag("old", code) if _has(before, code) else exp.null()
        differs = exp.NullSafeNEQ(this=old, expression=_tag("new", code))
        counted = exp.Case(ifs=[exp.If(this=differs, true=exp.Literal.number(1))])
        counts.append(exp.alias_(exp.Count(this=counted), code, quoted=True, copy=False))
    return _pairs(before, after).select(
        "count(*) AS customers",
        "count(CASE WHEN old.customer_id IS NULL THEN 1 END) AS appeared",
        "count(CASE WHEN new.customer_id IS NULL THEN 1 END) AS gone",
        *counts,
        copy=False,
    )


def _one(engine: Engine, query: exp.Select) -> dict[str, Any]:
    return engine.query(Statement(query.sql(dialect=DIALECT, copy=False))).to_pylist()[0]


def _moves(engine: Engine, before: Side, after: Side, *, code: str) -> list[Move]:
    query = (
        _pairs(before, after)
        .select(
            exp.alias_(_text(before, "old", code), "before", quoted=True),
            exp.alias_(_text(after, "new", code), "after", quoted=True),
            "count(*) AS customers",
            exp.alias_(exp.cast(exp.Sum(this=_worth(before, after)), "BIGINT"), "money_fen"),
        )
        .where(_differs(before, after, code))
        .group_by(exp.Literal.number(1), exp.Literal.number(2))
        .order_by("customers DESC", "1", "2")
    )
    rows = engine.query(Statement(query.sql(dialect=DIALECT, copy=False))).to_pylist()
    return [Move(tag=code, **row) for row in rows]


def _segment_move(engine: Engine, before: Side, after: Side, *, segment: Segment) -> SegmentMove:
    old, new = (_matched(side, segment, alias) for side, alias in ((before, "old"), (after, "new")))
    entered = exp.and_(new, exp.not_(old))
    left = exp.and_(old.copy(), exp.not_(new.copy()))

    def count(condition: exp.Expr) -> exp.Expr:
        return exp.Count(this=exp.Case(ifs=[exp.If(this=condition, true=exp.Literal.number(1))]))

    def money(condition: exp.Expr) -> exp.Expr:
        worth = exp.Case(ifs=[exp.If(this=condition, true=_worth(before, after))])
        return exp.cast(exp.func("coalesce", exp.Sum(this=worth), exp.Literal.number(0)), "BIGINT")

    columns = {
        "before": count(old.copy()),
        "after": count(new.copy()),
        "entered": count(entered),
        "left": count(left),
        "money_entered_fen": money(entered.copy()),
        "money_left_fen": money(left.copy()),
    }
    values = [exp.alias_(value, name, quoted=True) for name, value in columns.items()]
    found = _one(engine, _pairs(before, after).select(*values, copy=False))
    return SegmentMove(segment=segment.code, **{name: int(found[name]) for name in columns})


def _matched(side: Side, segment: Segment, alias: str) -> exp.Expr:
    """Return whether a side's customer is in a segment; absent or unknown is no."""
    definition = side.catalogue.segments.get(segment.code, segment)
    node = bind(definition.where, side.catalogue.literals)
    verdict = scalar_sql(node, side.catalogue.scope, lambda name: _tag(alias, name), side.moment)
    as_of = exp.cast(exp.Literal.string(side.moment.as_of.isoformat(sep=" ")), "TIMESTAMP")

    def fixed(part: exp.Expr) -> exp.Expr:
        return as_of.copy() if isinstance(part, exp.Placeholder) else part

    return exp.func("coalesce", verdict.transform(fixed), exp.false())
