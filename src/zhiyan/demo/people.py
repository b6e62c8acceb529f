"""Persons with what nobody can see: who they are, what moves them, when they leave for good."""

from dataclasses import dataclass

import numpy as np

from zhiyan.demo.calendar import Calendar
from zhiyan.demo.columns import Array
from zhiyan.demo.group import Group
from zhiyan.demo.items import Items

CHANNELS = (
    "soyoung",
    "meituan",
    "douyin",
    "xhs",
    "tmall",
    "referral",
    "walk_in",
    "wecom",
    "feed_ads",
    "b2b",
    "other",
)
CHANNEL_SHARE = (0.12, 0.2, 0.12, 0.11, 0.04, 0.12, 0.11, 0.05, 0.09, 0.02, 0.02)
#: Reach: how far a person comes. LEAD never arrives, VISITOR never pays, BUYER pays.
LEAD, VISITOR, BUYER = 0, 1, 2
#: True kinds of response to an offer, with buying chance without and with it.
RESPONSES = ("persuadable", "sure", "lost_cause", "sleeping_dog")
RESPONSE_SHARE = (0.25, 0.25, 0.42, 0.08)
BASE_CHANCE = np.array([0.04, 0.22, 0.01, 0.15])
WITH_OFFER = np.array([0.15, 0.23, 0.012, 0.08])
NEVER = np.datetime64("NaT", "s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What all chunks of a world share."""

    group: Group
    items: Items
    calendar: Calendar
    seed: int
    web_scale: float


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """One position per person of a chunk; ``first`` is the world-wide number of position 0.

    Day columns are offsets from the start of the calendar (may be negative for entry).
    ``departed`` is the offset of the day on which she left for good or for a time, ``returned`` the
    day she came back; both far after the end if it never happened. ``budget`` multiplies prices.
    """

    first: int
    male: Array
    birth: Array
    name: Array
    city: Array
    clinic: Array
    second_clinic: Array
    channel: Array
    reach: Array
    entered: Array
    departed: Array
    returned: Array
    sensitivity: Array
    budget: Array
    response: Array
    no_show: Array
    loyalty: Array
    test: Array
    employee: Array
    head: Array
    relation: Array
    desk_phone: Array

    @property
    def count(self) -> int:
        """Number of persons."""
        return len(self.male)

    @property
    def number(self) -> Array:
        """World-wide person numbers."""
        return self.first + np.arange(self.count)


def make_people(rng: np.random.Generator, setting: Setting, first: int, *, count: int) -> People:
    """Draw ``count`` persons, numbered from ``first``."""
    calendar = setting.calendar
    clinics = setting.group.clinics
    clinic = rng.choice(len(clinics), count, p=np.array([c.share for c in clinics]))
    birth = _birth(rng, calendar, count)
    head, relation = _families(rng, count)
    birth = _family_births(rng, birth, head, relation=relation)
    clinic = clinic[head]
    male = (rng.random(count) < 0.11) & (relation == 0)
    entered = _entry(rng, calendar, count)
    departed, returned = _leaving(rng, calendar, entered)
    channel = rng.choice(len(CHANNELS), count, p=np.array(CHANNEL_SHARE))
    test = _test_accounts(rng, relation)
    return People(
        first=first,
        male=male,
        birth=birth,
        name=rng.integers(0, 2**31, count),
        city=np.array([c.city for c in clinics])[clinic],
        clinic=clinic,
        second_clinic=_second_clinic(rng, setting.group, clinic),
        channel=np.where(relation >= 2, CHANNELS.index("referral"), channel),
        reach=np.where(test, BUYER, _reach(rng, relation)),
        entered=entered,
        departed=departed,
        returned=returned,
        sensitivity=rng.beta(2, 2.5, count),
        budget=np.exp(rng.normal(0, 0.55, count)),
        response=rng.choice(4, count, p=np.array(RESPONSE_SHARE)),
        no_show=rng.beta(1.2, 9, count),
        loyalty=rng.beta(4, 2.2, count),
        test=test,
        employee=rng.random(count) < 0.003,
        head=head,
        relation=relation,
        desk_phone=_walk_ins(rng, relation),
    )


def _reach(rng: np.random.Generator, relation: Array) -> Array:
    """Draw how far each person comes; members of a pair come to the clinic."""
    chance = rng.random(len(relation))
    reach = np.where(chance < 0.22, LEAD, np.where(chance < 0.35, VISITOR, BUYER))
    return np.where(relation > 0, np.maximum(reach, VISITOR), reach)


def _test_accounts(rng: np.random.Generator, relation: Array) -> Array:
    """Draw the accounts that staff made to try the system out, hardly ever none."""
    test = rng.random(len(relation)) < 0.0015
    test[rng.integers(0, len(relation), 2)] = True
    return test & (relation == 0)


def _walk_ins(rng: np.random.Generator, relation: Array) -> Array:
    """Draw for whom the reception typed in its own number; never fewer than a handful."""
    typed = rng.random(len(relation)) < 0.004
    typed[rng.integers(0, len(relation), 12)] = True
    return typed & (relation == 0)


def _birth(rng: np.random.Generator, calendar: Calendar, count: int) -> Array:
    """Draw birthdays: adults around 32, a few minors."""
    age = 18 + 40 * rng.beta(1.9, 3.4, count)
    minor = rng.random(count) < 0.012
    age[minor] = rng.uniform(13, 18.5, int(minor.sum()))
    middle = calendar.start + (calendar.end - calendar.start) // 2
    return middle - (age * 365.25).astype(np.int64).astype("timedelta64[D]")


def _families(rng: np.random.Generator, count: int) -> tuple[Array, Array]:
    """Pair neighbours: the second of a pair uses the telephone of the first.

    Relation: 0 alone, 1 mother, 2 daughter, 3 assistant, 4 client of the assistant.
    """
    head, relation = np.arange(count), np.zeros(count, dtype=np.int64)
    firsts = np.flatnonzero(rng.random(count // 2) < 0.025) * 2
    if len(firsts) == 0 and count >= 2:
        firsts = np.array([0])
    kin = rng.random(len(firsts)) < 0.75
    kin[:1] = True
    relation[firsts] = np.where(kin, 1, 3)
    relation[firsts + 1] = np.where(kin, 2, 4)
    head[firsts + 1] = firsts
    return head, relation


def _family_births(
    rng: np.random.Generator, birth: Array, head: Array, *, relation: Array
) -> Array:
    daughter = np.flatnonzero(relation == 2)
    mother = head[daughter]
    moved = birth.copy()
    years = rng.uniform(41, 54, len(mother)) * 365.25
    moved[mother] = birth.max() - years.astype(np.int64).astype("timedelta64[D]")
    gap = (rng.uniform(21, 28, len(mother)) * 365.25).astype(np.int64).astype("timedelta64[D]")
    moved[daughter] = moved[mother] + gap
    return moved


def _entry(rng: np.random.Generator, calendar: Calendar, count: int) -> Array:
    """Draw the day of the first contact: three in ten came before the simulated time."""
    zeros = np.zeros(count, dtype=np.int64)
    day = calendar.draw(rng, "all", (zeros, zeros + calendar.span))
    old = rng.random(count) < 0.3
    return np.where(old, -rng.integers(30, 900, count), day)


def _leaving(rng: np.random.Generator, calendar: Calendar, entered: Array) -> tuple[Array, Array]:
    far = 10 * calendar.span + 10_000
    stay = rng.gamma(1.1, 620, len(entered)).astype(np.int64) + 20
    departed = np.maximum(entered, -60) + stay
    back = departed + rng.integers(150, 520, len(entered))
    returns = rng.random(len(entered)) < 0.14
    return departed, np.where(returns, back, far)


def _second_clinic(rng: np.random.Generator, group: Group, clinic: Array) -> Array:
    """Give seven in a hundred a file at another clinic, in the same city where there is one."""
    cities = np.array([c.city for c in group.clinics])
    other = (clinic + 1 + rng.integers(0, len(cities) - 1, len(clinic))) % len(cities)
    near = rng.random(len(clinic)) < 0.7
    for place, city in enumerate(cities):
        same = np.flatnonzero((cities == city) & (np.arange(len(cities)) != place))
        if len(same):
            other = np.where(near & (clinic == place), same[0], other)
    return np.where(rng.random(len(clinic)) < 0.07, other, -1)


def moments_of(calendar: Calendar, day: Array) -> Array:
    """Turn day offsets into midnight moments, NaT for days at or after the end."""
    at = calendar.start.astype("datetime64[s]") + (day * 86_400).astype("timedelta64[s]")
    return np.where(day >= calendar.span, NEVER, at)
