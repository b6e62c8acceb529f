"""Measures out of definitions: source, filter, window, groups and aggregate, all checked."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from zhiyan.core.expression import Call, Literal, Node, ValueType, names
from zhiyan.core.measure import LIFETIME, NULL, Measure, Window
from zhiyan.errors import DefinitionError
from zhiyan.lang.catalogue import Param, Range, SourceColumn, View, common_names
from zhiyan.lang.check import Name, Scope
from zhiyan.lang.clinics import row_problems
from zhiyan.lang.expressions import UNKNOWN, Expressions
from zhiyan.lang.literals import Wanted, read_literal
from zhiyan.lang.measure_sql import SESSION_NAMES
from zhiyan.lang.narrowing import Narrowing, NarrowingReader, Trace, column_traces
from zhiyan.lang.nearest import nearest
from zhiyan.lang.ranges import OPEN, range_of, read_range
from zhiyan.lang.reader import Reader
from zhiyan.lang.render import render
from zhiyan.lang.signature import AMOUNTS
from zhiyan.lang.sources import domain, source_names
from zhiyan.lang.windows import ahead_of_now, parse_window
from zhiyan.lang.yaml_nodes import Item, Scalar

KEYS = (
    "source", "where", "window", "since", "latest", "aggregate", "per", "session", "inner", "having",
    "follow", "empty",
)  # fmt: skip
#: Keys of named measures; written short, the domain is that of the tag.
NAMED_KEYS = (*KEYS, "domain")
_NEED_ORDER = frozenset({"first", "last", "streak", "longest_streak", "latest_by"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMeasure:
    """A checked measure, the closed domain of its values (None: open), what it reads, its range."""

    measure: Measure
    values: tuple[str, ...] | None
    traces: tuple[Trace, ...]
    range: Range = OPEN

    @property
    def name(self) -> Name:
        """How the expressions of its tag see it."""
        return Name(type=self.measure.type, values=self.values or ())


@dataclass(slots=True)
class _Rows:
    """What is known of one measure while it is read."""

    what: str
    view: View
    names: dict[str, Name]
    elsewhere: Mapping[str, str]
    nodes: list[Node] = field(default_factory=list[Node])
    traces: list[Trace] = field(default_factory=list[Trace])

    def scope(self, *, aggregates: bool = False) -> Scope:
        """Names of the rows of the source."""
        return Scope(names=self.names, aggregates=aggregates, elsewhere=self.elsewhere)


@dataclass(slots=True)
class MeasureReader:
    """Reads measures; problems go to the reader's list.

    ``broken`` names sources whose own definitions have mistakes, ``tags`` what rows cannot read,
    ``outside`` where these may be read.
    """

    reader: Reader
    params: Mapping[str, Param]
    views: Mapping[str, View]
    broken: Collection[str] = ()
    tags: Collection[str] = ()
    outside: str = "write it into the cases or the value: it is a tag, and measures read rows only"

    @property
    def expressions(self) -> Expressions:
        """Reads the expressions inside."""
        return Expressions(self.reader)

    def measure(
        self, name: str, found: Mapping[str, Item], place: Item, *, what: str
    ) -> ReadMeasure | None:
        """Read one measure from its fields; None if it cannot be used."""
        rows = self._rows(found, place, what)
        if rows is None:
            return None
        mistakes = len(self.reader.problems)
        narrow = self._narrow(found, rows)
        where = self._where(found.get("where"), rows)
        window = self._window(found.get("window"), rows)
        per = self._per(found.get("per"), rows)
        inner, groups = self._groups(found, place, rows=rows, per=per)
        self._check_groups(found, groups, rows)
        kept = Scope(names=groups.names)
        having = self.expressions.condition(found.get("having"), kept, f"{what}.having")
        aggregate, type_ = self._aggregate(found, rows, groups)
        if aggregate is None or type_ is None or len(self.reader.problems) > mistakes:
            return None
        read = (aggregate, having, narrow.latest, *narrow.nodes, *rows.nodes)
        self.reader.problems += row_problems(read, self.params, str(found["source"].spot))
        empty = self._empty(found.get("empty"), type_, what)
        values = domain(aggregate, groups)
        if values is not None and isinstance(empty.value, str) and empty.value not in values:
            values = (*values, empty.value)
        measure = Measure(
            name=name, source=rows.view.name, aggregate=aggregate, type=type_, where=where,
            window=window, per=per, inner=inner, having=having, follow=narrow.follow,
            since=narrow.since, latest=narrow.latest, session=narrow.session, empty=empty,
        )  # fmt: skip
        traces, span = self._traces(measure, rows), self._range(found.get("domain"), measure, rows)
        return ReadMeasure(measure=measure, values=values, traces=traces, range=span)

    def _empty(self, item: Item | None, type_: ValueType, what: str) -> Literal:
        """Read the value of customers without rows."""
        if item is None:
            return NULL
        return read_literal(self.reader, item, Wanted(type_), what=f"{what}.empty") or NULL

    def _narrow(self, found: Mapping[str, Item], rows: _Rows) -> Narrowing:
        """Read what looks beyond single rows: since, latest, session, follow."""
        narrowing = NarrowingReader(self.reader, self.params, self._view)
        narrow = narrowing.read(found, rows.what)
        rows.traces.extend(narrow.traces)
        return narrow

    def _range(self, item: Item | None, measure: Measure, rows: _Rows) -> Range:
        """Return the declared range of a measure, else what its aggregate and columns tell."""
        if item is None:
            ranges = {c.name: c.range for c in rows.view.columns.values() if not measure.grouped}
            return range_of(measure.aggregate, ranges)
        if measure.type not in AMOUNTS:
            message = f"{rows.what}.domain: only numbers have a 'domain'"
            self.reader.report("ZY225", item, message)
            return Range()
        return read_range(self.reader, item, measure.type, what=f"{rows.what}.domain")

    def _rows(self, found: Mapping[str, Item], place: Item, what: str) -> _Rows | None:
        if "source" not in found:
            self.reader.report("ZY223", place, f"{what}: 'source' is missing")
            return None
        view = self._view(found["source"], what)
        if view is None:
            return None
        known = source_names(view, self.params)
        known["previous_at"] = Name(type=ValueType.MOMENT)
        if "follow" in found:
            known["followed"] = Name(type=ValueType.BOOL)
            known["followed_at"] = Name(type=ValueType.MOMENT)
        return _Rows(what, view, known, dict.fromkeys(self.tags, self.outside))

    def _view(self, item: Item, what: str) -> View | None:
        name = self.reader.word(item, f"{what}.source")
        if name is None:
            return None
        view = self.views.get(name)
        if view is None and name not in self.broken:
            message = f"{what}: unknown source {name!r}"
            self.reader.report("ZY228", item, message, hint=nearest(name, self.views))
        return view

    def _where(self, item: Item | None, rows: _Rows) -> Node | None:
        """Read the filter: it decides which rows there are, so it cannot look at their neighbours."""
        scope = Scope(names=source_names(rows.view, self.params), elsewhere=rows.elsewhere)
        node = self.expressions.condition(item, scope, f"{rows.what}.where")
        if node is not None:
            rows.nodes.append(node)
            self._happened(node, item, rows)
        return node

    def _happened(self, node: Node, item: Item | None, rows: _Rows) -> None:
        """Refuse a filter that asks for what lies ahead: no such row is ever seen."""
        for part in node.args if isinstance(node, Call) and node.op == "and" else (node,):
            name = ahead_of_now(part)
            column = rows.view.columns.get(name)
            if item is None or column is None or column.plan or rows.view.is_union:
                continue
            message = (
                f"{rows.what}.where: `{render(part)}` is never true: {name} is known afterwards"
            )
            hint = "plans are read by a window such as next 14d on appt_at"
            self.reader.report("ZY227", item, message, hint=hint)

    def _window(self, item: Item | None, rows: _Rows) -> Window:
        text = self.reader.word(item, f"{rows.what}.window") if item else None
        if item is None or text is None:
            return LIFETIME
        try:
            window = parse_window(text, str(item.spot))
        except DefinitionError as error:
            self.reader.problems.extend(error.problems)
            return LIFETIME
        column = rows.view.columns.get(window.on)
        self._check_moment(item, window, column=column, rows=rows)
        return window

    def _check_moment(
        self, item: Item, window: Window, *, column: SourceColumn | None, rows: _Rows
    ) -> None:
        moments = [c.name for c in rows.view.columns.values() if c.type is ValueType.MOMENT]
        if column is None or column.type is not ValueType.MOMENT:
            message = f"{rows.what}.window: {window.on!r} is not a moment of {rows.view.name}"
            self.reader.report("ZY227", item, message, hint=nearest(window.on, moments))
        elif window.ahead and not column.plan:
            message = f"{rows.what}.window: {window.on!r} is never known ahead"
            planned = [c.name for c in rows.view.columns.values() if c.plan]
            hint = nearest(window.on, planned) if planned else "this source plans nothing"
            self.reader.report("ZY227", item, message, hint=hint)

    def _per(self, item: Item | None, rows: _Rows) -> tuple[str, ...]:
        if item is None:
            return ()
        if isinstance(item, Scalar):
            word = self.reader.word(item, f"{rows.what}.per")
            found = (word,) if word else ()
        else:
            found = self.reader.words(item, f"{rows.what}.per")
        for name in found:
            if name not in rows.view.columns:
                message = f"{rows.what}.per: {rows.view.name} has no column {name!r}"
                self.reader.report("ZY205", item, message, hint=nearest(name, rows.view.columns))
        return found

    def _groups(
        self, found: Mapping[str, Item], place: Item, *, rows: _Rows, per: tuple[str, ...]
    ) -> tuple[tuple[tuple[str, Node], ...], Scope]:
        for key in ("inner", "having"):
            if key in found and not per and "session" not in found:
                message = (
                    f"{rows.what}: {key!r} needs 'per' or 'session', which says what a group is"
                )
                self.reader.report("ZY223", place, message)
        if not per and "session" not in found:
            return (), rows.scope(aggregates=True)
        known = common_names(self.params)
        known.update(SESSION_NAMES if "session" in found else {})
        known.update((name, rows.names[name]) for name in per if name in rows.names)
        inner: list[tuple[str, Node]] = []
        entries = self.reader.entries(found["inner"], rows.what) if "inner" in found else []
        for key, item in entries:
            node, name = self._inner(key, item, rows)
            known[key.text] = name or UNKNOWN
            if node is not None and name is not None:
                inner.append((key.text, node))
        return tuple(inner), Scope(names=known, aggregates=True)

    def _inner(self, key: Scalar, item: Item, rows: _Rows) -> tuple[Node | None, Name | None]:
        what = f"{rows.what}.inner.{key.text}"
        scope = rows.scope(aggregates=True)
        node, found = self.expressions.typed(item, scope, what)
        if self.reader.code(key, what) is None or node is None or found is None:
            return None, None
        rows.nodes.append(node)
        return node, Name(type=found, values=domain(node, scope) or ())

    def _aggregate(
        self, found: Mapping[str, Item], rows: _Rows, groups: Scope
    ) -> tuple[Node | None, ValueType | None]:
        item = found.get("aggregate")
        if item is None:
            self.reader.report("ZY223", found["source"], f"{rows.what}: 'aggregate' is missing")
            return None, None
        node, type_ = self.expressions.typed(item, groups, f"{rows.what}.aggregate")
        if node is None or type_ is None:
            return None, None
        if "per" in found or "session" in found:
            self._check_order(item, node, groups, what=rows.what)
        else:
            rows.nodes.append(node)
        return node, type_

    def _check_groups(self, found: Mapping[str, Item], groups: Scope, rows: _Rows) -> None:
        """Check that groups are made in one way, and have an order where the latest are wanted."""
        if "per" in found and "session" in found:
            message = f"{rows.what}: 'per' and 'session' exclude each other"
            hint = "a session is a group by itself; filter its rows with `where`"
            self.reader.report("ZY222", found["session"], message, hint=hint)
        elif "latest" in found and "per" in found and "occurred_at" not in groups.names:
            message = f"{rows.what}: the latest groups are told by when they were"
            hint = "add `occurred_at: max(occurred_at)` under inner"
            self.reader.report("ZY223", found["latest"], message, hint=hint)

    def _check_order(self, item: Item, node: Node, groups: Scope, *, what: str) -> None:
        op = getattr(node, "op", "")
        if op in _NEED_ORDER and "occurred_at" not in groups.names:
            message = f"{what}: {op} over groups needs to know when a group was"
            hint = "add `occurred_at: max(occurred_at)` under inner"
            self.reader.report("ZY223", item, message, hint=hint)

    def _traces(self, measure: Measure, rows: _Rows) -> tuple[Trace, ...]:
        read = {name for node in rows.nodes for name in names(node)}
        read.update((measure.window.on, *measure.per))
        own = column_traces(rows.view, sorted(read))
        existence = (rows.view.sensitivity, f"rows of {rows.view.name}")
        return (*own, existence, *rows.traces)
