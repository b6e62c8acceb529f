"""A small synthetic clinic group, built once per test session and shared by all its processes.

``group`` has the medical pack, whose many tags cost seconds with every compute. ``shop`` has the same
facts under the small retail pack, for tests that compute or refresh whatever the tags are.
"""

import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import zhiyan.app.importing as importing_module
import zhiyan.app.reference as reference_module
import zhiyan.app.session as session_module
import zhiyan.app.workspace as workspace_module
from zhiyan.app.demo import run_demo
from zhiyan.app.reference import read_yaml
from zhiyan.app.workspace import Workspace
from zhiyan.lang.catalogue import Catalogue
from zhiyan.lang.clinics import ClinicSettings
from zhiyan.lang.load import load_catalogue
from zhiyan.pipeline.ingest.load import load_sources
from zhiyan.pipeline.ingest.mapping import Source
from zhiyan.ports import Silent, Statement

CUSTOMERS, SEED = 300, 7
_CATALOGUES: dict[str, Catalogue] = {}
_MAPPINGS: dict[tuple[str, ...], tuple[Source, ...]] = {}
_PLAIN: dict[tuple[str, ...], dict[str, Any]] = {}
#: The local midnight at which the demo ends.
AS_OF = "2026-09-01"


def group(factory: pytest.TempPathFactory, worker: str) -> Path:
    """Return the folder of the finished demo; whoever comes first builds it, the others wait.

    Nobody may write into it: take a copy with ``copy_of``.
    """
    return once(factory, worker, name="clinic-group", build=_make_group)


def shop(factory: pytest.TempPathFactory, worker: str) -> Path:
    """Return the folder of the retail pack, and of ``shop.yaml``, on the facts of the group.

    Customers are resolved, nothing is computed.

    Nobody may write into it: take a copy with ``copy_of``.
    """
    return group(factory, worker).with_name("shop")


def lived_shop(factory: pytest.TempPathFactory, worker: str) -> Path:
    """Return the shop with three snapshots (``moments``), the middle one computed last."""
    facts = shop(factory, worker)

    def build(folder: Path) -> None:
        copy_of(facts, folder)
        with remembered_catalogues(), Workspace.open(folder) as workspace:
            first, middle, last = moments(workspace)
            workspace.compute(first)
            workspace.refresh(last)
            workspace.compute(middle)

    return once(factory, worker, name="lived-shop", build=build)


def moments(workspace: Workspace) -> list[datetime]:
    """Return the as-of of the group's snapshot, and 30 and 60 days later."""
    first = workspace.settings.zone.parse_moment(AS_OF).astimezone(UTC)
    return [first + timedelta(days=days) for days in (0, 30, 60)]


def once(
    factory: pytest.TempPathFactory, worker: str, *, name: str, build: Callable[[Path], object]
) -> Path:
    """Return a folder that one of the processes builds while the others wait for it."""
    base = factory.getbasetemp()
    folder = (base if worker == "master" else base.parent) / name
    ready, failed = folder.with_suffix(".ready"), folder.with_suffix(".failed")
    try:
        folder.with_suffix(".begun").mkdir()
    except FileExistsError:
        deadline = time.monotonic() + 300
        while not ready.exists():
            assert not failed.exists(), f"{name} could not be made; another test tells why"
            assert time.monotonic() < deadline, f"another process did not finish {name}"
            time.sleep(0.2)
        return folder
    try:
        build(folder)
    except BaseException:
        failed.touch()
        raise
    ready.touch()
    return folder


def _make_group(folder: Path) -> None:
    """Make the demo; on the way, when all files are taken, keep a copy for the shop."""
    compute = Workspace.compute

    def keep_facts(workspace: Workspace, as_of: datetime) -> object:
        workspace.resolve(as_of)
        workspace.engine.run(Statement("CHECKPOINT"))
        settings = copy_of(folder, folder.with_name("shop")) / "zhiyan.yaml"
        text = settings.read_text("utf-8").replace("pack: medical_aesthetics", "pack: retail")
        settings.write_text(text, "utf-8")
        shutil.copy(Path(__file__).with_name("shop.yaml"), settings.parent / "packs")
        return compute(workspace, as_of)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Workspace, "compute", keep_facts)
        run_demo(folder, CUSTOMERS, SEED, progress=Silent())


@contextmanager
def remembered_catalogues() -> Iterator[None]:
    """Read the same definitions once only: loading is a pure function, and takes a second.

    So it is with the mappings of a pack and its other files. What was read is remembered as long
    as the process lives.
    """
    known, mappings, plain = _CATALOGUES, _MAPPINGS, _PLAIN

    def remembered(
        folders: Sequence[Path],
        params: Mapping[str, object] | None = None,
        *,
        replace: bool = False,
        clinics: Sequence[ClinicSettings] = (),
    ) -> Catalogue:
        parts = [
            *_texts(folders),
            repr(sorted((params or {}).items())),
            str(replace),
            repr(clinics),
        ]
        key = "\0".join(parts)
        if key not in known:
            known[key] = load_catalogue(folders, params, replace=replace, clinics=clinics)
        return known[key]

    def remembered_sources(folders: Sequence[Path]) -> tuple[Source, ...]:
        key = tuple(str(index) + text for index, f in enumerate(folders) for text in _texts([f]))
        if key not in mappings:
            mappings[key] = load_sources(folders)
        return mappings[key]

    def remembered_file(path: Path) -> dict[str, Any]:
        if (key := _texts([path])) not in plain:
            plain[key] = read_yaml(path)
        return plain[key]

    with pytest.MonkeyPatch.context() as patch:
        for module in (session_module, workspace_module):
            patch.setattr(module, "load_catalogue", remembered)
        patch.setattr(importing_module, "load_sources", remembered_sources)
        for module in (importing_module, reference_module):
            patch.setattr(module, "read_yaml", remembered_file)
        yield


def _texts(folders: Sequence[Path]) -> tuple[str, ...]:
    """Return path and text of every file with definitions; a folder without any counts for nothing."""
    files = [
        file
        for folder in folders
        for file in ([folder] if folder.is_file() else sorted(folder.rglob("*.yaml")))
    ]
    return tuple(f"{file}\0{file.read_text('utf-8-sig')}" for file in files)


def copy_of(folder: Path, target: Path) -> Path:
    """Return a copy of a workspace that a test may change."""
    target.mkdir(parents=True)
    for name in ("zhiyan.yaml", "warehouse.duckdb", "vault.duckdb"):
        shutil.copy(folder / name, target / name)
    for name in ("keys", "packs", "mappings"):
        shutil.copytree(folder / name, target / name)
    (target / "reports").mkdir()
    return target


def truth(folder: Path, name: str) -> list[dict[str, Any]]:
    """Return a table of what really is, as the generator wrote it down."""
    return pq.read_table(folder / "truth" / name).to_pylist()


def exports(folder: Path) -> list[Path]:
    """Return the export files of the group, without its lists of clinics and staff."""
    found = (path for path in (folder / "exports").iterdir() if path.is_file())
    return sorted(path for path in found if not path.name.startswith("参考_"))


def rows(workspace: Workspace, sql: str, **values: object) -> list[dict[str, Any]]:
    """Return the rows of a query on the warehouse."""
    return workspace.engine.query(Statement(sql, values)).to_pylist()


@contextmanager
def reading(folder: Path) -> Iterator[Workspace]:
    """Open a workspace for reading beside others."""
    with Workspace.reading(folder) as workspace:
        yield workspace


def content(workspace: Workspace) -> dict[str, tuple[int, str | None]]:
    """Return number of rows and an order-free hash of every table, to see whether anything changed."""
    tables = rows(
        workspace,
        """SELECT table_schema AS s, table_name AS t FROM information_schema.tables
        WHERE table_catalog = current_database() AND table_schema <> 'main' ORDER BY 1, 2""",
    )
    found: dict[str, tuple[int, str | None]] = {}
    for row in tables:
        name = f'{row["s"]}."{row["t"]}"'
        (one,) = rows(
            workspace,
            f"SELECT count(*) AS n, sum(hash(t::VARCHAR)::HUGEINT)::VARCHAR AS h FROM {name} AS t",
        )
        found[name] = (one["n"], one["h"])
    return found
