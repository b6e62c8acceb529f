"""Sources that measures may read as they are: event kinds, and the identifiers of a customer."""

from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import TypeAlias

from zhiyan.core.event import SHARED_COLUMNS, Column, ColumnType, EventKind, Sensitivity
from zhiyan.core.expression import Call, Case, Literal, Node, Ref, ValueType
from zhiyan.core.identity import IdType, Quality
from zhiyan.core.kinds import KINDS
from zhiyan.lang.catalogue import Param, Range, SourceColumn, View, ViewPart, common_names
from zhiyan.lang.check import Name, Scope

IDENTIFIER = "identifier"
SHARED = tuple(column.name for column in SHARED_COLUMNS)
_RANKS = {level: rank for rank, level in enumerate(Sensitivity)}
TEXTS = frozenset({ValueType.TEXT, ValueType.ENUM, ValueType.REF})

#: Columns of the reference table of items, readable as ``item.NAME`` where rows carry an item code.
ITEM_COLUMNS: Mapping[str, ValueType] = MappingProxyType(
    {
        "category": ValueType.TEXT,
        "subcategory": ValueType.TEXT,
        "interval_days": ValueType.INT,
        "min_interval_days": ValueType.INT,
        "course_min": ValueType.INT,
        "course_max": ValueType.INT,
        "max_per_year": ValueType.INT,
        "price_low_fen": ValueType.MONEY,
        "price_high_fen": ValueType.MONEY,
        "ad_class": ValueType.TEXT,
        "medical": ValueType.BOOL,
        "contraindications": ValueType.LIST,
        "next_items": ValueType.LIST,
        "season": ValueType.TEXT,
    }
)

#: Items have whole numbers of days and sessions from 1, and prices from 0.
_ITEM_RANGES = {ValueType.INT: Range(1, None), ValueType.MONEY: Range(0, None)}

#: Closed domains of ``item.*`` columns by column, as a hashable value.
ItemValues: TypeAlias = tuple[tuple[str, tuple[str, ...]], ...]
ANY_ITEM: ItemValues = ()


def highest(levels: Iterable[Sensitivity]) -> Sensitivity:
    """Return the most sensitive class, P1 if there is none."""
    return max(levels, key=_RANKS.__getitem__, default=Sensitivity.P1)


def is_lower(one: Sensitivity, other: Sensitivity) -> bool:
    """Return true if ``one`` is less sensitive than ``other``."""
    return _RANKS[one] < _RANKS[other]


def value_type(column: Column) -> ValueType:
    """Return how expressions see a stored column."""
    if column.type is ColumnType.CODE:
        if column.values:
            return ValueType.ENUM
        return ValueType.REF if column.ref else ValueType.TEXT
    return _PLAIN_TYPES[column.type]


_PLAIN_TYPES = {
    ColumnType.TEXT: ValueType.TEXT,
    ColumnType.INT: ValueType.INT,
    ColumnType.FEN: ValueType.MONEY,
    ColumnType.BOOL: ValueType.BOOL,
    ColumnType.DATE: ValueType.DATE,
    ColumnType.MOMENT: ValueType.MOMENT,
    ColumnType.CODES: ValueType.LIST,
}


@cache
def plain_views(items: ItemValues = ANY_ITEM) -> Mapping[str, View]:
    """Return every event kind and ``identifier`` as a source, by name.

    ``items`` closes the domains of ``item.*`` columns, as the items of a pack declare them.
    """
    views = {kind.name: _kind_view(kind, items) for kind in KINDS.values()}
    views[IDENTIFIER] = _identifier_view()
    return MappingProxyType(views)


def _kind_view(kind: EventKind, items: ItemValues) -> View:
    columns = {
        column.name: SourceColumn(
            name=column.name,
            type=value_type(column),
            zh=column.zh,
            values=column.values,
            sensitivity=highest((column.sensitivity, kind.sensitivity)),
            origin=f"{kind.name}.{column.name}",
            plan=column.plan,
            range=Range(column.least, column.most),
        )
        for column in (*SHARED_COLUMNS, *kind.columns)
    }
    own = {column.name: Ref(column.name) for column in kind.columns}
    return View(
        name=kind.name,
        name_zh=kind.zh,
        name_en=kind.name.replace("_", " "),
        columns=MappingProxyType(columns | item_columns(columns, items)),
        parts=(ViewPart(kind=kind.name, where=None, columns=MappingProxyType(own)),),
        sensitivity=kind.sensitivity,
    )


def item_columns(columns: Mapping[str, SourceColumn], items: ItemValues) -> dict[str, SourceColumn]:
    """Return the ``item.*`` columns that rows with those columns have: none without item code."""
    code = columns.get("item_code")
    if code is None:
        return {}
    level = highest((Sensitivity.S3, code.sensitivity))
    closed = dict(items)
    return {
        f"item.{name}": SourceColumn(
            name=f"item.{name}",
            type=ValueType.ENUM if name in closed else type_,
            values=closed.get(name, ()),
            sensitivity=level,
            origin=f"item.{name} of {code.origin}",
            range=_ITEM_RANGES.get(type_, Range()),
        )
        for name, type_ in ITEM_COLUMNS.items()
    }


def _identifier_view() -> View:
    p1, p2 = Sensitivity.P1, Sensitivity.P2
    declared = (
        ("occurred_at", ValueType.MOMENT, "首次出现", (), p1),
        ("id_type", ValueType.ENUM, "标识类型", tuple(member.value for member in IdType), p2),
        ("quality", ValueType.ENUM, "质量", tuple(member.value for member in Quality), p1),
        ("verified", ValueType.BOOL, "已验证", (), p1),
        ("persons", ValueType.INT, "共用人数", (), p1),
        ("confidence_ppm", ValueType.INT, "置信度(百万分之一)", (), p1),
    )
    columns = {
        name: SourceColumn(
            name=name,
            type=type_,
            zh=zh,
            values=values,
            sensitivity=level,
            origin=f"{IDENTIFIER}.{name}",
            range=Range(0, 1_000_000)
            if name == "confidence_ppm"
            else Range(1, None)
            if name == "persons"
            else Range(),
        )
        for name, type_, zh, values, level in declared
    }
    own = {name: Ref(name) for name in columns if name != "occurred_at"}
    return View(
        name=IDENTIFIER,
        name_zh="身份标识",
        name_en="identifiers of the customer",
        columns=MappingProxyType(columns),
        parts=(ViewPart(kind=IDENTIFIER, where=None, columns=MappingProxyType(own)),),
    )


def source_names(view: View, params: Mapping[str, Param]) -> dict[str, Name]:
    """Return the names that an expression over rows of a source may read."""
    found = common_names(params)
    found.update(
        (column.name, Name(type=column.type, values=column.values))
        for column in view.columns.values()
    )
    return found


def domain(node: Node, scope: Scope) -> tuple[str, ...] | None:
    """Return the closed list of texts that an expression can give, None if it is open.

    Null is never listed. Works through columns, literals, ``coalesce``, cases and the aggregates
    and functions that hand a value on.
    """
    if isinstance(node, Literal):
        return _literal_domain(node)
    if isinstance(node, Ref):
        found = scope.names.get(node.name)
        return found.values or None if found else None
    if isinstance(node, Case):
        return _joined([*(then for _, then in node.branches), node.otherwise], scope)
    return _call_domain(node, scope)


def _literal_domain(node: Literal) -> tuple[str, ...] | None:
    if node.value is None:
        return ()
    if isinstance(node.value, tuple):
        return node.value
    return (node.value,) if isinstance(node.value, str) else None


_HANDED_ON = frozenset({"first", "last", "mode", "min", "max", "set", "top", "top1", "nullif"})
_JOINED = frozenset({"coalesce", "least", "greatest", "list_of"})


def _call_domain(node: Call, scope: Scope) -> tuple[str, ...] | None:
    if node.op in _HANDED_ON and node.args:
        return domain(node.args[0], scope)
    if node.op in _JOINED:
        return _joined(node.args, scope)
    return None


def _joined(nodes: Iterable[Node], scope: Scope) -> tuple[str, ...] | None:
    found: list[str] = []
    for node in nodes:
        part = domain(node, scope)
        if part is None:
            return None
        found.extend(value for value in part if value not in found)
    return tuple(found)
