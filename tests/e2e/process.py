"""Running the command line as a process of its own, to be watched or killed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).parents[2] / "src"


def start(*words: str | Path) -> subprocess.Popen[str]:
    """Start a command."""
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "COLUMNS": "200"}
    return subprocess.Popen(
        [sys.executable, "-m", "zhiyan.cli", *map(str, words)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(*words: str | Path) -> str:
    """Run a command to its good end and return what it printed."""
    process = start(*words)
    printed, complaints = process.communicate(timeout=400)
    assert process.returncode == 0, complaints[-2000:]
    return printed


def run_json(*words: str | Path) -> Any:
    """Run a command with ``--json`` and return what it said."""
    return json.loads(run(*words, "--json"))


def kill_after(seconds: float, *words: str | Path) -> bool:
    """Start a command and kill it with SIGKILL; True if it was still running."""
    process = start(*words)
    time.sleep(seconds)
    running = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    return running
