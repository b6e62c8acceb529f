"""An opened workspace folder: settings, key, warehouse, vault and definitions.

It is the composition root: the only place that builds engines, vault and catalogue.
"""

from contextlib import closing
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from zhiyan.app import reference, working
from zhiyan.app.clock import SystemClock
from zhiyan.app.settings import PACKS_FOLDER, Settings, read_settings, write_settings
from zhiyan.core.time import DEFAULT_ZONE, AsOf, BusinessZone
from zhiyan.engines.duckdb import DuckDBEngine
from zhiyan.errors import Problem, UsageError
from zhiyan.lang.catalogue import Catalogue
from zhiyan.lang.clinics import ClinicSettings
from zhiyan.lang.lifecycle import published
from zhiyan.lang.load import load_catalogue
from zhiyan.lang.nearest import nearest
from zhiyan.memo import Memo
from zhiyan.pipeline import compute as computing
from zhiyan.pipeline import history, stability
from zhiyan.pipeline.schema import create_schema
from zhiyan.ports import Clock, Engine, Progress, Silent
from zhiyan.store.keys import WorkspaceKey, create_key, load_key
from zhiyan.store.vault import EncryptedVault

WAREHOUSE, VAULT, KEY = "warehouse.duckdb", "vault.duckdb", Path("keys") / "workspace.key"


class Session:
    """A workspace folder with its warehouse open. One process writes, or many read."""

    def __init__(self, folder: Path, engine: DuckDBEngine, *, clock: Clock) -> None:
        self.folder = folder
        self.engine = engine
        self.clock = clock
        self.progress: Progress = Silent()
        self.settings: Settings = read_settings(folder)
        self.compiled = Memo()

    @classmethod
    def create(
        cls, folder: Path, *, pack: str = "medical_aesthetics", zone: str = DEFAULT_ZONE
    ) -> None:
        """Make a new workspace in a folder: settings, key and empty folders.

        Raises UsageError ``ZY401`` if there is one already, ``ZY102`` for a wrong zone, ``ZY104``
        for an unknown pack.
        """
        BusinessZone.named(zone)
        packs = [path.parent.name for path in PACKS_FOLDER.glob("*/pack.yaml")]
        if pack not in packs:
            hint = nearest(pack, packs) or f"packs are {', '.join(sorted(packs))}"
            raise UsageError(Problem(code="ZY104", message=f"there is no pack {pack!r}", hint=hint))
        for name in ("keys", "packs", "mappings", "reports"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        create_key(folder / KEY)
        write_settings(folder, pack=pack, zone=zone)

    @classmethod
    def open(
        cls, folder: Path, *, progress: Progress | None = None, clock: Clock | None = None
    ) -> Self:
        """Open a workspace for reading and writing.

        Raises UsageError ``ZY103`` if the folder is none, OutsideError ``ZY901`` if another process
        has it open.
        """
        memory = read_settings(folder).memory_gb
        engine = DuckDBEngine(folder / WAREHOUSE, memory_gb=memory)
        opened = cls(folder, engine, clock=clock or SystemClock())
        opened.progress = progress or Silent()
        create_schema(opened.engine)
        computing.create_tables(opened.engine)
        history.create_tables(opened.engine)
        stability.create_tables(opened.engine)
        reference.load_reference(opened.engine, opened.pack, opened.settings)
        return opened

    @classmethod
    def reading(cls, folder: Path) -> Self:
        """Open a workspace for reading only, beside other readers; raises as ``open``."""
        memory = read_settings(folder).memory_gb
        if not (folder / WAREHOUSE).is_file():
            cls.open(folder).close()
        engine = DuckDBEngine(folder / WAREHOUSE, read_only=True, memory_gb=memory)
        return cls(folder, engine, clock=SystemClock())

    def beside(self) -> Self:
        """Return this open workspace for a reader in another thread, who closes what it got."""
        found = type(self)(self.folder, self.engine.beside(), clock=self.clock)
        found.catalogue = self.catalogue
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files, and of Spark if it was started."""
        working.stop(self.__dict__.get("worker"), self.engine)
        self.engine.close()

    @cached_property
    def worker(self) -> Engine:
        """The engine of resolve, compute, refresh and select; what it makes comes home."""
        return working.engine_of(self.settings, self.engine, self.folder)

    @property
    def pack(self) -> Path:
        """Folder of the definition pack."""
        return PACKS_FOLDER / self.settings.pack

    @property
    def aligned(self) -> Path:
        """Folder of the files that counts of the newest large snapshot are told off."""
        return self.folder / "aligned"

    @property
    def key(self) -> WorkspaceKey:
        """The workspace's secret."""
        return load_key(self.folder / KEY)

    @cached_property
    def catalogue(self) -> Catalogue:
        """The checked definitions: the pack's, then the workspace's own."""
        loaded = load_catalogue(
            [self.pack, self.folder / "packs"],
            self.settings.params,
            clinics=self.clinics,
        )
        return working.portable(loaded, self.settings)

    @property
    def clinics(self) -> list[ClinicSettings]:
        """What definitions may know of the clinics."""
        return reference.known_clinics(self.engine, self.settings)

    def open_vault(self) -> closing[EncryptedVault]:
        """Open the vault while a context lasts."""
        return closing(EncryptedVault(DuckDBEngine(self.folder / VAULT), self.key))

    def work(self, as_of: datetime, known_at: datetime | None = None) -> computing.Job:
        """Return a computation whose result is kept, on the engine of the settings."""
        return replace(self.job(as_of, known_at), engine=self.worker)

    def job(self, as_of: datetime, known_at: datetime | None = None) -> computing.Job:
        """Return a computation of the live definitions as of an aware moment."""
        return computing.Job(
            engine=self.engine,
            catalogue=published(self.catalogue),
            moment=AsOf(as_of=as_of, known_at=known_at),
            zone=self.settings.zone,
            now=self.clock.now(),
            progress=self.progress,
            reference=reference.fingerprint(self.pack),
            memo=self.compiled,
        )
