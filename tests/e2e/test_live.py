"""A live process killed in the middle of a stream: what was acknowledged is there, and once."""

import base64
import http.client
import json
import random
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.app.group import rows
from tests.e2e.process import run, run_json, start

from zhiyan.app.workspace import Workspace
from zhiyan.core.identity import public_id
from zhiyan.lang.counters import counters

pytestmark = pytest.mark.slow

CUSTOMERS, BATCH = 12, 10


class Sender(threading.Thread):
    """Sends batches until told to stop; what failed it sends again, as real clients do."""

    def __init__(self, port: int, key: str) -> None:
        super().__init__(daemon=True)
        self.url = f"http://127.0.0.1:{port}/v1/batch"
        self.headers = {
            "Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode(),
            "Content-Type": "application/json",
        }
        self.acknowledged: list[dict[str, Any]] = []
        self.waiting: list[dict[str, Any]] = []
        self.refused: list[int] = []
        self.done = threading.Event()
        self.number = 0

    def run(self) -> None:
        while not self.done.is_set():
            self.waiting = self.waiting or [self.event() for _ in range(BATCH)]
            self.send()

    def event(self) -> dict[str, Any]:
        self.number += 1
        common = {"type": "track", "userId": f"u{self.number % CUSTOMERS}",
                  "messageId": f"m{self.number}"}  # fmt: skip
        if self.number % 5:
            return {**common, "event": "Product Viewed", "properties": {"name": "面霜"}}
        order = {"order_id": f"L{self.number}", "total": 100,
                 "products": [{"sku": "S1", "name": "面霜", "price": 50, "quantity": 2}]}  # fmt: skip
        return {**common, "event": "Order Completed", "properties": order}

    def send(self) -> None:
        body = json.dumps({"batch": self.waiting}).encode()
        request = urllib.request.Request(self.url, body, self.headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                assert json.loads(answer.read()) == {"success": True}
        except urllib.error.HTTPError as error:
            self.refused.append(error.code)
            time.sleep(0.1)
        except (
            OSError,
            http.client.HTTPException,
        ):  # killed before, or in the middle of, its answer
            time.sleep(0.1)
        else:
            self.acknowledged += self.waiting
            self.waiting = []
            time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def ask(port: int, path: str) -> Any:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
        return json.loads(answer.read())


@contextmanager
def live(folder: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """Run ``zhiyan watch`` until its port answers; whoever is still running at the end is killed."""
    process = start("watch", "-w", folder, "--port", str(port), "--json")
    deadline = time.monotonic() + 90
    while True:
        try:
            ask(port, "/api/health")
            break
        except (OSError, http.client.HTTPException):
            assert process.poll() is None, process.communicate()[1][-2000:]
            assert time.monotonic() < deadline, "the live process did not start"
            time.sleep(0.1)
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=60)


def drained(port: int) -> None:
    deadline = time.monotonic() + 120
    while (state := ask(port, "/api/live"))["waiting"]:
        assert not state["failure"]
        assert time.monotonic() < deadline, "events wait for ever"
        time.sleep(0.2)


@pytest.fixture
def shop(tmp_path: Path) -> tuple[Path, str]:
    folder = tmp_path / "shop"
    Workspace.create(folder, pack="retail")
    made = run_json("source", "add", "app", "--user-id", "member_no", "-w", folder)
    return folder, made["write_key"]


def test_nothing_acknowledged_is_lost_and_nothing_counts_twice(shop: tuple[Path, str]) -> None:
    folder, key = shop
    port, chance = free_port(), random.Random(11)
    sender = Sender(port, key)
    for _ in range(4):
        with live(folder, port) as process:
            if not sender.is_alive():
                sender.start()
            time.sleep(chance.uniform(1.5, 5))
            process.send_signal(signal.SIGKILL)
            process.wait()
    with live(folder, port) as process:
        time.sleep(2)
        sender.done.set()
        sender.join()
        drained(port)
        process.send_signal(signal.SIGINT)
        process.wait(timeout=120)
    assert len(sender.acknowledged) > 10 * BATCH
    assert not sender.refused
    with Workspace.open(folder) as opened:
        check_facts(opened, sender)
        check_tags(opened, sender)
        check_stream(opened)
        assert len(opened.snapshots()) < 12


def check_facts(opened: Workspace, sender: Sender) -> None:
    """Every acknowledged event is one fact; one that was not is one at most."""
    sent = {one["messageId"]: one for one in [*sender.acknowledged, *sender.waiting]}
    acknowledged = {one["messageId"] for one in sender.acknowledged}
    views = rows(opened, "SELECT message_id AS m FROM event.web_event")
    orders = rows(opened, "SELECT order_no AS o FROM event.payment")
    found = Counter(row["m"] for row in views)
    found.update("m" + row["o"].removeprefix("L") for row in orders)
    assert set(found.values()) == {1}
    assert acknowledged <= set(found) <= set(sent)
    assert not rows(opened, "SELECT * FROM meta.quarantine")


def check_tags(opened: Workspace, sender: Sender) -> None:
    """The tags of the last snapshot count what is there, as a compute from nothing does."""
    newest = opened.snapshots()[0]
    told = rows(opened, f"SELECT customer_id, order_cnt AS n FROM snapshot.t_{newest.snapshot_id}")
    orders = rows(opened, "SELECT count(DISTINCT order_no) AS n FROM event.payment")[0]["n"]
    assert sum(row["n"] or 0 for row in told) == orders
    assert len(told) == CUSTOMERS


def check_stream(opened: Workspace) -> None:
    """The changes, one after the other, lead from nothing to the tags of the last snapshot."""
    printed = run("watch", "--once", "-w", opened.folder, "--after", "0", "--json")
    lines = [json.loads(line) for line in printed.splitlines()]
    assert [one["id"] for one in lines] == list(range(lines[0]["id"], lines[0]["id"] + len(lines)))
    newest = opened.snapshots()[0]
    now = {public_id(row["customer_id"]): row
           for row in rows(opened, f"SELECT * FROM snapshot.t_{newest.snapshot_id}")}  # fmt: skip
    moving = counters(opened.catalogue)
    told: dict[tuple[str, str], Any] = {}
    for one in lines:
        for code, (_, after) in one["tags"].items():
            told[one["customer_id"], code] = after
    for (customer, code), value in told.items():
        if code == "order_cnt":
            assert now[customer][code] == value
        assert code in moving or (now[customer][code] is None) == (value is None)
