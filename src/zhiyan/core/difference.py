"""Differences: what separates two sets of tag values of the same people."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Customers who went from one value of a tag to another; values as text, None is unknown.

    ``money_fen`` is the sum of their value (the catalogue's money tag) before, in fen.
    """

    tag: str
    before: str | None
    after: str | None
    customers: int
    money_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentMove:
    """How an audience changes: sizes, who enters and leaves, and what they are worth in fen."""

    segment: str
    before: int
    after: int
    entered: int
    left: int
    money_entered_fen: int
    money_left_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What separates ``before`` from ``after`` (snapshot ids, or what stands for one).

    ``appeared`` and ``gone`` count customers whom only one side has. ``changed`` maps tag codes to
    customers whose value differs; ``moves`` are the most frequent ones of closed tags.
    """

    before: str
    after: str
    customers: int
    appeared: int
    gone: int
    changed: dict[str, int]
    moves: tuple[Move, ...]
    segments: tuple[SegmentMove, ...]
