"""Which change of a weight would reorder the head of the queue.

Customers with the same action and the same strengths have the same score under any weights, and
the tie between them is settled by their ids. So it is enough to keep the first few of each such
group: what is left is small and the answer exact.
"""

from dataclasses import dataclass
from math import inf

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sqlglot import exp

from zhiyan.analytics.ranking import Board, Least, Shift, least_shift, shifted
from zhiyan.core.action import WEIGHT_UNIT
from zhiyan.lang.bounds import named
from zhiyan.pipeline.queue.rank import Request
from zhiyan.pipeline.queue.sql import Run, drop, make_tables

#: Changes of a weight that the report tries, in percent.
STEPS = (-25, -10, 10, 25)


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightEffect:
    """What changes of one tag's weight do to the head of the queue.

    ``weight`` is in millionths. ``steps`` maps a change in percent to its effect. ``least`` are the
    smallest changes (millionths, signed) that alter the order of the head and its members, None
    where no weight from 0 to 1 does.
    """

    tag: str
    weight: int
    actions: tuple[str, ...]
    steps: dict[int, Shift]
    least: Least

    @property
    def matters(self) -> bool:
        """True if some allowed weight alters the head."""
        return self.least.reorders is not None

    def percent(self, change: int | None) -> float | None:
        """Return a change in percent of the weight, None for none and for a weight of 0."""
        return None if change is None or not self.weight else 100 * change / self.weight


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """The report: one line per weight, the most sensitive first. ``size`` is the head's length."""

    size: int
    effects: tuple[WeightEffect, ...]


def sensitivity(run: Run, request: Request, *, size: int) -> Sensitivity:
    """Try every weight of the queue that is asked for; ``size`` is the length of the head."""
    tags = tuple(dict.fromkeys(b.tag for action in run.actions for b in action.based_on))
    if not tags:
        return Sensitivity(size=0, effects=())
    board = _board(run, request, tags, size=size)
    weights = board.weights
    effects = [
        WeightEffect(
            tag=tag,
            weight=int(weights[place]),
            actions=tuple(a.code for a in run.actions if tag in {b.tag for b in a.based_on}),
            steps={
                percent: shifted(board, place, _changed(int(weights[place]), percent))
                for percent in STEPS
            },
            least=least_shift(board, place, most=WEIGHT_UNIT),
        )
        for place, tag in enumerate(tags)
    ]
    ordered = sorted(effects, key=_how_soon)
    return Sensitivity(size=min(size, len(board.classes)), effects=tuple(ordered))


def _how_soon(effect: WeightEffect) -> tuple[bool, float, float, str]:
    member, order = effect.percent(effect.least.replaces), effect.percent(effect.least.reorders)
    return (
        member is None and order is None,
        abs(member) if member is not None else inf,
        abs(order) if order is not None else inf,
        effect.tag,
    )


def _changed(weight: int, percent: int) -> int:
    """Return a weight moved by some percent, within 0 to 1, in whole millionths."""
    moved = (weight * (100 + percent) + 50) // 100
    return min(WEIGHT_UNIT, max(0, moved))


def _board(run: Run, request: Request, tags: tuple[str, ...], *, size: int) -> Board:
    """Return the entries that can stand in the head under some weights."""
    make_tables(run)
    parts = [
        _groups(run, place, request, size=size)
        for place, action in enumerate(run.actions)
        if request.action in ("", action.code)
    ]
    drop(run.engine)
    columns: dict[str, list[NDArray[np.int64]]] = {"class": [], "customer": [], "action": []}
    rows: list[NDArray[np.int64]] = []
    for place, part in parts:
        count = part.num_rows
        columns["class"].append(np.full(count, run.actions[place].rank, dtype=np.int64))
        columns["action"].append(np.full(count, place, dtype=np.int64))
        columns["customer"].append(_ints(part, "customer_id"))
        strengths = np.zeros((count, len(tags)), dtype=np.int64)
        for n, basis in enumerate(run.actions[place].based_on):
            strengths[:, tags.index(basis.tag)] += _ints(part, f"x_{n}")
        rows.append(strengths)
    weights = {b.tag: run.weight(b) for action in run.actions for b in action.based_on}
    return Board(
        classes=np.concatenate(columns["class"]),
        customers=np.concatenate(columns["customer"]),
        actions=np.concatenate(columns["action"]),
        strengths=np.concatenate(rows),
        weights=np.array([weights[tag] for tag in tags], dtype=np.int64),
        size=size,
    )


def _ints(table: pa.Table, name: str) -> NDArray[np.int64]:
    return np.array(table.column(name).to_pylist(), dtype=np.int64)


def _groups(run: Run, place: int, request: Request, *, size: int) -> tuple[int, pa.Table]:
    """Return the first customers of each group of equal strengths of one action."""
    action = run.actions[place]
    open_to = (
        exp.select("customer_id").from_("queue_entry").where(f"action = {place}", "NOT blocked")
    )
    if request.clinic:
        open_to = open_to.where("clinic = $clinic", dialect="duckdb")
    if request.owner and request.owner != action.owner:
        open_to = open_to.where("owner = $owner", dialect="duckdb")
    strengths = [named(run.strength(basis), f"x_{n}") for n, basis in enumerate(action.based_on)]
    names = [f"x_{n}" for n in range(len(strengths))]
    rows = run.customers().select("customer_id", *strengths, copy=False)
    members = (
        exp.select(*names, f"unnest(min(customer_id, {size})) AS customer_id")
        .from_(rows.subquery("entry"))
        .join(open_to.subquery("open"), using=["customer_id"])
        .group_by(*names)
    )
    return place, run.query(members, {"clinic": request.clinic, "owner": request.owner})
