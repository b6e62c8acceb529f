"""The business calendar: opening days, holidays, and when demand is high."""

from dataclasses import dataclass

import numpy as np

from zhiyan.demo.columns import Array

DAY = np.timedelta64(1, "D")

#: Week of closing around the Chinese New Year, first day per year.
NEW_YEAR = ("2022-01-31", "2023-01-21", "2024-02-09", "2025-01-28", "2026-02-16", "2027-02-05")

#: Season words of the catalogue, with the factor of each month (January first).
SEASONS: dict[str, tuple[float, ...]] = {
    "all": (0.9, 0.8, 1.0, 1.0, 1.05, 1.0, 1.1, 1.1, 0.95, 1.0, 1.15, 1.0),
    "autumn_winter": (1.2, 0.9, 1.2, 0.9, 0.7, 0.6, 0.6, 0.7, 1.1, 1.4, 1.5, 1.4),
    "spring_summer": (0.8, 0.7, 1.2, 1.4, 1.5, 1.4, 1.2, 0.9, 0.8, 0.7, 0.7, 0.7),
    "school_holiday": (1.7, 1.2, 0.6, 0.6, 0.6, 1.2, 2.2, 1.8, 0.6, 0.7, 0.7, 0.8),
    "before_holiday": (2.0, 0.7, 0.8, 1.2, 0.9, 0.9, 0.9, 0.9, 1.6, 0.8, 0.9, 1.2),
    "fourth_quarter": (1.3, 0.7, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 1.0, 1.4, 1.7, 1.6),
}


#: Season codes of the catalogue that have no profile of their own.
LIKE = {
    "autumn": "autumn_winter",
    "winter_start": "autumn_winter",
    "holiday": "before_holiday",
    "q4": "fourth_quarter",
    "q4_holiday": "fourth_quarter",
    "sale": "fourth_quarter",
    "school_break": "school_holiday",
    "summer_break": "school_holiday",
    "spring": "spring_summer",
    "summer": "spring_summer",
}


def season_of(code: str) -> str:
    """Return the season profile for the season code of a catalogue item; ``all`` if unknown."""
    return code if code in SEASONS else LIKE.get(code, "all")


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The simulated time: days from ``start`` (included) to ``end`` (excluded), local.

    ``load`` holds per season profile the running sum of daily weights, one entry more than days,
    from which moments are drawn.
    """

    start: np.datetime64
    end: np.datetime64
    load: dict[str, Array]

    @property
    def span(self) -> int:
        """Number of days."""
        return int((self.end - self.start) / DAY)

    def draw(self, rng: np.random.Generator, season: str, bounds: tuple[Array, Array]) -> Array:
        """Draw one day per position, as offset from start, in ``[low, high)`` by the season."""
        load = self.load[season]
        low, high = (np.clip(bound, 0, self.span) for bound in bounds)
        u = load[low] + rng.random(len(low)) * (load[high] - load[low])
        found = np.searchsorted(load, u, side="right") - 1
        return np.clip(found, low, np.maximum(high - 1, low))

    def open_day(self, day: Array) -> Array:
        """Move day offsets that fall into the closing week to the first open day after it."""
        moved = day.copy()
        for text in NEW_YEAR:
            first = int((np.datetime64(text, "D") - self.start) / DAY)
            closed = (moved >= first) & (moved < first + 7)
            moved[closed] = first + 7 + (moved[closed] - first) % 5
        return moved

    def moment(self, rng: np.random.Generator, day: Array) -> Array:
        """Give day offsets an opening hour: local moments between 10:00 and 19:55."""
        hour = np.array([10, 11, 13, 14, 15, 16, 17, 18, 19])
        share = np.array([0.1, 0.12, 0.1, 0.16, 0.16, 0.14, 0.1, 0.08, 0.04])
        minutes = hour[rng.choice(9, len(day), p=share)] * 60 + rng.integers(0, 12, len(day)) * 5
        whole = self.start.astype("datetime64[s]") + (day * 86_400).astype("timedelta64[s]")
        return whole + (minutes * 60).astype("timedelta64[s]")

    def offset(self, moment: Array) -> Array:
        """Return the day offset of moments; NaT becomes a day far after the end."""
        whole = (moment.astype("datetime64[D]") - self.start).astype(np.int64)
        return np.where(np.isnat(moment), 10 * self.span + 10_000, whole)


def make_calendar(start: np.datetime64, end: np.datetime64) -> Calendar:
    """Build the calendar of the days from ``start`` to before ``end``."""
    days = np.arange(start, end)
    month = days.astype("datetime64[M]").astype(np.int64) % 12
    weekday = (days.astype(np.int64) + 3) % 7
    base = np.where(weekday >= 5, 1.5, 0.85)
    base *= 1 + 0.15 * np.arange(len(days)) / max(len(days), 1)
    for text in NEW_YEAR:
        gap = (days - np.datetime64(text, "D")).astype(np.int64)
        base[(gap >= 0) & (gap < 7)] = 0.0
        base[(gap >= -21) & (gap < 0)] *= 1.3
        base[(gap >= 7) & (gap < 16)] *= 0.5
    load = {
        name: np.r_[0.0, np.cumsum(base * np.array(factors)[month])]
        for name, factors in SEASONS.items()
    }
    return Calendar(start=start, end=end, load=load)
