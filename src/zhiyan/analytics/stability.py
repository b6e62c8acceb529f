"""The population stability index: how far a distribution moved between two moments."""

from collections.abc import Sequence
from math import log

#: What is added to each bin so that an empty one gives a finite index (half an observation).
HALF = 0.5
#: Rule of thumb of the same source: from here on look why. Below 0.10 there is nothing to see.
SHIFTED = 0.25


def psi(before: Sequence[int], after: Sequence[int]) -> float | None:
    """Return the population stability index of two histograms over the same bins, nulls a bin.

    ``sum((a_i - b_i) * ln(a_i / b_i))`` over the shares of bin i, from N. Siddiqi, Credit Risk
    Scorecards, Wiley 2006, chapter 8, system stability report; it is the divergence J(1, 2) of
    S. Kullback and R. A. Leibler, On Information and Sufficiency, Ann. Math. Statist. 22 (1951),
    eq. 2.6. Every bin gets half an observation, so that empty bins count and stay finite; bins empty
    on both sides are left out. No unit; 0 where nothing moved; None where a side has nobody.
    Raises ValueError if the numbers of bins differ.
    """
    bins = [(b, a) for b, a in zip(before, after, strict=True) if b or a]
    total_before, total_after = sum(before), sum(after)
    if not total_before or not total_after:
        return None
    added = HALF * len(bins)
    shares = [
        ((b + HALF) / (total_before + added), (a + HALF) / (total_after + added)) for b, a in bins
    ]
    return sum((a - b) * log(a / b) for b, a in shares)
