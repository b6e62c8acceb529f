"""The stream of changes over loopback: resumed where it broke off, filtered, never silent."""

import http.client
import json
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest
from fastapi import FastAPI
from tests.api.clinic import Clinic
from tests.api.test_collect import serve

from zhiyan.api import changes, failures
from zhiyan.app.live import State
from zhiyan.app.live_changes import Feed
from zhiyan.pipeline.changes import Change
from zhiyan.store import change_log
from zhiyan.store.change_log import ChangeLog

AT = datetime(2026, 11, 20, 2)  # noqa: DTZ001 - naive UTC, as stored


class Watched:
    """A live workspace as far as its watchers see it."""

    def __init__(self, log: ChangeLog) -> None:
        self.feed, self.state = Feed(log), State()

    def depth(self) -> int:
        """Return how many events wait."""
        return 3


class Stream:
    """One reader of the stream, closed at the end of its test."""

    opened: ClassVar[list["Stream"]] = []

    def __init__(self, port: int, query: str = "", **headers: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        self.connection.request("GET", f"/api/changes{query}", headers=headers)
        self.answer = self.connection.getresponse()
        self.opened.append(self)

    def close(self) -> None:
        """Hang up."""
        self.answer.close()
        self.connection.close()

    def next(self) -> dict[str, str]:
        """Return the next event that carries something."""
        found: dict[str, str] = {}
        while True:
            line = self.answer.readline().decode().rstrip("\n")
            if not line and "data" in found:
                return found
            if not line:
                found = {}
            elif not line.startswith(":"):
                name, _, value = line.partition(": ")
                found[name] = value


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[tuple[Watched, int]]:
    log = ChangeLog(tmp_path / "changes.sqlite")
    found = Watched(log)
    app = FastAPI()
    failures.install(app)
    app.include_router(changes.router(found, Clinic()))
    server, thread, port = serve(app)
    yield found, port
    while Stream.opened:
        Stream.opened.pop().close()
    server.should_exit = True
    thread.join()
    log.close()


def change(number: int, *codes: str, **more: Any) -> Change:
    tags: dict[str, tuple[Any, Any]] = dict.fromkeys(codes, (None, number))
    return Change(customer_id=number, at=AT, tags=tags, **more)


def test_from_now_on(watched: tuple[Watched, int]):
    live, port = watched
    live.feed.tell("s0", [change(1, "a")])
    stream = Stream(port)
    assert stream.answer.getheader("content-type", "").startswith("text/event-stream")
    assert stream.answer.readline() == b"retry: 1000\n"
    threading.Timer(0.2, lambda: live.feed.tell("s1", [change(2, "a"), change(3, "b")])).start()
    first, second = stream.next(), stream.next()
    assert (first["id"], first["event"], second["id"]) == ("2", "change", "3")
    body = json.loads(first["data"])
    assert body["customer_id"] == "C0000000000000002"
    assert body["tags"] == {"a": [None, 2]}
    assert body["at"] == "2026-11-20T02:00:00+00:00"


def test_a_reconnect_takes_up_where_it_broke_off(watched: tuple[Watched, int]):
    live, port = watched
    for number in range(1, 6):
        live.feed.tell(f"s{number}", [change(number, "a")])
    stream = Stream(port, **{"Last-Event-ID": "3"})
    assert [stream.next()["id"], stream.next()["id"]] == ["4", "5"]
    assert Stream(port, "?after=0").next()["id"] == "1"


def test_lost_changes_are_told(watched: tuple[Watched, int], monkeypatch: pytest.MonkeyPatch):
    live, port = watched
    monkeypatch.setattr(change_log, "KEPT", 2)
    live.feed.tell("s1", [change(number, "a") for number in range(1, 6)])
    stream = Stream(port, **{"Last-Event-ID": "1"})
    assert stream.next() == {"id": "3", "event": "gap", "data": '{"reload":true}'}
    assert stream.next()["id"] == "4"
    assert Stream(port, **{"Last-Event-ID": "99"}).next()["event"] == "gap"


def test_only_what_is_asked_for(watched: tuple[Watched, int]):
    live, port = watched
    tag, other = list(Clinic().definitions().tags)[:2]
    segment = next(iter(Clinic().definitions().segments))
    stream = Stream(port, f"?tag={tag}&segment={segment}&after=0")
    live.feed.tell(
        "s1",
        [
            change(1, other),
            change(2, tag, other),
            change(3, other, entered=(segment,)),
            change(4, other, left=("another",)),
            change(5, tag),
        ],
    )
    found = [json.loads(stream.next()["data"]) for _ in range(3)]
    assert [one["customer_id"][-1] for one in found] == ["2", "3", "5"]
    assert found[0]["tags"] == {tag: [None, 2]}
    assert (found[1]["tags"], found[1]["entered"]) == ({}, [segment])


@pytest.mark.parametrize("query", ["?tag=no_such_tag", "?segment=no_such_segment"])
def test_unknown_names(watched: tuple[Watched, int], query: str):
    stream = Stream(watched[1], query)
    assert stream.answer.status == 404
    assert json.loads(stream.answer.read())["code"] == "ZY602"


def test_a_quiet_stream_beats(watched: tuple[Watched, int], monkeypatch: pytest.MonkeyPatch):
    live, port = watched
    live.feed.tell("s1", [change(1, "a")])
    monkeypatch.setattr(changes, "HEARTBEAT_SECONDS", 0.05)
    stream = Stream(port)
    lines = [stream.answer.readline() for _ in range(5)]
    assert lines[2:] == [b"id: 1\n", b":\n", b"\n"]


def test_how_it_does(watched: tuple[Watched, int]):
    live, port = watched
    live.feed.tell("s1", [change(1, "a")])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/api/live")
    found = json.loads(connection.getresponse().read())
    connection.close()
    assert (found["waiting"], found["first_change"], found["last_change"]) == (3, 1, 1)
