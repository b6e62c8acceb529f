"""Messages to rows: times, names, products, and everything that is no event."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from zhiyan.core.identity import IdType
from zhiyan.pipeline.ingest.load import load_sources
from zhiyan.pipeline.ingest.read import RawTable
from zhiyan.pipeline.ingest.tracked import (
    NAME,
    Message,
    Reader,
    Sender,
    content_mark,
    happened_at,
)

PACKS = Path(__file__).parents[3] / "src" / "zhiyan" / "packs"
RECEIVED = datetime(2026, 11, 20, 2, tzinfo=UTC)


@pytest.fixture(scope="module", params=["medical_aesthetics", "retail"])
def source(request: pytest.FixtureRequest) -> Any:
    return next(s for s in load_sources([PACKS / request.param / "sources"]) if s.name == NAME)


def read(source: Any, *events: Any, sender: Sender | None = None, **more: Any) -> RawTable:
    envelopes = [{"received_at": RECEIVED.isoformat(), "event": one, **more} for one in events]
    messages = [
        Message(place=n, body=json.dumps(one).encode()) for n, one in enumerate(envelopes, 1)
    ]
    return Reader(source, sender or Sender(name="app")).table("journal:x:1-9", messages)[1]


def cells(table: RawTable) -> list[dict[str, str]]:
    return [{k: v for k, v in row.items() if v is not None} for row in table.rows.to_pylist()]


def test_names_of_paths_and_events(source: Any):
    event = {"type": "Track", "event": "商品浏览", "userId": 12, "messageId": 5,
             "properties": {"orderId": 77, "Session ID": "s", "unheard of": 1}}  # fmt: skip
    table = read(source, event)
    (row,) = cells(table)
    assert row["call"] == "track"
    assert row["event"] == "商品浏览"
    assert (row["user"], row["message_id"]) == ("12", "5")
    assert (row["order_no"], row["session"]) == ("77", "s")
    assert "properties.unheard of" in table.headers
    assert table.sheet == "app"


def test_a_user_id_is_what_its_source_says(source: Any):
    sender = Sender(name="app", user_id=IdType.OPENID)
    (row,) = cells(read(source, {"type": "track", "userId": "o1"}, sender=sender))
    assert row["openid"] == "o1"
    assert "user" not in row


def test_traits_stand_in_two_places(source: Any):
    for event in (
        {"traits": {"phone": "13912345678"}},
        {"context": {"traits": {"phone": "13912345678"}}},
        {"traits": None, "context": {"traits": {"phone": 13912345678}}},
    ):
        (row,) = cells(read(source, {"type": "identify", "userId": "u", **event}))
        assert row["phone"] == "13912345678"


def test_a_row_for_each_product(source: Any):
    products = [{"name": "a", "price": "1.10", "quantity": 2}, {"name": "b", "price": 0.30}]
    event = {"type": "track", "event": "Order Completed", "userId": "u",
             "properties": {"order_id": "L1", "total": 2.5, "products": products}}  # fmt: skip
    table = read(source, {"type": "page"}, event)
    rows = cells(table)[1:]
    assert table.row_no.to_pylist() == [1, 2, 2]
    assert [row["line"] for row in rows] == ["1", "2"]
    assert [(row["bare_price"], row.get("qty")) for row in rows] == [("1.10", "2"), ("0.3", None)]
    assert {row["total"] for row in rows} == {"2.5"}


def test_money_of_another_currency_is_not_read(source: Any):
    for currency, total in (("CNY", "5"), ("rmb", "5"), ("人民币", "5"), ("USD", "USD 5")):
        properties = {"order_id": "L", "total": 5, "currency": currency}
        (row,) = cells(read(source, {"type": "track", "event": "x", "properties": properties}))
        assert row["total"] == total


@pytest.mark.parametrize(
    ("event", "reason"),
    [(5, "not_an_object"), (None, "not_an_object"), ([1], "not_an_object"),
     ({}, "unknown_call"), ({"type": "dance"}, "unknown_call"), ({"type": 5}, "unknown_call")],
)  # fmt: skip
def test_what_is_no_event(source: Any, event: Any, reason: str):
    table = read(source, {"type": "page"}, event)
    assert [(one.row_no, str(one.reason)) for one in table.rejected] == [(2, reason)]
    assert table.rows.num_rows == 1


def test_bodies_that_are_broken(source: Any):
    reader = Reader(source, Sender(name="app"))
    bodies = (b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"refused": "too_large"}')
    messages = [Message(place=n, body=body) for n, body in enumerate(bodies, 1)]
    _, table = reader.table("journal:x:1-5", messages)
    assert [str(one.reason) for one in table.rejected] == ["not_an_object"] * 4 + ["too_large"]
    assert table.rows.num_rows == 0


def test_a_shared_device_is_no_proof(source: Any):
    sender = Sender(name="pad", shared_devices=True)
    known = {"type": "identify", "userId": "u", "anonymousId": "d"}
    rows = cells(read(source, known, {"type": "page", "anonymousId": "d"}, sender=sender))
    assert "device" not in rows[0]
    assert rows[1]["device"] == "d"


@pytest.mark.parametrize(
    ("event", "seconds"),
    [
        ({}, 0),
        ({"timestamp": -60}, -60),
        ({"originalTimestamp": -60, "timestamp": -10}, -60),
        ({"timestamp": -60, "sentAt": -4}, -60),  # a skew of four seconds is none
        ({"timestamp": -3600, "sentAt": -3590}, -10),  # an hour behind
        ({"timestamp": 3590, "sentAt": 3600}, -10),  # an hour ahead
        ({"timestamp": 60}, 0),  # nothing happens after it was received
    ],
)
def test_when_it_happened(event: dict[str, int], seconds: int):
    told = {name: (RECEIVED + timedelta(seconds=at)).isoformat() for name, at in event.items()}
    found = happened_at(told, {"received_at": RECEIVED.isoformat()})
    assert found == (RECEIVED + timedelta(seconds=seconds)).isoformat()


def test_times_that_are_no_moments_are_left_to_the_parser():
    envelope = {"received_at": RECEIVED.isoformat(), "sent_at": "yesterday"}
    assert happened_at({"timestamp": "2026-11-19 10:00"}, envelope) == "2026-11-19 10:00"
    assert happened_at({"timestamp": 5}, envelope) == "5"


def test_messages_without_an_id(source: Any):
    event = {"type": "page", "name": "x"}
    assert content_mark(event) == content_mark({**event, "sentAt": "later"})
    assert content_mark(event) != content_mark({**event, "name": "y"})
    (row,) = cells(read(source, event))
    assert row["message_id"] == content_mark(event)
