"""What the later stages of a chunk share, and the way they scatter events over persons."""

from dataclasses import dataclass

import numpy as np

from zhiyan.demo.columns import Array, Column, numbered, pick
from zhiyan.demo.cycles import Sessions, Threads, Visits
from zhiyan.demo.people import NEVER, People, Setting
from zhiyan.demo.records import Records

SECOND = np.timedelta64(1, "s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One chunk in the making."""

    rng: np.random.Generator
    setting: Setting
    people: People
    records: Records
    threads: Threads
    sessions: Sessions
    visits: Visits

    @property
    def end(self) -> np.datetime64:
        """The first moment that lies ahead."""
        return self.setting.calendar.end.astype("datetime64[s]")

    @property
    def begin(self) -> np.datetime64:
        """The first simulated moment."""
        return self.setting.calendar.start.astype("datetime64[s]")

    def per_person(self, mean: Array | float) -> Array:
        """Draw a Poisson number of events per person; returns the person of each event."""
        counts = self.rng.poisson(mean, self.people.count)
        return np.repeat(np.arange(self.people.count), counts)

    def lively(self, person: Array) -> Array:
        """Draw a day-time moment for each, while the person is with us; NaT if never."""
        people, calendar = self.people, self.setting.calendar
        low = np.clip(people.entered[person], 0, calendar.span)
        high = np.clip(people.departed[person], 0, calendar.span)
        day = calendar.draw(self.rng, "all", (low, high))
        return np.where(high > low, self.daytime(day), NEVER)

    def daytime(self, day: Array) -> Array:
        """Give day offsets a moment between 08:00 and 23:00."""
        second = self.rng.integers(8 * 3600, 23 * 3600, len(day))
        start = self.begin
        return start + (day * 86_400 + second).astype("timedelta64[s]")

    def after(self, at: Array, low: float, high: float) -> Array:
        """Return moments ``low`` to ``high`` days later, NaT where that lies ahead."""
        wait = (self.rng.uniform(low, high, len(at)) * 86_400).astype(np.int64)
        return self.seen(at + wait.astype("timedelta64[s]"))

    def seen(self, at: Array, where: Array | None = None) -> Array:
        """Return the moments that have passed (and where the condition holds), else NaT."""
        happened = at < self.end
        if where is not None:
            happened &= where
        return np.where(happened, at, NEVER)

    def keep(self, source: str, person: Array, at: Array) -> Array:
        """Return positions of events that a source can know, in order of time."""
        fits = (self.records.home[source][person] >= 0) & (at < self.end) & (at >= self.begin)
        place = np.flatnonzero(fits)
        return place[np.argsort(at[place], kind="stable")]

    def base(self, source: str, person: Array, at: Array) -> dict[str, Array]:
        """Return the columns that every event has."""
        rec = self.records.home[source][person]
        return {"person": person, "rec": rec, "clinic": self.records.clinic[rec], "at": at}

    def serial(self, prefix: str, count: int, room: int = 40) -> Column:
        """Number the rows of a chunk, distinct over the world while they fit into ``room``."""
        return numbered(prefix, self.people.first * room + np.arange(count), 9)

    def staff(self, role: str, clinic: Array) -> Column:
        """Draw staff codes of a role."""
        group = self.setting.group
        return pick(group.staff_codes, group.someone(self.rng, role, clinic))

    def choose(self, values: tuple[str, ...], count: int, share: tuple[float, ...]) -> Column:
        """Draw codes by their shares."""
        return pick(values, self.rng.choice(len(values), count, p=np.array(share)))

    def chance(self, count: int, probability: Array | float) -> Array:
        """Draw yes with a probability."""
        return self.rng.random(count) < probability

    def past_visits(self) -> Array:
        """Return the positions of the visits that have taken place."""
        return np.flatnonzero(self.visits.at < self.end)

    def wanted(self, count: int) -> Array:
        """Draw items by their appeal."""
        appeal = self.setting.items.appeal
        return self.rng.choice(len(appeal), count, p=appeal / appeal.sum())
