"""The world: seeded, made chunk by chunk, each chunk on its own stream of chance."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from zhiyan.demo import bonds, care, contact
from zhiyan.demo.calendar import make_calendar
from zhiyan.demo.cards import card_table, closed_cards, movement_table
from zhiyan.demo.cycles import make_sessions, make_threads
from zhiyan.demo.group import make_group
from zhiyan.demo.items import load_items
from zhiyan.demo.money import (
    line_table,
    make_course_cards,
    make_orders,
    make_refunds,
    make_wallets,
    treatment_table,
)
from zhiyan.demo.payments import payment_table
from zhiyan.demo.people import Setting, make_people
from zhiyan.demo.records import make_records
from zhiyan.demo.stage import Stage
from zhiyan.demo.trade import make_lines, payment_modes
from zhiyan.demo.visits import appointment_table, consult_table, lay_visits, visit_table
from zhiyan.errors import Problem, UsageError

CHUNK = 20_000
LEAST, MOST = 100, 5_000_000
#: Records that a chunk of persons can have at most, per person.
RECORD_ROOM = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """The life of up to ``CHUNK`` persons: events per kind, in local time, one table each.

    Every table has ``person`` (position in the chunk), ``rec`` (position in the records), ``clinic``
    (position, -1 none), ``at`` (when it occurred), the columns of its kind, and ``x_`` columns that
    only exports need.
    """

    index: int
    stage: Stage
    tables: dict[str, pa.Table]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A clinic group with its customers; chunks are made when asked for, and always the same.

    ``chunk_size`` bounds the memory; another size gives another (equally lawful) world.
    """

    customers: int
    setting: Setting
    chunk_size: int = CHUNK

    @property
    def chunk_count(self) -> int:
        """Number of chunks."""
        return -(-self.customers // self.chunk_size)

    def chunk(self, index: int) -> Chunk:
        """Make chunk ``index`` (from 0)."""
        first = index * self.chunk_size
        count = min(self.chunk_size, self.customers - first)
        rng = np.random.default_rng(np.random.SeedSequence([self.setting.seed, 1, index]))
        stage, tables = _live(rng, self.setting, first, count=count)
        return Chunk(index=index, stage=stage, tables=tables)

    def chunks(self) -> Iterator[Chunk]:
        """Make all chunks, one after the other."""
        for index in range(self.chunk_count):
            yield self.chunk(index)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The simulated days: ``start`` included, ``end`` excluded, business time."""

    start: date = date(2023, 9, 1)
    end: date = date(2026, 9, 1)


def build_world(
    customers: int,
    seed: int = 1,
    *,
    span: Span | None = None,
    items: Path | None = None,
    web_scale: float = 1.0,
) -> World:
    """Prepare a clinic group.

    Args:
        customers: how many persons, leads included, 100 to 5,000,000.
        seed: the same seed gives the same bytes.
        span: simulated days; three years to 2026-09-01 if not given.
        items: another catalogue file than the pack's ``items.yaml``.
        web_scale: multiplies the page views (1.0: a few dozen per active customer).

    Raises:
        UsageError: ``ZY180`` if the number of customers or the span cannot be simulated.
        DefinitionError: ``ZY280`` if there is no item catalogue.

    Example:
        >>> world = build_world(1_000, seed=7)
        >>> world.chunk_count
        1
    """
    span = span or Span()
    _check(customers, span)
    start, end = np.datetime64(span.start, "D"), np.datetime64(span.end, "D")
    rng = np.random.default_rng(np.random.SeedSequence([seed, 0]))
    clinics = min(30, max(6, customers // 30_000))
    setting = Setting(
        group=make_group(rng, clinics, end),
        items=load_items(items),
        calendar=make_calendar(start, end),
        seed=seed,
        web_scale=web_scale,
    )
    return World(customers=customers, setting=setting)


def _check(customers: int, span: Span) -> None:
    if LEAST <= customers <= MOST and (span.end - span.start).days >= 200:
        return
    raise UsageError(
        Problem(
            code="ZY180",
            message=f"cannot simulate {customers} customers from {span.start} to {span.end}",
            hint=f"{LEAST} to {MOST} customers, at least 200 days",
        )
    )


def _live(
    rng: np.random.Generator, setting: Setting, first: int, *, count: int
) -> tuple[Stage, dict[str, pa.Table]]:
    people = make_people(rng, setting, first, count=count)
    records = make_records(rng, people, first * RECORD_ROOM)
    threads = make_threads(rng, setting, people)
    sessions = make_sessions(rng, setting, people, threads=threads)
    visits = lay_visits(rng, setting, people, parts=(sessions, records))
    stage = Stage(
        rng=rng,
        setting=setting,
        people=people,
        records=records,
        threads=threads,
        sessions=sessions,
        visits=visits,
    )
    tables = {**_trade(stage), **_contact(stage)}
    tables["member_level"], tables["points_txn"] = bonds.member_tables(stage, tables["payment"])
    return stage, dict(sorted(tables.items()))


def _trade(stage: Stage) -> dict[str, pa.Table]:
    """Make what is booked, sold, paid and performed."""
    rng, setting, people = stage.rng, stage.setting, stage.people
    visits, sessions, records = stage.visits, stage.sessions, stage.records
    mode = payment_modes(rng, setting, people, parts=(sessions, records))
    lines = make_lines(rng, setting, people, parts=(visits, sessions, records, mode))
    refunds = make_refunds(rng, setting, lines)
    wallets = make_wallets(rng, setting, people, visits=visits)
    orders = make_orders(rng, people, lines, wallets=wallets)
    cards = make_course_cards(lines, sessions, mode, course=setting.items.course[sessions.item])
    closed = closed_cards(rng, setting, people, parts=(lines, cards))
    sold = card_table(setting, people, (lines, cards, wallets))
    treated = treatment_table(rng, setting, people, parts=(visits, sessions, lines, cards))
    return {
        "visit": visit_table(rng, setting, people, visits=visits),
        "appointment": appointment_table(rng, setting, people, parts=(visits, sessions)),
        "consult": consult_table(rng, setting, people, parts=(visits, sessions)),
        "order_line": line_table(rng, setting, people, parts=(lines, refunds)),
        "payment": payment_table(
            rng, people, (lines, refunds, wallets, orders), closed_cards=closed
        ),
        "treatment": treated,
        "card": sold,
        "card_txn": movement_table(people, (sold, treated, closed, (lines, orders))),
    }


def _contact(stage: Stage) -> dict[str, pa.Table]:
    """Make everything else; a name with a dot is a part of the kind before the dot."""
    return {
        "lead": bonds.lead_table(stage),
        "profile.his": bonds.profile_table(stage, "his"),
        "profile.his_old": bonds.profile_table(stage, "his_old"),
        "profile.mini": bonds.profile_table(stage, "mini"),
        "assignment": bonds.assignment_table(stage),
        "household": bonds.household_table(stage),
        "referral": bonds.referral_table(stage),
        "campaign_member": bonds.invited_table(stage),
        "task": bonds.task_table(stage),
        "manual_tag": bonds.manual_table(stage),
        "legal_case": bonds.case_table(stage),
        "rights_request": bonds.rights_table(stage),
        "wecom_contact": contact.friend_table(stage),
        "wecom_event": contact.message_table(stage),
        "web_event": contact.web_table(stage),
        "touch": contact.touch_table(stage),
        "coupon": contact.coupon_table(stage),
        "holdout": contact.holdout_table(stage),
        "followup.his": care.followup_table(stage),
        "followup.call": care.call_table(stage),
        "survey": care.survey_table(stage),
        "complaint": care.complaint_table(stage),
        "review": care.review_table(stage),
        "adverse_event": care.adverse_table(stage),
        "medical_flag": care.flag_table(stage),
        "skin_test": care.skin_table(stage),
        "consent.his": care.consent_table(stage, "his"),
        "consent.mini": care.consent_table(stage, "mini"),
    }
