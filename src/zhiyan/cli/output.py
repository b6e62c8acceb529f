"""What commands print: tables and progress for people, JSON for programs."""

import json
import re
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, is_dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
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
from zhiyan.core.tag import Tag
from zhiyan.core.time import BusinessZone, aware
from zhiyan.lang.catalogue import View

STEPS = {
    "exports": "写出导出文件",
    "import": "导入文件",
    "read": "读取",
    "clean": "清洗入库",
    "resolve": "识别同一客户",
    "compute": "计算标签",
}

#: From this many characters on, tables show the columns that they can do without.
WIDE = 100
#: An id of a customer, a record or a snapshot (they are copied), a day, or none: never broken.
_WHOLE = re.compile(r"(C?[0-9A-Fa-f]{12,20}|\d{4}-\d\d-\d\d( \d\d:\d\d)?|-)\Z")

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
    """Return ids in their public form; those of records as text, which no program rounds."""
    if name in _ID and isinstance(value, int):
        return _ID[name](value)
    if name in _IDS and isinstance(value, list | tuple):
        return [_IDS[name](item) for item in value]
    return plain(value)


#: How single ids and lists of ids are written, by the names of their fields.
_ID: dict[str, Callable[[int], str]] = {
    "customer_id": public_id, "from_customer": public_id, "to_customer": public_id,
    "party_id": str, "party_a": str, "party_b": str,
}  # fmt: skip
_IDS: dict[str, Callable[[int], str]] = {"customers": public_id, "parties": str}


def print_json(value: Any) -> None:
    """Print a value as JSON on standard output."""
    console.out(
        json.dumps(plain(value), ensure_ascii=False, indent=2, default=str), highlight=False
    )


def table(
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    wide: Collection[str] = (),
    total: Sequence[Any] = (),
) -> None:
    """Print a table under its title; numbers to the right, nothing cut.

    Columns named in ``wide`` are left out where the terminal is narrower than ``WIDE``. ``total``
    is a last row, set apart. Without rows only the title is printed, with a dash. Texts fold where
    they must; numbers, days and ids stay whole, even if a line then runs on in the next one.
    """
    if not rows:
        console.print(f"\n[bold]{escape(title)}[/]  -")
        return
    console.print(f"\n[bold]{escape(title)}[/]")
    shown = Table(box=SIMPLE_HEAD, header_style="dim", pad_edge=False, show_edge=False)
    kept = [n for n, name in enumerate(columns) if name not in wide or console.width >= WIDE]
    for number in kept:
        _add_column(shown, columns[number], [row[number] for row in rows])
    for row in rows:
        shown.add_row(*(escape(cell(row[number])) for number in kept))
    if total:
        shown.add_section()
        shown.add_row(*(escape(cell(total[number])) for number in kept), style="bold")
    console.print(shown, crop=False)


def _add_column(shown: Table, name: str, values: Sequence[Any]) -> None:
    numeric = all(isinstance(value, int | float | Amount) for value in values)
    texts = [cell(value) for value in values]
    whole = numeric or all(_WHOLE.match(text) for text in texts)
    shown.add_column(
        name,
        justify="right" if numeric else "left",
        overflow="fold",
        no_wrap=whole,
        min_width=max(map(len, texts)) if whole else None,
    )


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


class Amount(str):
    """A number with its unit, written out; set to the right like numbers."""

    __slots__ = ()


def yuan(fen: int | None) -> Amount:
    """Return money in fen as yuan with two decimals."""
    if fen is None:
        return Amount("-")
    sign = "-" if fen < 0 else ""
    return Amount(f"{sign}¥{abs(fen) // 100:,}.{abs(fen) % 100:02d}")


TIMES = frozenset({ValueType.DATE, ValueType.MOMENT})
WHOLE = frozenset({ValueType.INT, ValueType.MONEY})


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
            return cell(self.zone.to_local(aware(value)))
        return cell(value)

    def tag(self, value: Any, tag: Tag) -> str:
        """Return a value of a tag as people read it, with the name of the code that it is."""
        names = {known.value: known.zh for known in tag.values}
        shown = self.value(value, tag.type)
        return f"{shown} {names[value]}" if isinstance(value, str) and value in names else shown

    def edge(self, number: float, tag: Tag) -> str:
        """Return the edge of a bin: money in yuan, days as dates."""
        if tag.type in TIMES:
            return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=number):%Y-%m-%d}"
        return self.value(round(number) if tag.type in WHOLE else number, tag.type)

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
    quiet = not errors.is_terminal
    with Progress(*columns, console=errors, transient=True, disable=quiet) as shown:
        yield Bars(shown)
