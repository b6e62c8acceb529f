"""Audiences as files that a spreadsheet or a program can open."""

import csv
import json
from collections.abc import Callable, Collection
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from zhiyan.core.identity import public_id
from zhiyan.errors import Problem, UsageError

#: Characters at the start of a cell that a spreadsheet would take for a formula (ASVS 1.2.10).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_rows(rows: pa.Table, path: Path, *, money: Collection[str] = ()) -> None:
    """Write rows to .csv (UTF-8 with BOM, formulas disarmed), .parquet or .jsonl, all or nothing.

    Customer ids are written in their public form. Columns named in ``money`` hold fen: people find
    yuan with two decimals in the .csv, programs find integer fen in the other forms. Raises
    UsageError ``ZY505`` for other endings.
    """
    writer = _WRITERS.get(path.suffix.lower())
    if writer is None:
        raise UsageError(
            Problem(
                code="ZY505",
                message=f"cannot write {path.suffix or 'a file without ending'}",
                where=str(path),
                hint=f"use {', '.join(_WRITERS)}",
            )
        )
    ids = pa.array([public_id(value.as_py()) for value in rows.column("customer_id")], pa.string())
    public = rows.set_column(rows.column_names.index("customer_id"), "customer", ids)
    if writer is _write_csv:
        public = _in_yuan(public, money)
    beside = path.with_name(path.name + ".part")
    writer(public, beside)
    beside.replace(path)


def _in_yuan(rows: pa.Table, money: Collection[str]) -> pa.Table:
    for name in money:
        fen = [None if v is None else Decimal(v).scaleb(-2) for v in rows[name].to_pylist()]
        place = rows.column_names.index(name)
        rows = rows.set_column(place, name, pa.array(fen, pa.decimal128(20, 2)))
    return rows


def disarm(value: Any) -> Any:
    """Return a cell that no spreadsheet runs: a quote before what looks like a formula."""
    if isinstance(value, list | tuple):
        value = "、".join(str(part) for part in value)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def _write_csv(rows: pa.Table, path: Path) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(rows.column_names)
        writer.writerows([disarm(v) for v in row.values()] for row in rows.to_pylist())


def _write_parquet(rows: pa.Table, path: Path) -> None:
    pq.write_table(rows, path)


def _write_jsonl(rows: pa.Table, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows.to_pylist():
            file.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")


_WRITERS: dict[str, Callable[[pa.Table, Path], None]] = {
    ".csv": _write_csv,
    ".parquet": _write_parquet,
    ".jsonl": _write_jsonl,
}
