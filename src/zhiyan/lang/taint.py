"""Taint: a tag is as sensitive as the most sensitive thing that it reads."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from zhiyan.core.event import Sensitivity
from zhiyan.lang.narrowing import Trace
from zhiyan.lang.sources import highest, is_lower


@dataclass(frozen=True, slots=True)
class Inherited:
    """The class that a tag inherits, and the sources that give it that class."""

    level: Sensitivity
    causes: tuple[str, ...]


def inherited(
    traces: Iterable[Trace], depends_on: Iterable[str], declared: Mapping[str, Sensitivity]
) -> Inherited:
    """Return what a tag inherits from its columns and from the tags that it reads.

    A tag that is read counts with its declared class: where that is too low, the mistake is
    reported there; where it is declassified, somebody has answered for it.
    """
    found = list(traces)
    found += [(declared[code], f"tag {code}") for code in depends_on if code in declared]
    level = highest(trace[0] for trace in found)
    causes = tuple(dict.fromkeys(origin for rank, origin in found if rank is level))
    return Inherited(level, causes)


def too_low(declared: Sensitivity, reason: str, found: Inherited) -> str:
    """Return what is wrong with a declared class, empty if nothing is.

    A lower class than the inherited one needs a written reason (``declassified``).
    """
    if not is_lower(declared, found.level) or reason:
        return ""
    causes = ", ".join(found.causes[:3])
    return f"sensitivity {declared.value} is lower than {found.level.value} of {causes}"
