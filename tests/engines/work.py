"""Compute a workspace in a process of its own: ``python -m tests.engines.work FOLDER AS_OF``.

Prints the snapshot id and the processes of executors that took part.
"""

import json
import sys
from datetime import datetime
from pathlib import Path

from zhiyan.app.workspace import Workspace


def executors() -> int:
    """Count the executor processes of this process's session (Linux)."""
    mine = Path("/proc/self/stat").read_text("ascii").rsplit(")", 1)[1].split()[3]
    found = 0
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            session = (entry / "stat").read_text("utf-8").rsplit(")", 1)[1].split()[3]
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue  # it ended while we looked
        found += session == mine and b"CoarseGrainedExecutorBackend" in command
    return found


def main(folder: str, as_of: str) -> None:
    with Workspace.open(Path(folder)) as workspace:
        made = workspace.compute(datetime.fromisoformat(as_of))
        told = {"snapshot": made.snapshot_id, "executors": executors()}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
