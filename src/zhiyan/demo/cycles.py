"""Treatment cycles: per person and item a regular gap that lengthens from session to session.

Gap k (k = 1, 2 ...) of a thread is ``true_gap * growth ** (k - 1) * noise``, never shorter than the
item's least interval; between two courses of a course item the gap is ``UPKEEP`` times longer.
Growth follows botulinum series, 129 to 176 days over 22 sessions (Carruthers et al. 2015).
"""

from dataclasses import dataclass

import numpy as np

from zhiyan.demo.columns import Array, ranks
from zhiyan.demo.people import BUYER, LEAD, People, Setting

MOST_SESSIONS = 28
UPKEEP = 2.2
#: Bookings are simulated this many days past the end, so that plans lie ahead.
AHEAD = 45


@dataclass(frozen=True, slots=True, kw_only=True)
class Threads:
    """One position per thread: a person's series of one item.

    ``gap`` is her true cycle in days (0: no cycle), ``start`` the day offset of the first session,
    ``planned`` how many sessions she would take if nothing interrupted her.
    """

    person: Array
    item: Array
    gap: Array
    growth: Array
    start: Array
    planned: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """One position per session, sorted by person, day, thread; ``nth`` counts from 0."""

    thread: Array
    person: Array
    item: Array
    nth: Array
    day: Array


def make_threads(rng: np.random.Generator, setting: Setting, people: People) -> Threads:
    """Choose items for every buyer, with her true cycle for each."""
    buyers = np.flatnonzero((people.reach == BUYER) & ~people.test)
    count = 1 + np.minimum(rng.poisson(0.6, len(buyers)), 4)
    person = np.repeat(buyers, count)
    item = _choose(rng, setting, people.male[person])
    order = np.lexsort((item, person))
    person, item = person[order], item[order]
    fresh = np.r_[True, (person[1:] != person[:-1]) | (item[1:] != item[:-1])]
    fresh = fresh[: len(person)]
    person, item = person[fresh], item[fresh]
    items = setting.items
    factor = np.exp(rng.normal(0.03, 0.14, len(person)))
    return Threads(
        person=person,
        item=item,
        gap=items.interval[item] * factor,
        growth=items.growth[item] * np.exp(rng.normal(0, 0.004, len(person))),
        start=_starts(rng, setting, people, who=(person, item)),
        planned=_planned(rng, setting, people.loyalty[person], item=item),
    )


def _choose(rng: np.random.Generator, setting: Setting, male: Array) -> Array:
    """Draw items by appeal, with another taste for men."""
    items = setting.items
    taste = items.appeal.copy()
    taste[items.of_category("hair")] *= 6
    taste[items.of_category("intimate")] = 0
    drawn = np.empty(len(male), dtype=np.int64)
    for group, weight in ((~male, items.appeal), (male, taste)):
        drawn[group] = rng.choice(len(weight), int(group.sum()), p=weight / weight.sum())
    return drawn


def _starts(
    rng: np.random.Generator, setting: Setting, people: People, *, who: tuple[Array, Array]
) -> Array:
    """Draw the first day: the first thread soon after entry, later ones by the item's season."""
    person, item = who
    calendar = setting.calendar
    soon = people.entered[person] + rng.gamma(1.2, 9, len(person)).astype(np.int64)
    soon = np.where(soon < 0, rng.integers(0, 240, len(person)), soon)
    until = np.minimum(people.departed[person], calendar.span + AHEAD)
    seasons = np.array(setting.items.seasons)[item]
    start = soon.copy()
    later = (ranks(person) > 0) & (until > soon)
    for season in sorted(set(setting.items.seasons)):
        here = later & (seasons == season)
        start[here] = calendar.draw(rng, season, (soon[here], until[here]))
    return start


def _planned(rng: np.random.Generator, setting: Setting, loyalty: Array, *, item: Array) -> Array:
    """Draw how many sessions she would take: courses mostly finished, then loyalty decides."""
    items = setting.items
    course = items.course[item]
    rounds = np.minimum(rng.geometric(np.clip(1 - 0.5 * loyalty, 0.15, 1)), 6)
    finished = rng.random(len(item)) < 0.8
    part = rng.integers(1, np.maximum(course, 2))
    by_course = np.where(finished, rounds * course, part)
    singly = rng.geometric(np.clip(1 - loyalty, 0.12, 1))
    planned = np.where(course > 1, by_course, singly)
    planned = np.where(items.interval[item] == 0, 1, planned)
    return np.minimum(planned, MOST_SESSIONS)


def make_sessions(
    rng: np.random.Generator, setting: Setting, people: People, *, threads: Threads
) -> Sessions:
    """Lay the sessions of all threads on the calendar, leaving out the time while she is away."""
    n, most = len(threads.person), int(threads.planned.max(initial=1))
    nth = np.arange(most)
    course = setting.items.course[threads.item][:, None]
    gap = threads.gap[:, None] * threads.growth[:, None] ** np.maximum(nth - 1, 0)
    between = (course > 1) & (nth % course == 0)
    gap = np.where(between, gap * UPKEEP, gap) * np.exp(rng.normal(0, 0.1, (n, most)))
    gap = np.maximum(np.rint(gap), setting.items.least[threads.item][:, None])
    gap[:, 0] = 0
    day = threads.start[:, None] + np.cumsum(gap, axis=1).astype(np.int64)
    person = threads.person
    away = (day >= people.departed[person][:, None]) & (day < people.returned[person][:, None])
    alive = (nth < threads.planned[:, None]) & ~away & (day < setting.calendar.span + AHEAD)
    thread, number = np.nonzero(alive)
    day = setting.calendar.open_day(day[alive])
    order = np.lexsort((thread, day, person[thread]))
    thread, number, day = thread[order], number[order], day[order]
    return Sessions(
        thread=thread,
        person=person[thread],
        item=threads.item[thread],
        nth=_renumber(thread, number),
        day=day,
    )


def _renumber(thread: Array, number: Array) -> Array:
    """Count the sessions that remain within each thread from 0, in their order."""
    order = np.lexsort((number, thread))
    nth = np.empty(len(thread), dtype=np.int64)
    nth[order] = ranks(thread[order])
    return nth


@dataclass(frozen=True, slots=True, kw_only=True)
class Visits:
    """One position per coming (or plan to come) of a person on a day, sorted by person and day.

    ``of_session`` gives the visit of each session. ``bare`` visits have no session: a consultation.
    """

    person: Array
    day: Array
    at: Array
    clinic: Array
    record: Array
    bare: Array
    nth: Array
    of_session: Array


def make_visits(
    rng: np.random.Generator, setting: Setting, people: People, *, sessions: Sessions
) -> tuple[Array, Array, Array]:
    """Return (person, day, visit of each session) of all comings, sorted by person and day."""
    span = setting.calendar.span
    extra = np.flatnonzero(people.reach > LEAD)
    lag = rng.integers(0, 15, len(extra))
    first_day = people.entered[extra] + lag
    comes = (first_day >= 0) & (first_day < span)
    comes &= (people.reach[extra] < BUYER) | people.test[extra] | (rng.random(len(extra)) < 0.25)
    extra, first_day = extra[comes], setting.calendar.open_day(first_day[comes])
    wide = 4 * (span + AHEAD)
    keys = np.r_[sessions.person * wide + sessions.day, extra * wide + first_day]
    unique, inverse = np.unique(keys, return_inverse=True)
    return unique // wide, unique % wide, inverse[: len(sessions.person)]
