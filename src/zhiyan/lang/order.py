"""The order in which tags can be computed."""

from collections.abc import Iterable, Mapping


def topological(graph: Mapping[str, Iterable[str]]) -> tuple[list[str], list[tuple[str, ...]]]:
    """Order names so that each stands after all that it reads; ties in the order of names.

    Returns the order of all names that can be ordered, and one path per cycle, its first name
    repeated at the end. Names that ``graph`` does not list are ignored.
    """
    waiting = {name: {up for up in needs if up in graph} for name, needs in graph.items()}
    done: list[str] = []
    while ready := sorted(name for name, needs in waiting.items() if not needs):
        done.extend(ready)
        for name in ready:
            del waiting[name]
        for needs in waiting.values():
            needs.difference_update(ready)
    return done, _cycles(waiting)


def _cycles(waiting: Mapping[str, set[str]]) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    seen: set[str] = set()
    for start in sorted(waiting):
        path: list[str] = []
        name = start
        while name not in seen:
            seen.add(name)
            path.append(name)
            name = min(up for up in waiting[name])
        if name in path:
            cycle = path[path.index(name) :]
            found.append((*cycle, name))
    return found
