"""How each construct that Spark writes or means otherwise is written for it.

Every rule takes a node whose inner nodes are Spark's already and returns what replaces it. Spark
runs in ANSI mode: what leaves its range is an error there as it is in the warehouse.
"""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from sqlglot import exp

from zhiyan.errors import InternalError, Problem

Rule: TypeAlias = Callable[[exp.Expr], exp.Expr]

_LONG: Final = exp.DType.BIGINT


def refuse(what: str) -> InternalError:
    """Return the error for what has no form on Spark."""
    return InternalError(
        Problem(
            code="ZY995",
            message=f"this cannot be said to Spark: {what}",
            hint="set `engine: duckdb`, or report it",
        )
    )


def call(name: str, *args: exp.Expr) -> exp.Expr:
    """Call a function of Spark by name."""
    return exp.Anonymous(this=name, expressions=list(args))


def _number(value: int) -> exp.Expr:
    return exp.Literal.number(value)


def _lambda(body: exp.Expr, *names: str) -> exp.Expr:
    return exp.Lambda(this=body, expressions=[exp.to_identifier(name) for name in names])


def _long(value: exp.Expr) -> exp.Expr:
    return exp.cast(value, _LONG, copy=False)


def _size(items: exp.Expr) -> exp.Expr:
    return call("size", items)


def _struct(**fields: exp.Expr) -> exp.Expr:
    named = [part for name, value in fields.items() for part in (exp.Literal.string(name), value)]
    return call("named_struct", *named)


def _field(value: exp.Expr, name: str) -> exp.Expr:
    return exp.Dot(this=value, expression=exp.to_identifier(name, quoted=True))


def _if(when: exp.Expr, then: exp.Expr, otherwise: exp.Expr | None = None) -> exp.Expr:
    return exp.Case(ifs=[exp.If(this=when, true=then)], default=otherwise)


def _gathered(value: exp.Expr, where: exp.Expr | None) -> exp.Expr:
    """List the values of a group; null, not empty, where there is none."""
    if isinstance(value, exp.Distinct):
        items = call("collect_set", *value.expressions)
    else:
        items = call("collect_list", value)
    if where is not None:
        items = exp.Filter(this=items, expression=where)
    some = exp.GT(this=_size(items), expression=_number(0))
    return _if(some, items.copy())


def _list(node: exp.Expr) -> exp.Expr:
    """``list(x)``; one with a filter waits for the filter's rule."""
    return node if isinstance(node.parent, exp.Filter) else _gathered(node.this, None)


def _filtered(node: exp.Expr) -> exp.Expr:
    if isinstance(node.this, exp.ArrayAgg):
        return _gathered(node.this.this, node.expression)
    return node


def _count(node: exp.Expr) -> exp.Expr:
    """``count(distinct x)`` of a group: a set per group, where Spark would multiply the rows."""
    select = node.find_ancestor(exp.Select)
    if isinstance(node.this, exp.Distinct) and select is not None and select.args.get("group"):
        return _long(_size(call("collect_set", *node.this.expressions)))
    return node


def _histogram(value: exp.Expr) -> exp.Expr:
    """``histogram(x)`` as a list of {key, value}; null without values."""
    items = call("collect_list", value)
    same = exp.EQ(this=exp.column("_hv"), expression=exp.column("_hk"))
    number = _long(_size(call("filter", items.copy(), _lambda(same, "_hv"))))
    entry = _struct(key=exp.column("_hk"), value=number)
    keys = call("array_distinct", items)
    some = exp.GT(this=_size(items.copy()), expression=_number(0))
    return _if(some, call("transform", keys, _lambda(entry, "_hk")))


def _map_values(entries: exp.Expr) -> exp.Expr:
    return call("transform", entries, _lambda(_field(exp.column("_hm"), "value"), "_hm"))


def _slice(items: exp.Expr, begin: exp.Expr, end: exp.Expr) -> exp.Expr:
    """``list_slice(x, a, b)``; a negative b counts from the end."""
    last = end
    if isinstance(end, exp.Neg):
        back = exp.Sub(this=end.this.copy(), expression=_number(1))
        last = exp.Sub(this=_size(items.copy()), expression=exp.Paren(this=back))
    long_ = exp.Add(this=exp.Sub(this=last, expression=begin.copy()), expression=_number(1))
    length = exp.cast(call("greatest", _number(0), long_), exp.DType.INT, copy=False)
    return call("slice", items, exp.cast(begin, exp.DType.INT, copy=False), length)


def _sum(items: exp.Expr) -> exp.Expr:
    added = exp.Add(this=exp.column("_sa"), expression=_long(exp.column("_sv")))
    return call("aggregate", items, _long(_number(0)), _lambda(added, "_sa", "_sv"))


def _zip(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    """``list_zip(a, b)``: {f1, f2}, the shorter list filled with nulls."""
    pair = _struct(f1=exp.column("_za"), f2=exp.column("_zb"))
    return call("zip_with", left, right, _lambda(pair, "_za", "_zb"))


def _at(items: exp.Expr, place: exp.Expr) -> exp.Expr:
    """``list_extract(x, n)``: null outside of the list."""
    index = exp.cast(exp.Paren(this=place), exp.DType.INT, copy=False)
    return call("get", items, exp.Sub(this=index, expression=_number(1)))


def _microseconds(moment: exp.Expr) -> exp.Expr:
    return call("unix_micros", call("to_timestamp_ltz", moment))


def _same(value: exp.Expr) -> exp.Expr:
    return value


def _len(items: exp.Expr) -> exp.Expr:
    return _long(_size(items))


def _digest(text: exp.Expr) -> exp.Expr:
    return exp.MD5(this=text)


def _hash(value: exp.Expr) -> exp.Expr:
    """``hash(x)``: any hash will do, if one engine's are never compared with another's."""
    return call("xxhash64", value)


def _row(*parts: exp.Expr) -> exp.Expr:
    """``row(...)`` as a key to order by: nulls are the greatest, where Spark has them smallest."""
    keys = (key for part in parts for key in (call("isnull", part.copy()), part))
    return call("struct", *keys)


#: Functions that sqlglot leaves as they are, by their name in capitals.
FUNCTIONS: Final[Mapping[str, Callable[..., exp.Expr]]] = {
    "EPOCH_US": _microseconds,
    "HASH": _hash,
    "HISTOGRAM": _histogram,
    "MAP_ENTRIES": _same,
    "MAP_VALUES": _map_values,
    "LEN": _len,
    "LIST_SLICE": _slice,
    "LIST_SUM": _sum,
    "LIST_ZIP": _zip,
    "LIST_EXTRACT": _at,
    "MD5_NUMBER": _digest,
    "ROW": _row,
}


def rewrite_anonymous(node: exp.Anonymous) -> exp.Expr:
    """Replace a function that sqlglot does not know.

    Raises InternalError ``ZY995`` if there is no rule for it.
    """
    rule = FUNCTIONS.get(node.name.upper())
    if rule is None:
        raise refuse(f"the function {node.name}")
    return rule(*node.expressions)


def _distinct_list(node: exp.Expr) -> exp.Expr:
    """``list_distinct`` leaves nulls out."""
    return call("array_compact", call("array_distinct", node.this))


def _part(node: exp.Expr) -> exp.Expr:
    """``struct_extract(x, 'name')`` or by place, for what ``list_zip`` made."""
    key = node.expression
    return _field(node.this, key.name if key.is_string else f"f{key.name}")


def _cast(node: exp.Expr) -> exp.Expr:
    """Casts of DOUBLE to whole numbers, where Spark rounds or saturates otherwise."""
    kind, value = node.args["to"], node.this
    if kind.is_type(_LONG) and isinstance(value, exp.Floor):
        return _floor(value.this)
    if kind.is_type("DECIMAL(38, 0)"):
        return _wide(value, kind)
    return node


def _floor(value: exp.Expr) -> exp.Expr:
    """Round down to 64 bits; beyond them is an error."""
    cut = _long(value)
    above = exp.GT(this=exp.cast(cut.copy(), exp.DType.DOUBLE), expression=value.copy())
    return exp.Paren(this=exp.Sub(this=cut, expression=_if(above, _number(1), _number(0))))


def _wide(value: exp.Expr, kind: exp.Expr) -> exp.Expr:
    """Turn a whole DOUBLE into a number with all its digits; Spark would go through its text."""
    exact = exp.LT(this=exp.Abs(this=value.copy()), expression=exp.Literal.number("9e18"))
    direct = exp.Cast(this=value.copy(), to=kind.copy())
    return _if(exact, exp.Cast(this=_long(value), to=kind.copy()), direct)


def _concat_ws(node: exp.Expr) -> exp.Expr:
    separator, *parts = node.expressions
    texts = [exp.cast(part, exp.DType.TEXT, copy=False) for part in parts]
    return call("concat_ws", separator, *texts)


def _hex(node: exp.Expr) -> exp.Expr:
    """``to_hex(bit_xor(md5_number(x)))``: both halves of the digests mixed, then in its order.

    The warehouse reads a digest as a number with its lowest byte first.
    """
    if not isinstance(node.this, exp.BitwiseXorAgg):
        raise refuse("to_hex of anything but mixed digests")
    digest = node.this.this
    halves: list[exp.Expr] = []
    for begin in (1, 17):
        half = exp.Substring(this=digest.copy(), start=_number(begin), length=_number(16))
        number = _long(call("conv", half, _number(16), exp.Literal.number(-10)))
        mixed = call("hex", exp.BitwiseXorAgg(this=number))
        halves.append(call("lpad", mixed, _number(16), exp.Literal.string("0")))
    back = call("reverse", call("concat", *halves))
    bytes_ = call("regexp_replace", back, exp.Literal.string("(.)(.)"), exp.Literal.string("$2$1"))
    return call("ltrim", exp.Literal.string("0"), bytes_)


def _interval(node: exp.Expr) -> exp.Expr:
    """``INTERVAL (n) DAY`` or ``MONTH`` with a computed n."""
    if isinstance(node.this, exp.Literal):
        return node
    parts = {"MONTH": [_number(0), node.this], "DAY": [_number(0)] * 3 + [node.this]}
    found = parts.get(node.args["unit"].name.upper())
    if found is None:
        raise refuse("a computed interval of anything but days or months")
    return call("make_interval", *(part.copy() for part in found))


def _each(node: exp.Expr) -> exp.Expr:
    """``list_transform`` with the place of each member, which Spark counts from 0."""
    body = node.expression
    if len(body.expressions) == 2:
        place: str = body.expressions[1].name
        for name in list(body.this.find_all(exp.Identifier)):
            if name.name == place:
                whole = name.parent if isinstance(name.parent, exp.Column) else name
                counted = exp.Add(this=exp.Identifier(this=place), expression=_number(1))
                whole.replace(exp.Paren(this=counted))
    return node


def _as(name: str) -> Rule:
    """Return the rule for what is Spark's function of another name, of one argument or two."""

    def write(node: exp.Expr) -> exp.Expr:
        second = node.args.get("expression")
        return call(name, node.this, *([second] if second is not None else []))

    return write


#: What to do with each node that sqlglot knows and that Spark writes or means otherwise.
RULES: Final[Mapping[type[exp.Expr], Rule]] = {
    exp.ArrayAgg: _list,
    exp.Filter: _filtered,
    exp.Count: _count,
    exp.Cast: _cast,
    exp.ConcatWs: _concat_ws,
    exp.Hex: _hex,
    exp.LowerHex: _hex,
    exp.ArrayDistinct: _distinct_list,
    exp.ArraySort: _as("sort_array"),
    exp.ArrayOverlaps: _as("arrays_overlap"),
    exp.DateDiff: _as("datediff"),
    exp.StructExtract: _part,
    exp.Interval: _interval,
    exp.Transform: _each,
}

#: Functions that sqlglot writes for Spark so that they mean the same; tests compute them on both.
SAME: Final = (
    exp.Abs, exp.And, exp.ArgMax, exp.ArgMin, exp.Array, exp.ArrayConcat, exp.ArrayContains, exp.ArrayFilter, exp.ArrayMax,
    exp.ArrayMin, exp.ArrayToString, exp.BitwiseXorAgg, exp.Case, exp.Coalesce, exp.Concat,
    exp.DateFromParts, exp.Day, exp.Exists, exp.Explode, exp.Flatten, exp.Greatest, exp.Hour, exp.If,
    exp.Lag, exp.Least, exp.Length, exp.LogicalOr, exp.MD5, exp.Max, exp.Min, exp.Month, exp.Nullif,
    exp.Or, exp.Rank, exp.Round, exp.RowNumber, exp.Split, exp.StartsWith, exp.Struct, exp.Substring,
    exp.Sum, exp.Floor, exp.Year,
)  # fmt: skip
