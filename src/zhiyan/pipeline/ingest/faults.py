"""What kept rows out: every cell at fault, and rows that are no facts, each with its reason."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from zhiyan.pipeline.ingest.arrays import Mask
from zhiyan.pipeline.ingest.clean import mask
from zhiyan.pipeline.ingest.read import RawTable
from zhiyan.pipeline.ingest.read.arrow import Array, Table, pa

#: Reasons of quarantine that ingest itself gives; cleaning and reading add theirs.
REASONS = {
    "missing_key": "必填的编号为空",
    "missing_time": "发生时间为空",
    "missing_value": "必填单元格为空",
    "ruined_text": "文字在导出前已损坏",
    "no_person": "没有任何可识别的人",
    "key_conflict": "同一文件内同一编号的内容互相矛盾",
    "unknown_code": "代码表中没有的值",
    "unknown_call": "不认识的事件类型",
    "not_taken": "系统无法处理的事件",
    "too_large": "事件过大",
    "package_incomplete": "套餐行无法分摊价格",
}

#: Reasons for which a line is no fact.
DROPS = {
    "blank_row": "空行",
    "title": "表头之上的标题",
    "comment": "注释行",
    "note": "账单末尾的汇总",
    "total_row": "合计与小计",
    "no_event": "不产生任何事实的行",
    "no_person": "没有任何可识别的人",
    "revoked": "已撤销的交易",
    "fee": "手续费",
    "transfer": "提现与转账",
}

QUARANTINE_SCHEMA = pa.schema(
    [
        ("row_id", pa.int64()),
        ("file_name", pa.string()),
        ("sheet", pa.string()),
        ("row_no", pa.int32()),
        ("column_name", pa.string()),
        ("value_masked", pa.string()),
        ("reason", pa.string()),
        ("detail", pa.string()),
    ]
)


@dataclass(slots=True)
class Faults:
    """The faults of one table; rows are counted once, cells each."""

    length: int
    rows: list[npt.NDArray[np.int64]] = field(default_factory=list[npt.NDArray[np.int64]])
    cells: list[tuple[str, Sequence[str | None], Sequence[str]]] = field(
        default_factory=list[tuple[str, Sequence[str | None], Sequence[str]]]
    )
    bad: Mask = field(init=False)
    dropped: dict[str, int] = field(default_factory=dict[str, int])
    gone: Mask = field(init=False)

    def __post_init__(self) -> None:
        self.bad = np.zeros(self.length, dtype=bool)
        self.gone = np.zeros(self.length, dtype=bool)

    @property
    def live(self) -> Mask:
        """Rows neither dropped nor at fault."""
        return ~(self.bad | self.gone)

    def drop(self, mask: Mask, reason: str) -> None:
        """Count rows as no facts; rows already dropped keep their first reason."""
        fresh = mask & ~self.gone
        if fresh.any():
            self.dropped[reason] = self.dropped.get(reason, 0) + int(fresh.sum())
            self.gone |= fresh

    def add(self, mask: Mask, column: str, reason: str) -> None:
        """Note a fault without a value, such as an empty required cell."""
        rows = np.flatnonzero(mask & ~self.gone)
        self.add_cells(rows, column, [None] * len(rows), reasons=[reason] * len(rows))

    def add_cells(
        self,
        rows: npt.NDArray[np.int64],
        column: str,
        masked: Sequence[str | None],
        *,
        reasons: Sequence[str],
    ) -> None:
        """Note cells at fault; values must be masked already."""
        if len(rows):
            self.rows.append(rows)
            self.cells.append((column, masked, reasons))
            self.bad[rows] = True


def quarantine_rows(faults: Faults, raw: RawTable, *, first_id: int) -> Table:
    """Return the quarantine table of one table's faults; one row per cell at fault."""
    parts: list[Table] = []
    for rows, (column, masked, reasons) in zip(faults.rows, faults.cells, strict=True):
        keep = ~faults.gone[rows]
        flags = pa.array(keep)
        kept = rows[keep]
        parts.append(
            _cells(
                raw,
                row_id=pa.array(kept + first_id),
                row_no=raw.row_no.take(pa.array(kept)).cast(pa.int32()),
                column=pa.array([column] * len(kept), pa.string()),
                value=pa.array(list(masked), pa.string()).filter(flags),
                reason=pa.array(list(reasons), pa.string()).filter(flags),
            )
        )
    return pa.concat_tables(parts) if parts else QUARANTINE_SCHEMA.empty_table()


def rejected_rows(raw: RawTable) -> Table:
    """Return the quarantine table of lines that reading could not turn into rows.

    Their ids are negative: they have no row.
    """
    rejected = raw.rejected
    return _cells(
        raw,
        row_id=pa.array([-1 - one.row_no for one in rejected], pa.int64()),
        row_no=pa.array([one.row_no for one in rejected], pa.int32()),
        column=pa.array([one.column for one in rejected], pa.string()),
        value=pa.array([mask(one.text) for one in rejected], pa.string()),
        reason=pa.array([str(one.reason) for one in rejected], pa.string()),
    )


def _cells(raw: RawTable, **columns: Array) -> Table:
    count = len(columns["row_id"])
    return pa.table(
        [
            columns["row_id"],
            pa.repeat(pa.scalar(raw.file), count),
            pa.repeat(pa.scalar(raw.sheet, pa.string()), count),
            columns["row_no"],
            columns["column"],
            columns["value"],
            columns["reason"],
            pa.nulls(count, pa.string()),
        ],
        schema=QUARANTINE_SCHEMA,
    )


def count_reasons(quarantine: Table) -> dict[str, int]:
    """Return reason -> rows, each row counted under the first of its reasons."""
    firsts: dict[tuple[object, int], str] = {}
    columns = (quarantine.column(name).to_pylist() for name in ("sheet", "row_id", "reason"))
    for sheet, row, reason in zip(*columns, strict=True):
        firsts.setdefault((sheet, int(row)), str(reason))
    return dict(Counter(firsts.values()))
