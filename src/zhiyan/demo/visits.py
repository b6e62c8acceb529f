"""Comings to a clinic with their bookings and consultations."""

import numpy as np
import pyarrow as pa

from zhiyan.demo.calendar import DAY
from zhiyan.demo.columns import NONE, Array, Arrow, Column, numbered, pick, ranks, table
from zhiyan.demo.cycles import Sessions, Visits, make_visits
from zhiyan.demo.people import NEVER, People, Setting
from zhiyan.demo.records import Records

HOUR = np.timedelta64(3600, "s")
LAST_SECOND = np.timedelta64(86_399, "s")
CONCERNS = (
    "anti_age",
    "pigment",
    "acne",
    "hydration",
    "pores",
    "contour",
    "body",
    "hair_removal",
    "hair_loss",
    "eye_nose",
    "dental",
    "scar",
    "postpartum",
)
#: Kinds of consultation and who holds them.
CONSULTS = {"online": "online", "phone": "online", "onsite": "consultant", "doctor": "doctor"}
LOST_REASONS = ("price", "doubt", "timing", "family", "unsuitable", "compare", "other")
#: States of a booking; the last one lies ahead.
STATES = ("arrived", "no_show", "rescheduled", "cancelled", "cancelled_by_clinic", "booked")
LOST_SHARE = (0.38, 0.2, 0.14, 0.08, 0.05, 0.1, 0.05)


def lay_visits(
    rng: np.random.Generator,
    setting: Setting,
    people: People,
    *,
    parts: tuple[Sessions, Records],
) -> Visits:
    """Group sessions and first consultations into visits, at the home or the second clinic."""
    sessions, records = parts
    person, day, of_session = make_visits(rng, setting, people, sessions=sessions)
    n = len(person)
    away = (rng.random(n) < 0.3) & (records.home["his2"][person] >= 0)
    record = np.where(away, records.home["his2"][person], records.home["his"][person])
    bare = np.ones(n, dtype=bool)
    bare[of_session] = False
    return Visits(
        person=person,
        day=day,
        at=setting.calendar.moment(rng, day),
        clinic=np.where(away, people.second_clinic[person], people.clinic[person]),
        record=record,
        bare=bare,
        nth=ranks(person),
        of_session=of_session,
    )


def visit_table(
    rng: np.random.Generator, setting: Setting, people: People, *, visits: Visits
) -> pa.Table:
    """One row per visit that took place before the end."""
    end = setting.calendar.end.astype("datetime64[s]")
    keep = np.flatnonzero(visits.at < end)
    n = len(keep)
    fresh = (visits.nth[keep] == 0) & (people.entered[visits.person[keep]] >= 0)
    kind = np.where(fresh, 0, np.where(rng.random(n) < 0.55, 3, rng.choice([1, 2, 4], n)))
    at = visits.at[keep]
    late = rng.random(n) < 0.002
    at[late] = at[late].astype("datetime64[D]").astype("datetime64[s]") + LAST_SECOND
    return table(
        {
            "person": visits.person[keep],
            "rec": visits.record[keep],
            "clinic": visits.clinic[keep],
            "at": at,
            "visit_no": numbered("DD", people.first * 40 + np.arange(n), 9),
            "visit_type": pick(("first", "return", "check", "treatment", "repurchase"), kind),
            "receptionist": pick(
                setting.group.staff_codes,
                setting.group.someone(rng, "reception", visits.clinic[keep]),
            ),
            "effective": rng.random(n) > 0.03,
        }
    )


def appointment_table(
    rng: np.random.Generator,
    setting: Setting,
    people: People,
    *,
    parts: tuple[Visits, Sessions],
) -> pa.Table:
    """One row per booking: those kept, those missed, moved or cancelled, those still ahead."""
    visits, sessions = parts
    item = _items_of(visits, sessions)
    place, state = _bookings(rng, people, visits)
    booked, appt, status_at = _booking_times(rng, visits.at[place], state)
    end = setting.calendar.end.astype("datetime64[s]")
    status_at = np.where(status_at < end, status_at, NEVER)
    state = np.where(np.isnat(status_at), len(STATES) - 1, state)
    shown = np.flatnonzero((booked < end) & (booked >= setting.calendar.start - 60 * DAY))
    place, clinic = place[shown], visits.clinic[place[shown]]
    doctor = setting.group.someone(rng, "doctor", clinic)
    ways = _ways(rng, people, visits.person[place])
    return table(
        {
            "person": visits.person[place],
            "rec": visits.record[place],
            "clinic": clinic,
            "at": booked[shown],
            "appointment_no": numbered("YY", people.first * 40 + np.arange(len(place)), 9),
            "appt_at": appt[shown],
            "x_item": np.where(item[place] < 0, NONE, item[place]),
            "item_code": pick(setting.items.codes, item[place]),
            "doctor": pick(setting.group.staff_codes, doctor),
            "channel": pick(("online", "phone", "desk"), ways),
            "status_at": status_at[shown],
            "status": pick(STATES, state[shown]),
        }
    )


def _items_of(visits: Visits, sessions: Sessions) -> Array:
    """Return the item of each visit, -1 for a bare one."""
    item = np.full(len(visits.person), -1)
    item[visits.of_session] = sessions.item
    return item


def _bookings(rng: np.random.Generator, people: People, visits: Visits) -> tuple[Array, Array]:
    """Return (visit, state) of all bookings: most visits are booked, some more than once."""
    kept = np.flatnonzero(rng.random(len(visits.person)) < 0.86)
    missed = np.flatnonzero(rng.random(len(visits.person)) < people.no_show[visits.person])
    other = np.flatnonzero(rng.random(len(visits.person)) < 0.09)
    which = rng.choice(3, len(other), p=[0.55, 0.3, 0.15])
    place = np.r_[kept, missed, other]
    state = np.r_[np.zeros(len(kept)), np.ones(len(missed)), 2 + which].astype(np.int64)
    return place, state


def _booking_times(rng: np.random.Generator, at: Array, state: Array) -> tuple[Array, Array, Array]:
    """Return when it was booked, for when, and when its state came about."""
    back = np.where(state == 0, 0, rng.integers(2, 12, len(at)))
    appt = at - back.astype("timedelta64[D]")
    lead = (rng.gamma(1.3, 5.5, len(at)) * 86_400).astype(np.int64) + 1800
    booked = appt - lead.astype("timedelta64[s]")
    status_at = np.where(state == 0, appt, appt + 4 * HOUR)
    cancelled = np.minimum(appt - 2 * HOUR, booked + HOUR)
    return booked, appt, np.where(state >= 2, cancelled, status_at)


def _ways(rng: np.random.Generator, people: People, person: Array) -> Array:
    """Draw how somebody books: the young book online."""
    young = people.birth[person] > np.datetime64("1992-01-01")
    draw = rng.random(len(person))
    return np.where(draw < np.where(young, 0.62, 0.4), 0, np.where(draw < 0.85, 1, 2))


def consult_table(
    rng: np.random.Generator,
    setting: Setting,
    people: People,
    *,
    parts: tuple[Visits, Sessions],
) -> pa.Table:
    """One row per consultation: before the first visit, on it, and when something new is asked."""
    visits, sessions = parts
    first_item = _items_of(visits, sessions)
    asked = rng.random(len(visits.person)) < np.where(visits.nth == 0, 0.9, 0.1)
    place = np.flatnonzero(asked & (visits.at < setting.calendar.end.astype("datetime64[s]")))
    person, n = visits.person[place], len(place)
    kind = rng.choice(4, n, p=[0.245, 0.105, 0.39, 0.26])
    before = np.where(kind < 2, rng.integers(1, 9, n), 0).astype("timedelta64[D]")
    item = np.where(first_item[place] >= 0, first_item[place], _wanted(rng, setting, n))
    won = (first_item[place] >= 0) & (rng.random(n) < 0.82)
    lost = np.where(won, 0, np.where(rng.random(n) < 0.85, 1, 2))
    reason = np.where(lost == 1, rng.choice(7, n, p=np.array(LOST_SHARE)), -1)
    intent = np.where(won, rng.integers(0, 2, n), rng.integers(1, 4, n))
    return table(
        {
            "person": person,
            "rec": visits.record[place],
            "clinic": visits.clinic[place],
            "at": visits.at[place] - before - HOUR / 2,
            "consult_no": numbered("ZX", people.first * 20 + np.arange(n), 9),
            "type": pick(tuple(CONSULTS), kind),
            "staff": _consultants(rng, setting, kind, clinic=visits.clinic[place]),
            "x_item": item,
            "item_code": pick(setting.items.codes, item),
            "concerns": concern_lists(rng, setting, item),
            "intent": pick(("a", "b", "c", "d"), intent),
            "quoted_fen": _quotes(rng, setting, item),
            "result": pick(("won", "lost", "open"), lost),
            "lost_reason": pick(LOST_REASONS, reason),
            "revision_need": rng.random(n) < 0.01,
        }
    )


def _consultants(
    rng: np.random.Generator, setting: Setting, kind: Array, *, clinic: Array
) -> Column:
    """Draw who consults, by the kind of the consultation."""
    staff = np.full(len(kind), -1)
    for number, role in enumerate(CONSULTS.values()):
        here = kind == number
        staff[here] = setting.group.someone(rng, role, clinic[here])
    return pick(setting.group.staff_codes, staff)


def _quotes(rng: np.random.Generator, setting: Setting, item: Array) -> Array:
    """Draw quoted prices in fen, whole tens of yuan, in the lower part of the item's band."""
    items = setting.items
    price = items.low[item] + (items.high - items.low)[item] * rng.beta(1.5, 4, len(item))
    return (price / 1000).astype(np.int64) * 1000


def _wanted(rng: np.random.Generator, setting: Setting, count: int) -> Array:
    appeal = setting.items.appeal
    return rng.choice(len(appeal), count, p=appeal / appeal.sum())


def concern_lists(rng: np.random.Generator, setting: Setting, item: Array) -> Column:
    """Return sorted lists of one or two concern codes that go with each item."""
    usual = {
        "skin": (3, 4),
        "energy": (1, 0),
        "injection": (0, 5),
        "surgery": (9, 5),
        "intimate": (12, 12),
        "hair": (8, 8),
        "dental": (10, 10),
        "weight": (6, 6),
    }
    first = np.array([usual.get(c, (3, 3))[0] for c in setting.items.categories])[item]
    second = np.array([usual.get(c, (3, 3))[1] for c in setting.items.categories])[item]
    second = np.where(rng.random(len(item)) < 0.3, second, first)
    low, high = np.minimum(first, second), np.maximum(first, second)
    names = np.array(CONCERNS)
    swap = names[low] > names[high]
    low, high = np.where(swap, high, low), np.where(swap, low, high)
    size = 1 + (low != high)
    offsets = np.r_[0, np.cumsum(size)]
    flat = np.empty(offsets[-1], dtype=np.int64)
    flat[offsets[:-1]] = low
    flat[offsets[1:] - 1] = high
    return Arrow.ListArray.from_arrays(Arrow.array(offsets, type=pa.int32()), pick(CONCERNS, flat))
