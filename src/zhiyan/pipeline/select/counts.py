"""How many customers a condition matches."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """matched + not_matched + unknown = total, which is the number of valid customers."""

    matched: int
    not_matched: int
    unknown: int
    total: int

    @classmethod
    def of(cls, *, matched: int, unknown: int, total: int) -> Self:
        """Return the counts, given those of whom it is neither true nor unknown by the rest."""
        left = total - matched - unknown
        return cls(matched=matched, not_matched=left, unknown=unknown, total=total)
