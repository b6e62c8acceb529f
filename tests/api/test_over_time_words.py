"""What the console shows of the queue, of history and of people's entries, in words."""

from datetime import UTC
from typing import Any

import pytest
from tests.api.client import Client
from tests.api.lived import lived_workspace

from zhiyan.api import create_app


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, worker_id: str):
    with lived_workspace(tmp_path_factory, worker_id) as (reads, people, first, customer):
        last = reads.snapshots()[0].as_of.replace(tzinfo=UTC)
        days = {"first": first.isoformat(), "last": last.isoformat()}
        yield Client(create_app(reads, static=None, people=people)), days, customer


def test_queue_choices_narrow_the_queue(client: tuple[Client, Any, str]):
    web, _, _ = client
    choices = web.get("/api/queue/choices").json()
    clinic = choices["clinics"][0]
    assert clinic["name"]["zh"] != clinic["code"]
    everything = web.get("/api/queue", params={"limit": 500}).json()
    narrowed = web.get("/api/queue", params={"limit": 500, "clinic": clinic["code"]}).json()
    expected = [e["customer_id"] for e in everything["entries"] if e["clinic"] == clinic["code"]]
    assert [e["customer_id"] for e in narrowed["entries"]][: len(expected)] == expected
    assert {e["clinic_name"]["zh"] for e in narrowed["entries"]} == {clinic["name"]["zh"]}
    role = choices["roles"][0]
    codes = {one["code"] for one in choices["actions"] if one["role"] == role}
    found = web.get("/api/queue", params={"owner": role}).json()
    assert {e["action"]["code"] for e in found["entries"]} <= codes


def test_queue_of_one_customer_is_what_the_whole_queue_says_of_her(client: tuple[Client, Any, str]):
    web, _, _ = client
    everything = web.get("/api/queue", params={"limit": 500}).json()["entries"]
    customer = everything[0]["customer_id"]
    hers = web.get("/api/queue", params={"customer": customer}).json()
    mine = [e for e in everything if e["customer_id"] == customer]
    assert [(e["action"], e["score"], e["held"]) for e in hers["entries"]] == [
        (e["action"], e["score"], e["held"]) for e in mine
    ]
    assert hers["customers"] == 1
    assert web.get("/api/queue", params={"customer": "C12"}).status_code == 422


def test_a_migration_counts_every_customer_once(client: tuple[Client, Any, str]):
    web, days, _ = client
    found = web.get("/api/migration", params={"tag": "lifecycle_stage", **days}).json()
    values = found["values"]
    silent = next(n for n, one in enumerate(values) if one["value"] == "silent")
    assert values[silent]["zh"] == "沉默客户"
    after = sum(c["customers"] for c in found["cells"] if c["after"] == silent)
    counted = web.count("lifecycle_stage = 'silent'").json()
    assert after == counted["matched"]
    assert web.get("/api/migration", params={"tag": "no_such", **days}).status_code == 400


def test_reasons_add_up_to_the_moves(client: tuple[Client, Any, str]):
    web, days, _ = client
    where = "lifecycle_stage = 'silent'"
    found = web.get("/api/movements", params={"where": where, **days, "limit": 10_000}).json()
    assert sum(one["customers"] for one in found["reasons"]) == found["total"] > 0
    assert {one["name"]["zh"] for one in found["reasons"]} <= {"生命周期阶段", "是客户"}
    assert "沉默客户" in {one["after_shown"]["zh"] for one in found["reasons"]}


def test_quality_has_one_point_for_each_snapshot(client: tuple[Client, Any, str]):
    web, days, _ = client
    before, after = web.get("/api/tags/lifecycle_stage/quality").json()
    assert [before["as_of"][:10], after["as_of"][:10]] == [days["first"][:10], days["last"][:10]]
    assert before["psi_previous"] is None
    assert after["psi_previous"] > 0
    assert after["coverage"] == 1
    assert web.get("/api/tags/no_such/quality").status_code in (400, 404)


def test_readers_have_names(client: tuple[Client, Any, str]):
    web, _, _ = client
    found = web.get("/api/tags/lifecycle_stage/readers").json()
    assert set(found["names"]) == {*found["direct"], *found["indirect"]}
    assert found["names"]["segment:silent_win_back"]["zh"] == "沉默可召回"


def test_entries_stand_beside_the_computed_tags(client: tuple[Client, Any, str]):
    web, _, customer = client
    found = web.get(f"/api/customers/{customer}/entered").json()
    entries = {one["code"]: one for one in found["tags"]}["intent_level"]["entries"]
    assert [(e["author"], e["reason"], e["status"]) for e in entries if e["author"] == "王"] == [
        ("王", "面谈", "live")
    ]
    assert all(entry["shown"]["zh"] != entry["value"] for entry in entries)
    assert web.get("/api/customers/C0000000000000001/entered").status_code == 404


def test_values_of_dictionaries_have_names(client: tuple[Client, Any, str]):
    web, _, _ = client
    for tag in ("concern_pref", "lifestyle_interest", "reachable_channels", "consent_marketing"):
        bars = web.get(f"/api/tags/{tag}").json()["spread"]["bars"]
        assert bars
        assert [bar["value"]["zh"] for bar in bars if bar["value"]["zh"].isascii()] == []
    assert web.get("/api/health/shelved").json() == []
