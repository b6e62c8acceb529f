"""Who somebody is to the group: lead, file, owner, family, referrer, member level, points, cases."""

import numpy as np
import pyarrow as pa

from zhiyan.demo.calendar import DAY
from zhiyan.demo.columns import (
    NONE,
    Array,
    Arrow,
    Column,
    Compute,
    numbered,
    pick,
    ranks,
    running,
    table,
    times,
)
from zhiyan.demo.group import CITIES, DISTRICTS, PROVINCES
from zhiyan.demo.people import BUYER, CHANNELS, LEAD
from zhiyan.demo.records import NICK
from zhiyan.demo.stage import Stage

OCCUPATIONS = ("office", "student", "self_employed", "media", "homemaker", "other")
STAGES = ("raw", "contacted", "qualified", "booked", "visited", "won", "closed")
INVALID = ("wrong_number", "duplicate", "no_intent", "too_far")
LEAD_CAMPAIGNS = ("首约活动", "周年庆", "夏日防晒")
RELATIONS = ("self", "mother", "daughter", "companion", "companion")
TIERS = ("black", "gold", "silver", "basic")
#: Net spend in fen from which a level is granted, highest first.
TIER_FROM = (10_000_000, 4_000_000, 1_000_000, 1)
CUSTOMER_TYPES = ("person", "corporate", "staff")
RIGHTS = ("access", "copy", "correct", "delete", "tag_delete", "restrict", "explain")


def lead_table(stage: Stage) -> pa.Table:
    """One row per lead; everybody came in as one, some come again later."""
    people, n = stage.people, stage.people.count
    again = np.flatnonzero(stage.chance(n, 0.15))
    person = np.r_[np.arange(n), again]
    day = np.r_[people.entered, people.entered[again] + stage.rng.integers(40, 600, len(again))]
    at = stage.daytime(day)
    place = stage.keep("crm", person, at)
    second = place >= n
    person, at = person[place], at[place]
    reach = people.reach[person]
    step = np.where(
        reach == BUYER, 5, np.where(reach > LEAD, 4, stage.rng.choice([0, 1, 2, 6], len(place)))
    )
    stage_at = stage.after(at, 0.05, 12)
    step = np.where(np.isnat(stage_at), 0, step)
    channel = people.channel[person]
    channel = np.where(second, stage.rng.integers(0, len(CHANNELS), len(place)), channel)
    item = stage.wanted(len(place))
    lawful = np.where(channel < 5, 1, np.where(channel == 5, 2, 0))
    return table(
        {
            **stage.base("crm", person, at),
            "x_item": item,
            "lead_no": stage.serial("XS", len(place), 4),
            "channel": pick(CHANNELS, channel),
            "campaign": pick(LEAD_CAMPAIGNS, stage.rng.integers(-2, 3, len(place))),
            "item_code": pick(stage.setting.items.codes, item),
            "staff": stage.staff("online", people.clinic[person]),
            "stage_at": stage_at,
            "stage": pick(STAGES, step),
            "invalid_reason": pick(INVALID, np.where(step == 6, item % 4, -1)),
            "lawful_source": pick(("self", "platform", "referral"), lawful),
        }
    )


def profile_table(stage: Stage, source: str) -> pa.Table:
    """One row per file of a person in one source (both clinics of the HIS)."""
    people, records = stage.people, stage.records
    rec, at = _files(stage, source)
    person, clinic = records.person[rec], records.clinic[rec]
    n = len(rec)
    return table(
        {
            "person": person,
            "rec": rec,
            "clinic": clinic,
            "at": at,
            "file_key": numbered("", records.serial[rec], 8),
            **_born(stage, rec, at),
            **_lives(stage, person, clinic),
            **_background(stage, n),
            "customer_type": pick(CUSTOMER_TYPES, np.where(people.employee[person], 2, 0)),
            "origin": pick(CHANNELS, np.where(clinic < 0, -1, people.channel[person])),
            "home_clinic": pick(stage.setting.group.clinic_codes, clinic),
            "is_test": people.test[person],
            "pseudo_name": records.name_kind[rec] == NICK,
            "fake_phone": np.zeros(n, dtype=bool),
        }
    )


def _files(stage: Stage, source: str) -> tuple[Array, Array]:
    """Return the records of a source and when each was opened, in order of time."""
    people, records = stage.people, stage.records
    rec = records.of(source)
    person = records.person[rec]
    later = np.where(records.clinic[rec] == people.clinic[person], 0, 60)
    at = stage.daytime(people.entered[person] + later)
    if source == "his_old":
        at = np.minimum(at, stage.begin - 20 * DAY)
    order = np.argsort(at, kind="stable")
    order = order[at[order] < stage.end]
    return rec[order], at[order]


def _born(stage: Stage, rec: Array, at: Array) -> dict[str, Array | Column]:
    """Return sex and birthday as far as the file has them, else perhaps a stated age."""
    people, n = stage.people, len(rec)
    person = stage.records.person[rec]
    asked = stage.records.clinic[rec] >= 0
    known = stage.records.has_birth[rec] & asked
    stated = ~known & stage.chance(n, 0.45) & asked
    years = (at.astype("datetime64[D]") - people.birth[person]).astype(np.int64) / 365.25
    sex = np.where(stage.chance(n, 0.04), -1, people.male[person].astype(np.int64))
    born = np.where(known, people.birth[person], np.datetime64("NaT", "D"))
    return {
        "gender": pick(("female", "male"), sex),
        "birthdate": born.astype("datetime64[D]"),
        "age_stated": np.where(stated, np.maximum(years.astype(np.int64), 10), NONE),
    }


def _lives(stage: Stage, person: Array, clinic: Array) -> dict[str, Column]:
    """Return province, city and district; the mini-program knows the city only."""
    city = stage.people.city[person]
    spot = city * 4 + stage.rng.integers(0, 4, len(person))
    return {
        "province": pick(PROVINCES, np.where(clinic < 0, -1, city)),
        "city": pick(CITIES, city),
        "district": pick([d for row in DISTRICTS for d in row], np.where(clinic < 0, -1, spot)),
    }


def _background(stage: Stage, count: int) -> dict[str, Column]:
    """Return occupation and marital state, each told by every second person."""
    occupation = np.where(stage.chance(count, 0.5), stage.rng.integers(0, 6, count), -1)
    state = stage.rng.choice(3, count, p=[0.5, 0.45, 0.05])
    marital = np.where(stage.chance(count, 0.5), state, -1)
    return {
        "occupation": pick(OCCUPATIONS, occupation),
        "marital": pick(("single", "married", "other"), marital),
    }


def assignment_table(stage: Stage) -> pa.Table:
    """One row per time that a consultant was responsible for a customer."""
    people = stage.people
    person = np.flatnonzero(people.reach > LEAD)
    first = stage.daytime(np.clip(people.entered[person], 0, None))
    change = stage.after(first, 120, 900)
    change = stage.seen(change, stage.chance(len(person), 0.3))
    moved = np.flatnonzero(~np.isnat(change))
    who = np.r_[person, person[moved]]
    at = np.r_[first, change[moved]]
    ended = np.r_[change, np.full(len(moved), np.datetime64("NaT", "s"))]
    place = stage.keep("his", who, at)
    who, at, ended = who[place], at[place], ended[place]
    return table(
        {
            **stage.base("his", who, at),
            "assignment_no": stage.serial("GS", len(who), 4),
            "staff": stage.staff("consultant", people.clinic[who]),
            "ended_at": ended,
        }
    )


def household_table(stage: Stage) -> pa.Table:
    """One row per member of a declared household."""
    people = stage.people
    person = np.flatnonzero((people.relation == 1) | (people.relation == 2))
    person = person[stage.chance(len(person), 0.9)]
    at = stage.daytime(np.clip(people.entered[person], 0, None) + 3)
    place = stage.keep("his", person, at)
    person, at = person[place], at[place]
    return table(
        {
            **stage.base("his", person, at),
            "household_no": numbered("JT", people.first + people.head[person], 9),
            "relation": pick(RELATIONS, people.relation[person]),
        }
    )


def referral_table(stage: Stage) -> pa.Table:
    """One row per referred person, attached to the person who sent her."""
    people = stage.people
    referee = np.flatnonzero((people.channel == CHANNELS.index("referral")) & (people.reach > LEAD))
    home = np.flatnonzero((people.reach == BUYER) & (stage.records.home["his"] >= 0))
    if len(home) == 0:
        home = np.flatnonzero(stage.records.home["his"] >= 0)
    person = home[stage.rng.integers(0, len(home), len(referee))]
    at = stage.daytime(np.clip(people.entered[referee], 0, None))
    place = stage.keep("his", person, at)
    place = place[person[place] != referee[place]]
    person, at, referee = person[place], at[place], referee[place]
    paid = stage.seen(stage.after(at, 1, 40), people.reach[referee] == BUYER)
    return table(
        {
            **stage.base("his", person, at),
            "x_referee": referee,
            "referral_no": stage.serial("ZJ", len(person), 2),
            "referee_paid_at": paid,
        }
    )


def member_tables(stage: Stage, payments: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Levels granted when the money paid passes a bound, and the points that payments earn."""
    cash = payments.filter(Compute.not_equal(payments["tender"], "stored_value"))
    person = cash["person"].to_numpy()
    at, amount = times(cash, "at"), cash["amount_fen"].to_numpy()
    order = np.lexsort((at, person))
    person, at, amount = person[order], at[order], amount[order]
    spent = running(person, amount)
    level = np.select([spent >= bound for bound in TIER_FROM], [0, 1, 2, 3], 4)
    best = np.minimum.accumulate(level + 10 * (len(level) - np.cumsum(ranks(person) == 0)))
    best -= 10 * (len(level) - np.cumsum(ranks(person) == 0))
    new = np.r_[True, (person[1:] != person[:-1]) | (best[1:] < best[:-1])][: len(person)]
    grant = np.flatnonzero(new & (best < 4))
    levels = _rows(stage, person[grant], at[grant], more={"tier": best[grant]})
    earned = np.flatnonzero(np.abs(amount) >= 10_000)
    points = _rows(stage, person[earned], at[earned], more={"points": amount[earned] // 1000})
    spend = np.flatnonzero(stage.chance(points.num_rows, 0.08) & (points["points"].to_numpy() > 50))
    used = -(points["points"].to_numpy()[spend] // 2)
    when = stage.after(times(points, "at")[spend], 20, 200)
    uses = _rows(stage, points["person"].to_numpy()[spend], when, more={"points": used})
    points = Arrow.concat_tables([points, uses])
    points = points.take(Arrow.array(np.argsort(times(points, "at"), kind="stable")))
    expiry = times(points, "at").astype("datetime64[Y]") + 2
    expiry = np.where(
        points["points"].to_numpy() > 0, expiry.astype("datetime64[s]"), np.datetime64("NaT")
    )
    points = points.append_column("txn_no", stage.serial("JF", points.num_rows, 80))
    points = points.append_column("expire_at", Arrow.array(expiry.astype("datetime64[s]")))
    tiers = pick(TIERS, levels["tier"].to_numpy())
    levels = levels.drop_columns(["tier"]).append_column("tier", tiers)
    return levels.append_column("grant_no", stage.serial("DJ", levels.num_rows, 8)), points


def _rows(stage: Stage, person: Array, at: Array, *, more: dict[str, Array]) -> pa.Table:
    place = stage.keep("crm", person, at)
    taken = {name: values[place] for name, values in more.items()}
    return table({**stage.base("crm", person[place], at[place]), **taken})


def invited_table(stage: Stage) -> pa.Table:
    """One row per person invited to an evening or a lecture."""
    person = stage.per_person(np.where(stage.people.reach == BUYER, 0.25, 0.05))
    at = stage.lively(person)
    place = stage.keep("crm", person, at)
    person, at = person[place], at[place]
    came = stage.seen(stage.after(at, 2, 12), stage.chance(len(person), 0.3))
    return table(
        {
            **stage.base("crm", person, at),
            "member_no": stage.serial("MD", len(person), 8),
            "campaign": stage.choose(
                ("护肤沙龙", "答谢晚宴", "科普讲座"), len(person), (0.5, 0.2, 0.3)
            ),
            "attended_at": came,
        }
    )


def task_table(stage: Stage) -> pa.Table:
    """One row per task of a consultant."""
    person = stage.per_person(np.where(stage.people.reach == BUYER, 0.4, 0.1))
    at = stage.lively(person)
    place = stage.keep("crm", person, at)
    person, at = person[place], at[place]
    return table(
        {
            **stage.base("crm", person, at),
            "task_no": stage.serial("DB", len(person), 10),
            "type": stage.choose(("call_back", "send_plan", "book"), len(person), (0.5, 0.2, 0.3)),
            "due_at": at + np.timedelta64(3, "D"),
            "done_at": stage.seen(stage.after(at, 0.1, 6), stage.chance(len(person), 0.8)),
            "staff": stage.staff("consultant", stage.people.clinic[person]),
        }
    )


def manual_table(stage: Stage) -> pa.Table:
    """One row per tag value that a consultant set by hand."""
    person = stage.per_person(np.where(stage.people.reach > LEAD, 0.12, 0.0))
    at = stage.lively(person)
    place = stage.keep("crm", person, at)
    person, at = person[place], at[place]
    n = len(person)
    which = stage.rng.choice(3, n)
    value = stage.rng.integers(0, 2, n)
    values = ("office", "student", "booked", "refused", "true", "false")
    return table(
        {
            **stage.base("crm", person, at),
            "entry_no": stage.serial("LR", n, 10),
            "tag": pick(("occupation_group", "invite_result", "privacy_vip"), which),
            "value": pick(values, which * 2 + value),
            "author": stage.staff("consultant", stage.people.clinic[person]),
            "reason": pick(("面谈得知", "客户自述"), value),
            "expires_at": at.astype("datetime64[D]").astype("datetime64[s]") + 180 * DAY,
        }
    )


def case_table(stage: Stage) -> pa.Table:
    """One row per legal hold: rare."""
    person = stage.per_person(np.where(stage.people.reach == BUYER, 0.0015, 0.0))
    at = stage.lively(person)
    place = stage.keep("his", person, at)
    person, at = person[place], at[place]
    closed = stage.seen(stage.after(at, 40, 300), stage.chance(len(person), 0.6))
    return table(
        {
            **stage.base("his", person, at),
            "case_no": stage.serial("AJ", len(person), 2),
            "closed_at": closed,
            "status": pick(("active", "closed"), (~np.isnat(closed)).astype(np.int64)),
        }
    )


def rights_table(stage: Stage) -> pa.Table:
    """One row per request of a data subject: rare."""
    person = stage.per_person(np.where(stage.people.reach > LEAD, 0.004, 0.0))
    at = stage.lively(person)
    place = stage.keep("his", person, at)
    person, at = person[place], at[place]
    n = len(person)
    closed = stage.seen(stage.after(at, 1, 14), stage.chance(n, 0.9))
    kind = stage.rng.choice(7, n, p=[0.25, 0.15, 0.15, 0.2, 0.15, 0.05, 0.05])
    state = np.where(np.isnat(closed), 0, np.where(stage.chance(n, 0.95), 1, 2))
    named = Arrow.array(
        [["price_sensitivity"] if k == 4 else None for k in kind.tolist()],
        type=pa.list_(pa.string()),
    )
    return table(
        {
            **stage.base("his", person, at),
            "request_no": stage.serial("QL", n, 2),
            "type": pick(RIGHTS, kind),
            "tag_codes": named,
            "due_at": at.astype("datetime64[D]").astype("datetime64[s]") + 15 * DAY,
            "closed_at": closed,
            "status": pick(("open", "done", "refused"), state),
        }
    )
