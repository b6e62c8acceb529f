"""Messages of tracking clients (Segment's protocol) to the table of a source: a row for each.

A source of tracked events names its fields by paths into the message (``properties.order_id``,
``traits.phone``) instead of headers. Writing them with or without underscores, blanks and capitals
makes no difference; of several paths the first filled one counts. An order with a list of products
becomes a row per product.

Besides the paths of the message there are

- ``call``: track, identify, page, screen, group or alias; ``event``: the name of what was tracked;
- ``at``: when it happened, by the client's clock and what that differs from ours;
- ``message_id``: the message's own id, or a hash of its text;
- ``user.TYPE``: the user id as the type of identifier that it is in this source;
- ``line``: the number of the product, from 1; ``product.NAME``: what the product says.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, cast

from zhiyan.core.identity import IdType
from zhiyan.pipeline.ingest.mapping import Source, System
from zhiyan.pipeline.ingest.parsers import field_parser
from zhiyan.pipeline.ingest.read import RawTable, RejectedRow, RejectReason
from zhiyan.pipeline.ingest.read.arrow import pa
from zhiyan.pipeline.ingest.read.objects import scalar_text
from zhiyan.pipeline.ingest.recognise import Match

#: The source of a pack (or of the workspace) that says what tracked events become.
NAME = "live_events"
CALLS = ("track", "identify", "page", "screen", "group", "alias")
#: A client's clock that is off by less is taken for right.
SKEW = timedelta(seconds=5)
#: Ways to write the currency that all money here is in.
_OURS = frozenset({"cny", "rmb", "cnh", "¥", "￥", "元", "人民币"})
_PRODUCTS = "properties.products"
_DEPTH = 20
#: Leaves numbers as they are written; made once, which costs as much as reading a message.
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)
#: Names of properties that nothing reads are told in the report, so many at most.
_TOLD = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message as it was taken: ``body`` is JSON with ``event``, ``received_at``, ``sent_at``.

    ``place`` counts the messages of a batch from 1.
    """

    place: int
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who sends: ``name`` becomes the source of the facts, ``user_id`` tells what a user id is.

    Where ``shared_devices`` is set, a device is never taken for proof of who somebody is.
    """

    name: str
    user_id: IdType = IdType.PLATFORM_UID
    shared_devices: bool = False


@dataclass(slots=True)
class _Gathered:
    """What the messages of a batch give: cells by field, places, and what could not be read."""

    rows: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    places: list[int] = field(default_factory=list[int])
    rejected: list[RejectedRow] = field(default_factory=list[RejectedRow])
    unread: dict[str, None] = field(default_factory=dict[str, None])


class Reader:
    """Reads the messages of one sender by one source of tracked events."""

    def __init__(self, source: Source, sender: Sender) -> None:
        self.source = replace(source, system=System(name=sender.name))
        self._sender = sender
        self._paths: dict[str, list[tuple[str, int]]] = {}
        for one in source.fields:
            for rank, path in enumerate(one.headers):
                self._paths.setdefault(_plain(path), []).append((one.name, rank))
        self._money = frozenset(
            one.name for one in source.fields if field_parser(source, one) == "money"
        )

    def table(self, name: str, messages: Sequence[Message]) -> tuple[Match, RawTable]:
        """Return the messages as a table of a batch called ``name``, and how it is read.

        Rows keep the place of their message. What is no event is among the rejected rows.
        """
        found = _Gathered()
        for message in messages:
            self._take(message, found)
        there = {name for row in found.rows for name in row}
        names = [one.name for one in self.source.fields if one.name in there]
        columns = {n: pa.array([row.get(n) for row in found.rows], pa.string()) for n in names}
        unread = list(found.unread)[:_TOLD]
        return (
            Match(source=self.source, columns={n: n for n in names}, score=0),
            RawTable(
                file=name,
                sheet=self._sender.name,
                kind="json",
                headers=(*names, *unread),
                rows=pa.table(columns) if names else _no_columns(len(found.rows)),
                row_no=pa.array(found.places, pa.int32()),
                rejected=tuple(found.rejected),
            ),
        )

    def _take(self, message: Message, found: _Gathered) -> None:
        envelope = _object(_parsed(message.body)) or {}
        if envelope.get("refused"):
            return _reject(found, message, str(envelope["refused"]))
        event = _object(envelope.get("event"))
        if event is None:
            return _reject(found, message, RejectReason.NOT_AN_OBJECT)
        call = str(envelope.get("call") or event.get("type") or "").casefold()
        if call not in CALLS:
            return _reject(found, message, "unknown_call")
        told = {"call": call, **self._about(event, call, envelope)}
        products = _objects(told.pop(_PRODUCTS, None)) or [{}]
        for number, product in enumerate(products, start=1):
            own = {f"product.{key}": value for key, value in _flat(product)}
            row = self._row({**told, **own, "line": str(number)}, found)
            found.rows.append(row)
            found.places.append(message.place)
        return None

    def _about(
        self, event: dict[str, Any], call: str, envelope: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return what a message tells, by path."""
        context = {**_also(envelope.get("context")), **_also(event.get("context"))}
        traits = _object(event.get("traits")) or _object(context.pop("traits", None)) or {}
        known = {"properties": _also(event.get("properties")), "traits": traits, "context": context}
        told: dict[str, Any] = dict(_flat(known, keep=_PRODUCTS))
        name = event.get("event") if call == "track" else event.get("name")
        plain = {key: event.get(key) for key in ("anonymousId", "previousId", "groupId")}
        user = event.get("userId")
        if self._sender.shared_devices and user not in (None, ""):
            plain["anonymousId"] = None
        told |= {key: text for key, value in plain.items() if (text := scalar_text(value))}
        told |= {
            "event": scalar_text(name),
            f"user.{self._sender.user_id}": scalar_text(user),
            "message_id": scalar_text(event.get("messageId")) or content_mark(event),
            "at": happened_at(event, envelope),
        }
        return told

    def _row(self, told: Mapping[str, Any], found: _Gathered) -> dict[str, str]:
        """Return the cells of a row by field: of several paths the first filled one."""
        cells: dict[str, tuple[int, str]] = {}
        for path, text in told.items():
            if not isinstance(text, str):
                continue
            readers = self._paths.get(_plain(path))
            if readers is None:
                found.unread.setdefault(path)
                continue
            for name, rank in readers:
                if name not in cells or cells[name][0] > rank:
                    cells[name] = (rank, text)
        row = {name: text for name, (_, text) in cells.items()}
        currency = told.get("properties.currency")
        if isinstance(currency, str) and currency.strip().casefold() not in _OURS:
            # An amount of another currency cannot be read, and puts its row in quarantine.
            row |= {name: f"{currency} {row[name]}" for name in self._money & row.keys()}
        return row


def refused(source: Source, name: str, message: Message) -> tuple[Match, RawTable]:
    """Return a table without rows that puts a message into quarantine."""
    one = RejectedRow(
        row_no=message.place, reason="not_taken", text=message.body.decode("utf-8", "replace")
    )
    table = RawTable(
        file=name,
        kind="json",
        headers=(),
        rows=_no_columns(0),
        row_no=pa.array([], pa.int32()),
        rejected=(one,),
    )
    return Match(source=source, columns={}, score=0), table


def _no_columns(length: int) -> Any:
    return pa.table({"": pa.nulls(length, pa.string())})


def _reject(found: _Gathered, message: Message, reason: str) -> None:
    text = message.body.decode("utf-8", "replace")
    found.rejected.append(RejectedRow(row_no=message.place, reason=reason, text=text))


@lru_cache(maxsize=20_000)
def _plain(path: str) -> str:
    """Return a path without blanks, underscores and capitals."""
    return path.replace("_", "").replace(" ", "").replace("-", "").casefold()


def _parsed(body: bytes) -> Any:
    """Return a message with its numbers as written; None if it is no JSON."""
    try:
        return _DECODER.decode(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return None


def _object(value: Any) -> dict[str, Any] | None:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def _also(value: Any) -> dict[str, Any]:
    return dict(_object(value) or {})


def _objects(value: Any) -> list[dict[str, Any]]:
    items = cast("list[Any]", value) if isinstance(value, list) else []
    return [found for one in items if (found := _object(one)) is not None]


def _flat(
    value: Mapping[str, Any], *, keep: str = "", prefix: str = "", depth: int = 0
) -> Iterator[tuple[str, Any]]:
    """Yield the texts of an object by path; what stands at the path ``keep`` is left as it is."""
    for name, held in value.items():
        path, inner = prefix + name, _object(held)
        if keep and path == keep:
            yield path, held
        elif inner and depth < _DEPTH:
            yield from _flat(inner, keep=keep, prefix=f"{path}.", depth=depth + 1)
        elif (text := scalar_text(held)) is not None:
            yield path, text


def content_mark(event: Mapping[str, Any]) -> str:
    """Return what tells a message without an id apart: a hash of what it says."""
    said = {key: value for key, value in event.items() if key != "sentAt"}
    text = json.dumps(said, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def happened_at(event: Mapping[str, Any], envelope: Mapping[str, Any]) -> str | None:
    """Return when an event happened, as text; None if nothing tells.

    A client's clock is corrected by what it differed from ours when it sent; nothing happened after
    we received it. A time that is no ISO moment is left to the parser of the field.
    """
    received = _moment(envelope.get("received_at"))
    told = event.get("originalTimestamp") or event.get("timestamp") or envelope.get("received_at")
    moment = _moment(told)
    if moment is None or received is None:
        return scalar_text(told)
    sent = _moment(event.get("sentAt") or envelope.get("sent_at"))
    skew = received - sent if sent is not None else timedelta(0)
    corrected = moment + skew if abs(skew) > SKEW else moment
    return min(corrected, received).isoformat()


def _moment(value: Any) -> datetime | None:
    """Return an ISO moment with a zone, None for anything else."""
    try:
        found = datetime.fromisoformat(str(value))
        return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None
