"""Checked expressions as SQL of the warehouse, built as sqlglot trees, never as text.

T is the bound parameter ``$as_of`` (naive UTC). Columns of whole numbers and money are BIGINT or
narrower, decimals DOUBLE, moments TIMESTAMP in UTC, lists sorted ``VARCHAR[]`` without nulls.
"""

from collections.abc import Callable

from sqlglot import exp

from zhiyan.core.expression import Call, Case, Literal, Node, Ref, ValueType
from zhiyan.errors import InternalError, Problem
from zhiyan.lang.aggregates_sql import Gathering
from zhiyan.lang.check import Scope
from zhiyan.lang.functions import REGISTRY, Aggregate, Population, Scalar
from zhiyan.lang.moment import Moment
from zhiyan.lang.scalars_sql import as_of_sql
from zhiyan.lang.signature import Fault, Typed, unify
from zhiyan.lang.term import Emission, Term, exact_type, literal_sql

ColumnOf = Callable[[str], exp.Expr]


def scalar_sql(  # noqa: PLR0917 - what, typed how, read where, as of when: all four each time
    node: Node, scope: Scope, column: ColumnOf, moment: Moment
) -> exp.Expr:
    """Write an expression over one row.

    Args:
        node: an expression that ``check`` accepts in this scope.
        scope: the types of the names.
        column: gives the SQL of a name; never asked for ``as_of``.
        moment: gives the business zone; T itself is bound as ``$as_of`` when the statement runs.

    Returns:
        A fresh sqlglot tree. With ``rank_share`` it holds window functions.

    Raises:
        InternalError: ``ZY991``, the expression had not been checked.
    """
    return _Writer(scope, column, moment).term(node).sql


def aggregate_sql(  # noqa: PLR0917 - as scalar_sql
    node: Node,
    scope: Scope,
    column: ColumnOf,
    moment: Moment,
    *,
    where: exp.Expr | None = None,
) -> exp.Expr:
    """Write one aggregate as an item of ``SELECT customer_id, ... GROUP BY customer_id``.

    Args:
        node: one aggregate call.
        scope: the types of the names; ``occurred_at`` need not be among them.
        column: gives the SQL of a name, also of ``occurred_at`` for first, last, latest_by, streak.
        moment: as for ``scalar_sql``.
        where: rows in which it is not true do not count.

    Returns:
        A fresh sqlglot tree with the value that ``evaluate.aggregate`` gives; over rows of which
        none counts that is 0 for counts, false for ``any`` and null for the others.
    """
    entry = REGISTRY.get(node.op) if isinstance(node, Call) else None
    if not isinstance(node, Call) or not isinstance(entry, Aggregate):
        raise _unchecked("not an aggregate")
    writer = _Writer(scope, column, moment)
    terms = tuple(writer.term(arg) for arg in node.args)
    result = entry.rule([term.typed for term in terms])
    if isinstance(result, Fault):
        raise _unchecked(result.message)
    at = column("occurred_at") if entry.ordered else exp.null()
    return entry.gather(Gathering(terms=terms, where=where, at=at, result=result))


class _Writer:
    def __init__(self, scope: Scope, column: ColumnOf, moment: Moment) -> None:
        self._scope = scope
        self._column = column
        self._moment = moment

    def term(self, node: Node) -> Term:
        if isinstance(node, Literal):
            return Term(literal_sql(node.value, node.type), Typed(node, node.type))
        if isinstance(node, Ref):
            return self._name(node)
        if isinstance(node, Case):
            return self._case(node)
        return self._call(node)

    def _name(self, node: Ref) -> Term:
        known = self._scope.find(node.name)
        if known is None:
            raise _unchecked(f"unknown name {node.name}")
        built_in = node.name == "as_of" and node.name not in self._scope.names
        sql = as_of_sql() if built_in else self._column(node.name).copy()
        return Term(sql, Typed(node, known.type))

    def _case(self, node: Case) -> Term:
        results = [self.term(part) for part in (*(b for _, b in node.branches), node.otherwise)]
        shared = unify([part.typed for part in results])
        if shared is None:
            raise _unchecked("branches of different types")
        *thens, otherwise = (exact_type(part, shared) for part in results)
        ifs = [
            exp.If(this=self.term(when).sql, true=then)
            for (when, _), then in zip(node.branches, thens, strict=True)
        ]
        return Term(exp.Case(ifs=ifs, default=otherwise), Typed(node, shared))

    def _call(self, node: Call) -> Term:
        entry = REGISTRY.get(node.op)
        if not isinstance(entry, (Scalar, Population)):
            raise _unchecked(f"{node.op} has no value for a single row")
        terms = tuple(self.term(arg) for arg in node.args)
        result = entry.rule([term.typed for term in terms])
        if isinstance(result, Fault):
            raise _unchecked(result.message)
        typed = Typed(node, result)
        strict = isinstance(entry, Population) or entry.strict
        if strict and any(term.type is ValueType.NULL for term in terms):
            return Term(literal_sql(None, result), typed)
        return Term(entry.write(Emission(terms, self._moment, result)), typed)


def _unchecked(message: str) -> InternalError:
    return InternalError(Problem(code="ZY991", message=f"unchecked expression: {message}"))
