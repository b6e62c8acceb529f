"""Definition files as trees that know the line and column of every key and value.

Only plain YAML is taken: mappings with unique scalar keys, lists, and scalars. Anchors, aliases,
explicit tags and several documents in one file are refused, so that a file says what it seems to
say. Scalars follow YAML 1.2: ``true``, ``false``, ``null`` and plain numbers are special, while
``no``, ``on``, ``14_17``, ``12:30`` and ``2026-01-01`` are text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from zhiyan.errors import Problem

MAX_BYTES = 4_000_000
MAX_DEPTH = 20
MAX_NODES = 400_000

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"[-+]?[0-9]{1,18}\Z")
_FLOAT = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)(?:[eE][-+]?[0-9]{1,3})?\Z")
_QUOTES = "put texts with ': ', '#' or quotes inside into quotes"
_WORDS: dict[str, bool | None] = {
    "": None,
    "~": None,
    "null": None,
    "true": True,
    "false": False,
}


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        """Return ``file:line:column``."""
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Scalar:
    """One scalar: its value and the text as written (without quotes)."""

    value: str | int | float | bool | None
    text: str
    spot: Spot


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: "tuple[Item, ...]"
    spot: Spot


@dataclass(frozen=True, slots=True)
class Fields:
    """A mapping in the order of the file; keys are unique."""

    entries: "tuple[tuple[Scalar, Item], ...]"
    spot: Spot


Item: TypeAlias = Scalar | Items | Fields


class _RefusedError(Exception):
    """The file cannot be read on from here."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def read_yaml(path: Path, problems: list[Problem], name: str = "") -> Item | None:
    """Read one definition file; add what is wrong to ``problems``.

    ``name`` is how messages call the file (the path as given by default). Returns None for an
    empty file, and where the file cannot be read (``ZY220``); duplicate keys (``ZY221``) keep the
    first value.
    """
    file = name or str(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        message = f"the file cannot be read: {error.strerror}"
        problems.append(Problem(code="ZY220", message=message, where=f"{file}:1:1"))
        return None
    if len(raw) > MAX_BYTES:
        message = f"the file is larger than {MAX_BYTES // 1_000_000} MB"
        problems.append(Problem(code="ZY220", message=message, where=f"{file}:1:1"))
        return None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        where = f"{file}:{line}:1"
        problems.append(
            Problem(
                code="ZY220", message="the file is not UTF-8", where=where, hint="save as UTF-8"
            )
        )
        return None
    return parse_yaml(text, file, problems)


def parse_yaml(text: str, file: str, problems: list[Problem]) -> Item | None:
    """Read YAML text as ``read_yaml`` does."""
    try:
        return _Composer(file, problems).document(yaml.parse(text, Loader=_LOADER))
    except _RefusedError as refused:
        problems.append(refused.problem)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        message = f"not valid YAML: {error.problem or error.context or 'syntax error'}"
        problems.append(
            Problem(
                code="ZY220",
                message=message,
                where=f"{file}:{line}:{column}",
                hint=_advice(text, line),
            )
        )
    except yaml.YAMLError as error:
        message = f"not valid YAML: {str(error).splitlines()[0]}"
        problems.append(Problem(code="ZY220", message=message, where=f"{file}:1:1"))
    return None


def _advice(text: str, line: int) -> str:
    """Return what probably helps against a syntax error in a line."""
    lines = text.splitlines()
    broken = lines[line - 1] if line <= len(lines) else ""
    indent = broken[: len(broken) - len(broken.lstrip())]
    return "indent with spaces, not with tabs" if "\t" in indent else _QUOTES


class _Composer:
    """Builds the tree from parser events, refusing what definitions do not need."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self._file = file
        self._problems = problems
        self._nodes = 0

    def document(self, events: Iterator[Any]) -> Item | None:
        """Return the only document, None if there is none."""
        root: Item | None = None
        seen = False
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if seen:
                    self._refuse(event, "several documents in one file")
                seen = True
                root = self._item(next(events), events, 0)
        return None if isinstance(root, Scalar) and root.value is None else root

    def _spot(self, event: Any) -> Spot:
        mark = event.start_mark
        return Spot(self._file, mark.line + 1, mark.column + 1)

    def _refuse(self, event: Any, message: str) -> None:
        raise _RefusedError(Problem(code="ZY220", message=message, where=str(self._spot(event))))

    def _item(self, event: Any, events: Iterator[Any], depth: int) -> Item:
        self._guard(event, depth)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        if isinstance(event, yaml.SequenceStartEvent):
            return Items(self._members(events, depth), self._spot(event))
        return Fields(self._entries(events, depth), self._spot(event))

    def _guard(self, event: Any, depth: int) -> None:
        self._nodes += 1
        if getattr(event, "anchor", None) is not None:  # an alias carries the name of its anchor
            self._refuse(event, "anchors and aliases are not taken: write the value out")
        if getattr(event, "tag", None) is not None:
            self._refuse(event, f"the explicit tag {event.tag} is not taken")
        if depth > MAX_DEPTH:
            self._refuse(event, f"nested deeper than {MAX_DEPTH} levels")
        if self._nodes > MAX_NODES:
            self._refuse(event, f"more than {MAX_NODES} values in one file")

    def _scalar(self, event: Any) -> Scalar:
        text: str = event.value
        value = plain_value(text) if event.style in (None, "") else text
        return Scalar(value, text, self._spot(event))

    def _members(self, events: Iterator[Any], depth: int) -> tuple[Item, ...]:
        members: list[Item] = []
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            members.append(self._item(event, events, depth + 1))
        return tuple(members)

    def _entries(self, events: Iterator[Any], depth: int) -> tuple[tuple[Scalar, Item], ...]:
        entries: dict[str, tuple[Scalar, Item]] = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self._item(event, events, depth + 1)
            value = self._item(next(events), events, depth + 1)
            if not isinstance(key, Scalar):
                self._refuse(event, "a key must be a plain text")
            elif key.text in entries:
                self._duplicate(key, entries[key.text][0])
            else:
                entries[key.text] = (key, value)
        return tuple(entries.values())

    def _duplicate(self, key: Scalar, first: Scalar) -> None:
        self._problems.append(
            Problem(
                code="ZY221",
                message=f"the key {key.text!r} stands here twice",
                where=str(key.spot),
                hint=f"first in line {first.spot.line}",
            )
        )


def plain_value(text: str) -> str | int | float | bool | None:
    """Return the value of an unquoted scalar by the rules of this module."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.match(text):
        return int(text)
    if _FLOAT.match(text):
        return float(text)
    return text
