"""Every command on the finished demo: what it prints, what its ``--json`` holds, what it changes."""

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from tests.app.group import content, copy_of, exports, reading, rows
from typer.testing import CliRunner, Result

from zhiyan.app.workspace import Workspace
from zhiyan.cli.main import app
from zhiyan.core.identity import public_id

W = "-w"
COMMANDS = (
    (), ("demo",), ("init",), ("serve",), ("import",), ("mapping",), ("mapping", "suggest"),
    ("imports",), ("quarantine",), ("resolve",), ("review",), ("review", "list"),
    ("review", "evidence"), ("review", "merge"), ("review", "split"), ("review", "undo"),
    ("tags",), ("tags", "list"), ("tags", "show"), ("tags", "lint"), ("compute",), ("refresh",),
    ("snapshots",), ("select",), ("explain",), ("diff",), ("preview",), ("forecast",),
    ("queue",), ("tag",), ("tag", "set"), ("tag", "confirm"), ("tag", "remove"), ("tag", "import"),
    ("tag", "list"), ("tag", "quality"),
)  # fmt: skip


def call(*words: str | Path, width: int = 200) -> Result:
    result = CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": str(width)})
    assert result.exit_code == 0, (result.output, result.exception)
    return result


def told(*words: str | Path) -> Any:
    """Return what a command says with ``--json``; nothing else may be on standard output."""
    return json.loads(call(*words, "--json").stdout)


@pytest.fixture(scope="module")
def buyer(demo: Path) -> str:
    with reading(demo) as workspace:
        found = workspace.select(
            "net_spend_12m > 0 and not coalesce(birthday_soon, false)", limit=1
        )
    return public_id(found.rows.column("customer_id")[0].as_py())


# -- help


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("width", [80, 120])
def test_help_reads_well(words: tuple[str, ...], width: int):
    shown = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": str(width)})
    assert shown.exit_code == 0
    assert "…" not in shown.stdout, "a text was cut"
    assert all(len(line) <= width for line in shown.stdout.splitlines())


def test_help_names_every_command():
    shown = call("--help").stdout
    assert all(words[0] in shown for words in COMMANDS if words)


# -- reading commands


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize(
    "words",
    [
        ("imports",), ("quarantine",), ("snapshots",), ("tags", "list"), ("review", "list"),
        ("tags", "show", "net_spend_12m"), ("tags", "show", "last_visit_date"),
        ("tags", "show", "rfm_segment"), ("tags", "list", "--taxonomy", "a"),
        ("select", "silent_win_back", "--columns", "net_spend_12m,rfm_segment"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_tables_fit_and_nothing_is_cut(words: tuple[str, ...], width: int, demo: Path):
    shown = call(*words, W, demo, width=width).stdout
    assert len(shown.splitlines()) > 3
    assert "…" not in shown


def test_imports(demo: Path):
    found = told("imports", W, demo)
    assert len(found) == len(exports(demo))
    assert found[0]["import_id"] == len(found)
    assert {"file_name", "rows_read", "accepted", "recorded_at"} <= set(found[0])


def test_quarantine(demo: Path):
    found = told("quarantine", W, demo)
    assert found
    assert all(row["reason"] and row["row_no"] > 0 for row in found)
    assert len(told("quarantine", "--limit", "2", W, demo)) == 2
    assert "科学计数法丢失了数字" in call("quarantine", W, demo).stdout


def test_snapshots(demo: Path):
    (found,) = told("snapshots", W, demo)
    assert len(found["snapshot_id"]) == 16
    assert found["customers"] > 300
    shown = call("snapshots", W, demo).stdout
    assert found["snapshot_id"] in shown
    assert "2026-09-01 00:00" in shown, "moments are local"


def test_tags(demo: Path):
    found = told("tags", "list", W, demo)
    assert len(found) > 100
    assert {"code", "name_zh", "type", "sensitivity"} <= set(found[0])
    shown = call("tags", "list", W, demo).stdout
    assert all(tag["code"] in shown for tag in found)
    grouped = call("tags", "list", "--taxonomy", "a", W, demo).stdout
    assert grouped != shown


def test_tag(demo: Path):
    found = told("tags", "show", "rfm_segment", W, demo)
    assert found["tag"]["code"] == "rfm_segment"
    spread = found["distribution"]
    assert sum(bar["customers"] for bar in spread["bars"]) == spread["total"]
    assert "¥" in call("tags", "show", "net_spend_12m", W, demo).stdout
    assert "2026-0" in call("tags", "show", "last_visit_date", W, demo).stdout


@pytest.mark.parametrize(
    "pack", [pytest.param("medical_aesthetics", marks=pytest.mark.slow), "retail"]
)
def test_lint_of_packs(pack: str):
    found = told("tags", "lint", "--pack", pack)
    assert found["tags"] > 10


def test_lint_of_a_workspace(small: Path):
    assert told("tags", "lint", W, small)["tags"] > 30
    assert "没有错误" in call("tags", "lint", W, small).stdout


def test_select(demo: Path):
    found = told("select", "net_spend_12m > 0", "--columns", "net_spend_12m,age", W, demo)
    counts = found["counts"]
    assert counts["matched"] + counts["not_matched"] + counts["unknown"] == counts["total"]
    assert len(found["rows"]) == min(10, counts["matched"])
    for row in found["rows"]:
        assert row["customer_id"].startswith("C")
        assert row["net_spend_12m"] > 0
    shown = call("select", "net_spend_12m > 0", "--columns", "net_spend_12m", W, demo).stdout
    assert "¥" in shown
    none = told("select", "net_spend_12m < 0", W, demo)
    assert none["rows"] == []
    assert none["counts"]["matched"] == 0


def test_select_by_the_beginning_of_a_snapshot_id(demo: Path):
    (snapshot,) = told("snapshots", W, demo)
    found = told(
        "select", "true", "--snapshot", snapshot["snapshot_id"][:6], "--limit", "0", W, demo
    )
    assert found["snapshot"] == snapshot["snapshot_id"]
    assert found["rows"] == []


def test_select_into_files(demo: Path, tmp_path: Path):
    words = (
        "select",
        "net_spend_12m > 0",
        "--columns",
        "net_spend_12m,rfm_segment,browse_item_interest",
    )
    paths = {ending: tmp_path / f"名单.{ending}" for ending in ("csv", "parquet", "jsonl")}
    for path in paths.values():
        said = told(*words, "-o", path, W, demo)
    assert sorted(tmp_path.iterdir()) == sorted(paths.values()), "nothing but the files"
    count = said["counts"]["matched"]
    assert paths["csv"].read_bytes().startswith(b"\xef\xbb\xbf")
    with paths["csv"].open(encoding="utf-8-sig", newline="") as file:
        listed = list(csv.DictReader(file))
    parquet = pq.read_table(paths["parquet"]).to_pylist()
    lines = [json.loads(line) for line in paths["jsonl"].read_text("utf-8").splitlines()]
    assert len(listed) == len(parquet) == len(lines) == count > 10
    assert parquet == lines
    assert [row["customer"] for row in listed] == [row["customer"] for row in lines]
    for text, row in zip(listed, lines, strict=True):
        assert text["net_spend_12m"] == f"{row['net_spend_12m'] / 100:.2f}", "yuan for people"
        assert text["browse_item_interest"] == "、".join(row["browse_item_interest"] or [])


def test_explain(demo: Path, buyer: str):
    card = told("explain", buyer, "customer_value_level", W, demo)
    assert card["customer_id"] == buyer
    (chosen,) = [clause for clause in card["clauses"] if clause["chosen"]]
    assert chosen["then"] == card["value"]
    shown = call("explain", buyer, "net_spend_12m", W, demo).stdout
    assert "¥" in shown
    assert "计入" in shown


def test_review(demo: Path, buyer: str):
    found = told("review", "list", W, demo)
    assert found
    assert all(customer.startswith("C") for row in found for customer in row["customers"])
    assert all(isinstance(party, str) for row in found for party in row["parties"])
    evidence = told("review", "evidence", buyer, W, demo)
    assert {"party_id", "id_type", "source"} <= set(evidence[0])
    assert evidence[0]["party_id"] in call("review", "evidence", buyer, W, demo).stdout


# -- commands that change a copy


@pytest.fixture(scope="module")
def changed(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the shop with a snapshot, that the tests below may add others to."""
    folder = copy_of(small, tmp_path_factory.mktemp("changed") / "shop")
    call("compute", "--as-of", "2026-09-01", W, folder)
    return folder


def test_resolve_again_changes_nothing(changed: Path):
    found = told("resolve", "--as-of", "2026-09-01", W, changed)
    assert found["merges"] == found["splits"] == 0
    assert found["parties"] > found["customers"] > 300


def test_compute_refresh_diff_forecast(changed: Path):
    (first,) = told("snapshots", W, changed)
    again = told("compute", "--as-of", "2026-09-01", W, changed)
    assert again["snapshot_id"] == first["snapshot_id"]
    later = told("refresh", "--as-of", "2026-09-08", W, changed)
    assert later["based_on"] == first["snapshot_id"]
    found = told("diff", first["snapshot_id"], later["snapshot_id"], W, changed)
    assert found["changed"]
    shown = call("diff", first["snapshot_id"][:8], later["snapshot_id"][:8], W, changed, width=80)
    assert "标签流转" in shown.stdout
    tag = max(found["changed"], key=lambda code: found["changed"][code])
    members = told("diff", first["snapshot_id"], later["snapshot_id"], "--members", tag, W, changed)
    assert len(members) == found["changed"][tag]
    assert all(row["before"] != row["after"] for row in members)


def test_preview(changed: Path):
    setting = ("--param", "value_high=2000")
    found = told("preview", *setting, W, changed)
    assert found["after"] == "params"
    members = told("preview", *setting, "--members", "customer_value_level", W, changed)
    assert len(members) == found["changed"]["customer_value_level"] > 0
    assert {row["after"] for row in members} == {"high"}
    assert told("preview", "--param", "value_high=5000", W, changed)["changed"] == {}


def test_forecast(changed: Path):
    found = told("forecast", "--days", "30", W, changed)
    assert found["after"] == "+30d"
    assert found["appeared"] == found["gone"] == 0
    assert found["changed"]["order_cnt_90d"] > 0
    assert "first_purchase_date" not in found["changed"]


def test_forecast_in_a_narrow_terminal(changed: Path):
    shown = call("forecast", "--days", "30", W, changed, width=80).stdout
    assert "标签流转" in shown
    assert "…" not in shown


def test_decisions_are_recorded_and_undone(changed: Path):
    with reading(changed) as workspace:
        pair = rows(
            workspace,
            """SELECT min(party_id) AS a, max(party_id) AS b FROM identity.assignment
            GROUP BY customer_id HAVING count(*) = 1 ORDER BY a LIMIT 2""",
        )
    parties = [str(row["a"]) for row in pair]
    said = call("review", "merge", *parties, "--author", "店长", "--reason", "同一人", W, changed)
    assert "已记录决定" in said.stdout
    before = told("resolve", "--as-of", "2026-09-01", W, changed)
    assert before["merges"] == 1
    with reading(changed) as workspace:
        (decision,) = rows(workspace, "SELECT decision_id AS d FROM identity.decision")
    call("review", "undo", decision["d"], "--author", "店长", "--reason", "看错", W, changed)
    after = told("resolve", "--as-of", "2026-09-01", W, changed)
    assert after["splits"] == 1
    assert after["customers"] == before["customers"] + 1


# -- import


def new_workspace(folder: Path, demo: Path) -> Path:
    """Make an empty workspace that knows the clinics of the group."""
    call("init", W, folder)
    settings = yaml.safe_load((demo / "zhiyan.yaml").read_text("utf-8"))
    text = yaml.safe_dump({"pack": settings["pack"], "clinics": settings["clinics"]})
    (folder / "zhiyan.yaml").write_text(text, "utf-8")
    return folder


def test_import_keeps_what_it_can_take(demo: Path, tmp_path: Path):
    folder = new_workspace(tmp_path / "w", demo)
    good = [path for path in exports(demo) if path.stem in {"HIS到店_01", "HIS咨询面诊_01"}]
    damaged = sorted((demo / "exports" / "damaged").iterdir())
    words = [good[0], damaged[0], good[1], damaged[1]]
    result = CliRunner().invoke(app, ["import", *map(str, words), W, str(folder), "--json"])
    assert result.exit_code == 1
    said = json.loads(result.stdout)
    assert [report["file_name"] for report in said["reports"]] == [path.name for path in good]
    assert [problem["code"] for problem in said["failed"]] == ["ZY304", "ZY303"]
    assert [row["file_name"] for row in told("imports", W, folder)] == [p.name for p in good[::-1]]
    (report,) = (folder / "reports").iterdir()
    assert "数据质量报告" in report.read_text("utf-8")


@pytest.mark.slow
def test_import_twice_changes_nothing(demo: Path, tmp_path: Path):
    folder = new_workspace(tmp_path / "w", demo)
    file = next(path for path in exports(demo) if path.stem == "HIS收款流水_01")
    assert told("import", file, W, folder)["reports"][0]["committed"]
    before = state(folder)
    again = told("import", file, W, folder)["reports"][0]
    assert not again["committed"]
    assert again["known_as"] == 1
    for width in (80, 200):
        assert "第 1 次导入" in call("import", file, W, folder, width=width).stdout
    assert state(folder) == before
    renamed = tmp_path / "改名.csv"
    renamed.write_bytes(file.read_bytes() + b"\r\n")
    report = told("import", renamed, W, folder)["reports"][0]
    assert report["accepted"] == report["corrections"] == 0
    kept = state(folder)
    assert {name: kept[name] for name in kept if name.startswith(("event.", "identity."))} == {
        name: before[name] for name in before if name.startswith(("event.", "identity."))
    }


def test_dry_run_changes_nothing(demo: Path, tmp_path: Path):
    folder = new_workspace(tmp_path / "w", demo)
    before = state(folder)
    file = next(path for path in exports(demo) if path.stem == "HIS客户档案_01")
    report = told("import", "--dry-run", file, W, folder)["reports"][0]
    assert report["accepted"] > 100
    assert not report["committed"]
    assert state(folder) == before
    assert told("import", file, W, folder)["reports"][0]["accepted"] == report["accepted"]


def state(folder: Path) -> dict[str, Any]:
    """Return the content of warehouse and vault, whatever the bytes of the files."""
    with Workspace.open(folder) as workspace:
        found: dict[str, Any] = dict(content(workspace))
        tokens = [row["t"] for row in rows(
            workspace, "SELECT DISTINCT token AS t FROM identity.observation WHERE id_type = 'phone'"
        )]  # fmt: skip
        with workspace.open_vault() as vault:
            found["phones"] = set(vault.reveal("phone", tokens))
    return found


def test_draft_of_a_mapping_takes_the_file_that_it_was_drafted_for(demo: Path, tmp_path: Path):
    folder = new_workspace(tmp_path / "w", demo)
    file = tmp_path / "会所.csv"
    with file.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(["票据", "来宾电话", "光临时刻", "服务名", "应付"])
        for number in range(30):
            writer.writerow([f"K{number:04d}", f"139{number:08d}", f"2026-03-{number % 28 + 1:02d} 10:00",
                             "光子嫩肤", f"{number * 10 + 80}.50"])  # fmt: skip
    refused = CliRunner().invoke(app, ["import", str(file), W, str(folder)])
    assert refused.exit_code == 1
    assert "mapping suggest" in refused.stderr
    draft = tmp_path / "draft.yaml"
    call("mapping", "suggest", file, "-o", draft, W, folder)
    assert yaml.safe_load(draft.read_text("utf-8"))
    printed = call("mapping", "suggest", file, W, folder, width=60).stdout
    assert yaml.safe_load(printed) == yaml.safe_load(draft.read_text("utf-8"))
    report = told("import", file, "--mapping", draft, W, folder)["reports"][0]
    assert report["rows_read"] == report["accepted"] == 30
    assert sum(line["stored"] for line in report["money"]) == sum(
        n * 1000 + 8050 for n in range(30)
    )


def test_init_leaves_a_workspace_that_says_what_is_missing(tmp_path: Path):
    folder = tmp_path / "new"
    said = call("init", "--pack", "retail", W, folder).stdout
    assert "keys/workspace.key" in said
    assert told("snapshots", W, folder) == []
    assert told("imports", W, folder) == []
    result = CliRunner().invoke(app, ["select", "true", W, str(folder)])
    assert result.exit_code == 2
    assert result.stderr.startswith("ZY501")
    assert "zhiyan compute" in result.stderr
    manifest = told("compute", W, folder)
    assert manifest["customers"] == 0


def test_workspace_from_the_environment(demo: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ZHIYAN_WORKSPACE", str(demo))
    assert len(told("snapshots")) == 1
