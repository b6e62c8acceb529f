"""Contact and content: WeCom, mini-program, messages sent, coupons, hold-out."""

import numpy as np
import pyarrow as pa

from zhiyan.demo.columns import Array, pick, scrambled, table
from zhiyan.demo.people import BASE_CHANCE, BUYER, NEVER, WITH_OFFER
from zhiyan.demo.stage import Stage

ADD_WAYS = ("scan", "search", "card", "group", "mini_program", "link")
ACTIONS = ("view", "favorite", "cart", "share", "search", "book", "video")
ACTION_SHARE = (0.7, 0.05, 0.05, 0.03, 0.06, 0.03, 0.08)
TOPICS = ("skin_care", "anti_age", "aftercare", "sun_care", "hair", "body", "festival")
FORMS = ("image", "video", "live", "text")
APPS = ("mini_program", "official_account", "web", "live")
CAMPAIGNS = ("新春礼遇", "春日焕肤", "夏日防晒", "周年庆", "双十一", "年终回馈", "老友回访")
TOUCH_CHANNELS = ("wecom", "sms", "call", "email", "mp_msg", "oa")
CLASSES = ("marketing", "service", "info")


def friend_table(stage: Stage) -> pa.Table:
    """One row per WeCom friendship."""
    person = np.flatnonzero(stage.records.home["wecom"] >= 0)
    day = np.clip(stage.people.entered[person], 0, None) + stage.rng.integers(0, 30, len(person))
    at = stage.daytime(day)
    place = stage.keep("wecom", person, at)
    person, at = person[place], at[place]
    gone = stage.after(at, 10, 900)
    gone = stage.seen(gone, stage.chance(len(at), 0.16))
    clinic = stage.people.clinic[person]
    return table(
        {
            **stage.base("wecom", person, at),
            "relation_key": stage.serial("GX", len(person), 2),
            "staff": stage.staff("consultant", clinic),
            "add_way": stage.choose(ADD_WAYS, len(person), (0.5, 0.05, 0.15, 0.1, 0.12, 0.08)),
            "deleted_at": gone,
            "relation": pick(("active", "deleted"), (~np.isnat(gone)).astype(np.int64)),
        }
    )


def message_table(stage: Stage) -> pa.Table:
    """One row per WeCom message or reaction; the lively answer more."""
    friend = stage.records.home["wecom"] >= 0
    mean = np.where(friend, np.where(stage.people.reach == BUYER, 11.0, 3.0), 0.0)
    person = stage.per_person(mean)
    at = stage.lively(person)
    place = stage.keep("wecom", person, at)
    person, at = person[place], at[place]
    n = len(person)
    inward = stage.chance(n, 0.25 + 0.3 * stage.people.loyalty[person])
    kind = stage.rng.choice(5, n, p=[0.82, 0.1, 0.04, 0.03, 0.01])
    return table(
        {
            **stage.base("wecom", person, at),
            "message_no": stage.serial("MSG", n, 100),
            "type": pick(("message", "like", "comment", "group_join", "group_leave"), kind),
            "direction": pick(("out", "in"), np.where(kind > 0, 1, inward).astype(np.int64)),
            "staff": stage.staff("consultant", stage.people.clinic[person]),
        }
    )


def web_table(stage: Stage) -> pa.Table:
    """One row per page view or action in the mini-program, more before a session of that item."""
    people, sessions = stage.people, stage.sessions
    known = stage.records.home["mini"] >= 0
    browsing = stage.setting.web_scale * np.where(known, np.where(people.reach == BUYER, 26, 8), 0)
    person = stage.per_person(browsing * stage.rng.gamma(0.9, 1.1, people.count))
    at = stage.lively(person)
    item = stage.wanted(len(person))
    near = np.flatnonzero(stage.chance(len(sessions.person), 0.5))
    before = (stage.rng.gamma(1.1, 5, len(near)) * 86_400).astype(np.int64)
    at = np.r_[at, stage.visits.at[stage.visits.of_session[near]] - before.astype("timedelta64[s]")]
    person, item = np.r_[person, sessions.person[near]], np.r_[item, sessions.item[near]]
    place = stage.keep("mini", person, at)
    person, at, item = person[place], at[place], item[place]
    n = len(person)
    kind = stage.rng.choice(7, n, p=np.array(ACTION_SHARE))
    shown = np.where((kind == 4) | stage.chance(n, 0.25), -1, item)
    number = stage.people.first * 400 + np.arange(n)
    return table(
        {
            **stage.base("mini", person, at),
            "message_id": stage.serial("EV", n, 400),
            "app": stage.choose(APPS, n, (0.82, 0.1, 0.05, 0.03)),
            "type": pick(ACTIONS, kind),
            "page": pick(("pages/home", "pages/item", "pages/article"), np.where(shown < 0, 2, 1)),
            "item_code": pick(stage.setting.items.codes, shown),
            "topic": stage.choose(TOPICS, n, (0.3, 0.2, 0.15, 0.12, 0.08, 0.1, 0.05)),
            "form": stage.choose(FORMS, n, (0.5, 0.3, 0.05, 0.15)),
            "seconds": np.minimum(stage.rng.gamma(1.2, 22, n).astype(np.int64), 1800),
            "session": stage.serial("S", n, 400),
            "campaign": pick(CAMPAIGNS, np.where(stage.chance(n, 0.1), number % 7, -1)),
        }
    )


def touch_table(stage: Stage) -> pa.Table:
    """One row per message sent; sms through its own provider, the rest through the SCRM."""
    people = stage.people
    person = stage.per_person(np.where(people.reach == BUYER, 5.5, 2.0))
    at = stage.lively(person)
    friend = stage.records.home["wecom"][person] >= 0
    n = len(person)
    channel = np.where(friend & stage.chance(n, 0.6), 0, stage.rng.choice([1, 1, 1, 2, 3, 4, 5], n))
    place = stage.keep("scrm", person, at)
    person, at, channel = person[place], at[place], channel[place]
    n = len(place)
    rec = np.where(
        channel == 1, stage.records.home["sms"][person], stage.records.home["scrm"][person]
    )
    silent = (channel == 1) | (channel == 2)
    campaign = (at.astype("datetime64[M]").astype(np.int64) // 2) % len(CAMPAIGNS)
    return table(
        {
            "person": person,
            "rec": rec,
            "clinic": np.full(n, -1),
            "at": at,
            "x_sms": channel == 1,
            "touch_no": stage.serial("CD", n, 60),
            "campaign": pick(CAMPAIGNS, campaign),
            "channel": pick(TOUCH_CHANNELS, channel),
            "class": stage.choose(CLASSES, n, (0.6, 0.3, 0.1)),
            "template": pick(("T01", "T02", "T03", "T04"), stage.rng.integers(0, 4, n)),
            **_reactions(stage, at, 0.1 + 0.35 * people.loyalty[person], silent=silent),
        }
    )


def _reactions(stage: Stage, at: Array, warm: Array, *, silent: Array) -> dict[str, Array]:
    """Draw what followed a message; ``warm`` is the chance to open, ``silent`` channels tell none."""
    n = len(at)
    delivered = stage.seen(at + np.timedelta64(30, "s"), stage.chance(n, 0.94))

    def follows(chance: Array | float) -> Array:
        return stage.seen(stage.after(delivered, 0.001, 2), stage.chance(n, chance))

    opened = follows(warm)
    return {
        "delivered_at": delivered,
        "opened_at": np.where(silent, NEVER, opened),
        "clicked_at": follows(warm * 0.3),
        "replied_at": follows(warm * 0.2),
        "opted_out_at": follows(0.004),
    }


def coupon_table(stage: Stage) -> pa.Table:
    """One row per coupon; it is used by the true response of the person to an offer."""
    people = stage.people
    person = stage.per_person(1.1)
    at = stage.lively(person)
    place = stage.keep("mini", person, at)
    person, at = person[place], at[place]
    n = len(person)
    used = stage.after(at, 0.2, 30)
    used = stage.seen(used, stage.chance(n, WITH_OFFER[people.response[person]]))
    value = np.array([5_000, 10_000, 20_000, 50_000])[stage.rng.integers(0, 4, n)]
    midnight = at.astype("datetime64[D]").astype("datetime64[s]")
    return table(
        {
            **stage.base("mini", person, at),
            "coupon_no": stage.serial("YHQ", n),
            "batch": pick(("B2023", "B2024", "B2025", "B2026"), _year(at) - 2023),
            "value_fen": value,
            "new_customer": stage.chance(n, 0.2),
            "expire_at": midnight + np.timedelta64(31, "D"),
            "used_at": used,
        }
    )


def _year(at: Array) -> Array:
    return np.clip(at.astype("datetime64[Y]").astype(np.int64) + 1970, 2023, 2026)


def holdout_table(stage: Stage) -> pa.Table:
    """One row per person held out: one in twenty, by her number, from the start of each year."""
    number = scrambled(stage.people.number, 99_999_989)
    person = np.flatnonzero(number % 20 == 7)
    year = stage.end.astype("datetime64[Y]")
    at = np.full(len(person), year.astype("datetime64[s]") + np.timedelta64(9, "h"))
    place = stage.keep("scrm", person, at)
    person, at = person[place], at[place]
    until = np.full(len(person), (year + 1).astype("datetime64[s]"))
    return table(
        {
            **stage.base("scrm", person, at),
            "holdout_no": stage.serial("DZ", len(person), 2),
            "scope": stage.choose(("global", "program"), len(person), (0.8, 0.2)),
            "until": until,
        }
    )


def response_truth(stage: Stage) -> dict[str, Array]:
    """Return the chance of buying without and with an offer, in millionths, per person."""
    kind = stage.people.response
    return {
        "base_ppm": np.rint(BASE_CHANCE[kind] * 1e6).astype(np.int64),
        "offer_ppm": np.rint(WITH_OFFER[kind] * 1e6).astype(np.int64),
    }
