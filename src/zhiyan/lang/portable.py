"""Which definitions an engine would have to refuse, so that they are refused when they are loaded."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import cast

from zhiyan.core.expression import Call, Case, children
from zhiyan.core.tag import Tag
from zhiyan.errors import Problem
from zhiyan.lang.catalogue import Catalogue


def refusals(catalogue: Catalogue, engine: str, refused: Mapping[str, str]) -> list[Problem]:
    """Return ``ZY289`` for each definition that uses a construct which an engine refuses.

    ``refused`` maps constructs (names of operators, functions, aggregates) to the reason.
    """
    definitions: dict[str, object] = {f"tag {code}": tag for code, tag in catalogue.tags.items()}
    definitions |= {f"segment {code}": one for code, one in catalogue.segments.items()}
    definitions |= {f"view {name}": view.parts for name, view in catalogue.views.items()}
    return [
        Problem(
            code="ZY289",
            message=f"{what} uses {name}, which engine {engine} refuses: {refused[name]}",
            where=definition.where if isinstance(definition, Tag) else "",
            hint="write it in another way, or set `engine: duckdb`",
        )
        for what, definition in definitions.items()
        for name in sorted(set(constructs(definition)) & set(refused))
    ]


def constructs(definition: object) -> Iterator[str]:
    """Yield the name of every operator, function and aggregate within a definition."""
    if isinstance(definition, Call):
        yield definition.op
    for part in _parts(definition):
        yield from constructs(part)


def _parts(definition: object) -> tuple[object, ...]:
    if isinstance(definition, Call | Case):
        return children(definition)
    if isinstance(definition, tuple):
        return cast("tuple[object, ...]", definition)
    if isinstance(definition, Mapping):
        return tuple(cast("Mapping[object, object]", definition).values())
    if is_dataclass(definition) and not isinstance(definition, type):
        return tuple(getattr(definition, field.name) for field in fields(definition))
    return ()
