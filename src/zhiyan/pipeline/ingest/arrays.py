"""Small operations on Arrow columns that several steps of ingest need."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Mask = npt.NDArray[np.bool_]


def flat(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return a column as one array."""
    if isinstance(column, pa.ChunkedArray):
        return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    return column


def nulls(length: int, kind: pa.DataType) -> pa.Array:
    """Return a column of nulls."""
    return pa.nulls(length, kind)


def filled(column: pa.Array) -> Mask:
    """Return where a column has a value."""
    return np.asarray(column.is_valid().to_numpy(zero_copy_only=False), dtype=bool)


def true(column: pa.Array) -> Mask:
    """Return where a boolean column is true (null counts as false)."""
    return np.asarray(pc.fill_null(column, False).to_numpy(zero_copy_only=False), dtype=bool)


def mask_array(mask: Mask) -> pa.Array:
    """Return a mask as a boolean column."""
    return pa.array(mask)


def per_value(
    column: pa.Array, change: Callable[[Sequence[str]], Sequence[object]], kind: pa.DataType
) -> pa.Array:
    """Apply a function to the distinct values of a text column; null stays null."""
    encoded = column.dictionary_encode()
    values = encoded.dictionary.to_pylist()
    changed = pa.array(list(change(values)), kind)
    return changed.take(encoded.indices)


def look_up(column: pa.Array, names: Mapping[str, str], plain: Callable[[str], str]) -> pa.Array:
    """Return the codes of names, null where a name is unknown."""
    return per_value(column, lambda values: [names.get(plain(v)) for v in values], pa.string())


def joined(columns: Sequence[pa.Array], separator: str, *, nulls_as: str | None = None) -> pa.Array:
    """Join columns as text row by row; a null makes the row null unless ``nulls_as`` is given."""
    texts = [pc.cast(column, pa.string()) for column in columns]
    if nulls_as is not None:
        texts = [pc.fill_null(text, nulls_as) for text in texts]
    return pc.binary_join_element_wise(*texts, separator)


def coalesced(columns: Sequence[pa.Array]) -> pa.Array:
    """Return the first value that is not null, row by row."""
    return columns[0] if len(columns) == 1 else pc.coalesce(*columns)


def total(column: pa.Array, mask: Mask | None = None) -> int:
    """Return the sum of an integer column (null counts as 0), of the rows in ``mask``."""
    chosen = column if mask is None else column.filter(mask_array(mask))
    return int(pc.sum(chosen).as_py() or 0)
