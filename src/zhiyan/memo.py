"""What was made once and is asked for again."""

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar

_Made = TypeVar("_Made")


class Memo:
    """Keeps what was asked for last, at most so many things; readers of several threads may share it."""

    def __init__(self, most: int = 1_000) -> None:
        self._most = most
        self._kept: dict[Hashable, Any] = {}
        self._lock = Lock()

    def once(self, key: Hashable, make: Callable[[], _Made]) -> _Made:
        """Return what a function makes, which is the same for a key, made anew only if it is gone."""
        with self._lock:
            if key in self._kept:
                kept: _Made = self._kept.pop(key)
                self._kept[key] = kept
                return kept
        found = make()
        with self._lock:
            self._kept[key] = found
            if len(self._kept) > self._most:
                del self._kept[next(iter(self._kept))]
        return found
