"""History, movements and the life of tags, by command, on the shop with three snapshots."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.app.group import copy_of, lived_shop, moments, reading, rows
from typer.testing import CliRunner, Result

from zhiyan.app.workspace import Workspace
from zhiyan.cli.main import app
from zhiyan.core.identity import public_id

DRAFT = """
tags:
- code: big_spender
  name: {zh: 大额客户, en: Big spender}
  description: {zh: 净消费达标。, en: Spends a lot.}
  category: [value]
  kind: rule
  type: bool
  value: net_spend_12m >= yuan(3000)
  owner: 运营部
  sensitivity: P2
  purposes: [analytics]
  status: draft
  aliases: [rich_one]
"""


def call(*words: str | Path, code: int = 0) -> Result:
    result = CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "160"})
    assert result.exit_code == code, (result.output, result.exception)
    return result


def told(*words: str | Path) -> Any:
    return json.loads(call(*words, "--json").stdout)


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> tuple[Path, list[datetime]]:
    """A workspace with three snapshots, the middle one computed last; read only."""
    folder = lived_shop(tmp_path_factory, worker_id)
    with reading(folder) as workspace:
        return folder, moments(workspace)


def day(moment: datetime) -> str:
    return f"{moment + timedelta(hours=8):%Y-%m-%d}"


def test_movements_add_up_and_say_why(days: tuple[Path, list[datetime]]):
    folder, moments = days
    asked = ("movements", "lifecycle_stage = 'silent'", "--from", day(moments[0]), "-w", folder)
    found = told(*asked)
    assert len(found["periods"]) == 3
    for before, after in zip(found["periods"], found["periods"][1:], strict=False):
        assert after["size"] == before["size"] + after["entered"] - after["left"]
    moved = {(m["customer_id"], m["as_of"], m["change"]) for m in found["moves"]}
    assert len(moved) == sum(p["entered"] + p["left"] for p in found["periods"]) > 0
    assert {m["tag"] for m in found["moves"]} == {"lifecycle_stage"}
    assert all(
        (m["after"] == "silent") == (m["change"] == "entered") != (m["before"] == "silent")
        for m in found["moves"]
    )
    assert "Lifecycle stage" in call(*asked, "--lang", "en", "--by", "month").stdout


def test_history_tells_what_each_snapshot_said(days: tuple[Path, list[datetime]]):
    folder, moments = days
    with Workspace.reading(folder) as workspace:
        mover = rows(
            workspace,
            "SELECT customer_id FROM history.value WHERE tag = 'lifecycle_stage'"
            " AND known_to > TIMESTAMP '9999-01-01' GROUP BY ALL HAVING count(*) > 1",
        )[0]["customer_id"]
        said = {
            one.as_of: rows(
                workspace,
                f"SELECT lifecycle_stage AS v FROM snapshot.t_{one.snapshot_id}"
                " WHERE customer_id = $id",
                id=mover,
            )[0]["v"]
            for one in workspace.snapshots()
        }
    found = told("history", public_id(mover), "lifecycle_stage", "-w", folder)
    now = [s for s in found["stretches"] if s["tag"] != "*" and s["known_to"] is None]
    for moment, value in said.items():
        at = moment.isoformat()
        held = [s for s in now if s["valid_from"] <= at and at < (s["valid_to"] or "9999")]
        assert [s["value"] for s in held] == [value]
    on = told("as-of", day(moments[1] + timedelta(days=3)), public_id(mover), "-w", folder)
    assert on["tags"]["lifecycle_stage"] == said[moments[1].replace(tzinfo=None)]
    assert (on["exact"], on["days_before"]) == (False, 3)
    assert "lifecycle_stage" in call("history", public_id(mover), "-w", folder).stdout


def test_segment_on_a_day_is_what_select_says(days: tuple[Path, list[datetime]]):
    folder, moments = days
    on = told("as-of", day(moments[1]), "--segment", "win_back", "-w", folder)
    selected = told("select", "win_back", "--snapshot", on["snapshot"], "-w", folder)
    assert on["exact"] is True
    assert on["count"] == selected["counts"]["matched"]


def test_migration_counts_everybody_once(days: tuple[Path, list[datetime]]):
    folder, moments = days
    found = told("migration", "lifecycle_stage", "--from", day(moments[0]), "-w", folder)
    with Workspace.reading(folder) as workspace:
        assert sum(c["customers"] for c in found["cells"]) == workspace.snapshot().customers
    call("migration", "lifecycle_stage", "--from", day(moments[0]), "-w", folder)


def test_a_day_before_history_is_refused(days: tuple[Path, list[datetime]]):
    folder, _ = days
    assert (
        "ZY512" in call("as-of", "2001-01-01", "--segment", "win_back", "-w", folder, code=2).output
    )
    refused = call("history", "C0000000000000001", "lifecycle_stage", "-w", folder, code=2).output
    assert "ZY504" in refused
    counter = call("history", "C0000000000000001", "recency_days", "-w", folder, code=2)
    assert "ZY511" in counter.output


def test_quality_is_kept_with_every_snapshot(days: tuple[Path, list[datetime]]):
    folder, _ = days
    health = {one["code"]: one for one in told("tags", "health", "-w", folder)}
    assert health["valid_customer"]["coverage"] == 1
    assert health["lifecycle_stage"]["psi_previous"] > 0
    assert health["lifecycle_stage"]["proposals"] == []
    thin = {one["code"]: one["proposals"] for one in health.values() if one["coverage"] < 0.01}
    assert thin.keys() == {"days_in_the_millions"}
    assert all("coverage" in proposals for proposals in thin.values())
    shown = told("tags", "show", "lifecycle_stage", "-w", folder)["quality"]
    assert len(shown) >= 2
    call("tags", "health", "-w", folder, "--lang", "en")


@pytest.mark.slow
def test_a_tag_from_draft_to_retirement(days: tuple[Path, list[datetime]], tmp_path: Path):
    folder = copy_of(days[0], tmp_path / "life")
    (folder / "packs" / "own.yaml").write_text(DRAFT, "utf-8")
    w = ("-w", folder)
    assert "ZY513" in call("select", "big_spender", *w, code=2).output
    assert [c["part"] for c in told("tags", "changes", *w)["changes"]] == ["tag"]
    people = told("tags", "changes", "--members", "big_spender", *w)
    assert {"true", "false"} == {one["after"] for one in people}
    assert "ZY514" in call("tags", "status", "big_spender", "live", *w, code=2).output
    call("tags", "status", "big_spender", "review", *w)
    call("tags", "status", "big_spender", "live", *w)
    with Workspace.open(folder) as workspace:
        workspace.refresh(days[1][2])
        expected = workspace.select("net_spend_12m >= yuan(3000)").counts.matched
    old = call("select", "rich_one", *w)
    assert "ZY283" in old.stderr
    assert told("select", "big_spender", *w)["counts"]["matched"] == expected
    versions = told("tags", "versions", "rich_one", *w)
    assert [one["version"]["status"] for one in versions] == ["live"]
    assert "segment:win_back" in call("tags", "retire", "lifecycle_stage", *w, code=2).output
    before = {p: p.read_text("utf-8") for p in (folder / "packs").glob("own.yaml")}
    call("tags", "retire", "big_spender", *w)
    assert {p: p.read_text("utf-8") for p in before} == before
    assert "big_spender: retired" in (folder / "packs" / "lifecycle.yaml").read_text("utf-8")
    assert [c["kind"] for c in told("tags", "changes", *w)["changes"]] == ["breaking"]
