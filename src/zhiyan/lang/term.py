"""Parts of SQL with their types, and how values are written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlglot import exp

from zhiyan.core.expression import Literal, Ref, Value, ValueType
from zhiyan.lang.moment import Moment
from zhiyan.lang.signature import Typed, unify

#: SQL types of values in the warehouse; whole numbers and money have 64 bits.
SQL_TYPES = {
    ValueType.BOOL: "BOOLEAN",
    ValueType.INT: "BIGINT",
    ValueType.DECIMAL: "DOUBLE",
    ValueType.MONEY: "BIGINT",
    ValueType.TEXT: "VARCHAR",
    ValueType.ENUM: "VARCHAR",
    ValueType.REF: "VARCHAR",
    ValueType.DATE: "DATE",
    ValueType.MOMENT: "TIMESTAMP",
    ValueType.LIST: "VARCHAR[]",
    ValueType.NULL: "VARCHAR",
}
#: The same, read once: what casts are built with.
DATA_TYPES = {kind: exp.DataType.build(text) for kind, text in SQL_TYPES.items()}
_WHOLE = frozenset({ValueType.INT, ValueType.MONEY})

#: The bound parameter that holds T as naive UTC.
AS_OF = "as_of"


@dataclass(frozen=True, slots=True)
class Term:
    """A piece of SQL and what is known of its value."""

    sql: exp.Expr
    typed: Typed

    @property
    def type(self) -> ValueType:
        """Type of the value."""
        return self.typed.type


@dataclass(frozen=True, slots=True)
class Emission:
    """What the writer of one call may look at: arguments, moment, type of the result."""

    terms: tuple[Term, ...]
    moment: Moment
    result: ValueType

    @property
    def plain(self) -> tuple[exp.Expr, ...]:
        """SQL of the arguments."""
        return tuple(term.sql for term in self.terms)

    def shared(self) -> tuple[exp.Expr, ...]:
        """SQL of the arguments, all brought to the type that they share."""
        kind = unify([term.typed for term in self.terms]) or ValueType.NULL
        return tuple(as_type(term, kind) for term in self.terms)

    def exact(self) -> tuple[exp.Expr, ...]:
        """SQL of the arguments in the type of the result, whole literals with their 64 bits."""
        return tuple(exact_type(term, self.result) for term in self.terms)


def literal_sql(value: Value, kind: ValueType) -> exp.Expr:
    """Write a constant with its exact SQL type."""
    if value is None:
        return exp.null() if kind is ValueType.NULL else exp.cast(exp.null(), DATA_TYPES[kind])
    if isinstance(value, (bool, str)):
        return exp.Boolean(this=value) if isinstance(value, bool) else exp.Literal.string(value)
    if isinstance(value, tuple):
        members: list[exp.Expr] = [exp.Literal.string(text) for text in value]
        return exp.cast(exp.Array(expressions=members), DATA_TYPES[kind])
    if isinstance(value, date):
        return exp.cast(exp.Literal.string(value.isoformat()), DATA_TYPES[kind])
    return exp.cast(bare(int(value)), DATA_TYPES[kind]) if kind in _WHOLE else double(value)


def double(value: float) -> exp.Expr:
    """Write a decimal constant as a DOUBLE, never as a fixed-point number."""
    text = repr(abs(float(value)))
    number = exp.Literal(this=text if "e" in text else f"{text}e0", is_string=False)
    return exp.Neg(this=number) if value < 0 else number


def as_type(term: Term, kind: ValueType) -> exp.Expr:
    """Bring a term to a type that it can take; whole literals beside whole numbers stay bare."""
    node = term.typed.node
    if isinstance(node, Literal) and isinstance(node.value, (int, float)):
        if kind is ValueType.DECIMAL:
            return double(node.value)
        if kind in _WHOLE and not isinstance(node.value, bool):
            return bare(int(node.value))
    if kind is ValueType.DECIMAL and term.type is ValueType.INT:
        return exp.cast(term.sql, exp.DType.DOUBLE)
    return term.sql


def exact_type(term: Term, kind: ValueType) -> exp.Expr:
    """Bring a value that will be passed on to a type, whole literals with their 64 bits."""
    return as_type(term, kind) if kind is ValueType.DECIMAL else term.sql


def bare(number: int) -> exp.Expr:
    """Write a whole number without a cast: for comparisons and steps that cannot overflow."""
    return exp.Literal.number(number)


def long(term: Term) -> exp.Expr:
    """Write a whole operand of arithmetic with 64 bits, whatever width its column has."""
    named = isinstance(term.typed.node, Ref) and term.type in _WHOLE
    return exp.cast(term.sql, exp.DType.BIGINT) if named else wrap(term.sql)


def wrap(sql: exp.Expr) -> exp.Expr:
    """Put an operand into parentheses unless it stands firm without them."""
    loose = isinstance(sql, (exp.Binary, exp.Unary, exp.Between, exp.In)) and not isinstance(
        sql, (exp.Paren, exp.Dot)
    )
    return exp.Paren(this=sql) if loose else sql


def binary(kind: type[exp.Binary], *operands: exp.Expr) -> exp.Expr:
    """Chain operands with a binary operator, from left to right."""
    chain = wrap(operands[0])
    for operand in operands[1:]:
        chain = kind(this=chain, expression=wrap(operand))
    return chain


def call(name: str, *args: exp.Expr) -> exp.Expr:
    """Call a function of the warehouse by name."""
    return exp.Anonymous(this=name, expressions=list(args))


def case(when: exp.Expr, then: exp.Expr, otherwise: exp.Expr) -> exp.Case:
    """Write a case of one branch."""
    return exp.Case(ifs=[exp.If(this=when, true=then)], default=otherwise)


def is_null(sql: exp.Expr) -> exp.Expr:
    """Write ``sql IS NULL``."""
    return exp.Is(this=wrap(sql), expression=exp.null())


def is_any_null(parts: Sequence[exp.Expr]) -> exp.Expr:
    """Write that at least one part is null."""
    return binary_or([is_null(part) for part in parts])


def binary_or(parts: Sequence[exp.Expr]) -> exp.Expr:
    """Write a disjunction of conditions."""
    return parts[0] if len(parts) == 1 else binary(exp.Or, *parts)
