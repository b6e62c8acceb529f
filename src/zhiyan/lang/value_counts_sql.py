"""Aggregates over the different values of an expression, in two steps instead of one.

First a row per customer and value tells how many rows of each measure have it, then a row per
customer picks among them: engines count faster than they gather everybody's values into maps and
lists. Measures of the same values share the first step.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from zhiyan.core.expression import Call, Literal, Node, ValueType
from zhiyan.errors import InternalError, Problem
from zhiyan.lang.aggregates_sql import Gathering, best_of, different, gaps_median, struct, taken
from zhiyan.lang.bounds import named
from zhiyan.lang.check import Scope, check
from zhiyan.lang.rows import Frame, column
from zhiyan.lang.term import bare, is_null

CUSTOMER = "customer_id"
#: Columns of the steps; no definition can call anything so.
_VALUE, _MARK, _SCORE, _NUMBER, _TOTAL = "_value", "_mark", "_score", "_number", "_total"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An aggregate, the name of its column, and the condition that a row counts (None: all do)."""

    name: str
    node: Call
    where: exp.Expr | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """The values of a customer as one measure sees them: which count, and what each weighs."""

    there: exp.Expr
    weight: exp.Expr

    def only(self, sql: exp.Expr) -> exp.Expr:
        """Write what is null for values that do not count."""
        return exp.Case(ifs=[exp.If(this=self.there.copy(), true=sql)])

    def listed(self, sql: exp.Expr) -> exp.Expr:
        """Write the list of something over the values that count."""
        rows = Gathering(terms=(), where=self.there, at=exp.null(), result=ValueType.NULL)
        return rows.listed(sql)

    def ranked(self) -> exp.Expr:
        """Write what is the smaller, the more a value weighs; of equal weight the smaller value."""
        return struct(n=exp.Neg(this=self.weight.copy()), x=column(_VALUE))


def _count_distinct(seen: _Seen, _: Call) -> exp.Expr:
    return exp.Count(this=seen.only(bare(1)))


def _best(seen: _Seen, _: Call) -> exp.Expr:
    return taken(exp.Min(this=seen.only(seen.ranked())))


def _top(seen: _Seen, node: Call) -> exp.Expr:
    limit = node.args[1]
    if not isinstance(limit, Literal) or not isinstance(limit.value, int):
        raise InternalError(Problem(code="ZY991", message="unchecked expression: top"))
    return best_of(seen.listed(seen.ranked()), bare(limit.value))


def _set(seen: _Seen, _: Call) -> exp.Expr:
    return different(seen.listed(column(_VALUE)))


def _median_gap_days(seen: _Seen, _: Call) -> exp.Expr:
    return gaps_median(different(seen.listed(column(_VALUE))))


def _max_share(seen: _Seen, _: Call) -> exp.Expr:
    most, whole = exp.Max(this=seen.only(seen.weight.copy())), exp.Sum(this=seen.weight.copy())
    return exp.Div(
        this=exp.cast(most, exp.DType.DOUBLE), expression=exp.cast(whole, exp.DType.DOUBLE)
    )


_WRITERS: Mapping[str, Callable[[_Seen, Call], exp.Expr]] = {
    "count_distinct": _count_distinct,
    "mode": _best,
    "top": _top,
    "top1": _best,
    "set": _set,
    "median_gap_days": _median_gap_days,
    "max_share": _max_share,
}
#: Place of the score among the arguments.
_SCORES = {"top": 2, "top1": 1}


def counts_values(node: Node, scope: Scope) -> bool:
    """Tell whether an aggregate can be written in two steps: its values are no lists."""
    return (
        isinstance(node, Call)
        and node.op in _WRITERS
        and check(node.args[0], scope)[0] is not ValueType.LIST
    )


@dataclass(slots=True)
class ValueCounts:
    """The different values of one expression: ``table`` holds the rows."""

    frame: Frame
    scope: Scope
    table: str
    asked: list[Asked]
    #: Columns of the rows, and what is summed up of them for each value, by name.
    _rows: dict[str, exp.Expr] = field(default_factory=dict[str, exp.Expr])
    _values: dict[str, exp.Expr] = field(default_factory=dict[str, exp.Expr])

    def query(self) -> exp.Query:
        """Return a row per customer who has a value that counts for any: the columns asked."""
        conditions = list(dict.fromkeys(one.where for one in self.asked))
        columns = [
            named(_WRITERS[one.node.op](self._seen(one, conditions), one.node), one.name)
            for one in self.asked
        ]
        value = column(_VALUE)
        rows = exp.select(CUSTOMER, named(self._scalar(self.asked[0].node.args[0]), _VALUE))
        rows = rows.select(*(named(sql, name) for name, sql in self._rows.items()), copy=False)
        rows = rows.from_(self.table, copy=False)
        some = [where.copy() for where in conditions if where is not None]
        if len(some) == len(conditions):
            rows = rows.where(exp.or_(*some, copy=False), copy=False)
        counted = exp.select(CUSTOMER, value.copy())
        counted = counted.select(*(named(sql, n) for n, sql in self._values.items()), copy=False)
        counted = counted.from_(rows.subquery("row", copy=False), copy=False)
        counted = counted.where(exp.Not(this=is_null(value.copy())), copy=False)
        counted = counted.group_by(CUSTOMER, value, copy=False)
        query = exp.select(CUSTOMER, *columns, copy=False)
        query = query.from_(counted.subquery("counted", copy=False), copy=False)
        return query.group_by(CUSTOMER, copy=False)

    def _seen(self, one: Asked, conditions: list[exp.Expr | None]) -> _Seen:
        """Add the columns that a measure needs; rows of no measure are already left out."""
        where = one.where if len(conditions) > 1 else None
        place = _SCORES.get(one.node.op, 0)
        if place and len(one.node.args) > place:
            score = self._scalar(one.node.args[place])
            held = only_if(where and where.copy(), score)
            total = self._add(self._values, exp.Sum(this=self._row(_SCORE, held)), _TOTAL)
            return _Seen(there=exp.Not(this=is_null(total)), weight=total)
        if where is None:
            number = self._add(self._values, exp.Count(this=exp.Star()), _NUMBER)
        else:
            mark = self._row(_MARK, only_if(where.copy(), bare(1)))
            number = self._add(self._values, exp.Count(this=mark), _NUMBER)
        return _Seen(there=exp.GT(this=number, expression=bare(0)), weight=number)

    def _row(self, word: str, sql: exp.Expr) -> exp.Expr:
        return self._add(self._rows, sql, word)

    def _scalar(self, node: Node) -> exp.Expr:
        return self.frame.scalar(node, self.scope)

    @staticmethod
    def _add(columns: dict[str, exp.Expr], sql: exp.Expr, word: str) -> exp.Expr:
        """Return the column that holds something, a new one if there is none yet."""
        name = next((n for n, known in columns.items() if known == sql), f"{word}_{len(columns)}")
        columns[name] = sql
        return column(name)


def only_if(where: exp.Expr | None, sql: exp.Expr) -> exp.Expr:
    """Write what is null where a condition, if any, is not true."""
    return sql if where is None else exp.Case(ifs=[exp.If(this=where, true=sql)])
