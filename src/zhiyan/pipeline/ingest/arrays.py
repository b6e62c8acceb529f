"""Small operations on Arrow columns that several steps of ingest need."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as arrow  # noqa: ICN001 - pa is the untyped one

from zhiyan.pipeline.ingest.read.arrow import Array, ChunkedArray, pa, pc

DataType: TypeAlias = arrow.DataType
Schema: TypeAlias = arrow.Schema

Mask = npt.NDArray[np.bool_]


def flat(column: Array | ChunkedArray) -> Array:
    """Return a column as one array."""
    if not isinstance(column, arrow.ChunkedArray):
        return column
    pieces: Any = column
    return pieces.combine_chunks() if pieces.num_chunks != 1 else pieces.chunk(0)


def nulls(length: int, kind: DataType) -> Array:
    """Return a column of nulls."""
    return pa.nulls(length, kind)


def filled(column: Array) -> Mask:
    """Return where a column has a value."""
    return np.asarray(column.is_valid().to_numpy(zero_copy_only=False), dtype=bool)


def true(column: Array) -> Mask:
    """Return where a boolean column is true (null counts as false)."""
    return np.asarray(
        pc.fill_null(column, fill_value=False).to_numpy(zero_copy_only=False), dtype=bool
    )


def mask_array(mask: Mask) -> Array:
    """Return a mask as a boolean column."""
    return pa.array(mask)


def encode(column: Array) -> Any:
    """Return a column as distinct values (``dictionary``) and where each row finds its own."""
    return pc.dictionary_encode(column)


def per_value(
    column: Array, change: Callable[[Sequence[str]], Sequence[object]], kind: DataType
) -> Array:
    """Apply a function to the distinct values of a text column; null stays null."""
    encoded = encode(column)
    values = encoded.dictionary.to_pylist()
    changed = pa.array(list(change(values)), kind)
    return changed.take(encoded.indices)


def look_up(column: Array, names: Mapping[str, str], plain: Callable[[str], str]) -> Array:
    """Return the codes of names, null where a name is unknown."""
    return per_value(column, lambda values: [names.get(plain(v)) for v in values], pa.string())


def look_up_or_keep(column: Array, words: Mapping[str, str]) -> Array:
    """Return the column with whole texts read as others where ``words`` says so."""
    known = {word.casefold(): text for word, text in words.items()}

    def read(some: Sequence[str]) -> list[str]:
        return [known.get(text.strip().casefold(), text) for text in some]

    return per_value(column, read, pa.string())


def joined(columns: Sequence[Array], separator: str, *, nulls_as: str | None = None) -> Array:
    """Join columns as text row by row; a null makes the row null unless ``nulls_as`` is given."""
    texts = [pc.cast(column, pa.string()) for column in columns]
    if nulls_as is not None:
        texts = [pc.fill_null(text, nulls_as) for text in texts]
    return pc.binary_join_element_wise(*texts, separator)


def coalesced(columns: Sequence[Array]) -> Array:
    """Return the first value that is not null, row by row."""
    return columns[0] if len(columns) == 1 else pc.coalesce(*columns)


def total(column: Array, mask: Mask | None = None) -> int:
    """Return the sum of an integer column (null counts as 0), of the rows in ``mask``."""
    chosen = column if mask is None else column.filter(mask_array(mask))
    return int(pc.sum(chosen).as_py() or 0)
