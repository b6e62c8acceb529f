"""JSON rows that hold a list of objects (the staff who follow a contact): one row for each."""

import json
from dataclasses import replace
from typing import Any, cast

import numpy as np

from zhiyan.pipeline.ingest.arrays import flat, true
from zhiyan.pipeline.ingest.read import RawTable
from zhiyan.pipeline.ingest.read.arrow import Array, pa, pc

_LIST = r"^\[\s*\{"


def explode(table: RawTable) -> RawTable:
    """Turn the first column that holds lists of objects into rows and columns ``list.name``.

    A row without the list stays one row. Rows keep their line number, so several may share one.
    """
    if not table.kind.startswith("json"):
        return table
    for header in table.headers:
        column = flat(table.rows.column(header))
        if true(pc.match_substring_regex(column, pattern=_LIST)).any():
            return _exploded(table, header, column)
    return table


def _exploded(table: RawTable, header: str, column: Array) -> RawTable:
    rows: list[int] = []
    parts: list[dict[str, str | None]] = []
    for row, text in enumerate(column.to_pylist()):
        for part in _objects(text) or [{}]:
            rows.append(row)
            parts.append({f"{header}.{name}": value for name, value in part.items()})
    names = list(dict.fromkeys(name for part in parts for name in part))
    index = pa.array(np.array(rows, dtype=np.int64))
    kept = [name for name in table.headers if name != header]
    columns = {name: table.rows.column(name).take(index) for name in kept}
    for name in names:
        columns[name] = pa.chunked_array([[part.get(name) for part in parts]], pa.string())
    return replace(
        table,
        headers=tuple(columns),
        rows=pa.table(columns),
        row_no=table.row_no.take(index),
        notes=(*table.notes, f"{header} 拆成了 {len(rows)} 行"),
    )


def _objects(text: str | None) -> list[dict[str, str | None]]:
    if text is None:
        return []
    try:
        found: Any = json.loads(text)
    except ValueError:
        return []
    if not isinstance(found, list):
        return []
    objects = [
        cast("dict[str, Any]", one) for one in cast("list[Any]", found) if isinstance(one, dict)
    ]
    return [{name: _text(value) for name, value in one.items()} for one in objects]


def _text(value: Any) -> str | None:
    if value is None or value in ("", []):
        return None
    if isinstance(value, list):
        parts = cast("list[Any]", value)
        if all(isinstance(one, str) for one in parts):
            return "、".join(parts)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
