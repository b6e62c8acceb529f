"""What has to be replayed to explain a tag, and which of its inputs the snapshot tells as well.

An input that neither time nor other customers can change has the value that the snapshot stores until
a new fact comes: its rows need not be read.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from zhiyan.core.expression import Node
from zhiyan.core.measure import LIFETIME, Measure
from zhiyan.core.tag import Tag
from zhiyan.lang.catalogue import Catalogue
from zhiyan.lang.check import bind
from zhiyan.lang.crossings import STILL, measure_passing
from zhiyan.lang.plan import bind_measure
from zhiyan.lang.tag_sql import VALID, gated
from zhiyan.lang.volatile import compares, reads_clock
from zhiyan.pipeline.explain.replay import closure
from zhiyan.pipeline.explain.rows import Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Tags to replay, in an order in which they can be told, and codes of inputs to look up."""

    replayed: tuple[Tag, ...]
    stored: frozenset[str]


def inputs_of(subject: Subject, code: str) -> Inputs:
    """Return what a tag needs to be told: itself, and its inputs down to what stands still.

    An input that the snapshot has by another definition is replayed.
    """
    tags = subject.catalogue.tags
    gate = tags[VALID].fingerprint if VALID in tags else ""
    key = ("inputs", code, tags[code].fingerprint, gate, subject.snapshot.catalogue)
    return subject.once(key, lambda: _inputs_of(subject, code))


def _inputs_of(subject: Subject, code: str) -> Inputs:
    tags = subject.catalogue.tags
    behind_gate, still = _still(subject)
    replayed, stored, waiting = {code}, set[str](), [code]
    while waiting:
        name = waiting.pop()
        direct = {*tags[name].depends_on, *((VALID,) if name in behind_gate else ())}
        stored |= direct & still
        waiting += direct - still - replayed
        replayed |= direct - still
    return Inputs(
        replayed=tuple(tag for tag in closure(subject.catalogue, code) if tag.code in replayed),
        stored=frozenset(stored - replayed),
    )


def _still(subject: Subject) -> tuple[frozenset[str], frozenset[str]]:
    """Return the tags behind the gate, and those that stand still and are stored as they are now."""
    catalogue, snapshot = subject.catalogue, subject.snapshot
    stored = frozenset(
        code for code, tag in catalogue.tags.items() if snapshot.tags.get(code) == tag.fingerprint
    )

    def made() -> tuple[frozenset[str], frozenset[str]]:
        behind_gate = gated(catalogue)
        return behind_gate, frozenset(_standing(catalogue, behind_gate) & stored)

    return subject.once(("standing", snapshot.catalogue, stored), made)


def _standing(catalogue: Catalogue, behind_gate: frozenset[str]) -> set[str]:
    """Return the tags that only new facts can change."""
    found: set[str] = set()
    for tag in catalogue.tags.values():  # inputs first
        direct = {*tag.depends_on, *((VALID,) if tag.code in behind_gate else ())}
        if direct <= found and _stands(catalogue, tag):
            found.add(tag.code)
    return found


def _stands(catalogue: Catalogue, tag: Tag) -> bool:
    nodes = [bind(node, catalogue.literals) for node in _nodes(tag)]
    if any(reads_clock(node) or compares(node) for node in nodes):
        return False
    measures = [bind_measure(measure, catalogue.literals) for measure in tag.measures]
    return all(_timeless(catalogue, measure) for measure in measures)


def _timeless(catalogue: Catalogue, measure: Measure) -> bool:
    """Tell whether all rows count at any time, and count the same."""
    return measure.window == LIFETIME and measure_passing(measure, catalogue) == STILL


def _nodes(tag: Tag) -> Iterator[Node]:
    for case in tag.cases:
        yield case.when
        yield case.then
    yield tag.otherwise
