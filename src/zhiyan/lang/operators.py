"""Operators of the language. ``case``, ``between`` and ``is not null`` are read into these."""

import operator
from collections.abc import Callable
from typing import Any

from sqlglot import exp

from zhiyan.core.expression import ValueType
from zhiyan.lang import scalars, scalars_sql
from zhiyan.lang import signature as rules
from zhiyan.lang.function import Kind, Scalar, timeless

BOOL = ValueType.BOOL


def _compares(name: str, sql: type[exp.Binary], python: Callable[[Any, Any], bool]) -> Scalar:
    ordered = name not in {"=", "<>"}
    return Scalar(
        name=name,
        kind=Kind.OPERATOR,
        form=f"a {name} b -> bool",
        doc="Compares numbers, amounts, dates, moments or texts."
        if ordered
        else "Compares two values of one type.",
        least=2,
        most=2,
        rule=rules.ordering if ordered else rules.equality,
        shares_domain=not ordered,
        evaluate=timeless(scalars.comparison(python)),
        write=scalars_sql.compare(sql),
    )


OPERATORS = (
    Scalar(
        name="and",
        kind=Kind.OPERATOR,
        form="a and b -> bool",
        doc="False if any is false, else null if any is null.",
        least=2,
        most=None,
        rule=rules.takes(BOOL, rules.CONDITION),
        strict=False,
        evaluate=timeless(scalars.both),
        write=scalars_sql.chain(exp.And),
    ),
    Scalar(
        name="or",
        kind=Kind.OPERATOR,
        form="a or b -> bool",
        doc="True if any is true, else null if any is null.",
        least=2,
        most=None,
        rule=rules.takes(BOOL, rules.CONDITION),
        strict=False,
        evaluate=timeless(scalars.either),
        write=scalars_sql.chain(exp.Or),
    ),
    Scalar(
        name="not",
        kind=Kind.OPERATOR,
        form="not a -> bool",
        doc="True if a is false, null if a is null.",
        rule=rules.takes(BOOL, rules.CONDITION),
        evaluate=timeless(operator.not_),
        write=scalars_sql.logical_not,
    ),
    _compares("=", exp.EQ, operator.eq),
    _compares("<>", exp.NEQ, operator.ne),
    _compares("<", exp.LT, operator.lt),
    _compares("<=", exp.LTE, operator.le),
    _compares(">", exp.GT, operator.gt),
    _compares(">=", exp.GTE, operator.ge),
    Scalar(
        name="is_null",
        kind=Kind.OPERATOR,
        form="x is null -> bool",
        doc="Says whether there is no value; never null. `x is not null` is its opposite.",
        rule=rules.takes(BOOL, rules.ANY),
        strict=False,
        evaluate=timeless(scalars.is_null),
        write=scalars_sql.null_test,
    ),
    Scalar(
        name="in",
        kind=Kind.OPERATOR,
        form="x in (literal, ...) -> bool",
        doc="Says whether x is one of the literals.",
        least=2,
        most=None,
        rule=rules.membership,
        shares_domain=True,
        evaluate=timeless(scalars.is_in),
        write=scalars_sql.is_in,
    ),
    Scalar(
        name="+",
        kind=Kind.OPERATOR,
        form="a + b -> int | decimal | money",
        doc="Sum of numbers or of amounts; a whole result beyond 64 bits is an error.",
        least=2,
        most=2,
        rule=rules.addition,
        evaluate=timeless(scalars.arithmetic(operator.add)),
        write=scalars_sql.arithmetic(exp.Add),
    ),
    Scalar(
        name="-",
        kind=Kind.OPERATOR,
        form="a - b -> int | decimal | money",
        doc="Difference of numbers or of amounts.",
        least=2,
        most=2,
        rule=rules.addition,
        evaluate=timeless(scalars.arithmetic(operator.sub)),
        write=scalars_sql.arithmetic(exp.Sub),
    ),
    Scalar(
        name="*",
        kind=Kind.OPERATOR,
        form="a * b -> int | decimal | money",
        doc="Product of numbers, or of an amount and a whole number.",
        least=2,
        most=2,
        rule=rules.multiplication,
        evaluate=timeless(scalars.arithmetic(operator.mul)),
        write=scalars_sql.arithmetic(exp.Mul),
    ),
    Scalar(
        name="/",
        kind=Kind.OPERATOR,
        form="a / b -> decimal",
        doc="Quotient, also of whole numbers and of amounts; null if b is 0.",
        least=2,
        most=2,
        rule=rules.division,
        evaluate=timeless(scalars.divide),
        write=scalars_sql.divide,
    ),
    Scalar(
        name="negate",
        kind=Kind.OPERATOR,
        form="-a -> int | decimal | money",
        doc="The opposite number or amount.",
        rule=rules.same_as_first(rules.AMOUNTS),
        evaluate=timeless(scalars.negate),
        write=scalars_sql.negate,
    ),
)
