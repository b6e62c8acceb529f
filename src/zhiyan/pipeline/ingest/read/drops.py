"""Rows of a table that are no data: blank rows, totals and subtotals, comments, trailing notes."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from zhiyan.pipeline.ingest.read.arrow import Array, Flags, Table, is_true, pa, pc
from zhiyan.pipeline.ingest.read.header import is_value
from zhiyan.pipeline.ingest.read.table import DroppedRow, DropReason

_TOTAL = re.compile(
    r"(本页|本日|本月|当页|全部|总)?(合计|总计|小计|共计|累计|汇总|总合计)|总额|合计金额|(sub|grand)?\s*-?totals?",
    re.IGNORECASE,
)
_TOTAL_PART = re.compile(
    r"(?:本页|总|全部)?(?:合计|总计|小计|共计)\s*(?:[(:(:].*|[\d.,]+.*)|.{1,20}(?:小计|合计)|共\s*\d+\s*[条行笔].*"
)
#: A superset of the rules above for the fast scan of whole columns.
_HINT = r"[合总小共累][\s　]*计|汇[\s　]*总|总额|合计金额|共\s*\d+\s*[条行笔]|(?i:total)"
_HINT_FIRST = _HINT + r"|^\s*$|^#"
_HEAD_OF_SUMMARY = re.compile(
    r"总(交易|支付|订单)?(单|笔|金)[数额]?.*|(合计|汇总|总计).*|#.*|-{3,}.*"
)
_SPACE = re.compile(r"[\s　]+")

Cells = Sequence[str | None]


def filled(cells: Cells) -> list[str]:
    """Return the texts of the cells that are not blank."""
    return [text.strip() for text in cells if text and text.strip()]


def is_total(cells: Cells, typical: int) -> bool:
    """Tell whether a row is a total by rule.

    The first filled cell reads 合计, 小计, 总计 or the like. In a row with fewer filled cells than
    ``typical`` (the usual number of a full row) it may also end so (``王伟小计``), or one of the
    next cells may read so with nothing but numbers after it.
    """
    texts = [_SPACE.sub("", text) for text in filled(cells)]
    if not texts:
        return False
    if _TOTAL.fullmatch(texts[0]):
        return True
    if len(texts) >= typical:
        return False
    return _TOTAL_PART.fullmatch(texts[0]) is not None or any(
        _TOTAL.fullmatch(text) and _all_numbers(texts[at + 1 :])
        for at, text in enumerate(texts[:4])
    )


def _all_numbers(texts: Sequence[str]) -> bool:
    return bool(texts) and all(is_value(text) for text in texts)


def is_comment(cells: Cells) -> bool:
    """Tell whether a line is a comment: # in front and nothing else, or a ruler of dashes."""
    texts = filled(cells)
    return len(texts) == 1 and (texts[0].startswith("#") or set(texts[0]) <= set("-=*_ "))


def starts_summary(cells: Cells) -> bool:
    """Tell whether a short line after the data opens a bill's summary block."""
    texts = filled(cells)
    return bool(texts) and _HEAD_OF_SUMMARY.fullmatch(texts[0]) is not None


def drop_rows(rows: Table, row_no: Array) -> tuple[Table, Array, list[DroppedRow]]:
    """Take blank, total and comment rows out of a table; ``row_no`` goes along."""
    if not rows.num_rows or not rows.num_columns:
        return rows, row_no, []
    counts = np.zeros(rows.num_rows, dtype=np.int32)
    suspects = np.zeros(rows.num_rows, dtype=bool)
    for column in rows.columns:
        counts += pc.is_valid(column).to_numpy().astype(np.int32)
    some = counts[counts > 0]
    typical = int(np.quantile(some, 0.9, method="higher")) if len(some) else 0
    reasons: dict[int, DropReason] = dict.fromkeys(
        np.flatnonzero(counts == 0).tolist(), DropReason.BLANK_ROW
    )
    suspects |= (counts > 0) & (counts <= 2)
    _suspect_totals(rows, suspects, counts < typical)
    picked = np.flatnonzero(suspects)
    for at, cells in zip(picked.tolist(), _cells_at(rows, picked), strict=True):
        reason = _reason(cells, typical)
        if reason:
            reasons[at] = reason
    if not reasons:
        return rows, row_no, []
    keep = np.ones(rows.num_rows, dtype=bool)
    keep[list(reasons)] = False
    numbers = row_no.to_numpy()
    dropped = [DroppedRow(row_no=int(numbers[at]), reason=reasons[at]) for at in sorted(reasons)]
    mask = pa.array(keep)
    return rows.filter(mask), row_no.filter(mask), dropped


def _suspect_totals(rows: Table, suspects: Flags, sparse: Flags) -> None:
    """Mark rows that may be totals: a hint in the first filled cells, or anywhere if sparse."""
    some = np.flatnonzero(sparse & ~suspects)
    thin = rows.take(pa.array(some)) if some.size else rows.slice(0, 0)
    for column in thin.columns:
        suspects[some[is_true(pc.match_substring_regex(column, _HINT))]] = True
    first = rows.column(0)
    for column in rows.columns[1:]:
        if first.null_count == 0:
            break
        first = pc.coalesce(first, column)
    suspects |= is_true(pc.match_substring_regex(first, _HINT_FIRST))


def _cells_at(rows: Table, picked: Any) -> list[tuple[str | None, ...]]:
    part = rows.take(pa.array(picked))
    return list(zip(*(column.to_pylist() for column in part.columns), strict=True))


def _reason(cells: Cells, typical: int) -> DropReason | None:
    if not filled(cells):
        return DropReason.BLANK_ROW
    if is_comment(cells) and len(cells) > 1:
        return DropReason.COMMENT
    return DropReason.TOTAL_ROW if is_total(cells, typical) else None
