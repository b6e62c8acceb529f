"""Arrow as reading and cleaning use it.

The published type stubs describe neither chunked arrays nor what most kernels return, so the
modules are taken untyped and the types of our own signatures stated here.
"""

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as arrow  # noqa: ICN001 - pa is the untyped one
import pyarrow.compute as kernels
from pyarrow import csv as typed_csv
from pyarrow import parquet as typed_parquet

pa: Any = arrow
pc: Any = kernels
arrow_csv: Any = typed_csv
parquet: Any = typed_parquet

if TYPE_CHECKING:
    #: One column in one piece, and in several.
    Array: TypeAlias = arrow.Array[Any]
    ChunkedArray: TypeAlias = arrow.ChunkedArray[Any]
else:
    Array = arrow.Array
    ChunkedArray = arrow.ChunkedArray
Table: TypeAlias = arrow.Table

#: Marks one per row, as numpy sees them.
Flags: TypeAlias = "np.ndarray[Any, np.dtype[np.bool_]]"


def is_true(column: Any) -> Flags:
    """Return where a boolean column is true; null counts as false."""
    flags: Flags = pc.fill_null(column, arrow.scalar(value=False)).to_numpy(zero_copy_only=False)
    return flags
