"""Codes of items and clinics in conditions, held against those that are known.

A condition with a code that nobody has is true for nobody: a count of 0 that looks like an answer.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from zhiyan.core.expression import Call, Literal, Node, Ref, walk
from zhiyan.core.measure import Measure
from zhiyan.core.tag import Tag
from zhiyan.lang.catalogue import HOME_CLINIC, Catalogue
from zhiyan.lang.check import bind
from zhiyan.lang.measure_sql import other_rows, row_nodes
from zhiyan.lang.nearest import nearest

#: Columns of rows, and tags, that hold codes -> which codes.
_COLUMNS: Mapping[str, str] = {"item_code": "item_code", "clinic": "clinic"}
_TAGS: Mapping[str, str] = {HOME_CLINIC: "clinic"}
_COMPARISONS = frozenset({"=", "<>", "in"})
#: How like a known code must be to be named, and how many are named where none is.
_LIKE, _NAMED = 0.4, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownCode:
    """A code in a condition that nobody has.

    ``column`` is ``item_code`` or ``clinic``, ``hint`` names the nearest known codes in English.
    """

    subject: str
    where: str
    column: str
    code: str
    hint: str


def unknown_codes(catalogue: Catalogue) -> Iterator[UnknownCode]:
    """Yield each unknown code of each tag, segment and view once, in the order of definition.

    Where no codes are known (no ``items.yaml``, no clinics) none is unknown.
    """
    for subject, where, nodes, columns in _conditions(catalogue):
        seen: set[tuple[str, str]] = set()
        for column, code in _compared(nodes, catalogue, columns):
            known = catalogue.codes.get(column)
            if known and code not in known and (column, code) not in seen:
                seen.add((column, code))
                yield UnknownCode(
                    subject=subject, where=where, column=column, code=code, hint=_hint(code, known)
                )


def _conditions(
    catalogue: Catalogue,
) -> Iterator[tuple[str, str, Sequence[Node], Mapping[str, str]]]:
    """Yield all conditions: subject, place, expressions, names that hold codes."""
    for name, view in catalogue.views.items():
        if view.is_union:
            nodes = [
                node
                for part in view.parts
                for node in (part.where, *part.columns.values())
                if node is not None
            ]
            yield f"view:{name}", view.where, nodes, _COLUMNS
    for tag in catalogue.tags.values():
        nodes = [node for measure in tag.measures for node in _of_rows(measure)]
        yield tag.code, tag.where, nodes, _COLUMNS
        yield tag.code, tag.where, _of_rule(tag), _TAGS
    for segment in catalogue.segments.values():
        yield f"segment:{segment.code}", "", [segment.where], _TAGS


def _of_rows(measure: Measure) -> list[Node]:
    own = (*row_nodes(measure), *(() if measure.having is None else (measure.having,)))
    return [*own, *(rows.where for rows in other_rows(measure) if rows.where is not None)]


def _of_rule(tag: Tag) -> list[Node]:
    return [*(node for case in tag.cases for node in (case.when, case.then)), tag.otherwise]


def _compared(
    nodes: Iterable[Node], catalogue: Catalogue, columns: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield (which codes, code) of every comparison of a column with texts."""
    for node in nodes:
        for part in walk(bind(node, catalogue.literals)):
            if not isinstance(part, Call) or part.op not in _COMPARISONS:
                continue
            named = [arg.name for arg in part.args if isinstance(arg, Ref) and arg.name in columns]
            for arg in part.args if named else ():
                if isinstance(arg, Literal) and isinstance(arg.value, str):
                    yield columns[named[0]], arg.value


def _hint(code: str, known: Sequence[str]) -> str:
    listed = f"known codes are {', '.join(known[:_NAMED])} ..." if len(known) > _NAMED else ""
    return nearest(code, known, cutoff=_LIKE) or listed or f"known codes are {', '.join(known)}"
