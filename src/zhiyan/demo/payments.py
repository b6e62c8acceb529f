"""Payments: of orders, in one or two tenders, top-ups of stored value, and what is paid back."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from zhiyan.demo.columns import Array, Arrow, Column, flags, flat, numbered, pick, table, times
from zhiyan.demo.money import (
    STORED,
    TENDERS,
    Orders,
    Refunds,
    Wallets,
    order_numbers,
)
from zhiyan.demo.people import People
from zhiyan.demo.trade import STORE, Lines

#: Payments come a few minutes after the order.
AT_THE_DESK = np.timedelta64(240, "s")
#: Values of ``x_kind`` of payments; 0 is a payment and 1 its second tender.
REFUND, TOP_UP, CARD_REFUND = 2, 3, 4


def payment_table(
    rng: np.random.Generator,
    people: People,
    parts: tuple[Lines, Refunds, Wallets, Orders],
    *,
    closed_cards: pa.Table,
) -> pa.Table:
    """One row per payment, top-up (positive) and refund (negative)."""
    lines, refunds, wallets, orders = parts
    blocks = [
        *_order_payments(rng, people, lines, orders=orders),
        _refund_rows(people, lines, refunds, orders=orders),
        _topup_rows(rng, people, wallets),
        _card_refunds(closed_cards),
    ]
    rows = Arrow.concat_tables(
        block.append_column("x_kind", Arrow.array(np.full(block.num_rows, kind)))
        for kind, block in enumerate(blocks)
    ).combine_chunks()
    kind: Array = rows["x_kind"].to_numpy()
    refund = flags((kind == REFUND) | (kind == CARD_REFUND))
    serial: Array = people.first * 60 + np.arange(len(kind))
    return (
        rows.append_column("payment_no", numbered("LS", serial, 9))
        .append_column("is_refund", refund)
        .append_column("matched", refund)
    )


def _payment_rows(who: Any, order_no: Column, **columns: Array) -> pa.Table:
    """Make payments of whatever has person, record and clinic columns."""
    n = len(columns["amount"])
    return table(
        {
            "person": who.person,
            "rec": who.record,
            "clinic": who.clinic,
            "at": columns["at"],
            "tender": pick(TENDERS, columns["tender"]),
            "amount_fen": columns["amount"],
            "x_channel": columns.get("channel", np.full(n, STORE)),
            "x_line": columns.get("line", np.full(n, -1)),
            "order_no": order_no,
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Payers:
    """Who pays, at which record and clinic, one position per payment."""

    person: Array
    record: Array
    clinic: Array


def _payers(lines: Lines, line: Array) -> Payers:
    return Payers(person=lines.person[line], record=lines.record[line], clinic=lines.clinic[line])


def _order_payments(
    rng: np.random.Generator, people: People, lines: Lines, *, orders: Orders
) -> list[pa.Table]:
    """Pay each order, some in two tenders."""
    paid = np.flatnonzero(orders.total > 0)
    first, total, tender = orders.first[paid], orders.total[paid], orders.tender[paid]
    split = (rng.random(len(paid)) < 0.08) & (total > 20_000) & (tender != STORED)
    split &= lines.channel[first] == STORE
    second = np.where(split, total // 300 * 100, 0)
    again = np.flatnonzero(split)
    other = rng.choice([0, 1, 3], len(again))
    numbers = order_numbers(people, lines)
    parts = ((first, total - second, tender), (first[again], second[again], other))
    return [
        _payment_rows(
            _payers(lines, line),
            numbers.take(Arrow.array(line)),
            at=lines.at[line] + AT_THE_DESK,
            tender=way,
            amount=amount,
            channel=lines.channel[line],
        )
        for line, amount, way in parts
    ]


def _refund_rows(people: People, lines: Lines, refunds: Refunds, *, orders: Orders) -> pa.Table:
    """Pay back the way it came."""
    return _payment_rows(
        _payers(lines, refunds.line),
        order_numbers(people, lines).take(Arrow.array(refunds.line)),
        at=refunds.at + AT_THE_DESK,
        tender=orders.tender[lines.order[refunds.line]],
        amount=-refunds.amount,
        channel=lines.channel[refunds.line],
        line=refunds.line,
    )


def _topup_rows(rng: np.random.Generator, people: People, wallets: Wallets) -> pa.Table:
    return _payment_rows(
        wallets,
        numbered("CZ", people.first + wallets.person, 9),
        at=wallets.at,
        tender=rng.choice([0, 1, 2], len(wallets.at)),
        amount=wallets.principal,
    )


def _card_refunds(closed_cards: pa.Table) -> pa.Table:
    who = Payers(
        person=closed_cards["person"].to_numpy(),
        record=closed_cards["rec"].to_numpy(),
        clinic=closed_cards["clinic"].to_numpy(),
    )
    return _payment_rows(
        who,
        flat(closed_cards["card_no"]),
        at=times(closed_cards, "at"),
        tender=np.zeros(closed_cards.num_rows, dtype=np.int64),
        amount=closed_cards["amount"].to_numpy(),
    )
