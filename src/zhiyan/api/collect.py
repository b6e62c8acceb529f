"""Events from apps and sites: the routes of Segment's tracking protocol, raw and quick.

What real clients send and expect is kept to: the body is JSON whatever its type says, perhaps packed
with gzip; 200 and ``{"success": true}`` mean that everything is on the disk; every refusal carries
``code`` and ``message``. A message that makes no sense is taken all the same and lies in quarantine
after: a client would drop its whole batch. Any page may send (it needs a write key), none may read.
"""

import asyncio
import base64
import binascii
import zlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from zhiyan.app.event_sources import EventSource
from zhiyan.app.live_intake import Intake
from zhiyan.errors import OutsideError, Problem, UsageError
from zhiyan.pipeline.ingest.tracked import content_mark

#: Bytes that a request may have as sent, and unpacked; bytes of one event.
MOST_SENT, MOST_UNPACKED, MOST_OF_ONE = 1 << 20, 5 << 20, 32 << 10
#: Clients send again after ten seconds; a refusal must come before.
PATIENCE_SECONDS = 8.0
CALLS: Final = {
    "identify": "identify", "track": "track", "page": "page", "screen": "screen",
    "group": "group", "alias": "alias", "batch": None,
    "i": "identify", "t": "track", "p": "page", "s": "screen", "g": "group", "a": "alias",
    "b": None,
}  # fmt: skip
_CORS: Final = {"access-control-allow-origin": "*"}
_PREFLIGHT: Final = {
    **_CORS,
    "access-control-allow-methods": "POST, GET, OPTIONS",
    "access-control-allow-headers": "authorization, content-type, content-encoding",
    "access-control-max-age": "86400",
}


class _Body(msgspec.Struct, rename="camel"):
    """What is read of a request that is one event; nothing of it is trusted to have a type."""

    write_key: Any = None
    sent_at: Any = None


class _Batch(_Body, rename="camel"):
    """What is read of a request with a batch besides its events."""

    batch: list[msgspec.Raw] | None = None
    context: msgspec.Raw = msgspec.Raw()


class _Head(msgspec.Struct, rename="camel"):
    """What is read of an event when it arrives."""

    message_id: Any = None


_BODY = msgspec.json.Decoder(_Body)
_BATCH = msgspec.json.Decoder(_Batch)
_HEAD = msgspec.json.Decoder(_Head)
_ANY = msgspec.json.Decoder()


class RefusedError(UsageError):
    """A request of which nothing can be kept; ``status`` is the answer's."""

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status = status
        super().__init__(Problem(code=code, message=message))


class Collector:
    """Answers the routes."""

    def __init__(self, intake: Intake, now: Callable[[], datetime]) -> None:
        self._intake = intake
        self._now = now

    async def collect(self, request: Request) -> Response:
        """Take the events of a request: on the disk, or refused as a whole."""
        received = self._now()
        try:
            call = CALLS[request.path_params["call"]]
            raw = unpacked(await _read(request), request.headers.get("content-encoding", ""))
            body = _decoded(raw, _BATCH if call is None else _BODY)
            source = self._sender(request.headers, body)
            events = [msgspec.Raw(raw)] if call is not None else _events(body)
            messages = [message(one, body, received, call=call) for one in events]
            kept = asyncio.wrap_future(self._intake.accept(source.name, messages))
            await asyncio.wait_for(kept, PATIENCE_SECONDS)
        except RefusedError as error:
            return _refusal(error.status, error.problems[0])
        except TimeoutError:
            return _refusal(503, Problem(code="ZY907", message="the disk is too slow; send again"))
        except OutsideError as error:
            return _refusal(503, error.problems[0])
        return JSONResponse({"success": True}, headers=_CORS)

    async def preflight(self, _request: Request) -> Response:
        """Let pages of any origin send."""
        return Response(status_code=204, headers=_PREFLIGHT)

    async def settings(self, request: Request) -> Response:
        """Tell a browser client where to send: here, and nowhere else."""
        key = request.path_params["key"]
        if self._intake.source_of(key) is None:
            return _refusal(401, _unknown_key())
        host = request.headers.get("host", "")
        here = {"apiKey": key, "apiHost": f"{host}/v1", "protocol": request.url.scheme}
        return JSONResponse({"integrations": {"Segment.io": here}, "plan": {}}, headers=_CORS)

    def _sender(self, headers: Mapping[str, str], body: _Body) -> EventSource:
        """Return who sends: by Basic user, else by the key in the body.

        A bearer token is no write key: such a client names its key in the body.
        """
        key = _basic_user(headers.get("authorization", "")) or body.write_key
        found = self._intake.source_of(str(key)) if key else None
        if found is None:
            problem = _unknown_key()
            raise RefusedError(401, problem.code, problem.message)
        return found


async def _read(request: Request) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_SENT:
            raise RefusedError(413, "ZY613", f"a request may have {MOST_SENT:,} bytes at most")
        parts.append(part)
    return b"".join(parts)


def unpacked(data: bytes, encoding: str) -> bytes:
    """Return the text of a body, packed with gzip or not, whatever the header says.

    Raises RefusedError ``ZY612`` if it is damaged, ``ZY613`` if it unpacks to too much.
    """
    if not data.startswith(b"\x1f\x8b"):
        if encoding not in {"", "identity", "gzip"}:
            raise RefusedError(415, "ZY612", "bodies may be packed with gzip only")
        return data
    packed = zlib.decompressobj(wbits=31)
    try:
        text = packed.decompress(data, MOST_UNPACKED)
    except zlib.error as error:
        raise RefusedError(400, "ZY612", "the body is damaged gzip") from error
    if packed.unconsumed_tail:
        raise RefusedError(413, "ZY613", f"a body may unpack to {MOST_UNPACKED:,} bytes at most")
    if not packed.eof:
        raise RefusedError(400, "ZY612", "the body is damaged gzip")
    return text


def _decoded(
    raw: bytes, decoder: "msgspec.json.Decoder[_Batch] | msgspec.json.Decoder[_Body]"
) -> _Body:
    try:
        return decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RefusedError(400, "ZY612", f"the body is no JSON of events: {error}") from error


def _events(body: _Body) -> list[msgspec.Raw]:
    if not isinstance(body, _Batch) or body.batch is None:
        raise RefusedError(400, "ZY612", "the body has no list `batch`")
    return body.batch


def message(
    event: msgspec.Raw, body: _Body, received: datetime, *, call: str | None
) -> tuple[str, bytes]:
    """Return the mark of an event and the text that the journal keeps of it.

    The mark is the event's own id, else a hash of what it says. An event that is too large is kept
    as a note that it was.
    """
    told: dict[str, Any] = {"received_at": received.isoformat(), "sent_at": body.sent_at}
    if call is not None:
        told["call"] = call
    elif isinstance(body, _Batch) and bytes(body.context):
        told["context"] = body.context
    told["event"] = event
    mark = mark_of(event)
    if len(bytes(event)) > MOST_OF_ONE:
        if call is not None:
            raise RefusedError(400, "ZY613", f"an event may have {MOST_OF_ONE:,} bytes at most")
        told |= {"event": None, "refused": "too_large", "message_id": mark}
        told.pop("context", None)
    return mark, msgspec.json.encode(told)


def mark_of(event: msgspec.Raw) -> str:
    """Return what tells an event apart: its own id, else a hash of what it says."""
    try:
        own = _HEAD.decode(event).message_id
        if own not in (None, ""):
            return str(own)
        return content_mark(_ANY.decode(event))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return content_mark({"raw": bytes(event).hex()})


def _basic_user(header: str) -> str:
    kind, _, credentials = header.partition(" ")
    if kind.casefold() != "basic":
        return ""
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _unknown_key() -> Problem:
    return Problem(code="ZY611", message="no source has this write key")


def _refusal(status: int, problem: Problem) -> Response:
    headers = {**_CORS, **({"retry-after": "1"} if status == 503 else {})}
    body = {"success": False, "code": problem.code, "message": problem.message}
    return JSONResponse(body, status_code=status, headers=headers)


def mount(app: FastAPI, intake: Intake, now: Callable[[], datetime]) -> None:
    """Add the routes under ``/v1``."""
    door = Collector(intake, now)
    for call in CALLS:
        path = f"/v1/{call}"

        async def collect(request: Request, call: str = call) -> Response:
            request.path_params["call"] = call
            return await door.collect(request)

        app.add_route(path, collect, methods=["POST"], include_in_schema=False)
        app.add_route(path, door.preflight, methods=["OPTIONS"], include_in_schema=False)
    path = "/v1/projects/{key}/settings"
    app.add_route(path, door.settings, methods=["GET"], include_in_schema=False)
