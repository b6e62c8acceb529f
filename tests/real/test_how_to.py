"""The how-to on importing runs as it stands: every ``sh`` block, in order, in one folder."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="the blocks are for a POSIX shell"),
]
ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "how-to" / "import-your-own-file.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What each block of the page printed."""
    folder = tmp_path_factory.mktemp("howto")
    command = folder / "bin" / "zhiyan"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m zhiyan.cli "$@"\n')
    command.chmod(0o755)
    env = {
        **os.environ,
        "PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "src"),
        "COLUMNS": "160",
    }
    blocks = BLOCK.findall(PAGE.read_text("utf-8"))
    printed = []
    for number, block in enumerate(blocks):
        place = folder if number == 0 else folder / "my-shop"
        done = subprocess.run(
            ["/bin/sh", "-e", "-c", block],
            cwd=place,
            env=env,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
        printed.append(done.stdout + done.stderr)
    return printed


def numbers(text, file):
    """The six counts that an import printed about a file, one list per import."""
    lines = [line.split(file)[1] for line in text.splitlines() if line.strip("│ ").startswith(file)]
    found = [[int(n) for n in re.findall(r"\d+", line)] for line in lines]
    return [counts[-6:] for counts in found if len(counts) >= 6]


def test_the_page_says_what_happens(said):
    tried, drafted, _, imported, mended, answers = said[2:]
    assert "ZY336" in tried
    assert "not recognised" in tried
    assert "mappings/pos.yaml" in drafted
    assert numbers(imported, "pos.csv")[:2] == [[9, 7, 0, 0, 2, 0]] * 2
    assert "没有任何可识别的人" in imported
    assert "不是金额" in imported
    assert numbers(mended, "pos-mended.csv") == [[9, 1, 0, 7, 1, 0], [9, 0, 0, 9, 0, 0]]
    assert "龙井茶" in answers
    assert "lifecycle_stage" in answers
