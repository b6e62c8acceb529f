"""A file in the making: text columns, planted problems, and what is expected of each row."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from zhiyan.demo.columns import Array, Arrow, Column, Compute, flat

#: Outcomes under which a row itself is stored (once) as the event that it states.
STORED = frozenset({"", "clean", "null", "flag", "review", "correction", "refund"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One planted problem: place, what is there, what it should become, and the outcome.

    ``twin`` is the index of the row that this one repeats.
    """

    index: int
    column: str
    line: int
    problem: str
    raw: str
    clean: str
    expected: str
    twin: int = -1


@dataclass(slots=True, kw_only=True)
class Draft:
    """One table of text on its way into a file.

    ``columns`` are Arrow text (empty text for null). ``money`` holds the true fen of money columns,
    null counted as 0. ``top`` is the physical row (from 1) of the first data row, ``breaks`` the
    indices of rows before which one more physical row (blank or subtotal) stands. A row carries at
    most one problem; ``dropped`` counts the physical rows beside ``header_rows`` that are no data;
    ``outcome`` maps the index of a planted row to what is expected of it.
    """

    file: str
    kinds: tuple[str, ...]
    columns: dict[str, Column]
    sheet: str = ""
    encoding: str = "utf-8"
    money: dict[str, Array] = field(default_factory=dict[str, Array])
    top: int = 2
    header_rows: int = 1
    breaks: list[int] = field(default_factory=list[int])
    marks: list[Mark] = field(default_factory=list[Mark])
    outcome: dict[int, str] = field(default_factory=dict[int, str])
    dropped: int = 0
    edited: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    @property
    def count(self) -> int:
        """Number of data rows."""
        return len(next(iter(self.columns.values())))

    def row(self, index: int) -> int:
        """Return the physical row (from 1) of a data row."""
        return self.top + index + bisect_right(self.breaks, index)

    def cells(self, column: str) -> list[str]:
        """Return a column as a list that may be changed in place."""
        if column not in self.edited:
            self.edited[column] = self.columns[column].to_pylist()
        return self.edited[column]

    def final(self) -> dict[str, Column]:
        """Return all columns with the changes made."""
        for name, cells in self.edited.items():
            self.columns[name] = Arrow.array(cells, type=pa.string())
        self.edited.clear()
        return self.columns

    def mark(self, mark: Mark) -> None:
        """Note a planted problem and its outcome."""
        self.marks.append(mark)
        self.outcome[mark.index] = mark.expected

    def repeat(self, rows: Array) -> None:
        """Append exact copies of rows: the same export line twice."""
        before = self.count
        take = Arrow.array(np.r_[np.arange(before), rows])
        self.columns = {name: column.take(take) for name, column in self.final().items()}
        self.money = {name: np.r_[fen, fen[rows]] for name, fen in self.money.items()}
        for place, row in enumerate(rows.tolist()):
            self.outcome.setdefault(row, "")
            self.mark(
                Mark(
                    index=before + place,
                    column="",
                    line=14,
                    problem="row_twice",
                    raw="",
                    clean="",
                    expected="duplicate",
                    twin=row,
                )
            )

    def stored(self) -> Array:
        """Return which data rows are expected to be stored."""
        keep = np.ones(self.count, dtype=bool)
        for index, outcome in self.outcome.items():
            keep[index] = outcome in STORED
        return keep


def plain(column: Any) -> Column:
    """Return any column as Arrow text, nulls as empty text."""
    array = flat(column)
    return Compute.fill_null(array.cast(pa.string()), "")


def worded(column: Any, words: Mapping[str, str]) -> Column:
    """Translate codes by a table; null becomes empty text."""
    array = flat(column)
    place = Compute.index_in(array, value_set=Arrow.array(list(words)))
    return plain(Arrow.array(list(words.values())).take(place))


def yes_no(column: Any) -> Column:
    """Write booleans as 是 and 否."""
    return plain(Compute.if_else(column, "是", "否"))


def yuan(column: Any) -> Column:
    """Write integer fen as yuan with two decimals; null becomes empty text."""
    array = flat(column)
    value = Compute.abs(array)
    whole = Compute.divide(value, 100)
    cents = Compute.subtract(value, Compute.multiply(whole, 100)).cast(pa.string())
    sign = Compute.if_else(Compute.less(array, 0), "-", "")
    text = [sign, whole.cast(pa.string()), Arrow.scalar("."), Compute.utf8_lpad(cents, 2, "0")]
    return plain(Compute.binary_join_element_wise(*text, ""))


def listed(column: Any, words: Mapping[str, str]) -> Column:
    """Write lists of codes as words joined by 、; null becomes empty text."""
    rows: list[list[str] | None] = column.to_pylist()
    return Arrow.array(["、".join(words.get(code, code) for code in row or ()) for row in rows])
