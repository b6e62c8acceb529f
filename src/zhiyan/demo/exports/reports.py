"""Reports of the HIS with two header rows: blocks by clinic, subtotals, blank rows, a total."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from zhiyan.demo.columns import Array, Arrow
from zhiyan.demo.exports.desk import Desk, file_mark
from zhiyan.demo.exports.draft import Draft
from zhiyan.demo.exports.forms import Grouped, write_book, write_html


def by_clinic(rows: pa.Table) -> pa.Table:
    """Order rows by clinic, then time (they are in order of time already)."""
    order = np.argsort(rows["clinic"].to_numpy(), kind="stable")
    return rows.take(Arrow.array(order))


def write_report(desk: Desk, draft: Draft, form: Grouped, *, total: Sequence[str] = ()) -> None:
    """Write a report as .xls (HTML) or .xlsx, by the name of its file; note what is to be dropped.

    ``total`` names money columns that the last row sums up.
    """
    if draft.count == 0:
        return
    draft.top, draft.header_rows = 4, 2
    draft.breaks, subtotals = _breaks(desk, draft)
    sums = {name: f"{int(draft.money[name].sum()) / 100:.2f}" for name in total}
    whole = {next(iter(draft.columns)): "合计", **sums}
    columns: dict[str, Any] = {"subtotals": subtotals, "total": whole}
    form = Grouped(
        title=form.title,
        groups=form.groups,
        merge_first=form.merge_first,
        numbers=form.numbers,
        **columns,
    )
    draft.dropped += len(draft.breaks) + 2  # the title and the total
    _note_layout(draft, subtotals)
    path = desk.folder / draft.file
    if draft.file.endswith(".xlsx"):
        draft.encoding, draft.sheet = "xlsx", "Sheet1"
        write_book(draft, path, form)
    else:
        draft.encoding = "html"
        write_html(draft, path, form)
    desk.drafts.append(draft)


def _breaks(desk: Desk, draft: Draft) -> tuple[list[int], list[dict[str, str]]]:
    """Return where extra rows stand: a subtotal after each clinic block, and a few blank rows."""
    clinics: Array = np.array(draft.columns["门店"].to_pylist(), dtype=object)
    ends = [*(np.flatnonzero(clinics[1:] != clinics[:-1]) + 1).tolist(), draft.count]
    extra: dict[int, dict[str, str]] = {end: {"门店": "小计"} for end in ends}
    if draft.count > 10:
        for place in desk.rng.integers(1, draft.count, 2).tolist():
            extra.setdefault(place, {})
    return sorted(extra), [extra[place] for place in sorted(extra)]


def _note_layout(draft: Draft, subtotals: Sequence[dict[str, str]]) -> None:
    draft.marks.append(file_mark(9, "two_header_rows", "rows 1 to 3", expected="drop"))
    draft.marks.append(file_mark(9, "merged_cells", "rows 1 to 3", expected="drop"))
    for place, values in zip(draft.breaks, subtotals, strict=True):
        problem = "subtotal_row" if values else "blank_row"
        draft.marks.append(file_mark(9, problem, f"row {draft.row(place) - 1}", expected="drop"))
    draft.marks.append(file_mark(9, "total_row", f"row {draft.row(draft.count)}", expected="drop"))
