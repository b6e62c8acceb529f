"""The live workspace, round by round: the same facts, tags and snapshots as by files, each once."""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.app.group import rows

from zhiyan.app.event_sources import add_source
from zhiyan.app.live import IDLE, Live
from zhiyan.app.live_reads import LiveReads
from zhiyan.app.workspace import Workspace
from zhiyan.core.identity import public_id
from zhiyan.engines.duckdb import DuckDBEngine
from zhiyan.errors import InternalError, OutsideError, Problem
from zhiyan.pipeline.ingest import tracked
from zhiyan.pipeline.ingest.run import Importer
from zhiyan.ports import Statement

START = datetime(2026, 11, 20, 2, tzinfo=UTC)


class Steps:
    """A clock that a test moves."""

    def __init__(self, moment: datetime = START) -> None:
        self.moment = moment

    def now(self) -> datetime:
        self.moment += timedelta(milliseconds=1)
        return self.moment


class Shop:
    """A live workspace on the retail pack, with what tests do to it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder, Steps()
        self.live = Live(folder, clock=self.clock)
        self.number = 0

    def send(self, *events: Any, source: str = "app") -> int:
        """Send events; those without an id get the next."""
        messages = []
        for event in events:
            self.number += 1
            mark = f"m{self.number}"
            if isinstance(event, dict):
                mark = event.setdefault("messageId", mark)
            body = {"received_at": self.clock.now().isoformat(), "event": event}
            messages.append((mark, json.dumps(body).encode()))
        return self.live.intake.accept(source, messages).result()

    def reopen(self) -> None:
        """Let go of everything as a killed process does, and open again."""
        self.live._stack.close()
        self.live = Live(self.folder, clock=self.clock)

    def tags(self, *codes: str) -> dict[str, tuple[Any, ...]]:
        newest = self.live.workspace.snapshots()[0]
        found = rows(self.live.workspace, f"SELECT * FROM snapshot.t_{newest.snapshot_id}")
        return {public_id(r["customer_id"]): tuple(r[code] for code in codes) for r in found}

    def told(self, after: int = 0) -> list[dict[str, Any]]:
        return [json.loads(one.body) for one in self.live.feed.after(after, 1000)]

    def all(self, sql: str) -> list[dict[str, Any]]:
        return rows(self.live.workspace, sql)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("live") / "shop"
    Workspace.create(folder, pack="retail")
    add_source(folder, "app", START, user_id="member_no")
    add_source(folder, "pad", START, user_id="member_no", shared_devices=True)
    empty = Live(folder, clock=Steps(START - timedelta(minutes=1)))
    empty.step()  # the snapshot of nobody
    empty._stack.close()
    return folder


@pytest.fixture
def shop(made: Path, tmp_path: Path) -> Iterator[Shop]:
    folder = tmp_path / "shop"
    shutil.copytree(made, folder)
    found = Shop(folder)
    yield found
    found.live._stack.close()


def order(number: str, user: str = "u1", **more: Any) -> dict[str, Any]:
    products = [{"sku": "S1", "name": "面霜", "price": 50, "quantity": 2}]
    properties = {"order_id": number, "total": 100, "products": products}
    return {"type": "track", "event": "Order Completed", "userId": user,
            "properties": properties, **more}  # fmt: skip


def test_an_event_becomes_fact_tag_and_change(shop: Shop):
    assert shop.send(order("L1")) == 1
    done = shop.live.step()
    assert done is not None
    assert (done.drained.messages, done.drained.accepted, done.changed) == (1, 1, 1)
    ((customer, (orders, spent)),) = shop.tags("order_cnt", "net_spend").items()
    assert (orders, spent) == (1, 10000)
    (change,) = shop.told()
    assert change["customer_id"] == customer
    assert change["tags"]["order_cnt"] == [None, 1]
    shop.send(order("L2"))
    shop.live.step()
    assert shop.told(1)[0]["tags"]["order_cnt"] == [1, 2]
    assert shop.live.step() is None
    assert shop.live.depth() == 0


def test_a_round_asks_few_questions(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    """Each statement costs milliseconds however small the batch: they are what a round lasts."""
    shop.send(order("L1"), order("L2"))
    shop.live.step()
    asked: list[str] = []
    for name in ("run", "query"):
        own = getattr(DuckDBEngine, name)

        def noted(engine: DuckDBEngine, statement: Statement, own: Any = own) -> Any:
            asked.append(statement.text)
            return own(engine, statement)

        monkeypatch.setattr(DuckDBEngine, name, noted)
    shop.send(order("L3"), {"type": "page", "userId": "u1"})
    assert shop.live._drain.run() is not None
    kept = [text for text in asked if not text.startswith("DROP TABLE")]
    assert len(kept) <= 30
    asked.clear()
    shop.live.workspace.resolve(shop.clock.now())
    assert len(asked) <= 18
    # Kinds that the batch brought nothing of are not asked.
    assert not any('event."visit"' in text for text in asked)


def test_segments_are_entered_and_left(shop: Shop):
    codes = shop.live.workspace.catalogue.segments
    shop.send(*(order(f"L{n}", total=n) for n in range(3)))
    shop.live.step()
    (change,) = shop.told()
    newest = shop.live.workspace.snapshots()[0].snapshot_id
    for code in codes:
        inside = shop.live.workspace.select(code, snapshot=newest).counts.matched
        assert (code in change["entered"]) == (inside == 1)
    assert change["left"] == []


@pytest.mark.slow
def test_the_stream_gives_what_a_compute_gives(shop: Shop):
    for n in range(6):
        shop.send(order(f"L{n}", f"u{n % 2}"), {"type": "page", "userId": f"u{n % 3}"})
        shop.live.step()
        shop.clock.moment += timedelta(days=n * 7, seconds=1)
    shop.send({"type": "identify", "userId": "u0", "traits": {"phone": "13912345678"}})
    shop.live.step()
    streamed = shop.live.workspace.snapshots()[0]
    as_of = streamed.as_of.replace(tzinfo=UTC)
    assert shop.live.workspace.compute(as_of).snapshot_id == streamed.snapshot_id


@pytest.mark.slow
def test_live_snapshots_do_not_pile_up(shop: Shop):
    first = shop.live.workspace.snapshots()[0].snapshot_id
    for n in range(5):
        shop.send(order(f"L{n}"))
        shop.live.step()
        shop.clock.moment += timedelta(seconds=1)
    kept = [one.snapshot_id for one in shop.live.workspace.snapshots()]
    assert len(kept) == 2
    assert kept[1] == first
    views = shop.all("SELECT view_name AS v FROM duckdb_views() WHERE schema_name = 'snapshot'")
    assert {row["v"] for row in views} == {f"{kind}_{one}" for kind in "mta" for one in kept}
    assert len(shop.all("SELECT customer_id FROM snapshot.tag_1_still")) == 1


@pytest.mark.slow
def test_the_last_snapshot_of_a_stream_stays_with_its_history(shop: Shop):
    shop.send(order("L1"))
    shop.live.step()
    newest = shop.live.workspace.snapshots()[0].snapshot_id
    shop.live.close()
    shop.live = Live(shop.folder, clock=shop.clock)
    shop.send(order("L2"))
    shop.live.step()
    kept = [one.snapshot_id for one in shop.live.workspace.snapshots()]
    assert newest in kept
    sightings = shop.all("SELECT snapshot_id AS s FROM history.sighting")
    assert newest in {row["s"] for row in sightings}


def test_the_same_message_again_is_nothing(shop: Shop):
    shop.send(order("L1", messageId="once"))
    shop.live.step()
    assert shop.send(order("L1", messageId="once")) == 0
    assert shop.live.step() is None
    shop.reopen()
    assert shop.send(order("L1", messageId="once")) == 0


def test_killed_between_the_warehouse_and_the_journal(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    shop.send(order("L1"), order("L2"))
    monkeypatch.setattr(shop.live._journal, "take", lambda _: None)
    monkeypatch.setattr(shop.live, "_refresh", _failing)
    with pytest.raises(OutsideError):
        shop.live.step()
    assert shop.live.depth() == 2
    shop.reopen()
    shop.live.step()
    assert shop.live.depth() == 0
    assert shop.all("SELECT count(*) AS n FROM event.payment") == [{"n": 2}]
    assert list(shop.tags("order_cnt").values()) == [(2,)]
    assert [one["tags"]["order_cnt"] for one in shop.told()] == [[None, 2]]


def test_killed_between_the_refresh_and_its_changes(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    shop.send(order("L1"))
    monkeypatch.setattr(shop.live.feed, "tell", _failing)
    with pytest.raises(OutsideError):
        shop.live.step()
    assert not shop.told()
    shop.reopen()
    assert [one["tags"]["order_cnt"] for one in shop.told()] == [[None, 1]]
    shop.live.step()
    assert len(shop.told()) == 1


def test_a_failed_round_is_made_up_for(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    shop.send(order("L1"))
    with monkeypatch.context() as patch:
        patch.setattr(shop.live.feed, "tell", _failing)
        with pytest.raises(OutsideError):
            shop.live.step()
    assert shop.live.step() is not None
    assert [one["tags"]["order_cnt"] for one in shop.told()] == [[None, 1]]


def _failing(*_: object) -> Any:
    raise OutsideError(Problem(code="ZY902", message="the disk is full"))


def test_rubbish_lies_in_quarantine_and_holds_up_nothing(shop: Shop):
    shop.send(
        5, None, "text", [1], {"type": "dance"}, {}, order("L1"),
        order("L2", properties={"order_id": "L2", "total": "a lot"}),
        order("L3", properties={"order_id": "L3", "total": 5, "currency": "USD"}),
        {"type": "track", "event": "Product Viewed"},
        {"type": "track", "userId": {"nested": {"too": 1}}, "event": ["x"], "properties": "none"},
        {"type": "group", "userId": "u1", "groupId": "g"},
    )  # fmt: skip
    done = shop.live.step()
    assert done is not None
    assert done.drained.messages == 12
    assert done.drained.accepted + done.drained.quarantined + done.drained.dropped == 12
    assert shop.all("SELECT order_no AS o FROM event.payment") == [{"o": "L1"}]
    reasons = {row["reason"] for row in shop.all("SELECT reason FROM meta.quarantine")}
    assert reasons >= {"not_an_object", "unknown_call", "bad_money", "no_person"}


def test_a_message_that_nothing_can_take_is_set_aside(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    taken = Importer.take

    def take(self: Importer, name: str, tables: Any, recorded_at: datetime) -> Any:
        if any("poison" in str(table.rows.to_pylist()) for _, table in tables):
            raise InternalError(Problem(code="ZY990", message="refused"))
        return taken(self, name, tables, recorded_at)

    monkeypatch.setattr(Importer, "take", take)
    shop.send(order("L1"), order("L2"), order("poison"), order("L4"), order("L5"))
    done = shop.live.step()
    assert done is not None
    assert (done.drained.accepted, done.drained.quarantined) == (4, 1)
    found = {row["o"] for row in shop.all("SELECT order_no AS o FROM event.payment")}
    assert found == {"L1", "L2", "L4", "L5"}
    assert [row["reason"] for row in shop.all("SELECT reason FROM meta.quarantine")] == [
        "not_taken"
    ]
    shop.reopen()
    shop.live.step()
    assert shop.all("SELECT count(*) AS n FROM event.payment") == [{"n": 4}]


def test_late_events_count_where_they_happened(shop: Shop):
    shop.send(order("L1"))
    shop.live.step()
    late = (START - timedelta(days=400)).isoformat()
    shop.send(order("L2", timestamp=late), order("L3", originalTimestamp=late, timestamp="2026"))
    shop.live.step()
    assert list(shop.tags("order_cnt", "order_cnt_12m").values()) == [(3, 1)]


def test_nothing_happens_after_it_was_received(shop: Shop):
    ahead = (START + timedelta(days=3)).isoformat()
    shop.send(order("L1", timestamp=ahead))
    shop.live.step()
    assert list(shop.tags("order_cnt").values()) == [(1,)]


def test_events_before_the_customer_is_known(shop: Shop):
    shop.send({"type": "page", "anonymousId": "d1"}, order("L1", None, anonymousId="d1"))
    shop.live.step()
    (before,) = shop.tags("order_cnt")
    shop.send({"type": "identify", "userId": "u9", "anonymousId": "d1"}, order("L2", "u9"))
    shop.live.step()
    assert shop.tags("order_cnt") == {before: (2,)}


def test_shared_devices_prove_nothing(shop: Shop):
    for user in ("u1", "u2"):
        shop.send({"type": "identify", "userId": user, "anonymousId": "pad"},
                  order(f"L{user}", user, anonymousId="pad"), source="pad")  # fmt: skip
    shop.live.step()
    assert sorted(shop.tags("order_cnt").values()) == [(1,), (1,)]


def test_without_events_time_passes(shop: Shop):
    shop.send(order("L1"))
    shop.live.step()
    assert shop.live.step() is None
    shop.clock.moment += timedelta(days=100)
    assert shop.live.step() is not None
    assert list(shop.tags("order_cnt", "order_cnt_90d").values()) == [(1, 0)]
    assert shop.told(1)[0]["tags"]["order_cnt_90d"] == [1, 0]
    shop.clock.moment += IDLE / 2
    assert shop.live.step() is None


def test_readers_beside_the_stream(shop: Shop):
    reads = LiveReads(shop.live)
    shop.send(order("L1"))
    shop.live.step()
    assert reads.overview().customers == 1
    page = reads.customers("", where="order_cnt = 1", after=None, limit=5)
    assert page.total == 1
    profile = reads.customer(page.lines[0].customer_id)
    assert profile is not None
    assert profile.cells["order_cnt"].value == 1


def test_a_reader_sees_one_moment(shop: Shop):
    shop.send(order("L1"))
    shop.live.step()
    with LiveReads(shop.live)._opened() as found:
        newest = found.snapshots()[0]
        shop.send(order("L2"))
        shop.live.step()  # takes out the snapshot that the reader is about to ask
        query = f"SELECT order_cnt AS n FROM snapshot.t_{newest.snapshot_id}"
        assert found.engine.query(Statement(query)).to_pylist() == [{"n": 1}]


def test_the_thread_takes_what_arrives(shop: Shop):
    shop.live.start()
    shop.send(order("L1"))
    for _ in range(3000):
        if shop.told():
            break
        shop.live._stop.wait(0.01)
    shop.live.close()
    shop.live = Live(shop.folder, clock=shop.clock)
    assert [one["tags"]["order_cnt"] for one in shop.told()] == [[None, 1]]
    assert not shop.live.state.failure


def test_what_clients_send_again_is_the_same_text():
    first, second = (tracked.content_mark({"event": "x", "sentAt": n}) for n in (1, 2))
    assert first == second
    assert first != tracked.content_mark({"event": "y"})
