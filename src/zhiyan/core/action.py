"""Actions: what can be done next for a customer, why, and when it must not be done."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from zhiyan.core.expression import Node

#: How strongly one tag value can argue for an action: 0 (not at all) to this.
FULL_STRENGTH = 100
#: Weights are counted in millionths, so that scores are whole numbers on every engine.
WEIGHT_UNIT = 1_000_000


class Purpose(StrEnum):
    """What an action is for; suppressions block purposes, never service."""

    SERVICE = "service"
    MARKETING = "marketing"
    MEDICAL_MARKETING = "medical_marketing"  # marketing that rests on health information


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """A tag that argues for an action.

    ``strength`` gives a whole number out of the tag's value; below 0, above 100 and unknown are
    taken as 0, 100 and 0. What the tag adds to the score is strength times the tag's weight.
    """

    tag: str
    strength: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing that can be done for the customers of whom ``when`` is true.

    ``first`` puts it before everything else (complaints), then ``priority`` P0 to P3 counts, then
    the score. ``owner`` is who does it. ``where`` is ``file:line``.
    """

    code: str
    name_zh: str
    name_en: str
    purpose: Purpose
    when: Node
    text: str
    priority: str
    first: bool = False
    based_on: tuple[Basis, ...] = ()
    owner: str = ""
    do_zh: str = ""
    do_en: str = ""
    dont_zh: str = ""
    dont_en: str = ""
    where: str = field(default="", compare=False)

    @property
    def rank(self) -> int:
        """Class of the action in the queue, 0 foremost; the score decides only inside a class."""
        return 0 if self.first else 1 + int(self.priority[1:])


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """A reason for which actions of some purposes are held back from a customer.

    It holds where ``when`` is true, and where it is unknown: gates fail closed.
    """

    code: str
    name_zh: str
    name_en: str
    when: Node
    text: str
    blocks: tuple[Purpose, ...]
    where: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Playbook:
    """All actions and suppressions; keys are codes.

    ``owner_tag`` names the tag that holds a customer's consultant, ``clinic_tag`` her clinic; empty
    where the pack has none.
    """

    actions: Mapping[str, Action] = field(default_factory=dict[str, Action])
    suppressions: Mapping[str, Suppression] = field(default_factory=dict[str, Suppression])
    owner_tag: str = ""
    clinic_tag: str = ""

    def blocking(self, action: Action) -> tuple[Suppression, ...]:
        """Return the suppressions that hold an action back, in the order of the file."""
        return tuple(one for one in self.suppressions.values() if action.purpose in one.blocks)


def weight_units(weight: float) -> int:
    """Return a declared weight (0 to 1) in whole millionths.

    Example:
        >>> weight_units(0.15)
        150000
    """
    return round(weight * WEIGHT_UNIT)
