"""Read JSON: lines of objects, a list of objects, or an object that wraps one such list."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from zhiyan.pipeline.ingest.read.arrow import pa
from zhiyan.pipeline.ingest.read.encoding import Decoded
from zhiyan.pipeline.ingest.read.table import (
    DroppedRow,
    DropReason,
    RawTable,
    ReadOptions,
    RejectedRow,
    RejectReason,
    check_shape,
    refuse,
)

_BARE_JSON = re.compile(rb"[\[{][\s\d.,\[\]{}+-]*")
_DEPTH = 20
#: How texts of a list are joined; a list whose texts hold it stays JSON.
_JOINER = "、"


class _Number(str):
    """The digits of a number as written, so that nothing is rounded."""

    __slots__ = ()


class _NotJsonError(ValueError):
    """A value that is no JSON object of ours."""


@dataclass(slots=True, kw_only=True)
class _Gathered:
    rows: list[dict[str, str | None]] = field(default_factory=list[dict[str, str | None]])
    numbers: list[int] = field(default_factory=list[int])
    dropped: list[DroppedRow] = field(default_factory=list[DroppedRow])
    rejected: list[RejectedRow] = field(default_factory=list[RejectedRow])


def looks_like_json(head: bytes) -> bool:
    """Tell whether a text file begins like JSON."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    return text.startswith((b"{", b"[")) and (
        b'"' in text or _BARE_JSON.fullmatch(text) is not None
    )


def read_objects(decoded: Decoded, path: Path, options: ReadOptions) -> RawTable:
    """Read JSON objects; nested names are joined by dots, lists of scalars by ``、``.

    Raises DataError ``ZY313`` if it is no JSON at all or holds no list of objects, ``ZY306`` if it
    is too large. A bad line of JSON lines is rejected with its number.
    """
    whole = _whole(decoded.utf8)
    gathered = _Gathered()
    if whole is None:
        kind = "jsonl"
        _read_lines(decoded.utf8, gathered)
    else:
        kind = "json"
        for number, value in enumerate(_elements(whole[0], path), start=1):
            _take(gathered, number, value, text=None)
    if not gathered.rows:
        raise refuse("ZY313", "no JSON objects in it", path)
    names = list(dict.fromkeys(name for row in gathered.rows for name in row))
    check_shape(path, len(gathered.rows), len(names), options=options)
    columns = {n: pa.array([row.get(n) for row in gathered.rows], pa.string()) for n in names}
    return RawTable(
        file=path.name,
        kind=kind,
        headers=tuple(names),
        rows=pa.table(columns),
        row_no=pa.array(gathered.numbers, pa.int32()),
        dropped=tuple(gathered.dropped),
        rejected=tuple(gathered.rejected),
        encoding=decoded.encoding,
    )


def _parse(text: str | bytes) -> Any:
    return json.loads(
        text,
        parse_int=_Number,
        parse_float=_Number,
        parse_constant=_refuse_constant,
        object_pairs_hook=_unique,
    )


def _refuse_constant(name: str) -> Any:
    raise _NotJsonError(f"{name} is no JSON")


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    held = dict(pairs)
    if len(held) != len(pairs):
        raise _NotJsonError("a name occurs twice in an object")
    return held


def _whole(data: bytes) -> tuple[Any] | None:
    """Return the document if the file is one, None if it is lines (or broken)."""
    first = data.lstrip()[:1]
    lines = data.strip().split(b"\n", 1)
    if first == b"{" and len(lines) > 1 and _is_object(lines[0]):
        return None
    try:
        return (_parse(data),)
    except (ValueError, RecursionError):
        return None


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(_parse(line), dict)
    except (ValueError, RecursionError):
        return False


def _elements(document: Any, path: Path) -> Sequence[Any]:
    """Return the objects of a document, out of an envelope of scalars around one list of them."""
    held = _as_object(document)
    if held is None:
        return _as_list(document) or [document]
    lists = [name for name, value in held.items() if _is_table(value)]
    if len(lists) > 1:
        names = ", ".join(lists)
        raise refuse("ZY313", f"several lists of objects ({names}): which one is meant?", path)
    return _inside(held) or [held]


def _inside(envelope: Mapping[str, Any], depth: int = 0) -> Sequence[Any] | None:
    """Return the list in ``{"errcode": 0, "list": [...]}`` or ``{"data": {"list": [...]}}``."""
    inner = [m for m in envelope.values() if (_as_object(m) or _as_list(m)) and not _is_empty(m)]
    named = [envelope[name] for name in envelope if name.endswith("_list")]
    tables = [m for m in named if _is_table(m)]
    if len(inner) > 1 and len(tables) == 1:
        inner = tables
    if len(inner) != 1 or depth > 2:
        return None
    if _is_table(inner[0]):
        return _as_list(inner[0])
    below = _as_object(inner[0])
    return _inside(below, depth + 1) if below else None


def _is_empty(value: Any) -> bool:
    """Tell whether a value holds nothing but empty objects and lists."""
    held, items = _as_object(value), _as_list(value)
    if held is None and items is None:
        return False
    return all(_is_empty(inner) for inner in (held.values() if held is not None else items or ()))


def _is_table(value: Any) -> bool:
    items = _as_list(value)
    return bool(items) and all(isinstance(item, dict) for item in items or ())


def _as_object(value: Any) -> dict[str, Any] | None:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def _as_list(value: Any) -> list[Any] | None:
    return cast("list[Any]", value) if isinstance(value, list) else None


def _read_lines(data: bytes, gathered: _Gathered) -> None:
    for number, line in enumerate(data.removesuffix(b"\n").split(b"\n"), start=1):
        text = line.strip()
        if not text:
            gathered.dropped.append(DroppedRow(row_no=number, reason=DropReason.BLANK_ROW))
            continue
        shown = text.decode("utf-8")
        try:
            value = _parse(text)
        except (ValueError, RecursionError):
            _reject(gathered, number, RejectReason.BAD_JSON, text=shown)
            continue
        _take(gathered, number, value, text=shown)


def _take(gathered: _Gathered, number: int, value: Any, *, text: str | None) -> None:
    held = _as_object(value)
    if held is None:
        _reject(gathered, number, RejectReason.NOT_AN_OBJECT, text=text or _dump(value))
        return
    try:
        row = _unique(list(_flat(held)))
    except _NotJsonError:
        shown = text or json.dumps(value, ensure_ascii=False)
        _reject(gathered, number, RejectReason.BAD_JSON, text=shown)
        return
    if not any(row.values()):
        gathered.dropped.append(DroppedRow(row_no=number, reason=DropReason.BLANK_ROW))
        return
    gathered.rows.append(row)
    gathered.numbers.append(number)


def _reject(gathered: _Gathered, number: int, reason: RejectReason, *, text: str) -> None:
    gathered.rejected.append(RejectedRow(row_no=number, reason=reason, text=text))


def _flat(
    value: Mapping[str, Any], prefix: str = "", depth: int = 0
) -> Iterable[tuple[str, str | None]]:
    if depth > _DEPTH:
        raise _NotJsonError("nested too deeply")
    for name, held in value.items():
        inner = _as_object(held)
        if inner:
            yield from _flat(inner, f"{prefix}{name}.", depth + 1)
        else:
            yield prefix + name, scalar_text(held)


def scalar_text(value: Any) -> str | None:
    """Return a JSON value as cell text: lists joined by ``、`` or kept as JSON, null as None."""
    if value is None or value in ("", [], {}):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return str(value)
    items = _as_list(value)
    if items and all(_joins(item) for item in items):
        return _JOINER.join(scalar_text(item) or "" for item in items)
    return _dump(value)


def _joins(item: Any) -> bool:
    if isinstance(item, str):
        return bool(item) and _JOINER not in item
    return isinstance(item, bool | int | float)


def _dump(value: Any) -> str:
    """Write JSON back with its numbers as they were written."""
    if isinstance(value, _Number):
        return str(value)
    held, items = _as_object(value), _as_list(value)
    if held is not None:
        inner = (f"{json.dumps(k, ensure_ascii=False)}: {_dump(v)}" for k, v in held.items())
        return "{" + ", ".join(inner) + "}"
    if items is not None:
        return "[" + ", ".join(map(_dump, items)) + "]"
    return json.dumps(value, ensure_ascii=False)
