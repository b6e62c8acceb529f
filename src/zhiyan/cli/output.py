"""What commands print: tables and progress for people, JSON for programs."""

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, is_dataclass
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from zhiyan.core.evidence import Counted
from zhiyan.core.expression import ValueType
from zhiyan.core.identity import public_id
from zhiyan.core.time import BusinessZone
from zhiyan.lang.catalogue import View

STEPS = {
    "exports": "写出导出文件",
    "import": "导入文件",
    "read": "读取",
    "clean": "清洗入库",
    "resolve": "识别同一客户",
    "compute": "计算标签",
}

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)


def plain(value: Any) -> Any:
    """Return a value as JSON knows it: dataclasses as objects, moments in ISO form, no rows lost."""
    if isinstance(value, pa.Table):
        return [plain(row) for row in value.to_pylist()]
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): _field(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value


def _field(name: str, value: Any) -> Any:
    if name == "customer_id" and isinstance(value, int):
        return public_id(value)
    return plain(value)


def print_json(value: Any) -> None:
    """Print a value as JSON on standard output."""
    console.print_json(json.dumps(plain(value), ensure_ascii=False, default=str))


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print a table; numbers to the right, nothing cut."""
    shown = Table(title=title, title_justify="left", header_style="bold")
    for number, name in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[number], int | float) for row in rows)
        shown.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        shown.add_row(*(cell(value) for value in row))
    console.print(shown)


def cell(value: Any) -> str:
    """Return a value as people read it."""
    for kind, show in _SHOWN:
        if isinstance(value, kind):
            return show(value)
    return str(value)


#: How values of a type are shown; the first that fits counts.
_SHOWN: tuple[tuple[type | tuple[type, ...], Callable[[Any], str]], ...] = (
    (type(None), lambda _: "-"),
    (bool, lambda value: "是" if value else "否"),
    (float, lambda value: f"{value:.3f}".rstrip("0").rstrip(".")),
    (int, lambda value: f"{value:,}"),
    (datetime, lambda value: f"{value:%Y-%m-%d %H:%M}"),
    ((list, tuple), lambda value: "、".join(str(item) for item in value)),
)


def yuan(fen: int | None) -> str:
    """Return money in fen as yuan with two decimals."""
    if fen is None:
        return "-"
    sign = "-" if fen < 0 else ""
    return f"{sign}¥{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Shows values by their type: money in yuan, moments in the business zone."""

    zone: BusinessZone
    views: Mapping[str, View]

    def value(self, value: Any, kind: ValueType) -> str:
        """Return a value of a type as people read it."""
        if kind is ValueType.MONEY and isinstance(value, int):
            return yuan(value)
        if isinstance(value, datetime):
            return cell(self.zone.to_local(value.replace(tzinfo=UTC)))
        return cell(value)

    def rows(self, counted: Counted) -> list[list[str]]:
        """Return the rows that a measure counted, as texts."""
        known = self.views[counted.source].columns
        kinds = [known[n].type if n in known else ValueType.TEXT for n in counted.columns]
        return [
            [self.value(value, kind) for value, kind in zip(row, kinds, strict=True)]
            for row in counted.rows
        ]


class Bars:
    """Shows every step that takes long as a bar; implements ``ports.Progress``."""

    def __init__(self, shown: Progress) -> None:
        self._shown = shown
        self._tasks: dict[str, TaskID] = {}

    def step(self, name: str, done: int, total: int | None) -> None:
        """Move the bar of a step."""
        if name not in self._tasks:
            self._tasks[name] = self._shown.add_task(STEPS.get(name, name), total=total)
        self._shown.update(self._tasks[name], completed=done, total=total)


@contextmanager
def bars() -> Generator[Bars]:
    """Show progress on standard error while the context lasts."""
    columns = (
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(),
        MofNCompleteColumn(), TimeElapsedColumn(),
    )  # fmt: skip
    with Progress(*columns, console=errors, transient=True) as shown:
        yield Bars(shown)
