"""Hints that name what the author probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, known: Iterable[str], *, cutoff: float = 0.5) -> str:
    """Return a hint naming the known words nearest to a mistyped one, or an empty text.

    ``cutoff`` is the likeness from which a word counts, 0 to 1.
    """
    close = get_close_matches(word, sorted(known), n=3, cutoff=cutoff)
    return f"did you mean {' or '.join(close)}?" if close else ""
