"""Care and feedback: follow-ups, calls, surveys, complaints, reviews, safety flags, consent."""

import numpy as np
import pyarrow as pa

from zhiyan.demo.calendar import DAY
from zhiyan.demo.columns import NONE, Array, Arrow, Column, Compute, pick, table
from zhiyan.demo.people import BUYER, LEAD
from zhiyan.demo.records import PLATFORMS
from zhiyan.demo.stage import Stage
from zhiyan.demo.visits import CONCERNS

FOLLOW_TYPES = ("invite", "postop", "care", "win_back", "other")
FOLLOW_RESULTS = ("booked", "think", "refused", "no_answer", "invalid", "done")
REASONS = ("price", "result", "service", "staff_left", "moved", "need_met", "health", "competitor")
STEPS = ("d1", "d3", "d7", "d30")
INTERESTS = ("sport", "music", "travel", "fashion", "food", "parenting", "art", "pets")
FLAGS = (
    "pregnant",
    "lactating",
    "not_pregnant",
    "anticoagulant",
    "keloid",
    "photosensitive",
    "allergy",
    "neuromuscular",
    "implant",
    "infection",
    "low_immunity",
    "sunburn",
)
FLAG_SHARE = (0.14, 0.08, 0.2, 0.05, 0.08, 0.08, 0.18, 0.01, 0.03, 0.06, 0.02, 0.07)
PURPOSES = ("base", "sensitive", "marketing", "profiling", "publicity", "guardian", "contact")
#: Purpose, share that agrees, and channel (-1: none, else position in the list of channels).
CONSENTS = (
    ("base", 0.97, -1),
    ("sensitive", 0.82, -1),
    ("profiling", 0.7, -1),
    ("guardian", 0.6, -1),
    ("publicity", 0.1, -1),
    ("marketing", 0.6, 0),
    ("marketing", 0.5, 1),
    ("marketing", 0.3, 2),
    ("marketing", 0.4, 4),
)
LEVELS = ("low", "mid", "high")
SKINS = ("dry", "oily", "combo", "neutral", "sensitive")


def followup_table(stage: Stage) -> pa.Table:
    """One row per follow-up after a treatment, or to win somebody back."""
    visits = stage.past_visits()
    step = stage.rng.choice(4, len(visits))
    done = visits[stage.chance(len(visits), 0.4)]
    step = step[: len(done)]
    person, at = stage.visits.person[done], stage.visits.at[done]
    due = at + np.array([1, 3, 7, 30])[step] * DAY
    gone = stage.people.departed
    left = np.flatnonzero((gone < stage.setting.calendar.span - 120) & (gone > 0))
    left = left[stage.chance(len(left), 0.3) & (stage.people.reach[left] == BUYER)]
    back = stage.daytime(gone[left] + stage.rng.integers(60, 115, len(left)))
    kind = np.repeat([1, 3], [len(done), len(left)])
    kind = np.where((kind == 1) & stage.chance(len(kind), 0.3), 2, kind)
    person, at = np.r_[person, left], np.r_[at, back]
    due, step = np.r_[due, back + 2 * DAY], np.r_[step, np.full(len(left), -1)]
    place = stage.keep("his", person, at)
    person, at, due, kind, step = (column[place] for column in (person, at, due, kind, step))
    n = len(place)
    done_at = stage.seen(stage.after(due, 0, 1.5), stage.chance(n, 0.85))
    result = np.where(kind == 3, stage.rng.choice(5, n), np.where(stage.chance(n, 0.75), 5, 3))
    result = np.where(np.isnat(done_at), -1, result)
    reason = np.where((kind == 3) & (result == 2), stage.rng.integers(0, 8, n), -1)
    owner = stage.setting.group.someone(stage.rng, "consultant", stage.people.clinic[person])
    return table(
        {
            **stage.base("his", person, at),
            "followup_no": stage.serial("HF", n),
            "type": pick(FOLLOW_TYPES, kind),
            "plan_step": pick(STEPS, np.where(kind == 1, step, -1)),
            "due_at": due,
            "done_at": done_at,
            "result": pick(FOLLOW_RESULTS, result),
            "reason": pick(REASONS, reason),
            "abnormal": stage.chance(n, 0.01) & (kind == 1),
            "staff": pick(
                stage.setting.group.staff_codes, np.where(stage.chance(n, 0.05), -1, owner)
            ),
        }
    )


def call_table(stage: Stage) -> pa.Table:
    """One row per call of the call centre, as a follow-up."""
    person = stage.per_person(0.7)
    at = stage.lively(person)
    place = stage.keep("call", person, at)
    person, at = person[place], at[place]
    n = len(person)
    kind = stage.rng.choice([0, 2, 3], n, p=[0.6, 0.25, 0.15])
    return table(
        {
            **stage.base("call", person, at),
            "x_seconds": stage.rng.integers(0, 600, n),
            "followup_no": stage.serial("TH", n, 20),
            "type": pick(FOLLOW_TYPES, kind),
            "plan_step": Arrow.nulls(n, pa.string()),
            "due_at": at,
            "done_at": at,
            "result": stage.choose(FOLLOW_RESULTS, n, (0.15, 0.2, 0.12, 0.35, 0.03, 0.15)),
            "reason": Arrow.nulls(n, pa.string()),
            "abnormal": np.zeros(n, dtype=bool),
            "staff": stage.staff("online", stage.people.clinic[person]),
        }
    )


def survey_table(stage: Stage) -> pa.Table:
    """One row per questionnaire sent after a visit."""
    visits = stage.past_visits()
    sent = visits[stage.chance(len(visits), 0.12)]
    person = stage.visits.person[sent]
    at = stage.visits.at[sent] + np.timedelta64(20, "h")
    place = stage.keep("survey", person, at)
    person, at = person[place], at[place]
    n = len(person)
    answered = stage.seen(stage.after(at, 0.01, 6), stage.chance(n, 0.55))
    yes = ~np.isnat(answered)
    mood = np.clip(stage.rng.normal(4.3, 0.8, n) - (stage.people.departed[person] < 200), 1, 5)
    nps = np.clip(np.rint(mood * 2 + stage.rng.normal(0, 1, n)), 0, 10).astype(np.int64)
    ways = ("wecom", "sms", "call", "email", "mp_msg")
    return table(
        {
            **stage.base("survey", person, at),
            "survey_no": stage.serial("Q", n, 20),
            "answered_at": answered,
            "score": np.where(yes, np.rint(mood).astype(np.int64), NONE),
            "nps": np.where(yes, nps, NONE),
            "preferred_channel": pick(ways, np.where(yes, stage.rng.integers(0, 5, n), -1)),
            "interests": subsets(stage, INTERESTS, (0.25, yes)),
            "concerns": subsets(stage, CONCERNS[:6], (0.3, yes)),
        }
    )


def subsets(stage: Stage, values: tuple[str, ...], odds: tuple[float, Array]) -> Column:
    """Draw a sorted subset per row, null where not answered (``odds`` = chance, answered)."""
    chance, answered = odds
    ordered = np.array(sorted(values))
    chosen = stage.rng.random((len(answered), len(ordered))) < chance
    chosen &= answered[:, None]
    offsets = Arrow.array(np.r_[0, np.cumsum(chosen.sum(axis=1))], type=pa.int32())
    lists = Arrow.ListArray.from_arrays(
        offsets, Arrow.array(ordered).take(Arrow.array(np.nonzero(chosen)[1]))
    )
    return Compute.if_else(Arrow.array(answered), lists, Arrow.scalar(None, lists.type))


def complaint_table(stage: Stage) -> pa.Table:
    """One row per complaint."""
    place = _after_visits(stage, 0.004)
    person, at = stage.visits.person[place], stage.after(stage.visits.at[place], 1, 20)
    keep = stage.keep("his", person, at)
    person, at = person[keep], at[keep]
    n = len(person)
    closed = stage.seen(stage.after(at, 2, 50), stage.chance(n, 0.88))
    return table(
        {
            **stage.base("his", person, at),
            "complaint_no": stage.serial("TS", n, 2),
            "type": stage.choose(
                ("medical", "regulator", "service", "price"), n, (0.15, 0.05, 0.5, 0.3)
            ),
            "severity": stage.choose(LEVELS, n, (0.6, 0.3, 0.1)),
            "no_contact": stage.chance(n, 0.1),
            "closed_at": closed,
            "status": pick(("open", "closed"), (~np.isnat(closed)).astype(np.int64)),
        }
    )


def _after_visits(stage: Stage, share: float) -> Array:
    visits = stage.past_visits()
    chosen = visits[stage.chance(len(visits), share)]
    return chosen if len(chosen) else visits[:1]


def review_table(stage: Stage) -> pa.Table:
    """One row per public review on a platform."""
    blocks: list[pa.Table] = []
    for code, platform in enumerate(PLATFORMS):
        person = np.flatnonzero(stage.records.home[platform] >= 0)
        person = person[stage.chance(len(person), 0.12)]
        at = stage.lively(person)
        place = stage.keep(platform, person, at)
        person, at = person[place], at[place]
        n = len(person)
        block = {
            **stage.base(platform, person, at),
            "review_no": stage.serial(f"PJ{code + 1}", n, 2),
            "score": stage.rng.choice([1, 2, 3, 4, 5], n, p=[0.04, 0.03, 0.08, 0.25, 0.6]),
            "platform": Arrow.array([platform] * n, type=pa.string()),
        }
        blocks.append(table(block))
    return Arrow.concat_tables(blocks)


def adverse_table(stage: Stage) -> pa.Table:
    """One row per adverse event after a session."""
    sessions = stage.sessions
    at = stage.visits.at[stage.visits.of_session]
    medical = ~stage.setting.items.is_category("product", "spa")[sessions.item]
    chosen = np.flatnonzero(stage.chance(len(at), 0.003) & medical & (at < stage.end))
    person, item = sessions.person[chosen], sessions.item[chosen]
    at = stage.after(at[chosen], 0.2, 5)
    place = stage.keep("his", person, at)
    person, at, item = person[place], at[place], item[place]
    n = len(person)
    closed = stage.seen(stage.after(at, 3, 40), stage.chance(n, 0.9))
    return table(
        {
            **stage.base("his", person, at),
            "event_no": stage.serial("BL", n, 2),
            "item_code": pick(stage.setting.items.codes, item),
            "x_item": item,
            "severity": stage.choose(LEVELS, n, (0.7, 0.25, 0.05)),
            "closed_at": closed,
            "status": pick(("open", "closed"), (~np.isnat(closed)).astype(np.int64)),
        }
    )


def flag_table(stage: Stage) -> pa.Table:
    """One row per safety flag that a doctor coded; pregnancy is lifted again later."""
    person = stage.per_person(np.where(stage.people.reach > LEAD, 0.07, 0.0))
    at = stage.lively(person)
    flag = stage.rng.choice(len(FLAGS), len(person), p=np.array(FLAG_SHARE))
    flag = np.where((flag < 3) & stage.people.male[person], 6, flag)
    present = np.ones(len(person), dtype=bool)
    lifted = np.flatnonzero((flag < 2) & stage.chance(len(person), 0.5))
    person = np.r_[person, person[lifted]]
    at = np.r_[at, stage.after(at[lifted], 200, 400)]
    flag = np.r_[flag, flag[lifted]]
    present = np.r_[present, np.zeros(len(lifted), dtype=bool)]
    place = stage.keep("his", person, at)
    person, at, flag, present = person[place], at[place], flag[place], present[place]
    detail = np.where(flag == FLAGS.index("allergy"), stage.rng.integers(0, 3, len(flag)), -1)
    return table(
        {
            **stage.base("his", person, at),
            "flag_no": stage.serial("BJ", len(person), 4),
            "flag": pick(FLAGS, flag),
            "detail": pick(("lidocaine", "hyaluronic", "latex"), detail),
            "present": present,
        }
    )


def skin_table(stage: Stage) -> pa.Table:
    """One row per skin test at a visit."""
    visits = stage.past_visits()
    place = visits[stage.chance(len(visits), 0.1)]
    person, at = stage.visits.person[place], stage.visits.at[place]
    n = len(person)
    return table(
        {
            "person": person,
            "rec": stage.visits.record[place],
            "clinic": stage.visits.clinic[place],
            "at": at + np.timedelta64(900, "s"),
            "test_no": stage.serial("PF", n, 10),
            "skin_type": pick(SKINS, (stage.people.name[person] + (at.astype(np.int64) % 2)) % 5),
            "valid": stage.chance(n, 0.95),
        }
    )


def consent_table(stage: Stage, source: str) -> pa.Table:
    """One row per consent given or withdrawn, on paper in the clinic or in the mini-program."""
    blocks = _consents(stage, np.flatnonzero(stage.records.home[source] >= 0))
    columns = [np.concatenate(part) for part in zip(*blocks, strict=True)]
    place = stage.keep(source, columns[0], columns[1])
    who, at, purpose, channel, action = (column[place] for column in columns)
    prefix = "TY" if source == "his" else "XT"
    version = (at > np.datetime64("2025-01-01")).astype(np.int64)
    return table(
        {
            **stage.base(source, who, at),
            "consent_no": stage.serial(prefix, len(place), 30),
            "purpose": pick(PURPOSES, purpose),
            "channel": pick(("wecom", "sms", "call", "email", "mp_msg", "oa"), channel),
            "action": pick(("granted", "withdrawn", "stale"), action),
            "notice_version": pick(("v1", "v2"), version),
            "evidence_ref": stage.serial("PZ", len(place), 30),
        }
    )


def _consents(stage: Stage, person: Array) -> list[tuple[Array, Array, Array, Array, Array]]:
    """Draw (person, moment, purpose, channel, action) of what is given and later withdrawn."""
    joined = stage.daytime(np.clip(stage.people.entered[person], 0, None) + 1)
    born = stage.people.birth[person]
    young = born > stage.end.astype("datetime64[D]") - 18 * 365 * DAY
    blocks: list[tuple[Array, Array, Array, Array, Array]] = []
    for purpose, share, channel in CONSENTS:
        yes = stage.chance(len(person), share) & (young | (purpose != "guardian"))
        back = yes & stage.chance(len(person), 0.06)
        moments = (joined[yes], stage.after(joined[back], 20, 700))
        for action, (who, at) in enumerate(zip((person[yes], person[back]), moments, strict=True)):
            n = len(who)
            codes = (PURPOSES.index(purpose), channel, action)
            told, by, did = (np.full(n, code) for code in codes)
            blocks.append((who, at, told, by, did))
    return blocks
