"""sqlglot's tree -> the closed tree, node by node; what has no translation is a problem."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias

from sqlglot import exp

from zhiyan.core.expression import Call, Case, Literal, Node, Ref, ValueType
from zhiyan.errors import Problem
from zhiyan.lang.advice import instead_of, typed_signs
from zhiyan.lang.functions import CALLABLE
from zhiyan.lang.nearest import nearest

INT_LIMIT = 2**63
MAX_DEPTH = 32
_NOTHING = Literal(None, ValueType.NULL)
_NUMBER = re.compile(r"[0-9]+|[0-9]*\.[0-9]+", re.ASCII)
_NAME = re.compile(r"[a-z_][a-z0-9_]*", re.ASCII)
_SCOPES = frozenset({"param", "item"})

_BINARY: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
}
_CHAINS: dict[type[exp.Expr], str] = {exp.And: "and", exp.Or: "or"}

_HINTS: dict[type[exp.Expr], str] = {
    exp.DPipe: "texts cannot be joined",
    exp.ArrayOverlaps: "write and",
    exp.Cast: "values have their types already; a day is written date '2026-11-22'",
    exp.Like: "compare with = or in (...)",
    exp.Window: "rank_share(x) is the only look at other customers",
    exp.Filter: "put the condition into `where` of the measure",
    exp.Subquery: "read another source through a measure of its own",
    exp.Select: "read another source through a measure of its own",
    exp.Array: "write list_of(...)",
    exp.Interval: "write days_since(x) < 30",
    exp.IntDiv: "write round_down(a / b)",
    exp.Star: "only count(*) takes a star",
}

Handler: TypeAlias = Callable[["Translator", Any], Node]


class Translator:
    """Translates one tree and gathers its problems; ``nodes`` counts the parts made."""

    def __init__(self, where: str) -> None:
        self.problems: list[Problem] = []
        self.nodes = 0
        self._depth = 0
        self._where = where

    def node(self, tree: exp.Expr | None) -> Node:
        """Translate a tree; a part outside the language becomes null and a problem."""
        self.nodes += 1
        if tree is None:
            return self.refuse("ZY201", "a part of the expression is missing")
        if self._depth >= MAX_DEPTH:
            return self.refuse("ZY204", f"the expression is nested deeper than {MAX_DEPTH}")
        handler = _HANDLERS.get(type(tree))
        if handler is None:
            name = _spelled(tree)
            return self.refuse("ZY202", f"{name} is not part of the language", _hint(tree))
        self._depth += 1
        node = handler(self, tree)
        self._depth -= 1
        return node

    def refuse(self, code: str, message: str, hint: str = "") -> Node:
        """Note a problem and stand in for the part with null."""
        self.problems.append(Problem(code=code, message=message, where=self._where, hint=hint))
        return _NOTHING

    def call(self, op: str, *trees: exp.Expr | None) -> Node:
        """Translate the arguments of a call."""
        return Call(op, tuple(self.node(tree) for tree in trees))


def _spelled(tree: exp.Expr) -> str:
    """Return the offending text as far as it can be told."""
    text = tree.sql("duckdb", comments=False)
    return f"`{text}`" if len(text) <= 60 else f"`{text[:57]}...`"


def _hint(tree: exp.Expr) -> str:
    return next((text for kind, text in _HINTS.items() if isinstance(tree, kind)), "")


def _chain(translator: Translator, tree: exp.Connector) -> Node:
    """Flatten ``a and b and c`` into one call with three arguments."""
    parts: list[exp.Expr] = []
    rest: exp.Expr = tree
    while type(rest) is type(tree):
        parts.append(rest.expression)
        rest = rest.this
    parts.append(rest)
    return translator.call(_CHAINS[type(tree)], *reversed(parts))


def _binary(translator: Translator, tree: exp.Binary) -> Node:
    return translator.call(_BINARY[type(tree)], tree.this, tree.expression)


def _not(translator: Translator, tree: exp.Not) -> Node:
    return translator.call("not", tree.this)


def _is(translator: Translator, tree: exp.Is) -> Node:
    if isinstance(tree.expression, exp.Null):
        return translator.call("is_null", tree.this)
    return translator.refuse("ZY202", "`is` only goes with null", "use the condition itself")


def _in(translator: Translator, tree: exp.In) -> Node:
    if tree.args.get("query") or tree.args.get("unnest") or tree.args.get("field"):
        return translator.refuse("ZY202", "`in` takes a list in parentheses, no query")
    if not tree.expressions:
        return translator.refuse("ZY201", "`in ()` lists nothing")
    return translator.call("in", tree.this, *tree.expressions)


def _between(translator: Translator, tree: exp.Between) -> Node:
    if tree.args.get("symmetric"):
        return translator.refuse("ZY202", "`between symmetric` is not part of the language")
    value = translator.node(tree.this)
    low, high = translator.node(tree.args["low"]), translator.node(tree.args["high"])
    return Call("and", (Call(">=", (value, low)), Call("<=", (value, high))))


def _negate(translator: Translator, tree: exp.Neg) -> Node:
    if isinstance(tree.this, exp.Literal) and not tree.this.is_string:
        return _number(translator, tree.this.name, -1)
    return translator.call("negate", tree.this)


def _case(translator: Translator, tree: exp.Case) -> Node:
    if tree.this is not None:
        return translator.refuse(
            "ZY202", "`case x when ...` is not part of the language", "write case when x = ... then"
        )
    branches = tuple(
        (translator.node(branch.this), translator.node(branch.args.get("true")))
        for branch in tree.args["ifs"]
    )
    default = tree.args.get("default")
    return Case(branches, _NOTHING if default is None else translator.node(default))


def _paren(translator: Translator, tree: exp.Paren) -> Node:
    return translator.node(tree.this)


def _literal(translator: Translator, tree: exp.Literal) -> Node:
    if tree.is_string:
        return Literal(tree.name, ValueType.TEXT)
    return _number(translator, tree.name, 1)


def _number(translator: Translator, text: str, sign: int) -> Node:
    if not _NUMBER.fullmatch(text):
        return translator.refuse("ZY202", f"`{text}` is not a plain number", "write it out")
    if "." in text:
        return Literal(sign * float(text), ValueType.DECIMAL)
    number = sign * int(text)
    if not -INT_LIMIT <= number < INT_LIMIT:
        return translator.refuse("ZY202", f"`{number}` does not fit into 64 bits")
    return Literal(number, ValueType.INT)


def _boolean(_: Translator, tree: exp.Boolean) -> Node:
    return Literal(bool(tree.this), ValueType.BOOL)


def _null(_: Translator, __: exp.Null) -> Node:
    return _NOTHING


def _cast(translator: Translator, tree: exp.Cast) -> Node:
    """Read ``date '2026-11-22'``, which sqlglot sees as a cast of a literal."""
    day = tree.this
    is_day = isinstance(day, exp.Literal) and day.is_string and tree.to.is_type("date")
    if not is_day:
        message = f"{_spelled(tree)} is not part of the language"
        return translator.refuse("ZY202", message, _hint(tree))
    try:
        return Literal(date.fromisoformat(day.name), ValueType.DATE)
    except ValueError:
        return translator.refuse("ZY202", f"{day.name!r} is not a day", "write date '2026-11-22'")


def _column(translator: Translator, tree: exp.Column) -> Node:
    words = [part.name for part in tree.parts]
    quoted = any(part.args.get("quoted") for part in tree.parts)
    plain = all(_NAME.fullmatch(word) for word in words)
    known = len(words) == 1 or (len(words) == 2 and words[0] in _SCOPES)
    if quoted or not plain or not known:
        hint = "names are lower-case words; only param.x and item.x have a dot"
        if quoted:
            hint = f"a text is written '{words[-1]}' with single quotes"
        hint = typed_signs("".join(words)) or hint
        return translator.refuse("ZY202", f"{_spelled(tree)} is not a name", hint)
    return Ref(".".join(words))


def _function(translator: Translator, tree: exp.Anonymous) -> Node:
    name = str(tree.this).lower()
    if name not in CALLABLE or isinstance(tree.this, exp.Identifier):
        for argument in tree.expressions:
            if not isinstance(argument, (exp.Star, exp.Distinct)):
                translator.node(argument)
        hint = instead_of(name) or typed_signs(name) or nearest(name, CALLABLE)
        return translator.refuse("ZY203", f"there is no function {name}", hint)
    if name == "yuan":
        return _yuan(translator, tree.expressions)
    if name == "count":
        return _count(translator, tree.expressions)
    return translator.call(name, *tree.expressions)


def _count(translator: Translator, arguments: list[exp.Expr]) -> Node:
    """Tell ``count(*)``, ``count(x)`` and ``count(distinct x)`` apart."""
    if len(arguments) == 1 and isinstance(arguments[0], exp.Star):
        return Call("count", ())
    if not arguments:
        return translator.refuse("ZY207", "count() counts nothing", "write count(*) or count(x)")
    if len(arguments) == 1 and isinstance(arguments[0], exp.Distinct):
        return translator.call("count_distinct", *arguments[0].expressions)
    return translator.call("count", *arguments)


def _yuan(translator: Translator, arguments: list[exp.Expr]) -> Node:
    """Read an amount in yuan, exactly, as a literal in fen."""
    argument = arguments[0] if len(arguments) == 1 else None
    negative = isinstance(argument, exp.Neg)
    number = argument.this if isinstance(argument, exp.Neg) else argument
    if isinstance(number, exp.Literal) and not number.is_string:
        text = number.name
        fen = Decimal(text) * 100 if _NUMBER.fullmatch(text) else None
        if fen is not None and fen == int(fen) and fen < INT_LIMIT:
            return Literal(-int(fen) if negative else int(fen), ValueType.MONEY)
    return translator.refuse(
        "ZY207", "yuan(...) takes one number with at most two decimals", "write yuan(99.50)"
    )


_HANDLERS: dict[type[exp.Expr], Handler] = {
    **dict.fromkeys(_CHAINS, _chain),
    **dict.fromkeys(_BINARY, _binary),
    exp.Not: _not,
    exp.Is: _is,
    exp.In: _in,
    exp.Between: _between,
    exp.Neg: _negate,
    exp.Case: _case,
    exp.Paren: _paren,
    exp.Literal: _literal,
    exp.Boolean: _boolean,
    exp.Null: _null,
    exp.Cast: _cast,
    exp.Column: _column,
    exp.Anonymous: _function,
}
