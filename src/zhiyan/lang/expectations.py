"""Reads ``expectations:`` sections: ``implies`` and ``excludes`` between tags."""

from collections.abc import Iterable

from zhiyan.core.expectation import Expectation
from zhiyan.core.expression import Call, Literal, Node, ValueType
from zhiyan.lang.check import Scope
from zhiyan.lang.documents import Member
from zhiyan.lang.expressions import Expressions
from zhiyan.lang.reader import Reader
from zhiyan.lang.yaml_nodes import Item

_KEYS = ("code", "name", "implies", "excludes")
_FALSE = Literal(value=False, type=ValueType.BOOL)


def read_expectations(
    reader: Reader, members: Iterable[Member], scope: Scope
) -> tuple[Expectation, ...]:
    """Read and check all expectations; problems go to the reader's list."""
    found: dict[str, Expectation] = {}
    for member in members:
        expectation = _expectation(reader, member.item, scope)
        if expectation is None:
            continue
        if expectation.code in found:
            message = f"expectation {expectation.code!r} is defined twice"
            reader.report("ZY229", member.item, message)
        found.setdefault(expectation.code, expectation)
    return tuple(found.values())


def _expectation(reader: Reader, item: Item, scope: Scope) -> Expectation | None:
    fields = reader.fields(item, "expectation", _KEYS, required=("code", "name"))
    code = reader.code(fields["code"], "expectation") if "code" in fields else None
    what = f"expectation {code!r}"
    zh, en = reader.bilingual(fields["name"], f"{what}.name") if "name" in fields else ("", "")
    if ("implies" in fields) is ("excludes" in fields):
        message = f"{what}: it needs either 'implies' or 'excludes'"
        hint = "implies: {if: ..., then: ...}, or excludes: [..., ...]"
        reader.report("ZY223", item, message, hint=hint)
        return None
    pair = (
        _implied(reader, fields["implies"], scope, what=what)
        if "implies" in fields
        else (_excluded(reader, fields["excludes"], scope, what=what))
    )
    if code is None or pair is None:
        return None
    spot = item.spot
    where = f"{spot.file}:{spot.line}"
    return Expectation(code=code, name_zh=zh, name_en=en, given=pair[0], then=pair[1], where=where)


def _implied(reader: Reader, item: Item, scope: Scope, *, what: str) -> tuple[Node, Node] | None:
    fields = reader.fields(item, f"{what}.implies", ("if", "then"), required=("if", "then"))
    parts = [
        Expressions(reader).condition(fields.get(key), scope, f"{what}.{key}")
        for key in ("if", "then")
    ]
    given, then = parts
    return None if given is None or then is None else (given, then)


def _excluded(reader: Reader, item: Item, scope: Scope, *, what: str) -> tuple[Node, Node] | None:
    members = reader.items(item, f"{what}.excludes")
    if len(members) != 2:
        reader.report("ZY224", item, f"{what}.excludes: two conditions are needed")
        return None
    one, other = (
        Expressions(reader).condition(member, scope, f"{what}.excludes") for member in members
    )
    if one is None or other is None:
        return None
    return one, Call("not", (Call("coalesce", (other, _FALSE)),))
