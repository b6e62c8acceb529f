"""Package lines without a price of their own: the package's price shared by list price.

Shares are whole fen by the largest remainder, so the lines always add up to the package. Ties go by
list price and then by the content of the line, so the order of rows in the file changes nothing.
"""

import numpy as np
import numpy.typing as npt

from zhiyan.pipeline.ingest.arrays import encode, filled, flat, joined
from zhiyan.pipeline.ingest.cells import Cells
from zhiyan.pipeline.ingest.read.arrow import Array, pa, pc

Ints = npt.NDArray[np.int64]


def allocate_packages(cells: Cells) -> int:
    """Fill the empty prices of package lines; return how many lines got one.

    A line takes part if its package is named and its price is empty. Where a package's price or
    the weight of one of its lines cannot be read, all its lines go to quarantine.
    """
    rule = cells.source.allocate
    if rule is None or not all(cells.has(name) for name in (*rule.group, rule.total)):
        return 0
    target, totals = cells.amount(rule.target), cells.amount(rule.total)
    weights = cells.amount(rule.by)
    named = np.ones(cells.length, dtype=bool)
    for name in rule.group:
        named &= filled(cells.text(name))
    lines = named & ~filled(target) & ~cells.faults.gone
    rows = np.flatnonzero(lines)
    if not len(rows):
        return 0
    keys = joined([cells.text(name).take(pa.array(rows)) for name in rule.group], "\x1f")
    group = np.asarray(encode(keys).indices.to_numpy(), dtype=np.int64)
    price = _package_prices(group, _numbers(totals, rows))
    weight = _numbers(weights, rows)
    broken = np.zeros(int(group.max()) + 1, dtype=bool)
    broken[group[cells.faults.bad[rows] | (price[group] < 0)]] = True
    _refuse(cells, rows[broken[group]], rule.target)
    whole = ~broken[group]
    order = _content_order(cells, rows)
    shares = share(group[whole], price, weight=np.maximum(weight[whole], 0), order=order[whole])
    values = np.asarray(
        pc.fill_null(target, 0).to_numpy(zero_copy_only=False), dtype=np.int64
    ).copy()
    empty = ~filled(target)
    values[rows[whole]] = shares
    empty[rows[whole]] = False
    cells.replace_amount(rule.target, pa.array(values, mask=empty))
    return int(whole.sum())


def _numbers(column: Array, rows: Ints) -> Ints:
    return np.asarray(
        pc.fill_null(column.take(pa.array(rows)), -1).to_numpy(zero_copy_only=False), dtype=np.int64
    )


def _package_prices(group: Ints, totals: Ints) -> Ints:
    """Return the price of each package: it stands on every line or on one of them; -1 if on none."""
    price = np.full(int(group.max()) + 1, -1, dtype=np.int64)
    np.maximum.at(price, group, totals)
    return price


def _refuse(cells: Cells, rows: Ints, target: str) -> None:
    mask = np.zeros(cells.length, dtype=bool)
    mask[rows] = True
    cells.faults.add(mask, cells.columns.get(target, target), "package_incomplete")


def _content_order(cells: Cells, rows: Ints) -> Ints:
    columns = [
        flat(cells.table.rows.column(name)).take(pa.array(rows)) for name in cells.table.headers
    ]
    text = joined(columns, "\x1f", nulls_as="")
    return np.asarray(pc.rank(text, tiebreaker="dense").to_numpy(), dtype=np.int64)


def share(group: Ints, price: Ints, *, weight: Ints, order: Ints) -> Ints:
    """Share each group's price among its lines by weight, in whole fen, by largest remainder.

    ``price`` is indexed by group; lines of a group whose weights are all 0 share evenly. ``order``
    breaks ties. Sums per group equal its price exactly.
    """
    sums = np.zeros(len(price), dtype=np.int64)
    np.add.at(sums, group, weight)
    weight = np.where(sums[group] == 0, 1, weight)
    sums = np.zeros(len(price), dtype=np.int64)
    np.add.at(sums, group, weight)
    # Python integers: price times weight may pass 64 bits.
    exact = price[group].astype(object) * weight.astype(object)
    base = np.array(exact // sums[group].astype(object), dtype=np.int64)
    rest = np.array(exact % sums[group].astype(object), dtype=np.int64)
    given = np.zeros(len(price), dtype=np.int64)
    np.add.at(given, group, base)
    sequence = np.lexsort((order, -weight, -rest, group))
    ordered = group[sequence]
    starts = np.r_[0, np.flatnonzero(np.diff(ordered)) + 1] if len(ordered) else np.zeros(0, int)
    position = np.arange(len(ordered)) - np.repeat(starts, np.diff(np.r_[starts, len(ordered)]))
    extra = np.zeros(len(group), dtype=np.int64)
    extra[sequence] = position < (price - given)[ordered]
    return base + extra
