""".ci/run ends by saying which part failed, and fails when one did."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

CI = Path(__file__).parents[2] / ".ci" / "run"
#: Stands in for python3; the job named by FAILS fails.
PYTHON = '#!/bin/sh\necho "job $*"\nfor word in "$@"; do [ "$word" != "$FAILS" ] || exit 3; done\n'

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / ".ci").mkdir()
    (tmp_path / "bin").mkdir()
    shutil.copy(CI, tmp_path / ".ci" / "run")
    for name in ("python3", "apt-get", "chromium", "fc-list"):  # nothing may be installed by a test
        (tmp_path / "bin" / name).write_text(PYTHON if name == "python3" else "#!/bin/sh\necho x\n")
        (tmp_path / "bin" / name).chmod(0o755)
    return tmp_path


@pytest.mark.parametrize(
    ("fails", "code", "jobs", "end"),
    [
        ("", 0, ["setup", "check", "test"], "-- CI: all passed"),
        ("check", 1, ["setup", "check", "test"], "FAILED  check"),
        ("test", 1, ["setup", "check", "test"], "FAILED  test"),
        ("setup", 1, ["setup"], "FAILED  set-up"),
    ],
)
def test_the_end_says_what_failed(repository, fails, code, jobs, end):
    path = f"{repository / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", repository / ".ci" / "run"],
        env={**os.environ, "PATH": path, "FAILS": fails},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code
    lines = [line for line in done.stdout.splitlines() if line.startswith("job run.py")]
    assert [line.split()[2] for line in lines] == jobs
    last = done.stdout.splitlines()[-6:]
    assert any(end in line for line in last)
    assert last[-1].startswith("-- CI: FAILED" if code else "-- CI: all passed")
