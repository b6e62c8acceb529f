"""The world behaves as clinics do, and always the same for the same seed."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from zhiyan.core.kinds import KINDS
from zhiyan.demo.columns import Compute, times
from zhiyan.demo.people import BUYER, LEAD
from zhiyan.demo.world import Chunk, Span, build_world
from zhiyan.errors import UsageError


def test_same_seed_same_tables_other_seed_other_tables():
    first, again, other = (build_world(200, seed=s).chunk(0).tables for s in (5, 5, 6))
    assert all(first[name].equals(again[name]) for name in first)
    assert not first["order_line"].equals(other["order_line"])


def test_a_chunk_does_not_depend_on_the_chunks_before_it():
    world = replace(build_world(400, seed=5), chunk_size=200)
    alone = world.chunk(1).tables["payment"]
    in_turn = list(world.chunks())[1].tables["payment"]
    assert alone.equals(in_turn)
    assert world.chunk_count == 2


@pytest.mark.parametrize("customers", [0, 99, 5_000_001])
def test_impossible_sizes_are_refused(customers: int):
    with pytest.raises(UsageError) as caught:
        build_world(customers)
    assert caught.value.code == "ZY180"


def test_a_short_span_is_refused_and_another_span_is_kept():
    with pytest.raises(UsageError):
        build_world(200, span=Span(start=date(2025, 1, 1), end=date(2025, 3, 1)))
    world = build_world(200, span=Span(start=date(2024, 1, 1), end=date(2025, 1, 1)))
    paid = times(world.chunk(0).tables["payment"], "at")
    assert paid.min() >= np.datetime64("2023-11-01")
    assert paid.max() < np.datetime64("2025-01-01")


def test_every_kind_occurs(chunk: Chunk):
    made = {name.partition(".")[0] for name in chunk.tables}
    # scores come from models, never from a source
    assert made == set(KINDS) - {"model_score"}


def test_codes_stay_inside_their_closed_domains(chunk: Chunk):
    for name, rows in chunk.tables.items():
        kind = KINDS[name.partition(".")[0]]
        for column in kind.columns:
            if column.values and column.name in rows.column_names:
                flat = rows[column.name].combine_chunks()
                flat = flat.flatten() if column.type.value == "codes" else flat
                seen = set(Compute.unique(flat).to_pylist()) - {None}
                assert seen <= set(column.values), (name, column.name)


def test_nothing_happens_at_or_after_the_end(chunk: Chunk):
    end = np.datetime64("2026-09-01")
    for name, rows in chunk.tables.items():
        assert (times(rows, "at") < end).all(), name
        for column in KINDS[name.partition(".")[0]].columns:
            if (
                column.type.value == "moment"
                and not column.plan
                and column.name in rows.column_names
            ):
                moment = times(rows, column.name)
                assert (moment[~np.isnat(moment)] < end).all(), (name, column.name)


def test_bookings_lie_ahead(chunk: Chunk):
    booked = chunk.tables["appointment"].filter(
        Compute.equal(chunk.tables["appointment"]["status"], "booked")
    )
    assert booked.num_rows > 20
    assert (times(booked, "appt_at") > np.datetime64("2026-08-31")).mean() > 0.9


def gaps(chunk: Chunk, codes: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return (number of the gap within the thread, observed gap / interval of the item)."""
    stage = chunk.stage
    sessions, items = stage.sessions, stage.setting.items
    wanted = np.isin(np.array(items.codes)[sessions.item], codes)
    away = stage.people.returned[sessions.person] < stage.setting.calendar.span
    order = np.lexsort((sessions.nth, sessions.thread))
    order = order[wanted[order] & ~away[order]]
    thread, day, nth = sessions.thread[order], sessions.day[order], sessions.nth[order]
    follows = (thread[1:] == thread[:-1]) & (nth[1:] == nth[:-1] + 1)
    ratio = (day[1:] - day[:-1]) / items.interval[sessions.item[order][1:]]
    return nth[1:][follows], ratio[follows]


def test_gaps_lie_near_the_interval_of_the_item():
    world = build_world(7_000, seed=3)
    number, ratio = gaps(world.chunk(0), ("IN01", "IN02", "IN03", "IN04"))
    assert len(ratio) > 200
    assert 0.9 < np.median(ratio[number == 1]) < 1.2
    assert 0.1 < np.std(np.log(ratio)) < 0.3


def test_gaps_lengthen_from_session_to_session(chunk: Chunk):
    """Compare gaps of the same person and item, so that who stays long enough plays no role."""
    stage = chunk.stage
    sessions, items = stage.sessions, stage.setting.items
    back = stage.people.returned < stage.setting.calendar.span
    simple = (items.course[sessions.item] == 1) & (items.interval[sessions.item] >= 20)
    growth: list[float] = []
    for thread in np.unique(sessions.thread[simple & ~back[sessions.person]]):
        days = np.sort(sessions.day[sessions.thread == thread])
        if len(days) >= 5:
            gap = np.diff(days)
            growth.append(float(np.log(gap[-1] / gap[0]) / (len(gap) - 1)))
    assert len(growth) > 60
    error = np.std(growth) / np.sqrt(len(growth))
    assert np.mean(growth) > 2 * error
    assert abs(np.mean(growth) - np.log(1.018)) < 4 * error


def test_upkeep_between_courses_is_longer_than_gaps_inside(chunk: Chunk):
    items = chunk.stage.setting.items
    code = "EN01"
    course = int(items.course[items.position(code)])
    number, ratio = gaps(chunk, (code,))
    assert 0.85 < np.median(ratio[number % course != 0]) < 1.25
    assert np.median(ratio[number % course == 0]) > 1.7


def test_people_lapse_and_some_return(chunk: Chunk):
    people, span = chunk.stage.people, chunk.stage.setting.calendar.span
    left = people.departed < span
    back = left & (people.returned < span)
    assert 0.35 < left.mean() < 0.85
    assert 0.03 < back.sum() / left.sum() < 0.2
    sessions = chunk.stage.sessions
    away = (sessions.day >= people.departed[sessions.person] + 5) & (
        sessions.day < people.returned[sessions.person]
    )
    # only the closing week can move a session a few days into the time of absence
    assert away.mean() < 0.01


def test_shares_are_plausible(chunk: Chunk):
    tables, people = chunk.tables, chunk.stage.people
    status = tables["appointment"]["status"].to_pylist()
    shown, missed = status.count("arrived"), status.count("no_show")
    assert 0.05 < missed / (missed + shown) < 0.2
    assert 0 < status.count("cancelled_by_clinic") / len(status) < 0.05
    assert status.count("rescheduled") > status.count("cancelled_by_clinic")
    amount = tables["payment"]["amount_fen"].to_numpy()
    assert 0.01 < -amount[amount < 0].sum() / amount[amount > 0].sum() < 0.1
    lost = tables["consult"]["result"].to_pylist().count("lost")
    assert 0.2 < lost / tables["consult"].num_rows < 0.8
    assert 0.7 < (people.reach > LEAD).mean() < 0.85
    assert 0.55 < (people.reach == BUYER).mean() < 0.75
    lines = tables["order_line"].num_rows / people.count / 3
    assert 0.5 < lines < 1.5
    assert 3 < tables["web_event"].num_rows / people.count < 40


def test_spring_festival_is_quiet_and_demand_has_seasons(chunk: Chunk):
    day = times(chunk.tables["visit"], "at").astype("datetime64[D]")
    closed = (day >= np.datetime64("2025-01-28")) & (day < np.datetime64("2025-02-04"))
    assert closed.sum() == 0
    weekday = (day.astype(np.int64) + 3) % 7
    month = times(chunk.tables["lead"], "at").astype("datetime64[M]").astype(np.int64) % 12
    assert (month == 10).sum() > (month == 1).sum() * 1.1
    assert len(np.unique(weekday)) == 7


def test_money_agrees_with_what_was_sold(chunk: Chunk):
    tables = chunk.tables
    lines, paid = tables["order_line"], tables["payment"]
    sold: dict[str, int] = {}
    for order, net in zip(lines["order_no"].to_pylist(), lines["net_fen"].to_pylist(), strict=True):
        sold[order] = sold.get(order, 0) + net
    got: dict[str, int] = {}
    back: dict[str, int] = {}
    rows = zip(paid["order_no"].to_pylist(), paid["amount_fen"].to_pylist(), strict=True)
    for order, amount in rows:
        (got if amount > 0 else back)[order] = (got if amount > 0 else back).get(order, 0) + amount
    assert all(got.get(order, 0) == net for order, net in sold.items())
    assert all(-amount <= sold[order] for order, amount in back.items() if order in sold)
    top_ups = {order for order in got if order not in sold}
    assert top_ups
    assert all(order.startswith("CZ") for order in top_ups)


def test_cards_are_never_overdrawn(chunk: Chunk):
    rows = chunk.tables["card_txn"]
    money: dict[str, int] = {}
    sessions: dict[str, int] = {}
    columns = (rows[name].to_pylist() for name in ("card_no", "amount_fen", "sessions"))
    for card, amount, count in zip(*columns, strict=True):
        money[card] = money.get(card, 0) + amount
        sessions[card] = sessions.get(card, 0) + (count or 0)
        assert money[card] >= 0, card
        assert sessions[card] >= 0, card


def test_stored_value_pays_only_what_was_topped_up(chunk: Chunk):
    paid = chunk.tables["payment"]
    kind = paid["x_kind"].to_numpy()
    stored = np.array(paid["tender"].to_pylist()) == "stored_value"
    amount = paid["amount_fen"].to_numpy()
    assert 0 < amount[stored & (amount > 0)].sum() <= amount[kind == 3].sum()


def test_packages_add_up_to_their_price(chunk: Chunk):
    rows = chunk.tables["order_line"]
    rows = rows.filter(Compute.is_valid(rows["package"]))
    assert rows.num_rows > 20
    total: dict[str, int] = {}
    price: dict[str, int] = {}
    columns = (rows[name].to_pylist() for name in ("order_no", "net_fen", "x_bundle"))
    for order, net, bundle in zip(*columns, strict=True):
        total[order] = total.get(order, 0) + net
        price[order] = bundle
    assert total == price


def test_special_people_exist(chunk: Chunk):
    people = chunk.stage.people
    end = np.datetime64("2026-09-01")
    age = (end - people.birth).astype(int) / 365.25
    assert (age < 18).sum() >= 5
    mothers = np.flatnonzero(people.relation == 1)
    assert len(mothers) >= 10
    daughters = mothers + 1
    gap = (people.birth[daughters] - people.birth[mothers]).astype(int) / 365.25
    assert (people.relation[daughters] == 2).all()
    assert ((gap > 20) & (gap < 29)).all()
    flags = set(chunk.tables["medical_flag"]["flag"].to_pylist())
    assert {"pregnant", "lactating", "allergy"} <= flags
    actions = chunk.tables["consent.his"]["action"].to_pylist()
    assert 0 < actions.count("withdrawn") < actions.count("granted") * 0.2
    assert people.test.sum() >= 2
