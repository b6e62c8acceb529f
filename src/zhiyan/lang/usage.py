"""Where-used: who reads a tag, a parameter, a source."""

from collections.abc import Iterable, Iterator

from zhiyan.core.expression import Node, names
from zhiyan.core.measure import Measure
from zhiyan.core.segment import Segment
from zhiyan.core.tag import Tag


def used_by(tags: Iterable[Tag], segments: Iterable[Segment]) -> dict[str, tuple[str, ...]]:
    """Return readers by what they read.

    Keys are tag codes, ``param.NAME`` and ``view:NAME``; readers are tag codes and
    ``segment:CODE``, in catalogue order.
    """
    found: dict[str, list[str]] = {}

    def note(key: str, reader: str) -> None:
        readers = found.setdefault(key, [])
        if reader not in readers:
            readers.append(reader)

    for tag in tags:
        for key in sorted(_read_by_tag(tag)):
            note(key, tag.code)
    for segment in segments:
        for name in sorted(names(segment.where) - {"as_of"}):
            note(name, f"segment:{segment.code}")
    return {key: tuple(found[key]) for key in sorted(found)}


def _read_by_tag(tag: Tag) -> set[str]:
    found = set(tag.depends_on)
    nodes = [tag.otherwise, *(part for case in tag.cases for part in (case.when, case.then))]
    for measure in tag.measures:
        found.add(f"view:{measure.source}")
        if measure.follow:
            found.add(f"view:{measure.follow.source}")
        nodes.extend(measure_nodes(measure))
    found.update(name for node in nodes for name in names(node) if name.startswith("param."))
    return found


def measure_nodes(measure: Measure) -> Iterator[Node]:
    """Yield every expression of a measure."""
    yield measure.aggregate
    yield from (node for _, node in measure.inner)
    optional = (measure.where, measure.having, measure.follow.where if measure.follow else None)
    yield from (node for node in optional if node is not None)
