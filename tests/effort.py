"""How hard property tests try: little every day, more when everything is tested."""

from collections.abc import Sequence
from typing import TypeVar

_T = TypeVar("_T")

#: What the whole run tries for each example of the everyday run.
THOROUGH = 2
#: One of so many things is tried every day.
SHARE = 4
_effort = 1


def choose(*, everything: bool) -> None:
    """Set the effort; called once, before tests are collected."""
    global _effort  # noqa: PLW0603 - decorators of tests read it when they are imported
    _effort = THOROUGH if everything else 1


def some(items: Sequence[_T]) -> Sequence[_T]:
    """Return every fourth of some things to try, all of them when everything is tested."""
    return items if _effort == THOROUGH else items[::SHARE]


def examples(everyday: int) -> int:
    """Return how many examples a property test should try."""
    return everyday * _effort
