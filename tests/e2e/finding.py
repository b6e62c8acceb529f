"""Looking for many short byte strings in one long one, in a single pass."""

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

#: Every string looked for has at least this many bytes.
LEAST = 4


def found_in(content: bytes, wanted: Iterable[bytes]) -> set[bytes]:
    """Return which of the wanted strings the content holds.

    Places whose four bytes begin none of them are ruled out at once: first by a table of hashes,
    then exactly; the few that are left are compared in full.
    """
    beginnings: dict[int, list[bytes]] = defaultdict(list)
    for one in set(wanted):
        assert len(one) >= LEAST, one
        beginnings[int.from_bytes(one[:LEAST], "little")].append(one)
    if len(content) < LEAST:
        return set()
    signs = np.frombuffer(content, np.uint8)
    fours = sum(signs[n : len(signs) - LEAST + 1 + n].astype(np.uint32) << (8 * n) for n in range(LEAST))  # fmt: skip
    keys = np.fromiter(beginnings, np.uint32)
    table = np.zeros(1 << 20, bool)
    table[_hashed(keys)] = True
    likely = np.flatnonzero(table[_hashed(fours)])
    places = likely[np.isin(fours[likely], keys)]
    return {
        one
        for place in places.tolist()
        for one in beginnings[int(fours[place])]
        if content.startswith(one, place)
    }


def _hashed(numbers: np.ndarray) -> np.ndarray:
    return (numbers * np.uint32(2654435761)) >> np.uint32(12)
