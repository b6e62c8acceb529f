"""The moment at which expressions are evaluated."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Moment:
    """T, and the business zone in which its day is told.

    ``as_of`` is naive UTC; ``offset_minutes`` is what the business zone is ahead of UTC.
    """

    as_of: datetime
    offset_minutes: int

    @property
    def today(self) -> date:
        """The business day on which T falls."""
        return self.day(self.as_of)

    def day(self, moment: datetime) -> date:
        """Return the business day of a naive UTC moment."""
        return self.local(moment).date()

    def local(self, moment: datetime) -> datetime:
        """Return a naive UTC moment as wall-clock time of the business zone."""
        return moment + timedelta(minutes=self.offset_minutes)
