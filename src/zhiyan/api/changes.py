"""The stream of changes: server-sent events that a reconnect takes up where it broke off."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from zhiyan.api.failures import not_found
from zhiyan.api.routes import FAILURES
from zhiyan.app.live_changes import Noted, wanted
from zhiyan.app.reads import Reads

#: Without changes, so often something is sent, so that nobody in between hangs up.
HEARTBEAT_SECONDS = 15.0
#: Changes read at once.
PAGE = 500


class LiveState(BaseModel):
    """How the live workspace does; seconds of the last round by step."""

    rounds: int
    events: int
    waiting: int
    first_change: int
    last_change: int
    seconds: dict[str, float]
    failure: str


class Listening(Protocol):
    """The list of changes, and waking whoever waits for the next."""

    def listen(self, wake: Callable[[], None]) -> None:
        """Call ``wake`` after each refresh."""
        ...

    def leave(self, wake: Callable[[], None]) -> None:
        """Stop listening."""
        ...

    def after(self, last_id: int, limit: int) -> list[Noted]:
        """Return changes behind an id."""
        ...

    def bounds(self) -> tuple[int, int]:
        """Return the last id that is gone, and the last of all."""
        ...


class Watched(Protocol):
    """A live workspace, as far as its watchers see it."""

    @property
    def feed(self) -> Listening:
        """Its changes."""
        ...

    @property
    def state(self) -> Any:
        """How it does."""
        ...

    def depth(self) -> int:
        """Return how many events wait."""
        ...


class Watching:
    """Answers the routes from a live workspace."""

    def __init__(self, live: Watched, reads: Reads) -> None:
        self._live = live
        self._reads = reads

    def live(self) -> LiveState:
        """How the live workspace does."""
        state = self._live.state
        dropped, last = self._live.feed.bounds()
        return LiveState(
            rounds=state.rounds,
            events=state.messages,
            waiting=self._live.depth(),
            first_change=dropped + 1,
            last_change=last,
            seconds={k: round(v, 4) for k, v in (state.last.seconds if state.last else {}).items()},
            failure=state.failure,
        )

    async def changes(
        self,
        *,
        tag: Annotated[list[str], Query(max_length=50)] = [],  # noqa: B006 - a list of the query
        segment: Annotated[list[str], Query(max_length=50)] = [],  # noqa: B006 - a list of the query
        after: Annotated[int | None, Query(ge=0)] = None,
        last_event_id: Annotated[str | None, Header()] = None,
    ) -> StreamingResponse:
        """What changed for whom, as it happens; from behind an id where one is named."""
        known = self._reads.definitions()
        for code in set(tag) - known.tags.keys():
            raise not_found("tag", code)
        for code in set(segment) - known.segments.keys():
            raise not_found("segment", code)
        told = int(last_event_id) if last_event_id and last_event_id.isdecimal() else after
        stream = follow(self._live.feed, told, tags=frozenset(tag), segments=frozenset(segment))
        return StreamingResponse(stream, media_type="text/event-stream")


async def follow(
    feed: Listening, after: int | None, *, tags: frozenset[str], segments: frozenset[str]
) -> AsyncIterator[bytes]:
    """Yield changes behind an id (None: from now on) as server-sent events, for ever.

    Where changes behind that id are no longer kept, an event ``gap`` says so first.
    """
    loop, fresh = asyncio.get_running_loop(), asyncio.Event()

    def wake() -> None:
        with suppress(RuntimeError):  # the server has stopped already
            loop.call_soon_threadsafe(fresh.set)

    feed.listen(wake)
    try:
        dropped, newest = await asyncio.to_thread(feed.bounds)
        last = newest if after is None else after
        yield b"retry: 1000\n\n"
        if not dropped <= last <= newest:
            last = dropped if last < dropped else newest
            yield sse(last, "gap", '{"reload":true}')
        while True:
            fresh.clear()
            found = await asyncio.to_thread(feed.after, last, PAGE)
            if found:
                last = found[-1].id
                yield b"".join(_told(one, tags, segments) for one in found) + sse(last)
                continue
            with suppress(TimeoutError):
                await asyncio.wait_for(fresh.wait(), HEARTBEAT_SECONDS)
                continue
            yield sse(last)
    finally:
        feed.leave(wake)


def _told(one: Noted, tags: frozenset[str], segments: frozenset[str]) -> bytes:
    body = wanted(one.body, tags, segments)
    return b"" if body is None else sse(one.id, "change", body)


def sse(last_id: int, event: str = "", data: str = "") -> bytes:
    """Return one server-sent event; without data it only moves the reader's last id on."""
    named = f"event: {event}\ndata: {data}\n" if event else ":\n"
    return f"id: {last_id}\n{named}\n".encode()


def router(live: Watched, reads: Reads) -> APIRouter:
    """Return the routes over a live workspace."""
    door = Watching(live, reads)
    routes = APIRouter(prefix="/api", responses=FAILURES)
    routes.get("/live", operation_id="live")(door.live)
    routes.get("/changes", operation_id="changes", response_class=StreamingResponse)(door.changes)
    return routes
