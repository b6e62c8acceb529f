"""YAML with line numbers: reads mapping files node by node and gathers every mistake."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches

import yaml

from zhiyan.errors import DefinitionError, Problem

#: The loader in C where PyYAML has it: ten times faster.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class Mistakes:
    """All mistakes found in one pass."""

    problems: list[Problem] = field(default_factory=list[Problem])

    def add(self, code: str, message: str, where: str, *, hint: str = "") -> None:
        """Note one mistake."""
        self.problems.append(Problem(code=code, message=message, where=where, hint=hint))

    def raise_if_any(self) -> None:
        """Raise a DefinitionError that holds them all."""
        if self.problems:
            raise DefinitionError(*self.problems)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint with the known names nearest to a wrong one; empty if none is near."""
    close = get_close_matches(name, [str(one) for one in known], n=3, cutoff=0.5)
    return f"did you mean {' or '.join(close)}?" if close else ""


@dataclass(frozen=True, slots=True)
class Item:
    """A YAML node with the file it stands in; reading it never raises, it notes mistakes."""

    node: yaml.Node
    file: str
    mistakes: Mistakes

    @property
    def line(self) -> int:
        """Line of the node, from 1."""
        return int(self.node.start_mark.line) + 1

    @property
    def where(self) -> str:
        """``file:line`` of the node."""
        return f"{self.file}:{self.line}"

    def wrong(self, message: str, hint: str = "", code: str = "ZY331") -> None:
        """Note a mistake at this node."""
        self.mistakes.add(code, message, self.where, hint=hint)

    @property
    def is_map(self) -> bool:
        """Whether the node is a mapping."""
        return isinstance(self.node, yaml.MappingNode)

    @property
    def is_list(self) -> bool:
        """Whether the node is a list."""
        return isinstance(self.node, yaml.SequenceNode)

    def entries(self) -> list[tuple[str, "Item"]]:
        """Return key and value of each entry of a mapping, in order."""
        if not isinstance(self.node, yaml.MappingNode):
            self.wrong("expected a mapping (key: value)")
            return []
        return [
            (str(key.value), Item(value, self.file, self.mistakes))
            for key, value in self.node.value
        ]

    def parts(self) -> Iterator["Item"]:
        """Yield the parts of a list; anything else is taken as a list of one."""
        if isinstance(self.node, yaml.SequenceNode):
            for node in self.node.value:
                yield Item(node, self.file, self.mistakes)
        else:
            yield self

    def record(self, known: Iterable[str]) -> dict[str, "Item"]:
        """Return the entries of a mapping by key; keys not in ``known`` or twice are mistakes."""
        names = tuple(known)
        found: dict[str, Item] = {}
        for key, value in self.entries():
            if key not in names:
                value.wrong(f"unknown key {key!r}", nearest(key, names) or f"known: {list(names)}")
            elif key in found:
                value.wrong(f"key {key!r} stands here twice")
            else:
                found[key] = value
        return found

    def text(self) -> str:
        """Return the text of a scalar; empty for null."""
        if not isinstance(self.node, yaml.ScalarNode):
            self.wrong("expected one value")
            return ""
        if str(self.node.tag).endswith(":null"):
            return ""
        return str(self.node.value)

    def texts(self) -> tuple[str, ...]:
        """Return the texts of a list of scalars, or of one scalar."""
        return tuple(part.text() for part in self.parts())

    def flag(self) -> bool:
        """Return a yes-or-no value."""
        value = self.text().lower()
        if value not in {"true", "false"}:
            self.wrong("expected true or false")
        return value == "true"

    def choice(self, known: Iterable[str], what: str) -> str:
        """Return a text that must be one of ``known``."""
        value, names = self.text(), tuple(known)
        if value not in names:
            self.wrong(f"unknown {what} {value!r}", nearest(value, names) or f"known: {names}")
        return value


def compose(text: str, file: str, mistakes: Mistakes) -> Item | None:
    """Parse YAML text into its root node; a syntax error is noted as ``ZY330``, None returned."""
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        mistakes.add("ZY330", f"not valid YAML: {error.problem}", f"{file}:{line}")
        return None
    if node is None:
        mistakes.add("ZY330", "the file is empty", file)
        return None
    return Item(node, file, mistakes)
