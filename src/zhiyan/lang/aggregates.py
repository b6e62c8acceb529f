"""What aggregates mean on the rows of one customer: the reference semantics.

An entry is one row: when it occurred and the values of the aggregate's arguments. No result depends
on the order of entries. Without a value to go by the result is null; counts are then 0 and ``any``
is false.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from zhiyan.core.expression import Value
from zhiyan.lang.scalars import whole


@dataclass(frozen=True, slots=True)
class Entry:
    """One row as an aggregate sees it; ``at`` is None where no order is needed."""

    at: datetime | None
    args: tuple[Any, ...]


def count(entries: Sequence[Entry]) -> int:
    """Return the number of rows, or of rows with a value."""
    return sum(1 for entry in entries if None not in entry.args)


def count_distinct(entries: Sequence[Entry]) -> int:
    """Return the number of different values."""
    return len(set(_values(entries)))


def total(entries: Sequence[Entry]) -> int | None:
    """Return the sum of the values."""
    values = _values(entries)
    return whole(sum(values)) if values else None


def smallest(entries: Sequence[Entry]) -> Value:
    """Return the smallest value."""
    return min(_values(entries), default=None)


def largest(entries: Sequence[Entry]) -> Value:
    """Return the largest value."""
    return max(_values(entries), default=None)


def is_any(entries: Sequence[Entry]) -> bool:
    """Say whether the condition is true in any row."""
    return any(entry.args[0] is True for entry in entries)


def first(entries: Sequence[Entry]) -> Value:
    """Return the value of the earliest row that has one, of equally early ones the smallest."""
    return min(_dated(entries), default=(None, None))[1]


def last(entries: Sequence[Entry]) -> Value:
    """Return the value of the latest row that has one, of equally late ones the largest."""
    return max(_dated(entries), default=(None, None))[1]


def mode(entries: Sequence[Entry]) -> Value:
    """Return the most frequent value, of equally frequent ones the smallest."""
    ranked = _ranked(Counter(_values(entries)))
    return ranked[0] if ranked else None


def top(entries: Sequence[Entry]) -> tuple[str, ...] | None:
    """Return the n most frequent values, or those with the largest sums of scores, sorted."""
    limit = entries[0].args[1] if entries else 0
    scored = bool(entries) and len(entries[0].args) == 3
    ranked = _ranked(_scores(entries, 2) if scored else Counter(_values(entries)))
    return tuple(sorted(ranked[:limit])) if ranked else None


def top1(entries: Sequence[Entry]) -> Value:
    """Return the value with the largest sum of scores, of equal ones the smallest."""
    ranked = _ranked(_scores(entries, 1))
    return ranked[0] if ranked else None


def members(entries: Sequence[Entry]) -> tuple[str, ...] | None:
    """Return the sorted distinct values; lists count member by member."""
    values = _values(entries)
    flat: set[str] = set()
    for value in values:
        flat |= {value} if isinstance(value, str) else set(value)
    return tuple(sorted(flat)) if values else None


def median_gap_days(entries: Sequence[Entry]) -> int | None:
    """Return the lower median of the days between consecutive distinct dates."""
    days = sorted(set(_values(entries)))
    gaps = sorted((after - before).days for before, after in pairwise(days))
    return gaps[(len(gaps) - 1) // 2] if gaps else None


def max_share(entries: Sequence[Entry]) -> float | None:
    """Return rows of the most frequent value / rows with a value."""
    values = _values(entries)
    return max(Counter(values).values()) / len(values) if values else None


def latest_by(entries: Sequence[Entry]) -> tuple[str, ...] | None:
    """Return ``key=value`` with the last value of every key, sorted."""
    latest: dict[str, tuple[Any, Any]] = {}
    for entry in entries:
        key, value = entry.args
        if key is not None and value is not None:
            latest[key] = max(latest.get(key, (entry.at, value)), (entry.at, value))
    pairs = {f"{key}={_text(value)}" for key, (_, value) in latest.items()}
    return tuple(sorted(pairs)) or None


def streak(entries: Sequence[Entry]) -> int:
    """Return the number of rows later than the last one with a true condition."""
    hits: list[Any] = [entry.at for entry in entries if entry.args[0] is True]
    newest = max(hits, default=None)
    moments: list[Any] = [entry.at for entry in entries]
    return sum(1 for at in moments if newest is None or at > newest)


def longest_streak(entries: Sequence[Entry]) -> int:
    """Return the length of the longest run of rows with a true condition.

    Of rows of one moment those without come first.
    """
    rows: list[tuple[Any, bool]] = [(entry.at, entry.args[0] is True) for entry in entries]
    best = run = 0
    for _, hit in sorted(rows):
        run = run + 1 if hit else 0
        best = max(best, run)
    return best


def longest_run(entries: Sequence[Entry]) -> int:
    """Return the length of the longest run of neighbouring whole numbers."""
    return max(_runs(entries), default=0)


def latest_run(entries: Sequence[Entry]) -> int:
    """Return the length of the run of neighbouring whole numbers that ends with the greatest."""
    runs = _runs(entries)
    return runs[-1] if runs else 0


def _runs(entries: Sequence[Entry]) -> list[int]:
    """Return the lengths of all runs of neighbours, the greatest numbers last."""
    starts = Counter(number - place for place, number in enumerate(sorted(set(_values(entries)))))
    return [starts[start] for start in sorted(starts)]


def _values(entries: Sequence[Entry]) -> list[Any]:
    return [entry.args[0] for entry in entries if entry.args[0] is not None]


def _dated(entries: Sequence[Entry]) -> list[tuple[Any, Any]]:
    return [(entry.at, entry.args[0]) for entry in entries if entry.args[0] is not None]


def _scores(entries: Sequence[Entry], place: int) -> dict[Any, int]:
    """Return the sum of scores of each value; rows without value or score are left out."""
    sums: dict[Any, int] = {}
    for entry in entries:
        value, score = entry.args[0], entry.args[place]
        if value is not None and score is not None:
            sums[value] = sums.get(value, 0) + score
    return sums


def _ranked(scores: dict[Any, int]) -> list[Any]:
    return [value for value, _ in sorted(scores.items(), key=lambda item: (-item[1], item[0]))]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


Reduce = Callable[[Sequence[Entry]], Value]
