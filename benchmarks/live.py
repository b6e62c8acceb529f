"""Event to visible tag: a steady stream into a live server, and how long until a reader sees it.

    python -m benchmarks.live --rate 1000 --seconds 60

A server of its own (127.0.0.1 only) takes batches over HTTP as a client of Segment's protocol sends
them. One event in fifty is an order of a customer whose spending is known; it counts as visible when
the stream of changes (``GET /api/changes``) tells this very reader a sum that holds it. Both ends of
each interval are read off one clock. The load generator shares the machine with the server.
"""

import argparse
import base64
import http.client
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zhiyan.app.clock import SystemClock
from zhiyan.app.demo import run_demo
from zhiyan.app.event_sources import add_source
from zhiyan.app.workspace import Workspace
from zhiyan.ports import Silent

PROBES, EVERY, BATCH, SENDERS = 200, 50, 20, 4
TAGS = {"retail": "net_spend", "medical_aesthetics": "net_spend_lifetime"}
MOST_SECONDS, MOST_RATE = 600, 20_000
PRICE_FEN = 10_000


@dataclass(slots=True)
class Load:
    """What was sent, and when what of it was acknowledged and seen; seconds of one clock."""

    port: int
    key: str
    tag: str
    acknowledged: list[float] = field(default_factory=list[float])
    visible: list[float] = field(default_factory=list[float])
    sent: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list[float]))
    seen: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    names: dict[str, int] = field(default_factory=dict[str, int])
    failed: int = 0
    measuring: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def order(self, probe: int) -> dict[str, Any]:
        """Return the next order of a probe; its first has a price that names it."""
        orders = self.sent[probe]
        fen = PRICE_FEN + (probe if not orders else 0)
        total = f"{fen // 100}.{fen % 100:02d}"
        number = f"B{probe}-{len(orders)}"
        orders.append(time.monotonic())
        products = [{"sku": "S1", "name": "面霜", "price": total, "quantity": 1}]
        return {
            "type": "track",
            "event": "Order Completed",
            "userId": f"probe{probe}",
            "messageId": number,
            "properties": {"order_id": number, "total": total, "products": products},
        }

    def see(self, change: dict[str, Any]) -> None:
        """Take note of a change: which orders of a probe it shows."""
        pair = change["tags"].get(self.tag)
        if pair is None or pair[1] is None:
            return
        orders, own = divmod(int(pair[1]), PRICE_FEN)
        if not 0 < own <= PROBES or orders < 1:
            return
        probe, now = self.names.setdefault(change["customer_id"], own), time.monotonic()
        with self.lock:
            for number in range(self.seen[probe], min(orders, len(self.sent[probe]))):
                if number:  # the first names the probe
                    self.visible.append(now - self.sent[probe][number])
            self.seen[probe] = max(self.seen[probe], orders)


def view(number: int, customers: int) -> dict[str, Any]:
    """Return an everyday event."""
    names = ("Product Viewed", "Product Added", "商品浏览", "Products Searched")
    return {
        "type": "track",
        "event": names[number % len(names)],
        "userId": f"u{number * 7919 % customers}",
        "messageId": f"v{number}",
        "properties": {"name": "面霜", "path": f"/p/{number % 97}"},
    }


def send(load: Load, connection: http.client.HTTPConnection, batch: list[dict[str, Any]]) -> None:
    """Send a batch and wait for its acknowledgement."""
    begin = time.monotonic()
    basic = base64.b64encode(f"{load.key}:".encode()).decode()
    headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/json"}
    connection.request("POST", "/v1/batch", json.dumps({"batch": batch}).encode(), headers)
    answer = connection.getresponse()
    answer.read()
    with load.lock:
        if answer.status != 200:
            load.failed += len(batch)
        elif load.measuring:
            load.acknowledged.append(time.monotonic() - begin)


def stream(load: Load, options: argparse.Namespace, number: int) -> None:
    """Send one sender's share, a batch each time it is due."""
    connection = http.client.HTTPConnection("127.0.0.1", load.port, timeout=30)
    pause = BATCH * SENDERS / options.rate
    begin = time.monotonic() + number * pause / SENDERS
    for turn in range(int(options.seconds / pause)):
        time.sleep(max(0.0, begin + turn * pause - time.monotonic()))
        first = (turn * SENDERS + number) * BATCH
        batch = [
            load.order(n // EVERY % PROBES + 1) if n % EVERY == 0 else view(n, options.customers)
            for n in range(first, first + BATCH)
        ]
        send(load, connection, batch)


def listen(load: Load, stop: threading.Event) -> None:
    """Follow the stream of changes."""
    connection = http.client.HTTPConnection("127.0.0.1", load.port, timeout=60)
    connection.request("GET", f"/api/changes?tag={load.tag}")
    answer = connection.getresponse()
    while not stop.is_set():
        line = answer.readline()
        if line.startswith(b"data: "):
            load.see(json.loads(line[6:]))


def ask(port: int, path: str) -> dict[str, Any]:
    """Return an answer of the API."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path)
    found: dict[str, Any] = json.loads(connection.getresponse().read())
    connection.close()
    return found


@contextmanager
def served(folder: Path, port: int) -> Iterator[None]:
    """Run the live server."""
    words = ["serve", "--live", "-w", str(folder), "--port", str(port)]
    process = subprocess.Popen(
        [sys.executable, "-m", "zhiyan.cli", *words], stdout=subprocess.DEVNULL
    )
    try:
        for _ in range(600):
            try:
                if ask(port, "/api/live")["rounds"]:
                    break
            except OSError:
                time.sleep(0.2)
        yield
    finally:
        process.kill()
        process.wait()


def settle(load: Load, seconds: float) -> bool:
    """Wait until every order sent was seen; False if time is up before."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if all(load.seen[probe] >= len(orders) for probe, orders in list(load.sent.items())):
            return True
        time.sleep(0.1)
    return False


def measure(load: Load, options: argparse.Namespace) -> list[dict[str, float]]:
    """Warm up, then stream; return the seconds by step of the rounds that were looked at."""
    connection = http.client.HTTPConnection("127.0.0.1", load.port, timeout=60)
    send(load, connection, [load.order(probe + 1) for probe in range(PROBES)])
    send(load, connection, [view(-n - 1, options.customers) for n in range(100)])
    assert settle(load, 120), "the warm-up was never seen"
    load.measuring = True
    threads = [threading.Thread(target=stream, args=(load, options, n)) for n in range(SENDERS)]
    rounds: list[dict[str, float]] = []
    for one in threads:
        one.start()
    while any(one.is_alive() for one in threads):
        rounds.append(ask(load.port, "/api/live")["seconds"])
        time.sleep(1)
    settle(load, 60)
    return rounds


def percentile(values: list[float], share: float) -> float:
    """Return a percentile in milliseconds; nan without values."""
    if not values:
        return float("nan")
    return 1000 * sorted(values)[min(len(values) - 1, int(len(values) * share))]


def tell(load: Load, rounds: list[dict[str, float]], options: argparse.Namespace) -> None:
    """Print the table."""
    orders = sum(len(one) - 1 for one in load.sent.values())
    print(
        f"| rate {options.rate}/s for {options.seconds} s, {options.pack} | p50 ms | p99 ms | max ms |"
    )
    print("|---|---|---|---|")
    for name, values in (("acknowledged", load.acknowledged), ("visible", load.visible)):
        cells = " | ".join(f"{percentile(values, share):.0f}" for share in (0.5, 0.99, 1))
        print(f"| {name} ({len(values)} measured) | {cells} |")
    print(f"\nrefused: {load.failed}; orders never seen: {orders - len(load.visible)}")
    for step in dict.fromkeys(step for one in rounds for step in one):
        taken = [one[step] for one in rounds if step in one]
        if statistics.median(taken) >= 0.005 or ": " not in step:
            print(f"  {step}: median {1000 * statistics.median(taken):.0f} ms")


def workspace(options: argparse.Namespace, folder: Path) -> Path:
    """Return the workspace: the one that was named, or a new one."""
    if options.base:
        run_demo(folder, options.base, 1, progress=Silent())
    else:
        Workspace.create(folder, pack=options.pack)
    return folder


def main() -> None:
    """Run everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=1000, help="events per second")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--customers", type=int, default=2000, help="who the events are of")
    parser.add_argument("--pack", choices=tuple(TAGS), default="medical_aesthetics")
    parser.add_argument("--base", type=int, default=0, help="customers of a demo to begin with")
    parser.add_argument("--port", type=int, default=8941)
    options = parser.parse_args()
    options.rate = min(options.rate, MOST_RATE)
    options.seconds = min(options.seconds, MOST_SECONDS)
    with tempfile.TemporaryDirectory() as place:
        folder = workspace(options, Path(place) / "live")
        key = add_source(folder, "bench", SystemClock().now(), user_id="member_no")
        load = Load(port=options.port, key=key, tag=TAGS[options.pack])
        stop = threading.Event()
        with served(folder, options.port):
            threading.Thread(target=listen, args=(load, stop), daemon=True).start()
            time.sleep(1)
            rounds = measure(load, options)
            stop.set()
        tell(load, rounds, options)


if __name__ == "__main__":
    main()
