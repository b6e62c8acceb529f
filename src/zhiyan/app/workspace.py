"""The workspace: one legal entity's folder, and the verbs on it.

It is the composition root: the only place that builds engines, vault and catalogue and hands them
to the stages. One process writes at a time.
"""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from types import TracebackType

import pyarrow as pa

from zhiyan.app import importing, reference
from zhiyan.app.clock import SystemClock
from zhiyan.app.settings import PACKS_FOLDER, Settings, read_settings, write_settings
from zhiyan.core.evidence import Evidence
from zhiyan.core.identity import parse_public_id
from zhiyan.core.snapshot import Manifest
from zhiyan.core.tag import Tag
from zhiyan.core.time import DEFAULT_ZONE, AsOf, BusinessZone, naive_utc
from zhiyan.engines.duckdb import DuckDBEngine
from zhiyan.errors import Problem, UsageError
from zhiyan.lang.catalogue import Catalogue, check_expression
from zhiyan.lang.load import load_catalogue
from zhiyan.lang.moment import Moment
from zhiyan.lang.nearest import nearest
from zhiyan.pipeline import compute as computing
from zhiyan.pipeline.compare import Comparison, Side
from zhiyan.pipeline.compute.run import Job
from zhiyan.pipeline.explain import Subject, explain
from zhiyan.pipeline.ingest.context import ImportOptions
from zhiyan.pipeline.ingest.report import ImportReport
from zhiyan.pipeline.ingest.run import Importer, committed_imports
from zhiyan.pipeline.resolve import Decision, ResolveReport, decide, resolve
from zhiyan.pipeline.schema import create_schema
from zhiyan.pipeline.select import Counts, Judgement, count, matched
from zhiyan.ports import Clock, Progress, Silent
from zhiyan.store.keys import WorkspaceKey, create_key, load_key
from zhiyan.store.vault import EncryptedVault

WAREHOUSE, VAULT, KEY = "warehouse.duckdb", "vault.duckdb", Path("keys") / "workspace.key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """A segment at a snapshot: its counts, and its members with some of their tags."""

    snapshot: Manifest
    counts: Counts
    rows: pa.Table


class Workspace:
    """A folder with settings, key, warehouse, vault and definitions, and the verbs on it.

    Example:
        >>> with Workspace.open(Path("my-clinic")) as workspace:
        ...     workspace.ingest([Path("orders.xlsx")])
    """

    def __init__(self, folder: Path, engine: DuckDBEngine, *, clock: Clock) -> None:
        self.folder = folder
        self.engine = engine
        self.clock = clock
        self.progress: Progress = Silent()
        self.settings: Settings = read_settings(folder)

    @classmethod
    def create(
        cls, folder: Path, *, pack: str = "medical_aesthetics", zone: str = DEFAULT_ZONE
    ) -> None:
        """Make a new workspace in a folder: settings, key and empty folders.

        Raises UsageError ``ZY401`` if there is one already, ``ZY102`` for a wrong zone, ``ZY104``
        for an unknown pack.
        """
        BusinessZone.named(zone)
        if not (PACKS_FOLDER / pack / "pack.yaml").is_file():
            raise UsageError(Problem(code="ZY104", message=f"there is no pack {pack!r}"))
        for name in ("keys", "packs", "mappings", "reports"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        create_key(folder / KEY)
        write_settings(folder, pack=pack, zone=zone)

    @classmethod
    def open(
        cls, folder: Path, *, progress: Progress | None = None, clock: Clock | None = None
    ) -> "Workspace":
        """Open a workspace for reading and writing.

        Raises UsageError ``ZY103`` if the folder is none, OutsideError ``ZY901`` if another process
        has it open.
        """
        read_settings(folder)
        workspace = cls(folder, DuckDBEngine(folder / WAREHOUSE), clock=clock or SystemClock())
        workspace.progress = progress or Silent()
        create_schema(workspace.engine)
        computing.create_tables(workspace.engine)
        reference.load_reference(workspace.engine, workspace.pack, workspace.settings)
        return workspace

    @classmethod
    def reading(cls, folder: Path) -> "Workspace":
        """Open a workspace for reading only, beside other readers; raises as ``open``."""
        read_settings(folder)
        if not (folder / WAREHOUSE).is_file():
            cls.open(folder).close()
        engine = DuckDBEngine(folder / WAREHOUSE, read_only=True)
        return cls(folder, engine, clock=SystemClock())

    def __enter__(self) -> "Workspace":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files."""
        self.engine.close()

    @property
    def pack(self) -> Path:
        """Folder of the definition pack."""
        return PACKS_FOLDER / self.settings.pack

    @cached_property
    def catalogue(self) -> Catalogue:
        """The checked definitions: the pack's, then the workspace's own."""
        return load_catalogue([self.pack, self.folder / "packs"], self.settings.params)

    # -- ingest and resolve

    def ingest(
        self,
        files: Sequence[Path],
        *,
        options: ImportOptions | None = None,
        mapping: Path | None = None,
    ) -> list[ImportReport]:
        """Import files, one transaction each; what is there already changes nothing."""
        with self._vault() as vault:
            vault.drop_imports_except(committed_imports(self.engine))
            importer = Importer(
                engine=self.engine,
                vault=vault,
                sources=importing.sources(self.pack, self.folder, mapping),
                reference=importing.reference_names(self.pack, self.settings),
                options=options or ImportOptions(offset_minutes=self.settings.zone.offset_minutes),
                progress=self.progress,
            )
            return [importer.ingest(path, naive_utc(self.clock.now())) for path in files]

    def resolve(self, as_of: datetime, known_at: datetime | None = None) -> ResolveReport:
        """Find out which records are one person, as of a moment."""
        moment = AsOf(as_of=as_of, known_at=known_at)
        now = self.clock.now()
        return resolve(self.engine, moment, recorded_at=now, progress=self.progress)

    def decide(self, decision: Decision) -> str:
        """Record a person's decision to merge or split; the next resolve heeds it."""
        return decide(self.engine, decision, recorded_at=self.clock.now())

    # -- compute and what follows from it

    def compute(self, as_of: datetime, known_at: datetime | None = None) -> Manifest:
        """Resolve, then compute every tag of every customer as of a moment."""
        self.resolve(as_of, known_at)
        return computing.compute(self._job(as_of, known_at))

    def refresh(self, as_of: datetime) -> Manifest:
        """Bring the newest snapshot up to a moment, recomputing only whom something touched."""
        self.resolve(as_of)
        return computing.refresh(self._job(as_of))

    def snapshots(self) -> list[Manifest]:
        """Return all manifests, latest as-of first."""
        return computing.snapshots(self.engine)

    def snapshot(self, name: str | None = None) -> Manifest:
        """Return the newest snapshot, or the one whose id begins like ``name``.

        Raises UsageError ``ZY501`` if there is none yet, ``ZY502`` if the name fits none or several.
        """
        found = self.snapshots()
        if not found:
            raise UsageError(
                Problem(code="ZY501", message="no snapshot yet", hint="run `zhiyan compute` first")
            )
        fitting = found if name is None else [m for m in found if m.snapshot_id.startswith(name)]
        if name is not None and len(fitting) != 1:
            ids = [m.snapshot_id for m in found]
            raise UsageError(
                Problem(
                    code="ZY502",
                    message=f"{len(fitting)} snapshots are called {name!r}",
                    hint=nearest(name, ids) or f"there are {', '.join(ids[:5])}",
                )
            )
        return fitting[0]

    def select(
        self,
        where: str,
        *,
        snapshot: str | None = None,
        columns: Sequence[str] = (),
        limit: int | None = 0,
    ) -> Audience:
        """Count whom an expression (or a segment's code) matches, and list up to ``limit``."""
        manifest = self.snapshot(snapshot)
        judgement = self.judgement(where, manifest)
        for code in columns:
            self.tag(code)
        rows = matched(judgement, columns, limit=limit)
        return Audience(snapshot=manifest, counts=count(judgement), rows=rows)

    def judgement(self, where: str, manifest: Manifest) -> Judgement:
        """Return a checked expression, or a segment's, to be asked of a snapshot."""
        segment = self.catalogue.segments.get(where.strip())
        return Judgement(
            engine=self.engine,
            catalogue=self.catalogue,
            snapshot=manifest,
            where=segment.where if segment else check_expression(self.catalogue, where),
            offset_minutes=self.settings.zone.offset_minutes,
        )

    def tag(self, code: str) -> Tag:
        """Return a tag; raises UsageError ``ZY503`` with the nearest code if there is none."""
        found = self.catalogue.tags.get(code)
        if found is None:
            hint = nearest(code, self.catalogue.tags)
            raise UsageError(Problem(code="ZY503", message=f"there is no tag {code!r}", hint=hint))
        return found

    @staticmethod
    def customer(text: str) -> int:
        """Return the number behind a printed customer id; raises UsageError ``ZY504``."""
        customer_id = parse_public_id(text)
        if customer_id is None:
            raise UsageError(
                Problem(
                    code="ZY504",
                    message=f"{text!r} is no customer id",
                    hint="ids are C and 16 digits or letters A to F, as `zhiyan select` shows",
                )
            )
        return customer_id

    def explain(self, customer: str, tag: str, *, snapshot: str | None = None) -> Evidence:
        """Show why a customer has a tag value, and when it will change by itself."""
        subject = Subject(
            engine=self.engine,
            catalogue=self.catalogue,
            snapshot=self.snapshot(snapshot),
            customer_id=self.customer(customer),
            zone=self.settings.zone,
        )
        return explain(subject, self.tag(tag).code)

    def diff(self, before: str, after: str) -> Comparison:
        """Show what separates two snapshots."""
        sides = [self._side(self.snapshot(name)) for name in (before, after)]
        return Comparison(engine=self.engine, before=sides[0], after=sides[1])

    def preview(self, file: Path) -> Comparison:
        """Show what the definitions in a file would change at the newest snapshot, member by member."""
        base = self.snapshot()
        folders = [self.pack, self.folder / "packs", file]
        changed = load_catalogue(folders, self.settings.params, replace=True)
        return self._aside(
            base, replace(self._job(_aware(base.as_of)), catalogue=changed), file.name
        )

    def forecast(self, days: int) -> Comparison:
        """Show what will change within some days if nobody does anything."""
        base = self.snapshot()
        job = replace(self._job(_aware(base.as_of) + timedelta(days=days)), facts_before=base.as_of)
        return self._aside(base, job, f"+{days}d")

    # -- parts

    def _vault(self) -> closing[EncryptedVault]:
        return closing(EncryptedVault(DuckDBEngine(self.folder / VAULT), self.key))

    @property
    def key(self) -> WorkspaceKey:
        """The workspace's secret."""
        return load_key(self.folder / KEY)

    def _job(self, as_of: datetime, known_at: datetime | None = None) -> Job:
        return Job(
            engine=self.engine,
            catalogue=self.catalogue,
            moment=AsOf(as_of=as_of, known_at=known_at),
            zone=self.settings.zone,
            now=self.clock.now(),
            progress=self.progress,
            reference=reference.fingerprint(self.pack),
        )

    def _side(self, manifest: Manifest) -> Side:
        return Side(
            name=manifest.snapshot_id,
            tags=f"snapshot.t_{manifest.snapshot_id}",
            catalogue=self.catalogue,
            moment=Moment(as_of=manifest.as_of, offset_minutes=self.settings.zone.offset_minutes),
        )

    def _aside(self, base: Manifest, job: Job, name: str) -> Comparison:
        """Compute beside the snapshots and compare with one."""
        self.resolve(_aware(base.as_of), None if base.complete else _aware(base.known_at))
        tables = computing.Tables(
            parties=f"snapshot.a_{base.snapshot_id}",
            measures="aside_measure",
            tags="aside_tag",
            temporary=True,
        )
        computing.compute_aside(job, tables)
        before = self._side(base)
        after = replace(
            before, name=name, tags=tables.tags, catalogue=job.catalogue, moment=job.clock
        )
        return Comparison(engine=self.engine, before=before, after=after)


def _aware(stored: datetime) -> datetime:
    return stored.replace(tzinfo=UTC)
