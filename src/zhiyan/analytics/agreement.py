"""How far people agree who label the same things.

Two labellers: Cohen's kappa. J. Cohen (1960), "A coefficient of agreement for nominal scales",
Educational and Psychological Measurement 20(1), 37-46: kappa = (p_o - p_e) / (1 - p_e), with p_o
the share of equal labels and p_e the share expected from the two labellers' own frequencies.

Any number of labellers, labels missing: Krippendorff's alpha for nominal data. K. Krippendorff
(2004), Content Analysis, 2nd ed., ch. 11; A. F. Hayes and K. Krippendorff (2007), "Answering the
call for a standard reliability measure for coding data", Communication Methods and Measures 1(1),
77-89: alpha = 1 - D_o / D_e over the matrix of coincidences, in which a unit with m labels counts
each of its ordered pairs 1 / (m - 1) times.

Sums are exact (fractions); only the result is a float.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Agreement of labels: 1 complete, 0 as by chance, below 0 worse than chance.

    ``units`` were labelled at least twice, ``same`` of them with one label. ``value`` is None where
    there are fewer units than the least number, or where everybody always gave one and the same
    label, so that nothing can be said about chance.
    """

    units: int
    same: int
    value: float | None


def cohen_kappa(pairs: Sequence[tuple[str, str]], *, least: int) -> Agreement:
    """Return Cohen's kappa of two labellers; one pair per unit, (first's label, second's label).

    Example:
        >>> cohen_kappa([("a", "a"), ("a", "b"), ("b", "b"), ("b", "b")], least=4).value
        0.5
    """
    units, same = len(pairs), sum(one == other for one, other in pairs)
    if units < max(least, 1):
        return Agreement(units=units, same=same, value=None)
    first, second = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    observed = Fraction(same, units)
    expected = Fraction(sum(first[label] * second[label] for label in first), units * units)
    value = None if expected == 1 else float((observed - expected) / (1 - expected))
    return Agreement(units=units, same=same, value=value)


def krippendorff_alpha(units: Iterable[Sequence[str]], *, least: int) -> Agreement:
    """Return Krippendorff's alpha for nominal labels; one sequence of labels per unit.

    Units with fewer than two labels say nothing and are left out.

    Example:
        >>> krippendorff_alpha([("a", "a"), ("b", "b"), ("a", "b")], least=3).value
        0.4444444444444444
    """
    paired = [Counter(labels) for labels in units if len(labels) > 1]
    same = sum(len(labels) == 1 for labels in paired)
    if len(paired) < max(least, 1):
        return Agreement(units=len(paired), same=same, value=None)
    totals: Counter[str] = Counter()
    differing = Fraction(0)
    for labels in paired:
        count = labels.total()
        totals.update(labels)
        apart = count * count - sum(n * n for n in labels.values())
        differing += Fraction(apart, count - 1)
    everything = totals.total()
    by_chance = Fraction(
        everything * everything - sum(n * n for n in totals.values()), everything - 1
    )
    value = None if by_chance == 0 else float(1 - differing / by_chance)
    return Agreement(units=len(paired), same=same, value=value)
