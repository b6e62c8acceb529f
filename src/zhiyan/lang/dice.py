"""Choices that look random and are the same on every run."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

_T = TypeVar("_T")


class Dice:
    """Choices that follow from a seed alone."""

    def __init__(self, seed: str) -> None:
        self._seed = seed.encode()
        self._count = 0

    def below(self, limit: int) -> int:
        """Return a whole number from 0 to limit - 1."""
        self._count += 1
        key = self._count.to_bytes(8, "big")
        digest = hashlib.blake2b(self._seed, digest_size=8, key=key).digest()
        return int.from_bytes(digest, "big") % limit

    def choose(self, options: Sequence[_T]) -> _T:
        """Return one of some options."""
        return options[self.below(len(options))]
