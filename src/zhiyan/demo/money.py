"""Money and its movements: payments, refunds, stored value, course cards, treatments performed.

Cash basis is visible in the rows: a top-up is a payment, and what is later paid out of it is a
payment of tender ``stored_value``.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from zhiyan.demo.columns import (
    NONE,
    Array,
    Arrow,
    Column,
    numbered,
    pick,
    running,
    table,
)
from zhiyan.demo.cycles import Sessions, Visits
from zhiyan.demo.people import NEVER, People, Setting
from zhiyan.demo.trade import CARD, MINI, PACKAGE_CODES, STORE, VIA_PLATFORM, Lines

TENDERS = ("wechat", "alipay", "card", "cash", "platform", "stored_value", "installment", "coupon")
DIRECT_SHARE = (0.48, 0.24, 0.14, 0.05, 0.0, 0.0, 0.06, 0.03)
STORED = TENDERS.index("stored_value")
TOP_UPS = np.array([300_000, 500_000, 1_000_000, 2_000_000])
BRANDS = ("B01", "B02", "B03", "B04")
ORDER_PREFIX = ("KD", "XCX", "PT")
SECONDS = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Refunds:
    """One position per refunded line: the line, the amount in fen (positive) and the moment."""

    line: Array
    amount: Array
    at: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Wallets:
    """One position per stored-value card: who, when, principal and gift in fen."""

    person: Array
    record: Array
    clinic: Array
    at: Array
    principal: Array
    gift: Array


def later(rng: np.random.Generator, at: Array, bounds: tuple[float, float]) -> Array:
    """Return moments between ``bounds`` days after ``at``."""
    low, high = bounds
    wait = (rng.uniform(low, high, len(at)) * SECONDS).astype(np.int64)
    return at + wait.astype("timedelta64[s]")


def order_numbers(people: People, lines: Lines) -> Column:
    """Return the order number of every line; the prefix tells the selling channel."""
    number = people.first * 40 + lines.order
    made = [numbered(prefix, number, 9) for prefix in ORDER_PREFIX]
    stacked = Arrow.concat_arrays([part.cast(pa.string()) for part in made])
    return stacked.take(Arrow.array(lines.channel * len(number) + np.arange(len(number))))


def make_refunds(rng: np.random.Generator, setting: Setting, lines: Lines) -> Refunds:
    """Refund some paid lines, wholly or in part; course cards are closed elsewhere."""
    able = (lines.net > 100) & ~lines.card & ~lines.test
    chosen = np.flatnonzero(able & (rng.random(len(lines.net)) < 0.035))
    at = later(rng, lines.at[chosen], (0.02, 20))
    inside = at < setting.calendar.end.astype("datetime64[s]")
    chosen, at = chosen[inside], at[inside]
    part = np.where(rng.random(len(chosen)) < 0.65, 1.0, rng.uniform(0.2, 0.8, len(chosen)))
    amount = np.where(part == 1.0, lines.net[chosen], lines.net[chosen] * part // 100 * 100)
    return Refunds(line=chosen, amount=np.maximum(amount, 1).astype(np.int64), at=at)


def line_table(
    rng: np.random.Generator,
    setting: Setting,
    people: People,
    *,
    parts: tuple[Lines, Refunds],
) -> pa.Table:
    """One row per order line."""
    lines, refunds = parts
    n = len(lines.net)
    status, closed = _line_states(lines, refunds)
    seller = setting.group.someone(rng, "consultant", lines.clinic)
    return table(
        {
            "person": lines.person,
            "rec": lines.record,
            "clinic": lines.clinic,
            "at": lines.at,
            "order_no": order_numbers(people, lines),
            "line_no": lines.line,
            "x_item": lines.item,
            "x_line": np.arange(n),
            "x_bundle": np.where(lines.package < 0, NONE, lines.bundle),
            "x_channel": lines.channel,
            "item_code": pick(setting.items.codes, lines.item),
            "item_name": pick(setting.items.names, lines.item),
            "qty": lines.qty,
            "list_fen": lines.listed,
            "net_fen": lines.net,
            "is_gift": lines.gift,
            "is_test": lines.test,
            "package": pick(PACKAGE_CODES, lines.package),
            "channel": pick(("store", "mini_program", "platform"), lines.channel),
            "sales_staff": pick(setting.group.staff_codes, seller),
            "closed_at": closed,
            "status": pick(("paid", "partly_refunded", "refunded", "void"), status),
        }
    )


def _line_states(lines: Lines, refunds: Refunds) -> tuple[Array, Array]:
    """Return the state of each line (0 paid, 1 partly, 2 wholly refunded) and since when."""
    status = np.zeros(len(lines.net), dtype=np.int64)
    closed = np.full(len(lines.net), NEVER)
    status[refunds.line] = np.where(refunds.amount >= lines.net[refunds.line], 2, 1)
    closed[refunds.line] = refunds.at
    return status, closed


def make_wallets(
    rng: np.random.Generator, setting: Setting, people: People, *, visits: Visits
) -> Wallets:
    """Let some buyers put money on a stored-value card at one of their visits."""
    end = setting.calendar.end.astype("datetime64[s]")
    able = np.flatnonzero((visits.at < end) & ~visits.bare & ~people.test[visits.person])
    place = able[
        rng.random(len(able)) < 0.035 * np.clip(people.budget[visits.person[able]], 0.4, 3)
    ]
    _, first = np.unique(visits.person[place], return_index=True)
    place = place[first]
    principal = TOP_UPS[rng.choice(4, len(place), p=[0.35, 0.35, 0.2, 0.1])]
    return Wallets(
        person=visits.person[place],
        record=visits.record[place],
        clinic=visits.clinic[place],
        at=visits.at[place] + np.timedelta64(600, "s"),
        principal=principal,
        gift=principal * rng.choice([0, 5, 10, 15], len(place)) // 100,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """One position per order of lines: its first line and its total in fen, with its tender."""

    first: Array
    total: Array
    tender: Array
    wallet: Array


def make_orders(
    rng: np.random.Generator, people: People, lines: Lines, *, wallets: Wallets
) -> Orders:
    """Total the orders and decide how each is paid; wallets pay whole orders while they last."""
    count = int(lines.order.max(initial=-1)) + 1
    first = np.searchsorted(lines.order, np.arange(count))
    total = np.bincount(lines.order, weights=lines.net, minlength=count).astype(np.int64)
    tender = rng.choice(len(TENDERS), count, p=np.array(DIRECT_SHARE))
    tender = np.where(lines.channel[first] == VIA_PLATFORM, TENDERS.index("platform"), tender)
    tender = np.where(lines.channel[first] == MINI, TENDERS.index("wechat"), tender)
    wallet_of = np.full(people.count, -1)
    wallet_of[wallets.person] = np.arange(len(wallets.person))
    wallet = wallet_of[lines.person[first]]
    able = np.flatnonzero((wallet >= 0) & (lines.channel[first] == STORE) & (total > 0))
    able = able[lines.at[first[able]] >= wallets.at[wallet[able]]]
    able = able[np.lexsort((lines.at[first[able]], wallet[able]))]
    spent = running(wallet[able], total[able])
    paid = able[spent <= wallets.principal[wallet[able]]]
    tender[paid] = STORED
    return Orders(first=first, total=total, tender=tender, wallet=wallet)


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseCards:
    """One position per course card sold, and the card of each session (-1 none)."""

    line: Array
    of_session: Array
    used: Array


def make_course_cards(
    lines: Lines, sessions: Sessions, mode: Array, *, course: Array
) -> CourseCards:
    """Connect the sessions of card threads with the card sold at the start of their round."""
    sold = np.flatnonzero(lines.card)
    by_session = np.full(len(sessions.thread), -1)
    by_session[lines.session[sold]] = np.arange(len(sold))
    round_start = sessions.nth - sessions.nth % course
    wide = 64
    key = sessions.thread * wide + sessions.nth
    order = np.argsort(key, kind="stable")
    want = sessions.thread * wide + round_start
    place = np.minimum(np.searchsorted(key[order], want), max(len(key) - 1, 0))
    start = order[place] if len(key) else place
    of_session = np.where(mode == CARD, by_session[start], -1)
    used = np.bincount(of_session[of_session >= 0], minlength=len(sold))
    return CourseCards(line=sold, of_session=of_session, used=used)


def brand_of(rng: np.random.Generator, setting: Setting, item: Array) -> Array:
    """Draw a brand for injected and applied products, -1 for the rest."""
    has = setting.items.is_category("injection", "product")[item]
    return np.where(has, rng.choice(4, len(item), p=[0.4, 0.3, 0.2, 0.1]), -1)


def treatment_table(
    rng: np.random.Generator,
    setting: Setting,
    people: People,
    *,
    parts: tuple[Visits, Sessions, Lines, CourseCards],
) -> pa.Table:
    """One row per treatment performed; products are taken home and do not count."""
    visits, sessions, lines, cards = parts
    at = visits.at[visits.of_session]
    done = at < setting.calendar.end.astype("datetime64[s]")
    done &= ~setting.items.is_category("product")[sessions.item]
    place = np.flatnonzero(done)
    visit, item = visits.of_session[place], sessions.item[place]
    card = cards.of_session[place]
    brand, clinic = brand_of(rng, setting, item), visits.clinic[visit]
    moment = _not_before_sale(visits.at[visit] + np.timedelta64(2700, "s"), lines, cards, card=card)
    late = np.where(rng.random(len(place)) < 0.03, rng.integers(1, 12, len(place)), 0)
    batch = np.where(brand >= 0, rng.integers(0, 10_000, len(place)), -1)
    return table(
        {
            "person": sessions.person[place],
            "rec": visits.record[visit],
            "clinic": clinic,
            "at": moment,
            "x_recorded": moment + late.astype("timedelta64[D]"),
            "x_item": item,
            "x_session": place,
            "treatment_no": numbered("ZL", people.first * 60 + np.arange(len(place)), 9),
            "item_code": pick(setting.items.codes, item),
            "item_name": pick(setting.items.names, item),
            "sessions": np.ones(len(place), dtype=np.int64),
            "earned_fen": _earned(sessions, lines, cards)[place],
            "card_no": numbered("LC", np.where(card >= 0, people.first * 10 + card, -1), 9),
            "doctor": pick(setting.group.staff_codes, setting.group.someone(rng, "doctor", clinic)),
            "nurse": pick(setting.group.staff_codes, setting.group.someone(rng, "nurse", clinic)),
            "brand": pick(BRANDS, brand),
            "batch_no": numbered("PH", batch, 6),
        }
    )


def _not_before_sale(moment: Array, lines: Lines, cards: CourseCards, *, card: Array) -> Array:
    """Put a session that holidays moved before the sale of its card right after the sale."""
    on_card = np.flatnonzero(card >= 0)
    sold = lines.at[cards.line[card[on_card]]] + np.timedelta64(1200, "s")
    moment = moment.copy()
    moment[on_card] = np.maximum(moment[on_card], sold)
    return moment


def _earned(sessions: Sessions, lines: Lines, cards: CourseCards) -> Array:
    """Return the fen that each session earns: its own line, or its share of the course card."""
    earned = np.zeros(len(sessions.item), dtype=np.int64)
    pays = np.flatnonzero((lines.session >= 0) & ~lines.card)
    earned[lines.session[pays]] = lines.net[pays]
    by_card = np.flatnonzero(cards.of_session >= 0)
    line = cards.line[cards.of_session[by_card]]
    earned[by_card] = lines.net[line] // np.maximum(lines.qty[line], 1)
    return earned
