"""The tracking protocol over loopback, as real clients speak it, into a real journal."""

import base64
import gzip
import http.client
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI

from zhiyan.api import collect
from zhiyan.api.guard import Guard
from zhiyan.app.event_sources import add_source, remove_source
from zhiyan.app.live_intake import Intake
from zhiyan.store.journal import Journal
from zhiyan.store.keys import WorkspaceKey

NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)
GOOD = {"success": True}


class Server(uvicorn.Server):
    """A server in a thread, which leaves signals alone."""

    def install_signal_handlers(self) -> None:
        """Do nothing."""


def serve(app: Any) -> tuple[Server, threading.Thread, int]:
    """Start a server on a free port of this machine."""
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=0,
        log_level="error",
        lifespan="off",
        timeout_graceful_shutdown=1,
    )
    server = Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    return server, thread, server.servers[0].sockets[0].getsockname()[1]


@dataclass
class Door:
    """What tests talk to."""

    port: int
    key: str
    journal: Journal
    folder: Path

    def post(self, path: str, body: Any, **headers: str) -> tuple[int, Any, dict[str, str]]:
        """Send a body, as text if it is none; return status, answer and headers."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("POST", path, data, headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, json.loads(text), {k.lower(): v for k, v in answer.getheaders()}

    def basic(self, key: str = "") -> dict[str, str]:
        """Return the header of a client that names its key."""
        named = f"{key or self.key}:".encode()
        return {"Authorization": "Basic " + base64.b64encode(named).decode()}

    def held(self) -> list[dict[str, Any]]:
        """Return what the journal holds."""
        return [json.loads(one.body) for one in self.journal.waiting(0, 1000)]


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    key = add_source(tmp_path, "app", NOW, user_id="openid")
    journal = Journal(tmp_path / "live" / "journal.sqlite", WorkspaceKey(b"k" * 32))
    app = FastAPI()
    collect.mount(app, Intake(tmp_path, journal), lambda: NOW)
    app.add_middleware(Guard)
    server, thread, port = serve(app)
    yield Door(port, key, journal, tmp_path)
    server.should_exit = True
    thread.join()
    journal.close()


@pytest.mark.parametrize(
    ("path", "call"),
    [(f"/v1/{name}", call) for name, call in collect.CALLS.items() if call is not None],
)
def test_every_call(door: Door, path: str, call: str):
    status, body, _ = door.post(path, {"userId": "u1", "messageId": "m1"}, **door.basic())
    assert (status, body) == (200, GOOD)
    (held,) = door.held()
    assert held["call"] == call
    assert held["event"] == {"userId": "u1", "messageId": "m1"}
    assert held["received_at"] == NOW.isoformat()


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/b"])
def test_a_batch(door: Door, path: str):
    events = [{"type": "track", "event": f"e{n}", "messageId": f"m{n}"} for n in range(3)]
    body = {"batch": events, "sentAt": "2026-11-20T01:00:00Z", "context": {"app": {"name": "x"}}}
    assert door.post(path, body, **door.basic())[:2] == (200, GOOD)
    held = door.held()
    assert [one["event"] for one in held] == events
    assert {one["sent_at"] for one in held} == {"2026-11-20T01:00:00Z"}
    assert held[0]["context"] == {"app": {"name": "x"}}


def test_bodies_as_clients_pack_them(door: Door):
    event = json.dumps({"event": "e", "messageId": "m1"}).encode()
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert door.post("/v1/track", event, **door.basic(), **form)[0] == 200
    packed = gzip.compress(event.replace(b"m1", b"m2"))
    assert door.post("/v1/track", packed, **door.basic())[0] == 200
    packed = gzip.compress(event.replace(b"m1", b"m3"))
    told = {"Content-Encoding": "gzip"}
    assert door.post("/v1/track", packed, **door.basic(), **told)[0] == 200
    unpacked = event.replace(b"m1", b"m4")
    assert door.post("/v1/track", unpacked, **door.basic(), **told)[0] == 200
    assert [one["event"]["messageId"] for one in door.held()] == ["m1", "m2", "m3", "m4"]


def test_where_a_key_may_stand(door: Door):
    named = {"event": "e", "messageId": "m1", "writeKey": door.key}
    assert door.post("/v1/t", named, **{"Content-Type": "text/plain"})[0] == 200
    bearer = {"Authorization": "Bearer something"}
    assert door.post("/v1/t", {**named, "messageId": "m2"}, **bearer)[0] == 200
    for headers in ({}, door.basic("zy_nobody"), {"Authorization": "Basic !!!"}, bearer):
        status, body, _ = door.post("/v1/t", {"event": "e"}, **headers)
        assert (status, body["success"], body["code"]) == (401, False, "ZY611")
        assert body["message"]
    remove_source(door.folder, "app")
    assert door.post("/v1/t", named)[0] == 401
    assert len(door.held()) == 2


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{bad", 400, "ZY612"),
        (b"", 400, "ZY612"),
        (b"[]", 400, "ZY612"),
        (b'{"batch": 5}', 400, "ZY612"),
        (b'{"type": "track"}', 400, "ZY612"),
        (b"\x1f\x8bdamaged", 400, "ZY612"),
        (gzip.compress(b'{"batch": []}')[:-5], 400, "ZY612"),
        (gzip.compress(b" " * (collect.MOST_UNPACKED + 10)), 413, "ZY613"),
        (b" " * (collect.MOST_SENT + 1), 413, "ZY613"),
    ],
    ids=range(9),
)
def test_what_nothing_can_be_kept_of(door: Door, body: bytes, status: int, code: str):
    found, answer, _ = door.post("/v1/batch", body, **door.basic())
    assert (found, answer["success"], answer["code"]) == (status, False, code)
    assert not door.held()


def test_single_events_that_make_no_sense_are_kept(door: Door):
    batch = [5, "text", None, {"type": "dance"}, {"messageId": 7}, {"messageId": ["x"]}]
    assert door.post("/v1/batch", {"batch": batch}, **door.basic())[:2] == (200, GOOD)
    assert [one["event"] for one in door.held()] == batch


def test_events_that_are_too_large(door: Door):
    large = {"type": "track", "messageId": "m1", "properties": {"x": "y" * collect.MOST_OF_ONE}}
    status, body, _ = door.post("/v1/track", large, **door.basic())
    assert (status, body["code"]) == (400, "ZY613")
    batch = [large, {"type": "track", "messageId": "m2"}]
    assert door.post("/v1/batch", {"batch": batch}, **door.basic())[0] == 200
    first, second = door.held()
    assert (first["refused"], first["event"]) == ("too_large", None)
    assert second["event"] == batch[1]


def test_sent_again(door: Door):
    event = {"event": "e", "messageId": "m1"}
    for _ in range(3):
        assert door.post("/v1/track", event, **door.basic())[:2] == (200, GOOD)
    bare = {"type": "track", "event": "no id"}
    for sent in ("2026-11-20T01:00:00Z", "2026-11-20T01:00:09Z"):
        batch = {"batch": [{**bare, "sentAt": sent}], "sentAt": sent}
        assert door.post("/v1/batch", batch, **door.basic())[0] == 200
    assert len(door.held()) == 2


def test_browsers(door: Door):
    connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=20)
    connection.request("OPTIONS", "/v1/t", headers={"Origin": "https://clinic.example"})
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 204
    assert answer.getheader("access-control-allow-origin") == "*"
    assert "authorization" in str(answer.getheader("access-control-allow-headers"))
    connection.request("GET", f"/v1/projects/{door.key}/settings")
    told = json.loads(connection.getresponse().read())
    assert told["integrations"]["Segment.io"]["apiHost"] == f"127.0.0.1:{door.port}/v1"
    connection.request("GET", "/v1/projects/nobody/settings")
    assert connection.getresponse().status == 401
    connection.close()


def test_a_slow_disk_says_so_before_the_client_gives_up(
    door: Door, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(collect, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(door.journal, "_commit", lambda _: time.sleep(0.2))
    status, body, headers = door.post("/v1/track", {"event": "e"}, **door.basic())
    assert (status, body["success"], body["code"]) == (503, False, "ZY907")
    assert headers["retry-after"] == "1"
