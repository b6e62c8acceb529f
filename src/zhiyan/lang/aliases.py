"""Aliases: codes that tags had before they were renamed; old expressions go on working."""

from collections.abc import Callable, Mapping

from zhiyan.core.expression import Call, Case, Node, Ref, names


def outdated(node: Node, known: Callable[[str], object], aliases: Mapping[str, str]) -> list[str]:
    """Return the old codes that an expression reads; ``known`` says what a name stands for today."""
    return sorted(name for name in names(node) if name in aliases and not known(name))


def renamed(node: Node, old: Mapping[str, str]) -> Node:
    """Return an expression with old codes replaced by those of today."""
    if isinstance(node, Ref):
        return Ref(old.get(node.name, node.name))
    if isinstance(node, Call):
        return Call(node.op, tuple(renamed(part, old) for part in node.args))
    if isinstance(node, Case):
        branches = tuple((renamed(when, old), renamed(then, old)) for when, then in node.branches)
        return Case(branches, renamed(node.otherwise, old))
    return node
