"""Fingerprints: what a value depends on, in 32 hexadecimal digits.

Everything that can change a value is in: type, closed domain, measures, rules, values of the
parameters that are read, the sources and the fingerprints of the tags that are read. Names,
descriptions, owners and the order of keys and files are not.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from zhiyan.core.expression import Case, Literal, Node, Ref, walk
from zhiyan.core.measure import Measure, Rows
from zhiyan.core.segment import Segment
from zhiyan.core.tag import Tag
from zhiyan.lang.catalogue import Param, View
from zhiyan.lang.check import bind
from zhiyan.lang.windows import span_text, window_text

#: Raised when the meaning of the language changes, so that old snapshots are not taken for new.
LANGUAGE_VERSION = 2

_Data: TypeAlias = "str | int | list[_Data] | dict[str, _Data] | None"


class Fingerprints:
    """Computes fingerprints against given parameters and sources."""

    def __init__(self, params: Mapping[str, Param], views: Mapping[str, View]) -> None:
        self._literals = {f"param.{code}": param.node for code, param in params.items()}
        self._views = views

    def tag(self, tag: Tag, inputs: Mapping[str, str]) -> str:
        """Return the fingerprint of a tag; ``inputs`` are those of the tags that it reads."""
        return _digest(
            {
                "language": LANGUAGE_VERSION,
                "kind": tag.kind.value,
                "type": tag.type.value,
                "values": list[_Data](sorted(value.value for value in tag.values)),
                "population": tag.population,
                "measures": {measure.name: self._measure(measure) for measure in tag.measures},
                "cases": [[self._node(case.when), self._node(case.then)] for case in tag.cases],
                "otherwise": self._node(tag.otherwise),
                "inputs": dict[str, _Data](sorted(inputs.items())),
            }
        )

    def catalogue(self, tags: Iterable[Tag], segments: Iterable[Segment]) -> str:
        """Return the fingerprint of everything together."""
        return _digest(
            {
                "tags": {tag.code: tag.fingerprint for tag in tags},
                "segments": {segment.code: self._node(segment.where) for segment in segments},
            }
        )

    def _measure(self, measure: Measure) -> _Data:
        follow = measure.follow
        return {
            "source": self._source(measure.source),
            "where": self._node(measure.where),
            "window": window_text(measure.window),
            "aggregate": self._node(measure.aggregate),
            "per": list[_Data](measure.per),
            "inner": {name: self._node(node) for name, node in measure.inner},
            "having": self._node(measure.having),
            "empty": self._node(measure.empty),
            "follow": follow
            and [
                self._source(follow.source),
                self._node(follow.where),
                span_text(follow.within),
                self._rows(follow.without),
            ],
            "since": measure.since and [self._rows(measure.since.rows), measure.since.never],
            "latest": self._node(measure.latest),
            "session": measure.session and span_text(measure.session),
        }

    def _rows(self, rows: Rows | None) -> _Data:
        return rows and [self._source(rows.source), self._node(rows.where)]

    def _source(self, name: str) -> _Data:
        view = self._views[name]
        if not view.is_union:
            return name
        return [
            [part.kind, self._node(part.where), self._nodes(part.columns)] for part in view.parts
        ]

    def _nodes(self, nodes: Mapping[str, Node]) -> _Data:
        return {name: self._node(node) for name, node in nodes.items()}

    def _node(self, node: Node | None) -> _Data:
        if node is None:
            return None
        return [_part(part) for part in walk(bind(node, self._literals))]


def _part(node: Node) -> _Data:
    """Return one part of a tree; with the parts in walking order the tree is told exactly."""
    if isinstance(node, Literal):
        return ["literal", node.type.value, repr(node.value)]
    if isinstance(node, Ref):
        return ["name", node.name]
    if isinstance(node, Case):
        return ["case", len(node.branches)]
    return ["call", node.op, len(node.args)]


def _digest(data: _Data) -> str:
    text = json.dumps(data, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]
