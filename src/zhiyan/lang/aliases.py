"""Aliases: codes that tags had before they were renamed; old expressions go on working."""

from collections.abc import Callable, Mapping

from zhiyan.core.expression import Node, Ref, names, replaced


def outdated(node: Node, known: Callable[[str], object], aliases: Mapping[str, str]) -> list[str]:
    """Return the old codes that an expression reads; ``known`` says what a name stands for today."""
    return sorted(name for name in names(node) if name in aliases and not known(name))


def renamed(node: Node, old: Mapping[str, str]) -> Node:
    """Return an expression with old codes replaced by those of today."""
    return replaced(
        node,
        lambda part: Ref(old[part.name]) if isinstance(part, Ref) and part.name in old else None,
    )
