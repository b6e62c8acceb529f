"""The environment of the rivals: locked packages of their own, away from the product's."""

import os
import subprocess
import sys
from pathlib import Path

from run import follow_pip_mirror

REQUIREMENTS = Path(__file__).parent.parent / "requirements.txt"


def python_of(folder: Path) -> Path:
    """Return the Python of the rivals' environment, there or not."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def install(folder: Path) -> None:
    """Make the environment hold exactly the locked rivals, from the mirror that pip is set to."""
    follow_pip_mirror()
    uv = [sys.executable, "-m", "uv"]
    python = python_of(folder)
    if not python.is_file():
        subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    subprocess.run(
        [*uv, "pip", "sync", "--quiet", "--python", python, "--require-hashes", REQUIREMENTS],
        check=True,
    )
