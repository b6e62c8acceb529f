"""The main job on the synthetic clinic group, end to end."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import yaml

from zhiyan.app.settings import FILE_NAME
from zhiyan.app.workspace import Audience, Workspace
from zhiyan.core.snapshot import Manifest
from zhiyan.demo.exports.write import write_exports
from zhiyan.demo.group import CITIES, LEGAL_ENTITY
from zhiyan.demo.world import World, build_world
from zhiyan.errors import Problem, UsageError
from zhiyan.pipeline.ingest.report import ImportReport
from zhiyan.ports import Progress

#: A file that marks a folder as one that a demo made, which the next demo may replace.
MARKER = ".zhiyan-demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoResult:
    """What the demo made: a report per file, the snapshot, and an audience per segment."""

    folder: Path
    reports: Sequence[ImportReport]
    manifest: Manifest
    audiences: dict[str, Audience]


def run_demo(folder: Path, customers: int, seed: int, *, progress: Progress) -> DemoResult:
    """Make a clinic group, write its exports, import, resolve, compute, select.

    Raises UsageError ``ZY105`` if the folder holds something that no demo made.
    """
    _clear(folder)
    world = build_world(customers, seed)
    Workspace.create(folder)
    (folder / MARKER).write_text(f"{customers} {seed}\n", "ascii")
    name_clinics(folder, world)
    write_exports(world, folder, progress)
    with Workspace.open(folder, progress=progress) as workspace:
        files = sorted(path for path in (folder / "exports").iterdir() if is_export(path))
        reports = workspace.ingest(files)
        manifest = workspace.compute(end_of(workspace, world))
        audiences = {code: workspace.select(code) for code in workspace.catalogue.segments}
    return DemoResult(folder=folder, reports=reports, manifest=manifest, audiences=audiences)


def end_of(workspace: Workspace, world: World) -> datetime:
    """Return the end of the simulated days, the as-of at which nothing is left out."""
    return workspace.settings.zone.parse_moment(str(world.setting.calendar.end))


def is_export(path: Path) -> bool:
    """Tell exports from the group's own lists of clinics and staff, which are settings."""
    return path.is_file() and not path.name.startswith("参考_")


def _clear(folder: Path) -> None:
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not (folder / MARKER).is_file():
        raise UsageError(
            Problem(
                code="ZY105",
                message="the folder is not empty and no demo made it",
                where=str(folder),
                hint="name another one with --workspace",
            )
        )
    shutil.rmtree(folder)


def name_clinics(folder: Path, world: World) -> None:
    """Put the clinics of the group into the settings, as a clinic would on its first day."""
    path = folder / FILE_NAME
    clinics = [
        {"code": clinic.code, "name": clinic.name, "city": CITIES[clinic.city]}
        for clinic in world.setting.group.clinics
    ]
    listed = yaml.safe_dump({"clinics": clinics}, allow_unicode=True, sort_keys=False)
    text = path.read_text("utf-8").replace('legal_entity: ""', f'legal_entity: "{LEGAL_ENTITY}"')
    lines = [line for line in text.splitlines() if not line.startswith("clinics:")]
    path.write_text("\n".join(lines) + "\n" + listed, "utf-8")
