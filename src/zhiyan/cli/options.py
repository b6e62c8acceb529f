"""What all commands share: the workspace option, the JSON switch, moments, and errors to codes."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from zhiyan.app.settings import workspace_from_environment
from zhiyan.app.workspace import Workspace
from zhiyan.cli.output import bars

WorkspaceOption = Annotated[
    Path | None,
    typer.Option(
        "--workspace", "-w",
        help="工作区文件夹 / workspace folder",
        show_default=False,
    ),
]  # fmt: skip
JsonOption = Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")]
SnapshotOption = Annotated[
    str | None,
    typer.Option("--snapshot", help="快照编号开头 / snapshot, default newest"),
]
AsOfOption = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        help="截至时刻，默认现在 / as-of, default now",
        show_default=False,
    ),
]


def folder_of(option: Path | None) -> Path:
    """Return the workspace folder that a command was told."""
    return option or workspace_from_environment()


@contextmanager
def opened(option: Path | None) -> Generator[Workspace]:
    """Open the workspace with progress bars."""
    with bars() as progress, Workspace.open(folder_of(option), progress=progress) as workspace:
        yield workspace


@contextmanager
def reading(option: Path | None) -> Generator[Workspace]:
    """Open the workspace for reading only, beside other readers."""
    with bars() as progress, Workspace.reading(folder_of(option)) as workspace:
        workspace.progress = progress
        yield workspace


def moment_of(workspace: Workspace, text: str | None) -> datetime:
    """Return the moment of an option, now if it was left out."""
    return workspace.settings.zone.parse_moment(text) if text else workspace.clock.now()
