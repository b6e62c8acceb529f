"""Course cards and stored-value cards with their movements."""

import numpy as np
import pyarrow as pa

from zhiyan.demo.columns import NONE, Array, Arrow, Compute, numbered, pick, table, times
from zhiyan.demo.money import CourseCards, Orders, Wallets, later
from zhiyan.demo.people import People, Setting
from zhiyan.demo.trade import Lines

YEAR = np.timedelta64(365, "D")


def closed_cards(
    rng: np.random.Generator, setting: Setting, people: People, *, parts: tuple[Lines, CourseCards]
) -> pa.Table:
    """Cards given back: one row with the money returned (negative fen) and the sessions left."""
    lines, cards = parts
    qty = lines.qty[cards.line]
    left = qty - cards.used
    at = later(rng, lines.at[cards.line] + np.timedelta64(200, "D"), (0, 120))
    chosen = (left > 0) & (rng.random(len(left)) < 0.1)
    chosen &= at < setting.calendar.end.astype("datetime64[s]")
    place = np.flatnonzero(chosen)
    line = cards.line[place]
    return table(
        {
            "person": lines.person[line],
            "rec": lines.record[line],
            "clinic": lines.clinic[line],
            "at": at[place],
            "card_no": numbered("LC", people.first * 10 + place, 9),
            "amount": -(lines.net[line] // qty[place] * left[place]),
            "sessions": -left[place],
            "x_item": lines.item[line],
        }
    )


def card_table(
    setting: Setting, people: People, parts: tuple[Lines, CourseCards, Wallets]
) -> pa.Table:
    """One row per card sold."""
    lines, cards, wallets = parts
    line, money = cards.line, len(wallets.at)
    item = np.r_[lines.item[line], np.full(money, -1)]
    at = np.r_[lines.at[line], wallets.at]
    kind = np.repeat([0, 1], [len(line), money])
    number = [
        numbered("LC", people.first * 10 + np.arange(len(line)), 9),
        numbered("CZ", people.first + wallets.person, 9),
    ]
    return table(
        {
            "person": np.r_[lines.person[line], wallets.person],
            "rec": np.r_[lines.record[line], wallets.record],
            "clinic": np.r_[lines.clinic[line], wallets.clinic],
            "at": at,
            "x_item": item,
            "x_used": np.r_[cards.used, np.zeros(money, dtype=np.int64)],
            "card_no": Arrow.concat_arrays([part.cast(pa.string()) for part in number]),
            "type": pick(("course", "stored_value"), kind),
            "item_code": pick(setting.items.codes, item),
            "total_sessions": np.r_[lines.qty[line], np.full(money, NONE)],
            "principal_fen": np.r_[lines.net[line], wallets.principal],
            "gift_fen": np.r_[np.zeros(len(line), dtype=np.int64), wallets.gift],
            "expire_at": at.astype("datetime64[D]").astype("datetime64[s]") + (1 + kind) * YEAR,
        }
    )


def movement_table(
    people: People,
    parts: tuple[pa.Table, pa.Table, pa.Table, tuple[Lines, Orders]],
) -> pa.Table:
    """One row per movement: top-up, use (negative), refund, expiry of what is left."""
    sold, treated, closed, (lines, orders) = parts
    used = treated.filter(Compute.is_valid(treated["card_no"]))
    pays = np.flatnonzero((orders.tender == 5) & (orders.total > 0))
    first = orders.first[pays]
    spend = {
        "person": lines.person[first],
        "rec": lines.record[first],
        "clinic": lines.clinic[first],
        "at": lines.at[first] + np.timedelta64(300, "s"),
        "card_no": numbered("CZ", people.first + lines.person[first], 9),
        "kind": np.ones(len(first), dtype=np.int64),
        "type": np.ones(len(first), dtype=np.int64),
        "sessions": np.full(len(first), NONE),
        "amount": -orders.total[pays],
        "gift": np.zeros(len(first), dtype=np.int64),
    }
    blocks = [_topups(sold), _uses(used), table(spend), _returns(closed)]
    rows = Arrow.concat_tables(block.select(list(spend)) for block in blocks)
    order = np.argsort(times(rows, "at"), kind="stable")
    rows = rows.take(Arrow.array(order))
    kinds = rows["kind"].to_numpy()
    return Arrow.table(
        {
            **{name: rows[name] for name in ("person", "rec", "clinic", "at", "card_no")},
            "txn_no": numbered("KL", people.first * 60 + np.arange(len(order)), 9),
            "card_type": pick(("course", "stored_value"), kinds),
            "type": pick(("topup", "use", "refund", "transfer", "expire"), rows["type"].to_numpy()),
            "sessions": rows["sessions"],
            "amount_fen": rows["amount"],
            "gift_fen": rows["gift"],
        }
    )


def _topups(sold: pa.Table) -> pa.Table:
    kind = np.array([0 if name == "course" else 1 for name in sold["type"].to_pylist()])
    n = sold.num_rows
    return Arrow.table(
        {
            **{name: sold[name] for name in ("person", "rec", "clinic", "at", "card_no")},
            "kind": Arrow.array(kind, type=pa.int64()),
            "type": Arrow.array(np.zeros(n, dtype=np.int64)),
            "sessions": sold["total_sessions"],
            "amount": sold["principal_fen"],
            "gift": sold["gift_fen"],
        }
    )


def _uses(used: pa.Table) -> pa.Table:
    n = used.num_rows
    return Arrow.table(
        {
            **{name: used[name] for name in ("person", "rec", "clinic", "at", "card_no")},
            "kind": Arrow.array(np.zeros(n, dtype=np.int64)),
            "type": Arrow.array(np.ones(n, dtype=np.int64)),
            "sessions": Arrow.array(np.full(n, -1)),
            "amount": Compute.negate(used["earned_fen"]),
            "gift": Arrow.array(np.zeros(n, dtype=np.int64)),
        }
    )


def _returns(closed: pa.Table) -> pa.Table:
    n = closed.num_rows
    zeros: Array = np.zeros(n, dtype=np.int64)
    return Arrow.table(
        {
            **{name: closed[name] for name in ("person", "rec", "clinic", "at", "card_no")},
            "kind": Arrow.array(zeros),
            "type": Arrow.array(zeros + 2),
            "sessions": closed["sessions"],
            "amount": closed["amount"],
            "gift": Arrow.array(zeros),
        }
    )
