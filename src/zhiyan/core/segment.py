"""Segments: predicates over a snapshot."""

from dataclasses import dataclass

from zhiyan.core.expression import Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A named, checked predicate; an audience is a segment at a snapshot."""

    code: str
    name_zh: str
    name_en: str
    description_zh: str
    where: Node
    text: str
    owner: str
