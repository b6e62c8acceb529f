"""The closed tree -> text that an author would write; ``parse(render(node)) == node``."""

import re
from datetime import date

from zhiyan.core.expression import Call, Case, Literal, Node, Ref, ValueType

#: How tightly an operator binds; a looser part inside a tighter one goes into parentheses.
_STRENGTH = {
    "or": 1,
    "and": 2,
    "not": 3,
    **dict.fromkeys(("is_null", "in"), 4),
    **dict.fromkeys(("=", "<>", "<", "<=", ">", ">="), 5),
    **dict.fromkeys(("+", "-"), 6),
    **dict.fromkeys(("*", "/"), 7),
    "negate": 8,
}
_ATOM = 9
#: Operators whose first part may be looser, or must be tighter, than the others.
_FIRST = {"+": 5, "-": 5, "*": 6, "/": 6, "is_null": 5, "in": 5}
_AROUND = {"not": "not {}", "negate": "-{}", "is_null": "{} is null"}


def render(node: Node) -> str:
    """Return the text of an expression."""
    if isinstance(node, Literal):
        return _literal(node)
    if isinstance(node, Ref):
        return node.name
    if isinstance(node, Case):
        arms = "".join(f" when {render(when)} then {render(then)}" for when, then in node.branches)
        return f"case{arms} else {render(node.otherwise)} end"
    return _call(node)


def _literal(node: Literal) -> str:
    value = node.value
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, date):
        return f"{node.type} '{value.isoformat()}'"
    if isinstance(value, tuple):
        return f"list_of({', '.join(_literal(Literal(v, ValueType.TEXT)) for v in value)})"
    return _amount(int(value)) if node.type is ValueType.MONEY else _number(value)


def _amount(fen: int) -> str:
    sign, (yuan, rest) = "-" if fen < 0 else "", divmod(abs(fen), 100)
    return f"yuan({sign}{yuan}.{rest:02d})" if rest else f"yuan({sign}{yuan})"


def _number(value: float) -> str:
    if isinstance(value, int):
        return str(value)
    text = f"{value!r}"
    return text if "e" not in text else re.sub(r"(\.\d+?)0*$", r"\1", f"{value:.400f}")


def _call(node: Call) -> str:
    op, args = node.op, node.args
    strength = _STRENGTH.get(op)
    if strength is None or not args:
        return _function(op, args)
    first = _inside(args[0], _FIRST.get(op, strength))
    if op in _AROUND:
        return _AROUND[op].format(first)
    if op == "in":
        return f"{first} in ({', '.join(render(arg) for arg in args[1:])})"
    rest = [_inside(arg, strength) for arg in args[1:]]
    return f" {op} ".join([first, *rest])


def _function(op: str, args: tuple[Node, ...]) -> str:
    inside = ", ".join(render(arg) for arg in args)
    if op == "count_distinct":
        return f"count(distinct {inside})"
    return "count(*)" if op == "count" and not args else f"{op}({inside})"


def _inside(node: Node, strength: int) -> str:
    """Render a part of an operator, in parentheses where it binds too loosely."""
    if isinstance(node, Call):
        loose = _STRENGTH.get(node.op, _ATOM) <= strength and node.op in _STRENGTH
        return f"({render(node)})" if loose else render(node)
    return f"({render(node)})" if render(node).startswith("-") else render(node)
