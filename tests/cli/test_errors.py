"""Wrong use: every error has a code, a place or a hint, an exit code, and never a traceback."""

import shutil
from pathlib import Path

import pytest
from tests.app.group import exports
from tests.e2e.process import start
from typer.testing import CliRunner

from zhiyan.app.workspace import Workspace
from zhiyan.cli.main import app

W, NOWHERE = "-w", "/nowhere/at/all"


def fail(*words: str | Path, expected: int) -> str:
    """Run a command that must fail with an exit code; return what it says about it."""
    result = CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "300"})
    assert result.exit_code == expected, (result.output, result.exception)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output
    return result.stderr


WRONG = {
    "no workspace": (["snapshots", W, NOWHERE], "ZY103", "zhiyan init"),
    "unknown tag": (["tags", "show", "rfm_segmnt", W, "DEMO"], "ZY503", "rfm_segment"),
    "unknown tag in an expression": (["select", "rfm_segmnt = 'x'", W, "DEMO"], "ZY205", "rfm_segment"),
    "unknown value": (["select", "rfm_segment = 'loyl'", W, "DEMO"], "ZY208", "loyal"),
    "broken expression": (["select", "age >", W, "DEMO"], "ZY201", "line 1"),
    "no condition": (["select", "age", W, "DEMO"], "ZY232", "condition"),
    "function outside the list": (["select", "read_csv('/etc/passwd')", W, "DEMO"], "ZY2", "read_csv"),
    "query as an expression": (["select", "age > (select 1)", W, "DEMO"], "ZY2", ""),
    "unknown column": (["select", "true", "--columns", "agee", W, "DEMO"], "ZY503", "age"),
    "unknown snapshot": (["select", "true", "--snapshot", "zz", W, "DEMO"], "ZY502", "there are"),
    "unknown snapshots": (["diff", "zz", "yy", W, "DEMO"], "ZY502", "there are"),
    "no customer id": (["explain", "C12", "age", W, "DEMO"], "ZY504", "16 digits"),
    "unknown customer": (["explain", "C0000000000000001", "age", W, "DEMO"], "ZY504", "no customer"),
    "huge customer": (["explain", "CFFFFFFFFFFFFFFFF", "age", W, "DEMO"], "ZY504", "no customer"),
    "evidence of nobody": (["review", "evidence", "C0000000000000001", W, "DEMO"], "ZY504", ""),
    "unknown taxonomy": (["tags", "list", "--taxonomy", "zz", W, "DEMO"], "ZY106", "taxonomies are"),
    "unknown pack": (["tags", "lint", "--pack", "retial"], "ZY", "retial"),
    "wrong ending": (["select", "true", "-o", "x.xlsx", W, "DEMO"], "ZY505", ".csv"),
    "wrong zone": (["init", W, "NEW", "--zone", "Europe/Berlin"], "ZY102", "Asia/Shanghai"),
    "unknown zone": (["init", W, "NEW", "--zone", "Mars/Olympus"], "ZY102", "Mars/Olympus"),
    "unknown pack at init": (["init", W, "NEW", "--pack", "retial"], "ZY104", "retail"),
    "init twice": (["init", W, "DEMO"], "ZY401", "workspace.key"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_wrong_use_is_explained(name: str, demo: Path, tmp_path: Path):
    words, code, text = WRONG[name]
    places = {"DEMO": str(demo), "NEW": str(tmp_path / "new")}
    said = fail(*(places.get(word, word) for word in words), expected=2)
    assert said.startswith(code)
    assert text in said


WRITING = {
    "no moment": (["compute", "--as-of", "yesterday"], 2, "ZY101", "2026-11-22"),
    "no moment known": (["compute", "--as-of", "2026-09-01", "--known-at", "x"], 2, "ZY101", "write"),
    "nothing to preview": (["preview"], 2, "ZY107", "parameter"),
    "missing preview": (["preview", "nofile.yaml"], 2, "ZY107", "nofile.yaml"),
    "unknown parameter": (["preview", "--param", "value_hgh=5"], 2, "ZY2", "value_high"),
    "wrong parameter": (["preview", "--param", "value_high=lots"], 2, "ZY2", "value_high"),
    "unknown member tag": (["forecast", "--days", "3", "--members", "agee"], 2, "ZY503", "age"),
    "merge of nobody": (["review", "merge", "1", "2", "--author", "a", "--reason", "b"], 2, "ZY411", "1"),
    "undo of nothing": (["review", "undo", "zz", "--author", "a", "--reason", "b"], 2, "ZY412", "undo"),
    "missing file": (["import", "nofile.csv"], 1, "ZY338", "nofile.csv"),
    "directory": (["import", "/tmp"], 1, "ZY338", "/tmp"),
    "missing mapping": (["import", "FILE", "--mapping", "nomap.yaml"], 1, "ZY334", "nomap.yaml"),
    "unknown source": (["import", "FILE", "--as", "his_ordrs"], 2, "ZY108", "his_orders"),
    "suggest for a missing file": (["mapping", "suggest", "nofile.csv"], 1, "ZY3", "nofile.csv"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRITING)
def test_wrong_writing_is_explained(name: str, spare_group: Path, demo: Path):
    words, code_of_exit, code, text = WRITING[name]
    file = str(exports(demo)[0])
    words = [file if word == "FILE" else word for word in words]
    said = fail(*words, W, spare_group, expected=code_of_exit)
    assert said.startswith(code)
    assert text in said


def test_all_files_that_fail_are_named(spare_group: Path, demo: Path):
    damaged = sorted((demo / "exports" / "damaged").iterdir())
    said = fail("import", *damaged, "nofile.csv", W, spare_group, expected=1)
    lines = said.strip().splitlines()
    assert [line[:5] for line in lines] == ["ZY304", "ZY303", "ZY338"]
    assert all(path.name in said for path in damaged)


@pytest.mark.parametrize(
    "words",
    [
        ["serve", "--port", "99999"], ["serve", "--port", "0"], ["forecast", "--days", "0"],
        ["demo", "--customers", "lots"], ["select"], ["nonsense"], ["import"],
        ["select", "true", "--limit", "-1"], ["review", "merge", "1", "2"],
    ],
)  # fmt: skip
def test_wrong_options_are_usage_errors(words: list[str]):
    assert "Usage" in fail(*words, expected=2)


def test_serving_elsewhere_is_refused(demo: Path):
    said = fail("serve", "--host", "0.0.0.0", W, demo, expected=2)
    assert said.startswith("ZY6")


def test_files_that_cannot_be_written(demo: Path, tmp_path: Path):
    said = fail("select", "true", "-o", tmp_path / "no" / "x.csv", W, demo, expected=1)
    assert said.startswith("ZY904")
    assert "x.csv" in said
    (tmp_path / "file").write_text("")
    assert fail("init", W, tmp_path / "file", expected=1).startswith("ZY904")


def test_demo_keeps_away_from_what_it_did_not_make(tmp_path: Path):
    (tmp_path / "diary.txt").write_text("mine")
    said = fail("demo", "--no-serve", "--customers", "100", W, tmp_path, expected=2)
    assert said.startswith("ZY105")
    assert (tmp_path / "diary.txt").read_text() == "mine"
    assert "ZY180" in fail("demo", "--no-serve", "--customers", "3", W, tmp_path / "x", expected=2)


def test_wrong_settings_are_all_named_at_once(demo: Path, tmp_path: Path):
    (tmp_path / "zhiyan.yaml").write_text(
        "pack: retial\nzoen: Asia/Shanghai\nclinics: {}\nparams: 3\nmax_unmapped_share: 7\n"
    )
    said = fail("snapshots", W, tmp_path, expected=2)
    assert len(said.strip().splitlines()) == 5
    assert "zone" in said
    assert all(line.startswith("ZY104") for line in said.strip().splitlines())


def test_missing_and_open_keys_are_refused(spare_group: Path, demo: Path):
    key = spare_group / "keys" / "workspace.key"
    whole = key.read_bytes()
    key.chmod(0o644)
    assert fail("import", exports(demo)[0], W, spare_group, expected=1).startswith("ZY404")
    key.unlink()
    assert fail("import", exports(demo)[0], W, spare_group, expected=1).startswith("ZY402")
    key.write_bytes(bytes(32))
    key.chmod(0o600)
    assert fail("import", exports(demo)[0], W, spare_group, expected=1).startswith("ZY4")
    key.write_bytes(whole)


def test_definitions_that_are_wrong_name_file_and_line(spare_group: Path):
    (spare_group / "packs" / "mine.yaml").write_text("tags:\n- code: x\n  kind: rlue\n")
    said = fail("tags", "lint", W, spare_group, expected=2)
    assert "mine.yaml:" in said
    (spare_group / "packs" / "mine.yaml").write_text("tags: [\n")
    assert "mine.yaml" in fail("tags", "lint", W, spare_group, expected=2)


@pytest.mark.slow
def test_two_processes_at_once(spare_group: Path, tmp_path: Path):
    """While one writes, others are told so; readers do not disturb each other."""
    with Workspace.open(spare_group):
        process = start("snapshots", W, spare_group)
        _, said = process.communicate(timeout=120)
        assert process.returncode == 1
        assert said.startswith("ZY901")
        assert "another process" in said
    with Workspace.reading(spare_group):
        process = start("snapshots", W, spare_group)
        process.communicate(timeout=120)
        assert process.returncode == 0


@pytest.mark.slow
def test_a_reader_that_has_read_enough(demo: Path):
    """``zhiyan tags list | head -1`` ends without a complaint about the pipe."""
    process = start("tags", "list", W, demo)
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() is not None
        process.stdout.close()
        assert "Traceback" not in process.stderr.read()


def test_no_workspace_in_the_present_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ZHIYAN_WORKSPACE", raising=False)
    assert fail("snapshots", expected=2).startswith("ZY103")
    assert list(tmp_path.iterdir()) == []


def test_warehouse_that_is_no_database(spare_group: Path):
    shutil.copy(__file__, spare_group / "warehouse.duckdb")
    said = fail("snapshots", W, spare_group, expected=1)
    assert said.startswith("ZY9")
    assert "warehouse.duckdb" in said
