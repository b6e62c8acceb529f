"""What functions of time mean on values: elapsed time, business days, anniversaries.

Moments are naive UTC. Elapsed time is counted in whole units, rounded towards the past; days of
dates are calendar days of the business zone.
"""

from calendar import monthrange
from datetime import date, datetime, timedelta
from typing import Any

from zhiyan.lang.moment import Moment

_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


def days_since(moment: Moment, then: date | datetime) -> int:
    """Return whole days of 24 hours from a moment to T, or days from a date to T's day."""
    if isinstance(then, datetime):
        return (moment.as_of - then) // _DAY
    return (moment.today - then).days


def hours_since(moment: Moment, then: datetime) -> int:
    """Return whole hours from a moment to T."""
    return (moment.as_of - then) // _HOUR


def days_between(_: Moment, a: Any, b: Any) -> int:
    """Return whole days from a to b, both moments or both dates."""
    return (b - a) // _DAY


def on_day(moment: Moment, then: datetime) -> date:
    """Return the business day of a moment."""
    return moment.day(then)


def month_of(moment: Moment, then: date | datetime) -> int:
    """Return the month, 1 to 12."""
    return _business_day(moment, then).month


def hour_of(moment: Moment, then: datetime) -> int:
    """Return the hour of the business zone, 0 to 23."""
    return moment.local(then).hour


def weekday_of(moment: Moment, then: date | datetime) -> int:
    """Return the day of the week, Monday 1 to Sunday 7."""
    return _business_day(moment, then).isoweekday()


def years_since(moment: Moment, then: date) -> int:
    """Return completed years at T's day; one who was born on 29 Feb turns older on 1 Mar."""
    today = moment.today
    return today.year - then.year - ((today.month, today.day) < (then.month, then.day))


def days_until_anniversary(moment: Moment, then: date) -> int:
    """Return days from T's day to the next anniversary, 0 if it is today."""
    today = moment.today
    days = (_anniversary(then, today.year) - today).days
    return days if days >= 0 else (_anniversary(then, today.year + 1) - today).days


def add_days(then: date, count: int) -> date | None:
    """Return the date so many days later, None beyond the years 1 to 9999."""
    number = then.toordinal() + count
    return date.fromordinal(number) if 1 <= number <= date.max.toordinal() else None


def add_months(then: date, count: int) -> date | None:
    """Return the date so many months later, None beyond the years 1 to 9999."""
    year, month = divmod(then.year * 12 + then.month - 1 + count, 12)
    if not date.min.year <= year <= date.max.year:
        return None
    return date(year, month + 1, min(then.day, monthrange(year, month + 1)[1]))


def date_range(first: date, last: date) -> str:
    """Return ``2026-12-01..2026-12-21``."""
    return f"{first.isoformat()}..{last.isoformat()}"


def day_number(moment: Moment, then: date | datetime) -> int:
    """Return days since 1 January of the year 1."""
    return _business_day(moment, then).toordinal() - 1


def landmark(moment: Moment, days: int) -> int:
    """Return the number of the first day after T's stretch of so many days."""
    return (moment.today.toordinal() - 1) // days * days + days


def week_number(moment: Moment, then: date | datetime) -> int:
    """Return weeks since 1 January of the year 1, a Monday."""
    return day_number(moment, then) // 7


def month_number(moment: Moment, then: date | datetime) -> int:
    """Return twelve times the year plus the month, counted from 0."""
    day = _business_day(moment, then)
    return day.year * 12 + day.month - 1


def _anniversary(then: date, year: int) -> date:
    return date(year, then.month, 1) + timedelta(days=then.day - 1)


def _business_day(moment: Moment, then: date | datetime) -> date:
    return moment.day(then) if isinstance(then, datetime) else then
