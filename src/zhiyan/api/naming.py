"""Names of tags, sources, columns, parameters and values, for one request."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from zhiyan.api.models import Named, Text
from zhiyan.api.show import UNKNOWN, money, show, text
from zhiyan.api.words import Writer
from zhiyan.app.reads import Definitions, Label
from zhiyan.core.event import ColumnType
from zhiyan.core.expression import Node, ValueType
from zhiyan.core.kinds import KINDS
from zhiyan.core.measure import Measure
from zhiyan.core.tag import Tag
from zhiyan.pipeline.history import value_of

#: Columns of events and views whose texts are codes of items, categories, clinics, channels, tags.
CODED = frozenset(
    {"item", "item_code", "category", "subcategory", "clinic", "home_clinic", "origin", "tag"}
)


def plain_name(code: str) -> str:
    """Return a code as English words."""
    return code.replace("_", " ")


def _quoted(name: str) -> Label:
    """Return the label of a quantity that a definition names itself."""
    return Label(f"「{name}」", f"“{plain_name(name)}”")


def tag_name(tag: Tag) -> Label:
    """Return the name of a tag."""
    return Label(tag.name_zh, tag.name_en or plain_name(tag.code))


def named(code: str, label: Label) -> Named:
    """Return a code with its name as an answer."""
    return Named(code=code, name=text(label))


@dataclass(frozen=True, slots=True)
class Names:
    """Looks names up in the definitions, then in the event kinds.

    ``labels`` returns the names of a tag's values that point into reference tables.
    """

    definitions: Definitions
    labels: Callable[[str], Mapping[str, Label]]

    def source(self, name: str) -> Label:
        """Return the name of a source."""
        kind = KINDS.get(name)
        label = self.definitions.names.get(name)
        return label or (Label(kind.zh, plain_name(name)) if kind else Label(name, name))

    def column(self, source: str, name: str) -> Label:
        """Return the name of a source's column."""
        return self._known_column(source, name) or Label(name, plain_name(name))

    def _known_column(self, source: str, name: str) -> Label | None:
        label = self.definitions.names.get(f"{source}.{name}")
        if label is not None:
            return label
        kind = KINDS.get(source)
        column = kind.column(name) if kind else None
        return Label(column.zh, plain_name(name)) if column else None

    def column_type(self, source: str, name: str) -> ValueType:
        """Return how a column's values print; columns of unions in fen end in ``_fen``."""
        kind = KINDS.get(source)
        column = kind.column(name) if kind else None
        in_fen = column.type is ColumnType.FEN if column else name.endswith("_fen")
        return ValueType.MONEY if in_fen else ValueType.TEXT

    def cells(self, column: str) -> Mapping[str, Label]:
        """Return the names of what a column of rows holds, none unless it holds codes of ours."""
        return self.definitions.codes if column in CODED else {}

    def values(self, tag: Tag) -> Mapping[str, Label]:
        """Return the names of a tag's values."""
        if tag.values:
            return {one.value: Label(one.zh, one.en or one.value) for one in tag.values}
        if tag.type in (ValueType.REF, ValueType.LIST, ValueType.TEXT):
            return self.labels(tag.code)
        return {}

    def told(self, code: str, value: str | None, *, offset: int = 0, one: bool = False) -> Text:
        """Return a value kept as canonical text in words; ``one`` is one member of a list.

        What is not canonical, or of a tag that is gone, stands for itself.
        """
        tag = self.definitions.tags.get(code)
        if value is None or tag is None:
            return text(Label(*UNKNOWN) if value is None else Label(value, value))
        single = one and tag.type is ValueType.LIST
        try:
            stored = value if single else value_of(value, tag.type)
        except ValueError:
            stored = value
        plain = tuple(cast("list[str]", stored)) if isinstance(stored, list) else stored
        return Text(
            **show(plain, tag.type, self.values(tag), offset=offset).model_dump(exclude={"value"})
        )

    def tags(self, codes: tuple[str, ...]) -> list[Named]:
        """Return tags by code, those that exist."""
        known = self.definitions.tags
        return [named(code, tag_name(known[code])) for code in codes if code in known]

    def expression(self, node: Node, tag: Tag | None = None) -> Text:
        """Return an expression over tags, the measures of ``tag`` and parameters in words."""
        return self._both(lambda writer: writer.write(node), lambda name: self._in_tag(name, tag))

    def reference(self, name: str, tag: Tag) -> Text:
        """Return the name of a measure, tag or parameter that a rule of ``tag`` reads."""
        return text(self._in_tag(name, tag) or Label(plain_name(name), plain_name(name)))

    def result(self, node: Node, tag: Tag) -> Text:
        """Return what a case gives in words, values by their names."""
        labels = self.values(tag)
        return self._both(
            lambda writer: writer.write(node, labels), lambda name: self._in_tag(name, tag)
        )

    def measure(self, measure: Measure) -> Text:
        """Return what a measure counts in words."""
        source = self.source(measure.source)
        inner = dict(measure.inner)

        def name(ref: str) -> Label | None:
            if ref in inner:
                return _quoted(ref)
            return self._general(ref) or self._known_column(measure.source, ref)

        return self._both(lambda writer: writer.measure(measure, source), name)

    def _both(self, say: Callable[[Writer], str], name: Callable[[str], Label | None]) -> Text:
        return Text(
            zh=say(Writer(chinese=True, name=name, values=self._values_of)),
            en=say(Writer(chinese=False, name=name, values=self._values_of)),
        )

    def _values_of(self, name: str) -> Mapping[str, Label]:
        tag = self.definitions.tags.get(name)
        return self.values(tag) if tag else {}

    def _in_tag(self, name: str, tag: Tag | None) -> Label | None:
        measures = {one.name: one for one in tag.measures} if tag else {}
        if tag is not None and name in measures:
            said = self.definitions.names.get(f"{tag.code}.{name}")
            return said or (tag_name(tag) if name == "value" else _quoted(name))
        other = self.definitions.tags.get(name)
        return tag_name(other) if other else self._general(name)

    def _general(self, name: str) -> Label | None:
        label = self.definitions.names.get(name)
        short = name.removeprefix("param.")
        if short == name:
            return label
        value = self.definitions.params.get(short)
        label = label or Label(plain_name(short), plain_name(short))
        if value is None:
            return label
        said = f"{value:,}" if isinstance(value, int | float) else str(value)
        if self._is_money(short):
            said = money(float(str(value)))
        return Label(f"{label.zh}({said})", f"{label.en} ({said})")

    def _is_money(self, param: str) -> bool:
        return param in self.definitions.money_params
