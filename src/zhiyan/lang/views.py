"""Named unions of event kinds, read from ``views:`` sections."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TypeAlias

from zhiyan.core.event import Sensitivity
from zhiyan.core.expression import Node, Ref, ValueType, names
from zhiyan.core.kinds import KINDS
from zhiyan.lang.catalogue import Param, Range, SourceColumn, View, ViewPart
from zhiyan.lang.check import Scope
from zhiyan.lang.clinics import row_problems
from zhiyan.lang.expressions import Expressions
from zhiyan.lang.nearest import nearest
from zhiyan.lang.ranges import range_of
from zhiyan.lang.reader import Reader
from zhiyan.lang.sources import (
    ANY_ITEM,
    SHARED,
    TEXTS,
    ItemValues,
    domain,
    highest,
    item_columns,
    source_names,
)
from zhiyan.lang.yaml_nodes import Item, Scalar

_Part: TypeAlias = tuple[ViewPart, dict[str, SourceColumn]]


@dataclass(slots=True)
class _Target:
    """Where the columns of one member of a union are gathered."""

    kind: str
    scope: Scope
    columns: dict[str, SourceColumn]
    nodes: dict[str, Node]


@dataclass(slots=True)
class ViewReader:
    """Reads ``views:`` sections into sources; problems go to the reader's list.

    ``bases`` are the sources that unions draw on, ``items`` the closed domains of ``item.*``.
    """

    reader: Reader
    params: Mapping[str, Param]
    bases: Mapping[str, View]
    items: ItemValues = ANY_ITEM

    @property
    def expressions(self) -> Expressions:
        """Reads the expressions inside."""
        return Expressions(self.reader)

    def view(self, key: Scalar, item: Item) -> View | None:
        """Read one named union; None if it cannot be used."""
        read = self.reader
        what = f"view {key.text!r}"
        found = read.fields(item, what, ("zh", "en", "union"), required=("zh", "union"))
        zh, en = read.pair(found, what)
        if read.code(key, what) is None or "union" not in found:
            return None
        if key.text in self.bases:
            read.report("ZY229", key, f"{what}: a source of that name exists already")
            return None
        parts = [self._part(member, what) for member in read.items(found["union"], what)]
        usable = [part for part in parts if part is not None]
        if not usable or len(usable) < len(parts):
            return None
        columns = self._columns(key, what, usable)
        return View(
            name=key.text,
            name_zh=zh,
            name_en=en or key.text,
            columns=MappingProxyType(columns | item_columns(columns, self.items)),
            parts=tuple(part for part, _ in usable),
            sensitivity=highest(_part_sensitivity(part, self.bases) for part, _ in usable),
            where=f"{key.spot.file}:{key.spot.line}",
        )

    def _part(self, item: Item, what: str) -> _Part | None:
        read = self.reader
        keys = ("source", "where", "columns")
        found = read.fields(item, what, keys, required=("source",))
        kind = read.word(found["source"], f"{what}.source") if "source" in found else None
        if kind is None:
            return None
        base = KINDS.get(kind)
        if base is None:
            message = f"{what}: unknown event kind {kind!r}"
            read.report("ZY228", found["source"], message, hint=nearest(kind, KINDS))
            return None
        scope = Scope(names=source_names(self.bases[kind], self.params))
        where = self.expressions.condition(found.get("where"), scope, f"{what}.where")
        columns: dict[str, SourceColumn] = {}
        nodes: dict[str, Node] = {}
        entries = read.entries(found["columns"], what) if "columns" in found else []
        for key, value in entries:
            self._own_column(key, value, _Target(kind, scope, columns, nodes))
        place = str(item.spot)
        read.problems += row_problems((where, *nodes.values()), self.params, place)
        if len(nodes) < len(entries):
            return None
        return ViewPart(kind=kind, where=where, columns=MappingProxyType(nodes)), columns

    def _own_column(self, key: Scalar, item: Item, target: _Target) -> None:
        read = self.reader
        what = f"column {key.text!r}"
        name = read.code(key, what)
        if name in SHARED:
            read.report("ZY229", key, f"{what} is carried along already")
            return
        node, found = self.expressions.typed(item, target.scope, what)
        if name is None or node is None or found is None:
            return
        view = self.bases[target.kind]
        used = [view.columns[part] for part in sorted(names(node)) if part in view.columns]
        values = domain(node, target.scope) or ()
        is_list = found is ValueType.LIST
        target.nodes[name] = node
        target.columns[name] = SourceColumn(
            name=name,
            type=ValueType.ENUM if found in TEXTS and values else found,
            zh=used[0].zh if len(used) == 1 else "",
            values=values if found in TEXTS or is_list else (),
            sensitivity=highest((view.sensitivity, *(column.sensitivity for column in used))),
            origin=" and ".join(column.origin for column in used) or f"{target.kind} rows",
            plan=isinstance(node, Ref) and view.columns[node.name].plan,
            range=range_of(node, {name: c.range for name, c in view.columns.items()}),
        )

    def _columns(self, key: Scalar, what: str, parts: list[_Part]) -> dict[str, SourceColumn]:
        first = parts[0][1]
        for _, columns in parts[1:]:
            if set(columns) != set(first):
                missing = ", ".join(sorted(set(columns) ^ set(first)))
                message = f"{what}: its members do not all have the columns {missing}"
                hint = "write the column in every member, null where there is nothing"
                self.reader.report("ZY238", key, message, hint=hint)
                return {}
        shared = {
            name: _merged([self.bases[part.kind].columns[name] for part, _ in parts])
            for name in SHARED
        }
        own = {
            name: self._agreed(key, what, [columns[name] for _, columns in parts]) for name in first
        }
        return shared | own

    def _agreed(self, key: Scalar, what: str, columns: list[SourceColumn]) -> SourceColumn:
        types = {column.type for column in columns} - {ValueType.NULL}
        if len(types) > 1 and not types <= TEXTS:
            listed = ", ".join(f"{column.origin}: {column.type.value}" for column in columns)
            message = f"{what}: column {columns[0].name!r} has several types ({listed})"
            self.reader.report("ZY238", key, message, hint="give it one type in every member")
        return _merged(columns)


def _part_sensitivity(part: ViewPart, bases: Mapping[str, View]) -> Sensitivity:
    view = bases[part.kind]
    read = names(part.where) if part.where else frozenset[str]()
    used = (view.columns[name].sensitivity for name in read if name in view.columns)
    return highest((view.sensitivity, *used))


def _merged(columns: list[SourceColumn]) -> SourceColumn:
    types = list(dict.fromkeys(c.type for c in columns if c.type is not ValueType.NULL))
    closed = all(column.values or column.type is ValueType.NULL for column in columns)
    values = tuple(dict.fromkeys(value for column in columns for value in column.values))
    type_ = types[0] if types else ValueType.NULL
    if type_ in TEXTS and (len(types) > 1 or not closed):
        type_ = ValueType.TEXT if len(types) > 1 or type_ is ValueType.ENUM else type_
        closed = False
    level = highest(column.sensitivity for column in columns)
    causes = (column.origin for column in columns if column.sensitivity is level)
    return replace(
        columns[0],
        type=type_,
        values=values if closed else (),
        sensitivity=level,
        origin=", ".join(dict.fromkeys(causes)),
        plan=all(column.plan for column in columns),
        range=_widest([c.range for c in columns if c.type is not ValueType.NULL]),
    )


def _widest(ranges: list[Range]) -> Range:
    """Return the range that holds all others."""
    lows, highs = [r.min for r in ranges], [r.max for r in ranges]
    low = min((v for v in lows if v is not None), default=None) if None not in lows else None
    high = max((v for v in highs if v is not None), default=None) if None not in highs else None
    return Range(low, high)
