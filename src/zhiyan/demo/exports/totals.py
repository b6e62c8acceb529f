"""The ledger of the exports: what was planted, rows and money per file."""

from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa

from zhiyan.demo.columns import Arrow
from zhiyan.demo.exports.draft import Draft

ENCODINGS = {"gb18030": "gbk_file", "utf-8-sig": "bom_file", "utf-16-le": "utf16_file"}


def mark_table(drafts: list[Draft]) -> pa.Table:
    """One row per planted or natural problem; row 0 means the file as a whole."""
    rows: list[dict[str, Any]] = []
    for draft in drafts:
        rows.extend(
            {
                "file": draft.file,
                "sheet": draft.sheet,
                "row": draft.row(mark.index) if mark.index >= 0 else 0,
                "column": mark.column,
                "line": mark.line,
                "problem": mark.problem,
                "raw": f"row {draft.row(mark.twin)}" if mark.twin >= 0 else mark.raw,
                "clean": mark.clean,
                "expected": mark.expected,
            }
            for mark in draft.marks
        )
        rows.append(_encoding_row(draft))
    return Arrow.Table.from_pylist([row for row in rows if row])


def _encoding_row(draft: Draft) -> dict[str, Any]:
    if draft.encoding not in ENCODINGS:
        return {}
    return {
        "file": draft.file,
        "sheet": "",
        "row": 0,
        "column": "",
        "line": 8,
        "problem": ENCODINGS[draft.encoding],
        "raw": draft.encoding,
        "clean": "",
        "expected": "clean",
    }


def file_table(drafts: list[Draft]) -> pa.Table:
    """One row per file: rows of data, and how many are stored, doubled, put away; lines dropped."""
    rows: list[dict[str, Any]] = []
    for draft in drafts:
        outcomes = Counter(draft.outcome.values())
        rows.append(
            {
                "file": draft.file,
                "kinds": list(draft.kinds),
                "encoding": draft.encoding,
                "first_row": draft.top,
                "header_rows": draft.header_rows,
                "data_rows": draft.count,
                "stored": int(draft.stored().sum()),
                "duplicates": outcomes["duplicate"],
                "corrections": outcomes["correction"],
                "quarantined": outcomes["quarantine"],
                "refund_lines": outcomes["refund"],
                "dropped": draft.dropped,
            }
        )
    return Arrow.Table.from_pylist(rows)


def money_table(drafts: list[Draft]) -> pa.Table:
    """One row per file and money column, in fen: all data rows, stored rows, stored refund lines."""
    rows: list[dict[str, Any]] = []
    for draft in drafts:
        stored = draft.stored()
        refund = np.zeros(draft.count, dtype=bool)
        refund[[index for index, outcome in draft.outcome.items() if outcome == "refund"]] = True
        rows.extend(
            {
                "file": draft.file,
                "column": column,
                "all_fen": int(fen.sum()),
                "stored_fen": int(fen[stored].sum()),
                "refund_line_fen": int(fen[refund].sum()),
            }
            for column, fen in draft.money.items()
        )
    return Arrow.Table.from_pylist(rows, schema=_MONEY)


_MONEY = Arrow.schema(
    {
        "file": pa.string(),
        "column": pa.string(),
        "all_fen": pa.int64(),
        "stored_fen": pa.int64(),
        "refund_line_fen": pa.int64(),
    }
)
