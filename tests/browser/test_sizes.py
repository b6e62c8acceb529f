"""What a first visit of each page loads stays within its budget."""

import shutil
import subprocess

import pytest
from tests.browser.conftest import ROOT


def test_pages_stay_within_their_budgets(ready):
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    done = subprocess.run(
        [node, "tools/sizes.mjs"], cwd=ROOT / "ui", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert done.stdout.count(" kB of ") >= 7
