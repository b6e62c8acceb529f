"""How a ranking by weighted sums moves when one weight moves.

Entries are ordered by class, then by score from high to low, then by customer and action. A score
is the sum over the tags of weight times strength, all whole numbers, so nothing here depends on
rounding.

Rank correlation is Kendall's tau: M. G. Kendall (1938), "A new measure of rank correlation",
Biometrika 30(1/2), 81-93; without ties, as orders here have none: tau = 1 - 4 Q / (n (n - 1)) with
Q the number of pairs in opposite order.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """The entries of a ranking, one row each, and the weights; ``size`` is the length of its head.

    ``strengths`` has one column per weight. (customer, action) tells entries apart.
    """

    classes: Ints
    customers: Ints
    actions: Ints
    strengths: Ints
    weights: Ints
    size: int

    def order(self, weights: Ints) -> Ints:
        """Return the rows in the order of the ranking."""
        scores = self.strengths @ weights
        return np.lexsort((self.actions, self.customers, -scores, self.classes)).astype(np.int64)

    def head(self, weights: Ints) -> Ints:
        """Return the rows of the head, foremost first."""
        return self.order(weights)[: self.size]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """What a changed weight does to the head.

    ``tau`` lies between the orders of the former head (None below two entries), ``left`` entries
    fall out of the head, ``moved`` entries stand at another place.
    """

    tau: float | None
    left: int
    moved: int


def shifted(board: Board, place: int, weight: int) -> Shift:
    """Return what the head does when one weight takes another value."""
    before = board.head(board.weights)
    weights = board.weights.copy()
    weights[place] = weight
    after = board.order(weights)
    rank = np.empty(len(after), dtype=np.int64)
    rank[after] = np.arange(len(after))
    new = rank[before]
    return Shift(
        tau=kendall_tau(new),
        left=int(np.count_nonzero(new >= board.size)),
        moved=int(np.count_nonzero(new != np.arange(len(new)))),
    )


def kendall_tau(ranks: Ints) -> float | None:
    """Return tau between the order of a sequence and that of its distinct values; None below two.

    Example:
        >>> kendall_tau(np.array([2, 1, 0]))
        -1.0
    """
    n = len(ranks)
    if n < 2:
        return None
    upper = np.triu_indices(n, 1)
    opposite = int(np.count_nonzero(ranks[upper[0]] > ranks[upper[1]]))
    return 1 - 4 * opposite / (n * (n - 1))


@dataclass(frozen=True, slots=True)
class Least:
    """The smallest changes of a weight, signed; None where no allowed weight makes a difference.

    ``reorders`` alters the order of the head or its members, ``replaces`` its members.
    """

    reorders: int | None
    replaces: int | None


def least_shift(board: Board, place: int, *, most: int) -> Least:
    """Return the smallest changes of one weight that alter the head.

    The weight stays within 0 and ``most``. Of two changes of equal size the increase is named.
    As long as no entry of the head is overtaken by one behind it, the head is as it was, and the
    first overtaking of a pair is found exactly: with d the lead in points and g what the follower
    gains per unit, the follower is ahead as soon as g * x > d (or = d, if it wins ties). Members
    change at the first overtaking of one in the head by one outside.
    """
    order = board.order(board.weights)
    scores = board.strengths @ board.weights
    weight = int(board.weights[place])
    found: tuple[list[int], list[int]] = ([], [])
    for sign, room in ((1, most - weight), (-1, weight)):
        gains = sign * board.strengths[:, place]
        steps = _first_overtakings(board, order, (scores, gains))
        for changes, step in zip(found, steps, strict=True):
            if step is not None and step <= room:
                changes.append(sign * step)
    reorders, replaces = (
        min(changes, key=lambda change: (abs(change), change < 0), default=None)
        for changes in found
    )
    return Least(reorders, replaces)


def _first_overtakings(
    board: Board, order: Ints, moving: tuple[Ints, Ints]
) -> tuple[int | None, int | None]:
    """Return the steps at which an entry of the head is first overtaken: by any, by an outsider."""
    head = order[: board.size]
    anyone = [_overtaken(board, (int(row), order[at + 1 :]), moving) for at, row in enumerate(head)]
    outside = [_overtaken(board, (int(row), order[board.size :]), moving) for row in head]
    return _least(anyone), _least(outside)


def _least(steps: list[int | None]) -> int | None:
    return min((step for step in steps if step is not None), default=None)


def _overtaken(board: Board, pair: tuple[int, Ints], moving: tuple[Ints, Ints]) -> int | None:
    """Return the first step at which one of the rows behind overtakes a row of its class."""
    (row, behind), (scores, gains) = pair, moving
    behind = behind[board.classes[behind] == board.classes[row]]
    gain: Ints = gains[behind] - gains[row]
    behind, gain = behind[gain > 0], gain[gain > 0]
    if not len(behind):
        return None
    lead: Ints = scores[row] - scores[behind]
    wins = _wins_ties(board, behind, row)
    steps: Ints = np.where(wins, -(-lead // gain), lead // gain + 1)
    return int(np.min(steps))


def _wins_ties(board: Board, rows: Ints, row: int) -> NDArray[np.bool_]:
    """Tell which rows stand before a row of their class when the scores are equal."""
    earlier = board.customers[rows] < board.customers[row]
    same = board.customers[rows] == board.customers[row]
    return earlier | (same & (board.actions[rows] < board.actions[row]))
