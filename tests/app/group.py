"""A small synthetic clinic group, built once per test session and shared by all its processes."""

import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import zhiyan.app.session as session_module
import zhiyan.app.workspace as workspace_module
from zhiyan.app.demo import run_demo
from zhiyan.app.workspace import Workspace
from zhiyan.lang.catalogue import Catalogue
from zhiyan.lang.clinics import ClinicSettings
from zhiyan.lang.load import load_catalogue
from zhiyan.ports import Silent, Statement

CUSTOMERS, SEED = 300, 7


def group(factory: pytest.TempPathFactory, worker: str) -> Path:
    """Return the folder of the finished demo; whoever comes first builds it, the others wait.

    Nobody may write into it: take a copy with ``copy_of``.
    """
    base = factory.getbasetemp()
    folder = (base if worker == "master" else base.parent) / "clinic-group"
    ready = folder.with_suffix(".ready")
    try:
        folder.mkdir()
    except FileExistsError:
        deadline = time.monotonic() + 300
        while not ready.exists():
            assert time.monotonic() < deadline, "another process did not finish the demo"
            time.sleep(0.2)
        return folder
    run_demo(folder, CUSTOMERS, SEED, progress=Silent())
    ready.touch()
    return folder


@contextmanager
def remembered_catalogues() -> Iterator[None]:
    """Read the same definitions once only: loading is a pure function, and takes a second."""
    known: dict[str, Catalogue] = {}

    def remembered(
        folders: Sequence[Path],
        params: Mapping[str, object] | None = None,
        *,
        replace: bool = False,
        clinics: Sequence[ClinicSettings] = (),
    ) -> Catalogue:
        files = sorted(file for folder in folders for file in _definitions(folder))
        texts = [f"{file}\0{file.read_text('utf-8')}" for file in files]
        parts = [
            *map(str, folders),
            *texts,
            repr(sorted((params or {}).items())),
            str(replace),
            repr(clinics),
        ]
        key = "\0".join(parts)
        if key not in known:
            known[key] = load_catalogue(folders, params, replace=replace, clinics=clinics)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        for module in (session_module, workspace_module):
            patch.setattr(module, "load_catalogue", remembered)
        yield


def _definitions(folder: Path) -> list[Path]:
    return [folder] if folder.is_file() else list(folder.rglob("*.yaml"))


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
