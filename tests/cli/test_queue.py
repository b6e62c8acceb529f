"""The queue and the tags of people by the command line, and the same by the API."""

import csv
import json

import pytest
from tests.api.client import Client
from typer.testing import CliRunner

from zhiyan.api import create_app
from zhiyan.app.people_reads import WorkspacePeople
from zhiyan.app.reading import WorkspaceReads
from zhiyan.cli.main import app


def run(folder, *words, code=0):
    found = CliRunner().invoke(app, [*words, "--workspace", str(folder)], env={"COLUMNS": "200"})
    assert found.exit_code == code, found.output
    return found.output


@pytest.fixture(scope="module")
def answers(spare_group):
    return json.loads(run(spare_group, "queue", "--json", "--limit", "400"))


def test_the_queue_is_ordered_and_explained(spare_group, answers):
    entries = answers["entries"]
    assert [entry["place"] for entry in entries] == list(range(1, len(entries) + 1))
    assert answers["totals"]["entries"] == len(entries) > 20
    for entry in entries:
        assert entry["score"] == sum(one["points"] for one in entry["contributions"])
        assert entry["because"]["zh"]
        assert entry["because"]["en"]
        assert entry["do"]["zh"]
    service = {"服务"}
    for entry in entries:
        if entry["held"] and "medical_marketing" not in entry["because"]["en"]:
            blocked = {one["code"] for one in entry["held"]} - {
                "no_health_consent", "pregnant", "anticoagulant",
            }  # fmt: skip
            if blocked:
                assert entry["because"]["zh"].split("；")[0].split("·")[1] in service


def test_the_forms_say_the_same(spare_group, answers):
    first = answers["entries"][0]
    shown = run(spare_group, "queue", "--limit", "1")
    assert first["customer_id"] in shown
    assert first["name"]["zh"] in shown
    english = run(spare_group, "queue", "--limit", "1", "--lang", "en")
    assert first["name"]["en"] in english
    rows = list(
        csv.reader(run(spare_group, "queue", "--format", "csv", "--limit", "5").splitlines())
    )
    assert [row[1] for row in rows[1:]] == [e["customer_id"] for e in answers["entries"][:5]]
    held = json.loads(run(spare_group, "queue", "--held", "--json", "--limit", "400"))
    assert len(held["entries"]) == answers["totals"]["blocked"] > 0
    assert all(entry["blocked"] and entry["held"] for entry in held["entries"])


def test_a_clinic_an_owner_and_an_action_choose_rows(spare_group, answers):
    first = next(entry for entry in answers["entries"] if entry["owner"] and entry["clinic"])
    for option, name in (("--clinic", "clinic"), ("--owner", "owner"), ("--action", "action")):
        part = json.loads(
            run(spare_group, "queue", option, first[name], "--json", "--limit", "400")
        )["entries"]
        expected = [e["customer_id"] for e in answers["entries"] if e[name] == first[name]]
        assert [entry["customer_id"] for entry in part] == expected
    assert "ZY532" in CliRunner().invoke(
        app, ["queue", "--action", "invite_deu", "--workspace", str(spare_group)]
    ).output  # fmt: skip


def test_the_sensitivity_is_readable(spare_group):
    shown = run(spare_group, "queue", "--sensitivity", "--head", "20")
    assert "前 20 名" in shown
    found = json.loads(run(spare_group, "queue", "--sensitivity", "--head", "20", "--json"))
    assert found["size"] == 20
    moved = [one for one in found["weights"] if one["least"]["replaces"] is not None]
    assert moved
    assert all(one["steps"].keys() == {"-25", "-10", "10", "25"} for one in found["weights"])


def test_the_api_gives_the_same_queue(spare_group, answers):
    reads = WorkspaceReads(spare_group)
    api = Client(create_app(reads, static=None, people=WorkspacePeople(reads)))
    body = api.get("/api/queue?limit=50").json()
    assert [(e["customer_id"], e["action"]["code"], e["score"]) for e in body["entries"]] == [
        (e["customer_id"], e["action"], e["score"]) for e in answers["entries"][:50]
    ]
    assert body["total"] == answers["totals"]["entries"]
    assert body["entries"][0]["because"] == answers["entries"][0]["because"]
    assert api.get("/api/queue?action=no_such").status_code == 400
    assert api.get("/api/queue?limit=0").status_code == 422
    found = api.get("/api/queue/sensitivity?size=10").json()
    assert found["size"] == 10


def test_tags_of_people_by_command(spare_group, tmp_path):
    rows = json.loads(run(spare_group, "select", "consent_general = 'granted'", "--json"))["rows"]
    customer = rows[0]["customer_id"]
    who = ("--author", "测试员", "--reason", "面谈")
    assert "已录入 1 条" in run(spare_group, "tag", "set", customer, "intent_level", "b", *who)
    assert "1 entries stored" in run(
        spare_group, "tag", "confirm", customer, "intent_level", *who, "--lang", "en"
    )
    listed = json.loads(run(spare_group, "tag", "list", "--author", "测试员", "--all", "--json"))
    assert [(one["way"], one["status"]) for one in listed] == [
        ("confirm", "live"), ("set", "overruled"),
    ]  # fmt: skip
    assert "测试员" in run(spare_group, "tag", "list", "--customer", customer)
    assert "测试员" in run(spare_group, "tag", "quality")
    assert "Copy-paste" in run(spare_group, "tag", "quality", "--lang", "en")
    assert "已撤销 2 条" in run(spare_group, "tag", "remove", customer, "intent_level", *who)
    refused = run(spare_group, "tag", "set", customer, "age", "30", *who, code=2)
    assert "ZY520" in refused
    file = tmp_path / "t.csv"
    file.write_text(f"customer,tag,value,author,reason\n{customer},intent_level,zz,a,b\n", "utf-8")
    assert "line 2" in run(spare_group, "tag", "import", str(file), code=1)
    reads = WorkspaceReads(spare_group)
    api = Client(create_app(reads, static=None, people=WorkspacePeople(reads)))
    assert api.get(f"/api/customers/{customer}/entered/intent_level").status_code == 200
    assert api.get("/api/customers/C0000000000000001/entered/age").status_code == 404
