"""`zhiyan tags lint` speaks the language that it was asked for, also of definitions that do not load."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from zhiyan.app.workspace import Workspace
from zhiyan.cli.main import app

HEAD = """\
tags:
- code: mine
  name: {zh: 我的, en: Mine}
  description: {zh: 含义, en: Meaning}
  category: [behaviour]
  owner: 运营部
  purposes: [service]
  sensitivity: P2
  consent: general
  kind: fact
  type: int
"""
WRONG = "  source: vist\n  aggregate: count(*)\n  windw: 30d\n"
ODD = (
    "  measures:\n    n: {source: visit, aggregate: count(*), where: \"clinic = 'SH99'\"}\n"
    "    m: {source: visit, aggregate: count(*)}\n  value: n\n"
)
CHINESE = re.compile("[\u4e00-\u9fff]")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "shop"
    Workspace.create(made, pack="retail")
    settings = made / "zhiyan.yaml"
    clinics = "clinics:\n- {code: SH01, name: 上海一店, city: 上海}\n"
    settings.write_text(settings.read_text("utf-8") + clinics, "utf-8")
    return made


def lint(folder: Path, body: str, *more: str) -> tuple[int, str, str]:
    (folder / "packs" / "mine.yaml").write_text(HEAD + body, "utf-8")
    words = ["tags", "lint", "--quick", "--workspace", str(folder), *more]
    found = CliRunner().invoke(app, words, env={"COLUMNS": "300"})
    return found.exit_code, found.stdout, found.stderr


def test_definitions_that_do_not_load_are_told_in_chinese(folder: Path):
    code, _, said = lint(folder, WRONG)
    assert code == 2
    lines = [line for line in said.splitlines() if line.startswith("ZY2")]
    assert len(lines) == 2
    assert all(CHINESE.search(line.replace("我的", "")) for line in lines), lines
    for part in ("没有来源 'vist'", "不认识的键 'windw'", "是不是 visit", "mine.yaml:12"):
        assert part in said


def test_and_in_english(folder: Path):
    code, _, said = lint(folder, WRONG, "--language", "en")
    assert code == 2
    assert "unknown source 'vist'" in said
    assert "did you mean visit" in said
    assert not CHINESE.search(said)


def test_findings_are_told_in_chinese(folder: Path):
    code, said, _ = lint(folder, ODD)
    assert code == 0
    assert "从未用到的度量：标签 'mine'：度量 'm' 从未用到" in said
    assert "没有编码为 SH99 的门店，没有数据会带它；是不是 SH01？" in said


def test_and_findings_in_english(folder: Path):
    code, said, _ = lint(folder, ODD, "--language", "en")
    assert code == 0
    assert "never read" in said
    assert "there is no clinic SH99" in said
    assert "did you mean SH01?" in said
