"""run.py: stamps, advice, and only the standard library."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
import run

ROOT = Path(__file__).parents[2]


def test_run_needs_nothing_but_the_standard_library():
    tree = ast.parse((ROOT / "run.py").read_text("utf-8"))
    imported = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    imported |= {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module}
    assert {name.split(".")[0] for name in imported} <= sys.stdlib_module_names


def test_without_a_job_it_says_what_there_is():
    done = subprocess.run(
        [sys.executable, ROOT / "run.py"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert [job for job in run.JOBS if f"\n  {job}" not in done.stdout] == []


def test_a_stamp_follows_names_contents_and_more(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "ROOT", tmp_path)
    (tmp_path / "a").write_bytes(b"1\r\n")
    (tmp_path / "b").write_bytes(b"1\n")
    a, b = tmp_path / "a", tmp_path / "b"
    assert run.digest([a, b]) == run.digest([b, a])
    assert len({run.digest([a]), run.digest([b]), run.digest([a], "more"), run.digest([a, b])}) == 4
    before = run.digest([a])
    a.write_bytes(b"1\n")  # the same text with the line ends of another system
    assert run.digest([a]) == before


def test_old_node_is_refused_with_advice(monkeypatch):
    monkeypatch.setattr(run.shutil, "which", lambda _: "npm")
    monkeypatch.setattr(run, "output", lambda *_: "v18.20.1")
    with pytest.raises(SystemExit, match=r"v18.20.1 is too old; install Node.js 20.19"):
        run.npm()
    monkeypatch.setattr(run, "output", lambda *_: "v22.1.0")
    assert run.npm() == "npm"


def test_the_mirror_of_pip_is_followed_unless_uv_has_one(monkeypatch):
    for name in ("PIP_INDEX_URL", "UV_INDEX_URL", "UV_DEFAULT_INDEX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(run, "output", lambda *_: "https://mirror.example/simple")
    monkeypatch.setenv("UV_INDEX_URL", "own")
    run.follow_pip_mirror()
    assert "UV_DEFAULT_INDEX" not in run.os.environ
    monkeypatch.delenv("UV_INDEX_URL")
    run.follow_pip_mirror()
    assert run.os.environ["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"
    monkeypatch.delenv("UV_DEFAULT_INDEX")


def test_results_are_told_with_advice(capsys):
    assert run.finish("check", [("lint", 1, 0.5, "mend it"), ("types", 0, 1.0, "")]) == 1
    told = capsys.readouterr().out
    assert "FAILED  lint" in told
    assert "mend it" in told
    assert "check: FAILED: lint" in told


def test_a_check_is_run_quietly_and_told_with_its_exit_code(tmp_path):
    talk = "import sys; print('知颜'); print('wrong', file=sys.stderr); sys.exit(5)"
    code, seconds, told = run.checked((sys.executable, "-c", talk), tmp_path)
    assert (code, sorted(told.split())) == (5, ["wrong", "知颜"])
    assert seconds > 0


def test_the_lock_has_hashes_and_no_addresses():
    text = (ROOT / "requirements.lock").read_text("utf-8")
    pinned = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(pinned) > 40
    assert all("==" in line and line.endswith("\\") for line in pinned)
    assert "://" not in text
    assert {"hatchling", "uv", "duckdb", "pytest"} <= {line.split("==")[0] for line in pinned}
