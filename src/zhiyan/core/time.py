"""Moments, business days and windows: the only place where time zones are converted.

Moments are stored in UTC. A business day belongs to the workspace's zone, which must have kept one
fixed offset since 1992 (Asia/Shanghai has), so that a day is the same arithmetic on every engine.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from zhiyan.errors import Problem, UsageError

DEFAULT_ZONE = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class BusinessZone:
    """The zone of business days, with its fixed offset from UTC in minutes."""

    name: str
    offset_minutes: int

    @classmethod
    def named(cls, name: str = DEFAULT_ZONE) -> "BusinessZone":
        """Look up a zone; raises UsageError ``ZY102`` if unknown or with daylight saving."""
        try:
            zone = ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise UsageError(
                Problem(code="ZY102", message=f"unknown time zone {name!r}", hint="Asia/Shanghai")
            ) from error
        offsets = {
            datetime(year, month, 1, tzinfo=zone).utcoffset()
            for year in range(1992, 2041)
            for month in (1, 7)
        }
        if len(offsets) != 1:
            raise UsageError(
                Problem(
                    code="ZY102",
                    message=f"time zone {name!r} changes its offset (daylight saving)",
                    hint="choose a zone with one fixed offset, such as Asia/Shanghai",
                )
            )
        offset = offsets.pop() or timedelta()
        return cls(name, int(offset.total_seconds() // 60))

    def to_utc(self, local: datetime) -> datetime:
        """Turn a naive local moment into an aware UTC one."""
        return (local - timedelta(minutes=self.offset_minutes)).replace(tzinfo=UTC)

    def to_local(self, moment: datetime) -> datetime:
        """Turn an aware moment into a naive local one."""
        return moment.astimezone(UTC).replace(tzinfo=None) + timedelta(minutes=self.offset_minutes)

    def day(self, moment: datetime) -> date:
        """Return the business day on which an aware moment falls."""
        return self.to_local(moment).date()

    def parse_moment(self, text: str) -> datetime:
        """Read ``2026-11-22``, ``2026-11-22T08:30`` (local) or an ISO moment with offset.

        Returns an aware UTC moment; raises UsageError ``ZY101`` for anything else.
        """
        try:
            moment = datetime.fromisoformat(text)
        except ValueError as error:
            raise UsageError(
                Problem(
                    code="ZY101",
                    message=f"{text!r} is not a moment",
                    hint="write 2026-11-22 or 2026-11-22T08:30",
                )
            ) from error
        return moment.astimezone(UTC) if moment.tzinfo else self.to_utc(moment)


def naive_utc(moment: datetime) -> datetime:
    """Return the naive UTC form in which the warehouse stores an aware moment."""
    if moment.tzinfo is None:
        raise UsageError(
            Problem(code="ZY101", message="a moment without time zone", hint="pass an aware one")
        )
    return moment.astimezone(UTC).replace(tzinfo=None)


def aware(stored: datetime) -> datetime:
    """Return a stored naive UTC moment as an aware one: the inverse of ``naive_utc``."""
    return stored.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class AsOf:
    """The only notion of now: facts with ``occurred_at < as_of`` and ``recorded_at <= known_at``.

    Both moments are aware. ``known_at`` None means all that is recorded.
    """

    as_of: datetime
    known_at: datetime | None = None

    @property
    def stored_as_of(self) -> datetime:
        """``as_of`` as naive UTC."""
        return naive_utc(self.as_of)

    @property
    def stored_known_at(self) -> datetime:
        """``known_at`` as naive UTC, the end of time where unset."""
        return naive_utc(self.known_at) if self.known_at else datetime(9999, 12, 31)  # noqa: DTZ001
