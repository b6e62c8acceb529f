"""Where-used: who reads a tag, a parameter, a source."""

from collections.abc import Iterable, Iterator

from zhiyan.core.action import Playbook
from zhiyan.core.expression import Node, names
from zhiyan.core.measure import Measure
from zhiyan.core.segment import Segment
from zhiyan.core.tag import Tag
from zhiyan.lang.measure_sql import other_rows


def used_by(
    tags: Iterable[Tag], segments: Iterable[Segment], playbook: Playbook
) -> dict[str, tuple[str, ...]]:
    """Return readers by what they read.

    Keys are tag codes, ``param.NAME`` and ``view:NAME``; readers are tag codes, ``segment:CODE``,
    ``action:CODE`` and ``suppression:CODE``, in catalogue order.
    """
    found: dict[str, list[str]] = {}

    def note(key: str, reader: str) -> None:
        readers = found.setdefault(key, [])
        if reader not in readers:
            readers.append(reader)

    for tag in tags:
        for key in sorted(_read_by_tag(tag)):
            note(key, tag.code)
    listed = ((f"segment:{segment.code}", names(segment.where)) for segment in segments)
    for reader, read in (*listed, *_read_by_playbook(playbook)):
        for name in sorted(read - {"as_of"}):
            note(name, reader)
    return {key: tuple(found[key]) for key in sorted(found)}


def _read_by_playbook(playbook: Playbook) -> Iterator[tuple[str, frozenset[str]]]:
    for action in playbook.actions.values():
        strengths = (names(basis.strength) for basis in action.based_on)
        yield f"action:{action.code}", names(action.when).union(*strengths)
    for held in playbook.suppressions.values():
        yield f"suppression:{held.code}", names(held.when)


def _read_by_tag(tag: Tag) -> set[str]:
    found = set(tag.depends_on)
    nodes = [tag.otherwise, *(part for case in tag.cases for part in (case.when, case.then))]
    for measure in tag.measures:
        found.add(f"view:{measure.source}")
        found.update(f"view:{rows.source}" for rows in other_rows(measure))
        nodes.extend(measure_nodes(measure))
    found.update(name for node in nodes for name in names(node) if name.startswith("param."))
    return found


def measure_nodes(measure: Measure) -> Iterator[Node]:
    """Yield every expression of a measure."""
    yield measure.aggregate
    yield from (node for _, node in measure.inner)
    others = (rows.where for rows in other_rows(measure))
    optional = (measure.where, measure.having, measure.latest, *others)
    yield from (node for node in optional if node is not None)
