"""What is sold: order lines, course cards and packages, built from the sessions."""

from dataclasses import dataclass

import numpy as np

from zhiyan.demo.columns import Array, ranks
from zhiyan.demo.cycles import Sessions, Visits
from zhiyan.demo.people import CHANNELS, People, Setting
from zhiyan.demo.records import PLATFORMS, Records

#: How a session is paid: at the visit, from a course card, or on a platform beforehand.
SINGLE, CARD, PLATFORM = 0, 1, 2
STORE, MINI, VIA_PLATFORM = 0, 1, 2
PACKAGES = ("焕肤套餐", "新客体验套餐", "年度养护套餐", "节日礼遇套餐")
PACKAGE_CODES = ("PK01", "PK02", "PK03", "PK04")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """One position per order line; money in fen for the whole line.

    ``order`` numbers the order within the chunk, ``card`` is 1 where the line sells a course card,
    ``session`` the session that it pays for (-1 none), ``package`` -1 where there is none,
    ``bundle`` the total of its package (0 outside packages).
    """

    order: Array
    line: Array
    person: Array
    record: Array
    clinic: Array
    at: Array
    item: Array
    qty: Array
    listed: Array
    net: Array
    gift: Array
    test: Array
    card: Array
    session: Array
    package: Array
    bundle: Array
    channel: Array


def payment_modes(
    rng: np.random.Generator, setting: Setting, people: People, *, parts: tuple[Sessions, Records]
) -> Array:
    """Return per session how it is paid; one choice per thread, platforms only for a first one."""
    sessions, records = parts
    course = setting.items.course[sessions.item]
    per_thread = np.random.Generator(np.random.PCG64(rng.integers(2**63)))
    draws = per_thread.random(int(sessions.thread.max(initial=0)) + 1)[sessions.thread]
    mode = np.where((course > 1) & (draws < 0.62), CARD, SINGLE)
    has = np.zeros(people.count, dtype=bool)
    for platform in PLATFORMS:
        has |= records.home[platform] >= 0
    via = (
        has[sessions.person]
        & (sessions.nth == 0)
        & (mode == SINGLE)
        & (rng.random(len(mode)) < 0.7)
    )
    cheap = setting.items.low[sessions.item] < 300_000
    return np.where(via & cheap, PLATFORM, mode)


def unit_prices(rng: np.random.Generator, setting: Setting, people: People, *, who: Array) -> Array:
    """Return list prices in fen, in the item's band, by the person's budget; ``who`` is (person, item)."""
    person, item = who
    items = setting.items
    share = np.clip(rng.beta(1.4, 5, len(person)) * people.budget[person], 0, 1)
    price = items.low[item] + (items.high - items.low)[item] * share
    return np.maximum(np.rint(price / 1000).astype(np.int64) * 1000, 1000)


def discounts(rng: np.random.Generator, people: People, person: Array) -> Array:
    """Return the paid share of the list price: the price-sensitive pay less."""
    cut = 0.45 * people.sensitivity[person] * rng.beta(2, 2, len(person)) * 1.6
    return np.clip(1 - cut, 0.35, 1.0)


def make_lines(
    rng: np.random.Generator,
    setting: Setting,
    people: People,
    *,
    parts: tuple[Visits, Sessions, Records, Array],
) -> Lines:
    """Sell everything: sessions one by one, course cards, products, gifts, packages, tests."""
    visits, sessions, records, mode = parts
    course = setting.items.course[sessions.item]
    sells = (mode != CARD) | (sessions.nth % course == 0)
    end = setting.calendar.end.astype("datetime64[s]")
    sells &= visits.at[visits.of_session] < end
    sold = np.flatnonzero(sells)
    visit = visits.of_session[sold]
    person, item = sessions.person[sold], sessions.item[sold]
    card = mode[sold] == CARD
    qty = np.ones(len(sold), dtype=np.int64)
    price = unit_prices(rng, setting, people, who=np.array([person, item]))
    listed = price * np.where(card, course[sold], 1)
    share = discounts(rng, people, person) * np.where(card, 0.85, 1.0)
    net = np.maximum(np.rint(listed * share / 100).astype(np.int64) * 100, 100)
    base = {
        "visit": visit,
        "person": person,
        "item": item,
        "qty": np.where(card, course[sold], qty),
        "listed": listed,
        "net": net,
        "gift": np.zeros(len(sold), dtype=bool),
        "test": np.zeros(len(sold), dtype=bool),
        "card": card,
        "session": sold,
        "channel": np.where(mode[sold] == PLATFORM, VIA_PLATFORM, STORE),
    }
    extra = _extras(rng, setting, people, parts=(visits, base))
    merged = {name: np.concatenate([base[name], extra[name]]) for name in base}
    return _number(rng, merged, (visits, records, people))


def _extras(
    rng: np.random.Generator,
    setting: Setting,
    people: People,
    *,
    parts: tuple[Visits, dict[str, Array]],
) -> dict[str, Array]:
    """Add gifts, products, small trial orders and the orders of test accounts to visits."""
    visits, base = parts
    past = visits.at < setting.calendar.end.astype("datetime64[s]")
    bare = np.flatnonzero(visits.bare & past)
    trial = bare[(rng.random(len(bare)) < 0.05) | people.test[visits.person[bare]]]
    paid = np.unique(base["visit"][base["channel"] == STORE])
    visit, kind = _extra_visits(rng, paid, trial)
    n = len(visit)
    person = visits.person[visit]
    goods = rng.choice(setting.items.of_category("product"), n)
    spa = rng.choice(setting.items.of_category("spa", "skin"), n)
    item = np.where(kind == 1, goods, spa)
    qty = np.where(kind == 1, rng.choice([1, 2, 3], n, p=[0.7, 0.2, 0.1]), 1)
    listed = unit_prices(rng, setting, people, who=np.array([person, item])) * qty
    share = discounts(rng, people, person)
    net = np.where(kind == 0, 0, np.rint(listed * share / 100).astype(np.int64) * 100)
    net = np.where(kind == 2, np.where(rng.random(n) < 0.6, 100, 1), net)
    mini = (kind == 1) & (rng.random(n) < 0.35)
    return {
        "visit": visit,
        "person": person,
        "item": item,
        "qty": qty,
        "listed": listed,
        "net": net,
        "gift": kind == 0,
        "test": kind == 2,
        "card": np.zeros(n, dtype=bool),
        "session": np.full(n, -1),
        "channel": np.where(mini, MINI, STORE),
    }


def _extra_visits(rng: np.random.Generator, paid: Array, trial: Array) -> tuple[Array, Array]:
    """Return the visit and the kind (0 gift, 1 product, 2 trial order) of each extra line."""
    gift = paid[rng.random(len(paid)) < 0.09]
    product = paid[rng.random(len(paid)) < 0.14]
    kind = np.repeat([0, 1, 2], [len(gift), len(product), len(trial)])
    return np.r_[gift, product, trial], kind


def _number(
    rng: np.random.Generator,
    merged: dict[str, Array],
    parts: tuple[Visits, Records, People],
) -> Lines:
    """Give lines to orders (one per visit and channel), number them, and form packages."""
    visits, records, people = parts
    record = _record_of(records, people, merged, visits=visits)
    channel = np.where(record < 0, STORE, merged["channel"])
    record = np.where(record < 0, visits.record[merged["visit"]], record)
    alone = np.where(channel == VIA_PLATFORM, 1 + np.arange(len(channel)), 0)
    order_by = np.lexsort((np.arange(len(channel)), alone, channel, merged["visit"]))
    key = np.stack([merged["visit"], channel, alone], axis=1)[order_by]
    new = np.r_[True, (key[1:] != key[:-1]).any(axis=1)][: len(key)]
    order = np.cumsum(new) - 1
    part = {name: values[order_by] for name, values in merged.items()}
    channel, record = channel[order_by], record[order_by]
    at = _order_times(rng, visits.at[part["visit"]], channel)[np.flatnonzero(new)][order]
    package, bundle, net = _packages(rng, order, channel, part=part)
    return Lines(
        order=order,
        line=ranks(order) + 1,
        person=part["person"],
        record=record,
        clinic=np.where(channel == MINI, -1, visits.clinic[part["visit"]]),
        at=at,
        item=part["item"],
        qty=part["qty"],
        listed=part["listed"],
        net=net,
        gift=part["gift"],
        test=part["test"],
        card=part["card"],
        session=part["session"],
        package=package,
        bundle=bundle,
        channel=channel,
    )


def _order_times(rng: np.random.Generator, visit_at: Array, channel: Array) -> Array:
    """Return when an order is placed: at the visit, or days before it if placed elsewhere."""
    early = (rng.gamma(1.2, 5, len(visit_at)) * 86_400 + 3600).astype(np.int64)
    ahead = np.where(channel == STORE, -1500, early)
    return visit_at - ahead.astype("timedelta64[s]")


def _record_of(
    records: Records, people: People, merged: dict[str, Array], *, visits: Visits
) -> Array:
    """Return the record that buys: HIS file, mini-program user or platform buyer; -1 if unknown."""
    person, channel = merged["person"], merged["channel"]
    record = np.where(channel == MINI, records.home["mini"][person], visits.record[merged["visit"]])
    platform = np.full(people.count, -1)
    for name in PLATFORMS:
        here = (platform < 0) | (people.channel == CHANNELS.index(name))
        platform = np.where(here & (records.home[name] >= 0), records.home[name], platform)
    return np.where(channel == VIA_PLATFORM, platform[person], record)


def _packages(
    rng: np.random.Generator, order: Array, channel: Array, *, part: dict[str, Array]
) -> tuple[Array, Array, Array]:
    """Sell some orders of several lines as one package, split by list price (largest remainder)."""
    plain = ~(part["gift"] | part["test"]) & (channel == STORE)
    many = np.bincount(order, weights=plain, minlength=1) >= 2
    pure = np.bincount(order, weights=~plain, minlength=1) == 0
    chosen = many & pure & (rng.random(len(many)) < 0.35)
    inside = chosen[order] if len(order) else np.zeros(0, dtype=bool)
    package = np.where(inside, order % len(PACKAGES), -1)
    total = np.bincount(order, weights=part["net"], minlength=1).astype(np.int64)
    total = np.maximum(total * 9 // 10_000 * 1000, 1000)
    bundle = np.where(inside, total[order], 0)
    net = part["net"].copy()
    places = np.flatnonzero(inside)
    net[places] = largest_remainder(order[places], part["listed"][places], bundle[places])
    return package, bundle, net


def largest_remainder(group: Array, weight: Array, total: Array) -> Array:
    """Split each group's total by weight into whole fen; ties go to the earlier line.

    ``group`` is sorted; ``total`` repeats the group's total on every line.
    """
    if len(group) == 0:
        return np.zeros(0, dtype=np.int64)
    start = np.r_[True, group[1:] != group[:-1]]
    index = np.cumsum(start) - 1
    whole = np.bincount(index, weights=weight).astype(np.int64)[index]
    floor = total * weight // whole
    remainder = total * weight % whole
    short = total - np.bincount(index, weights=floor).astype(np.int64)[index]
    order = np.lexsort((np.arange(len(group)), -remainder, index))
    place = np.empty(len(group), dtype=np.int64)
    place[order] = ranks(index[order])
    return floor + (place < short)
