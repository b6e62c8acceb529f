"""Columns of the synthetic world: numpy while it is simulated, Arrow once it is a table."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

Array: TypeAlias = npt.NDArray[Any]
#: pyarrow and its compute functions, whose stubs are incomplete.
Arrow: Any = pa
Compute: Any = pc
Parquet: Any = pq
#: A pyarrow Array, and one that may be chunked.
Column: TypeAlias = Any
Chunked: TypeAlias = Any

#: Marks a missing integer in a numpy column.
NONE = -(2**62)


def pick(values: Sequence[str | None], index: Array) -> Column:
    """Return ``values[index]`` as Arrow text; a negative index gives null."""
    places = Arrow.array(index.astype(np.int64), mask=index < 0)
    return Arrow.array(list(values), type=pa.string()).take(places)


def numbered(prefix: str, numbers: Array, width: int) -> Column:
    """Return identifiers such as ``KD00000012``; a negative number gives null."""
    digits = Arrow.array(numbers.astype(np.int64), mask=numbers < 0).cast(pa.string())
    padded = Compute.utf8_lpad(digits, width=width, padding="0")
    return joined(Arrow.array([prefix] * len(numbers), type=pa.string()), padded)


def joined(*parts: Column) -> Column:
    """Join text columns position by position; null where any part is null."""
    return Compute.binary_join_element_wise(*parts, "")


def integers(values: Array) -> Column:
    """Return an Arrow integer column, null where the value is ``NONE``."""
    return Arrow.array(values.astype(np.int64), mask=values == NONE)


def flags(values: Array) -> Column:
    """Return an Arrow boolean column."""
    return Arrow.array(values.astype(bool))


def flat(column: Any) -> Column:
    """Return a column in one piece."""
    return column.combine_chunks() if hasattr(column, "combine_chunks") else column


def write_parquet(rows: pa.Table, target: Path) -> None:
    """Write a table as one Parquet file, making its folder."""
    target.parent.mkdir(parents=True, exist_ok=True)
    Parquet.write_table(rows, target, compression="zstd")


def moments(values: Array) -> Column:
    """Return an Arrow timestamp column (seconds, local), null where it is NaT."""
    return Arrow.array(values.astype("datetime64[s]"))


def days(values: Array) -> Column:
    """Return an Arrow date column, null where it is NaT."""
    return Arrow.array(values.astype("datetime64[D]"))


def nulls(count: int, kind: pa.DataType | None = None) -> Column:
    """Return a column of nulls, text unless another type is given."""
    return Arrow.nulls(count, kind or pa.string())


def table(columns: Mapping[str, Any]) -> pa.Table:
    """Make a table; numpy columns become the Arrow type that their dtype says."""
    return Arrow.table({name: as_arrow(values) for name, values in columns.items()})


def as_arrow(values: Any) -> Any:
    """Turn one numpy column into Arrow; Arrow columns pass as they are."""
    if not isinstance(values, np.ndarray):
        return values
    column = cast("Array", values)
    kind = column.dtype.kind
    if kind == "b":
        return flags(column)
    if kind == "M":
        return days(column) if column.dtype == np.dtype("datetime64[D]") else moments(column)
    return integers(column)


def numbers(source: pa.Table, name: str) -> Array:
    """Return an integer column of a table as numpy, nulls as ``NONE``."""
    return Compute.fill_null(source.column(name), NONE).to_numpy()


def times(source: pa.Table, name: str) -> Array:
    """Return a moment column of a table as numpy datetime64[s], nulls as NaT."""
    return source.column(name).to_numpy().astype("datetime64[s]")


def scrambled(values: Array, modulus: int) -> Array:
    """Map distinct numbers below ``modulus`` to distinct scattered ones (modulus not even)."""
    factor = 48_271
    return (values.astype(np.int64) * factor + 11) % modulus


def ranks(groups: Array) -> Array:
    """Return 0, 1, 2 ... within runs of equal neighbours of a sorted array."""
    if len(groups) == 0:
        return np.zeros(0, dtype=np.int64)
    starts = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]])
    lengths = np.diff(np.r_[starts, len(groups)])
    return np.arange(len(groups)) - np.repeat(starts, lengths)


def running(groups: Array, values: Array) -> Array:
    """Return the running sum of values within runs of equal neighbours of a sorted array."""
    total = np.cumsum(values)
    starts = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]]) if len(groups) else groups
    lengths = np.diff(np.r_[starts, len(groups)])
    before = np.r_[0, total][starts] if len(groups) else total
    return total - np.repeat(before, lengths)
