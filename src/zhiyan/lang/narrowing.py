"""What narrows the rows of a measure beyond single rows: since, latest, session, follow."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from zhiyan.core.event import Sensitivity
from zhiyan.core.expression import Literal, Node, Ref, ValueType, names
from zhiyan.core.measure import Follow, Rows, Since, Span
from zhiyan.errors import DefinitionError
from zhiyan.lang.catalogue import Param, View
from zhiyan.lang.check import Scope
from zhiyan.lang.expressions import Expressions
from zhiyan.lang.reader import Reader
from zhiyan.lang.sources import source_names
from zhiyan.lang.windows import parse_elapsed
from zhiyan.lang.yaml_nodes import Item

#: A class of sensitivity and where it comes from.
Trace: TypeAlias = tuple[Sensitivity, str]
#: Finds a source by name; reports and gives None where there is none.
FindView: TypeAlias = Callable[[Item, str], View | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """What was read, and the classes of the other sources that it looks at."""

    follow: Follow | None = None
    since: Since | None = None
    latest: Node | None = None
    session: Span | None = None
    traces: tuple[Trace, ...] = ()

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Expressions over rows of the other sources."""
        follow, since = self.follow, self.since
        found = [follow.where, follow.without and follow.without.where] if follow else []
        found += [since.rows.where] if since else []
        return tuple(node for node in found if node is not None)


class NarrowingReader:
    """Reads the keys of one measure; problems go to the reader's list."""

    def __init__(self, reader: Reader, params: Mapping[str, Param], find: FindView) -> None:
        self._reader = reader
        self._params = params
        self._find = find
        self._traces: list[Trace] = []

    def read(self, found: Mapping[str, Item], what: str) -> Narrowing:
        """Read all of them."""
        follow = self._follow(found["follow"], f"{what}.follow") if "follow" in found else None
        since = self._since(found["since"], f"{what}.since") if "since" in found else None
        latest = self._latest(found["latest"], f"{what}.latest") if "latest" in found else None
        session = self._span(found["session"], f"{what}.session") if "session" in found else None
        return Narrowing(
            follow=follow,
            since=since,
            latest=latest,
            session=session,
            traces=tuple(self._traces),
        )

    def _follow(self, item: Item, what: str) -> Follow | None:
        keys = ("source", "where", "within", "without")
        found = self._reader.fields(item, what, keys, required=("source", "within"))
        rows = self._rows(found, what)
        within = self._span(found["within"], f"{what}.within") if "within" in found else None
        without = None
        if "without" in found:
            inside = f"{what}.without"
            fields = ("source", "where")
            barrier = self._reader.fields(found["without"], inside, fields, required=("source",))
            without = self._rows(barrier, inside)
        if rows is None or within is None:
            return None
        return Follow(source=rows.source, where=rows.where, within=within, without=without)

    def _since(self, item: Item, what: str) -> Since | None:
        keys = ("source", "where", "never")
        found = self._reader.fields(item, what, keys, required=("source",))
        rows = self._rows(found, what)
        never = "all"
        if "never" in found:
            never = self._reader.choice(found["never"], f"{what}.never", ("all", "none")) or never
        return None if rows is None else Since(rows=rows, never=never)

    def _rows(self, found: Mapping[str, Item], what: str) -> Rows | None:
        view = self._find(found["source"], what) if "source" in found else None
        if view is None:
            return None
        scope = Scope(names=source_names(view, self._params))
        where = Expressions(self._reader).condition(found.get("where"), scope, f"{what}.where")
        self._traces.append((view.sensitivity, f"rows of {view.name}"))
        self._traces.extend(column_traces(view, names(where) if where else ()))
        return Rows(source=view.name, where=where)

    def _latest(self, item: Item, what: str) -> Node | None:
        node = Expressions(self._reader).parsed(item, what)
        if node is None:
            return None
        value: object = node.value if isinstance(node, Literal) else None
        if isinstance(node, Ref):
            param = self._params.get(node.name.removeprefix("param."))
            is_int = param is not None and param.type is ValueType.INT
            value = param.literal.value if param and is_int else None
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            hint = "write 3, or param.NAME of a parameter of type int"
            self._reader.report("ZY207", item, f"{what}: how many is a whole number", hint=hint)
            return None
        return node

    def _span(self, item: Item, what: str) -> Span | None:
        text = self._reader.word(item, what)
        if text is None:
            return None
        try:
            return parse_elapsed(text, str(item.spot))
        except DefinitionError as error:
            self._reader.problems.extend(error.problems)
            return None


def column_traces(view: View, read: Collection[str]) -> list[Trace]:
    """Return the classes of the columns of a source that are read."""
    found = (view.columns[name] for name in sorted(read) if name in view.columns)
    return [(column.sensitivity, column.origin) for column in found]
