"""Linking records by arrays: joins, distinct rows and connected components of integer columns.

Records, tokens and clusters are non-negative integers here. Nothing loops over records: every
function sorts or hashes whole columns, so cost grows as n log n. Results never depend on the order
of the rows given, except where a function returns positions of rows.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

IntArray: TypeAlias = npt.NDArray[np.int64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]

_CODE_LIMIT = 2**62


def integers(values: npt.ArrayLike = ()) -> IntArray:
    """Return the values as a column of 64-bit integers."""
    return np.asarray(values, dtype=np.int64)


def components(size: int, left: IntArray, right: IntArray) -> IntArray:
    """Return for each of ``size`` nodes the smallest node that edges left-right connect it to.

    A node without edges is its own component.
    """
    from scipy.sparse import coo_array  # noqa: PLC0415 - slow to load, and reads never need it
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415 - the same

    touched = np.unique(np.concatenate([left, right]))
    ends = (np.searchsorted(touched, left), np.searchsorted(touched, right))
    matrix = coo_array((np.ones(left.size, np.int8), ends), shape=(touched.size, touched.size))
    _, label = connected_components(matrix, directed=False)
    _, first, inverse = np.unique(label, return_index=True, return_inverse=True)
    roots = np.arange(size, dtype=np.int64)
    roots[touched] = touched[first[inverse]]  # touched is sorted: the first is the smallest
    return roots


def match(left: IntArray, right: IntArray) -> tuple[IntArray, IntArray]:
    """Return the positions (i, j) of all pairs with ``left[i] == right[j]`` (an inner join)."""
    order = np.argsort(right, kind="stable")
    ordered = right[order]
    start = np.searchsorted(ordered, left, side="left")
    counts = np.searchsorted(ordered, left, side="right") - start
    i = np.repeat(np.arange(left.size), counts)
    offset = np.arange(i.size) - np.repeat(np.cumsum(counts) - counts, counts)
    return i, order[np.repeat(start, counts) + offset]


def pack(*columns: IntArray) -> IntArray:
    """Return one code per row, in the order of the rows: equal exactly if all columns agree."""
    code = columns[0]
    for column in columns[1:]:
        if not _fits(code, column):
            code, column = _dense(code), _dense(column)  # noqa: PLW2901 - same rows, smaller numbers
        code = code * (int(column.max(initial=0)) + 1) + column
    return code


def _fits(code: IntArray, column: IntArray) -> bool:
    return (int(code.max(initial=0)) + 1) * (int(column.max(initial=0)) + 1) <= _CODE_LIMIT


def _dense(column: IntArray) -> IntArray:
    return np.unique(column, return_inverse=True)[1].astype(np.int64)


def distinct(*columns: IntArray) -> tuple[IntArray, ...]:
    """Return the distinct rows, in ascending order of the columns from left to right."""
    _, first = np.unique(pack(*columns), return_index=True)
    return tuple(column[first] for column in columns)


def counted(*columns: IntArray) -> tuple[IntArray, IntArray]:
    """Return for each row how many rows equal it, and the position of the first such row."""
    _, first, inverse, counts = np.unique(
        pack(*columns), return_index=True, return_inverse=True, return_counts=True
    )
    return counts[inverse], first[inverse]


def holders(group: IntArray, member: IntArray) -> IntArray:
    """Return for each row how many distinct members its group has."""
    groups, _ = distinct(group, member)
    known, counts = np.unique(groups, return_counts=True)
    return counts[np.searchsorted(known, group)]


def chained(group: IntArray, member: IntArray) -> tuple[IntArray, IntArray]:
    """Return edges that connect the members of each group: its members in a row, n - 1 edges."""
    groups, members = distinct(group, member)
    same = groups[1:] == groups[:-1]
    return members[:-1][same], members[1:][same]
