"""The workspace: the verbs on one legal entity's folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa

from zhiyan.app import history, importing
from zhiyan.app.lookup import (
    customer_named,
    no_customer,
    question_at,
    seen_by,
    snapshot_named,
    tag_at,
    tag_named,
)
from zhiyan.app.session import Session
from zhiyan.core.evidence import Evidence
from zhiyan.core.snapshot import Manifest
from zhiyan.core.tag import Tag
from zhiyan.core.time import AsOf, aware, naive_utc
from zhiyan.errors import DataError, Problem
from zhiyan.lang.load import load_catalogue
from zhiyan.lang.moment import Moment
from zhiyan.pipeline import compute as computing
from zhiyan.pipeline.compare import Comparison, Side
from zhiyan.pipeline.explain import Subject, explain
from zhiyan.pipeline.ingest.context import ImportOptions, Reference
from zhiyan.pipeline.ingest.report import ImportReport
from zhiyan.pipeline.ingest.run import Importer, committed_imports
from zhiyan.pipeline.ingest.suggest import suggest
from zhiyan.pipeline.resolve import Decision, ResolveReport, decide, resolve
from zhiyan.pipeline.select import Counts, Judgement, count, matched


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """A segment at a snapshot: its counts, and its members with some of their tags."""

    snapshot: Manifest
    counts: Counts
    rows: pa.Table


class Workspace(Session):
    """A folder with settings, key, warehouse, vault and definitions, and the verbs on it.

    Example:
        >>> with Workspace.open(Path("my-clinic")) as workspace:
        ...     workspace.ingest([Path("orders.xlsx")])
    """

    def ingest(
        self,
        files: Sequence[Path],
        *,
        options: ImportOptions | None = None,
        mapping: Path | None = None,
        failed: list[Problem] | None = None,
    ) -> list[ImportReport]:
        """Import files, one transaction each; what is there already changes nothing.

        A file that cannot be taken raises DataError; with ``failed`` its problems are put there and
        the next file is taken. Raises UsageError ``ZY108`` for an unknown kind in the options.
        """
        chosen = options or self.import_options()
        sources = importing.sources(self.pack, self.folder, mapping)
        importing.check_kind(sources, chosen.kind)
        with self.open_vault() as vault:
            vault.drop_imports_except(committed_imports(self.engine))
            importer = Importer(
                engine=self.engine,
                vault=vault,
                sources=sources,
                reference=self._names(),
                options=chosen,
                progress=self.progress,
            )
            reports: list[ImportReport] = []
            ordered = importing.lists_first(files, sources)
            digests = importing.digests(ordered)
            for number, path in enumerate(ordered):
                self.progress.step("import", number, len(files))
                try:
                    now, ahead = naive_utc(self.clock.now()), digests[number + 1 :]
                    reports.append(importer.ingest(path, now, ahead))
                    if importing.brought_a_list(reports[-1]):
                        importer = replace(importer, reference=self._names())
                except DataError as error:
                    if failed is None:
                        raise
                    failed += error.problems
            self.progress.step("import", len(files), len(files))
            return reports

    def _names(self) -> Reference:
        return importing.reference_names(self.engine, self.pack, self.settings)

    def import_options(self) -> ImportOptions:
        """Return how this workspace imports where nothing else is asked."""
        return ImportOptions(
            offset_minutes=self.settings.zone.offset_minutes,
            max_unmapped_share=self.settings.max_unmapped_share,
        )

    def suggest_mapping(self, file: Path) -> str:
        """Return the draft of a mapping (YAML) for a file."""
        return suggest(file, importing.sources(self.pack, self.folder))

    def resolve(self, as_of: datetime, known_at: datetime | None = None) -> ResolveReport:
        """Find out which records are one person, as of a moment."""
        moment, now = AsOf(as_of=as_of, known_at=known_at), self.clock.now()
        whole = self.worker is not self.engine
        return resolve(self.worker, moment, recorded_at=now, progress=self.progress, whole=whole)

    def decide(self, decision: Decision) -> str:
        """Record a person's decision to merge or split; the next resolve heeds it."""
        return decide(self.engine, decision, recorded_at=self.clock.now())

    def compute(self, as_of: datetime, known_at: datetime | None = None) -> Manifest:
        """Resolve, then compute every tag of every customer as of a moment.

        Who is who is then told as of the newest snapshot again, if that is another one.
        """
        self.resolve(as_of, known_at)
        made = history.remembered(self, computing.compute(self.work(as_of, known_at)))
        if (newest := self.snapshot()).snapshot_id != made.snapshot_id:
            self.resolve(aware(newest.as_of), aware(newest.known_at))
        return made

    def refresh(self, as_of: datetime) -> Manifest:
        """Bring the newest snapshot up to a moment, recomputing only whom something touched."""
        self.resolve(as_of)
        return history.remembered(self, computing.refresh(self.work(as_of)))

    def snapshots(self) -> list[Manifest]:
        """Return all manifests, latest as-of first."""
        return computing.snapshots(self.engine)

    def snapshot(self, name: str | None = None) -> Manifest:
        """Return the newest snapshot, or the one whose id begins like ``name``."""
        return snapshot_named(self.snapshots(), name)

    def tag(self, code: str) -> Tag:
        """Return a tag of the live definitions."""
        return tag_named(self.catalogue, code)

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
            tag_at(self.catalogue, manifest, code, zone=self.settings.zone)
        rows = matched(judgement, columns, limit=limit)
        return Audience(snapshot=manifest, counts=count(judgement), rows=rows)

    def judgement(self, where: str, manifest: Manifest) -> Judgement:
        """Return a checked expression, or a segment's, to be asked of a snapshot."""
        return Judgement(
            engine=self.worker,
            catalogue=seen_by(self.catalogue, manifest),
            snapshot=manifest,
            question=question_at(self.catalogue, manifest, where, zone=self.settings.zone),
            offset_minutes=self.settings.zone.offset_minutes,
            aligned=self.aligned if self.worker is self.engine else None,
        )

    def explain(self, customer: str, tag: str, *, snapshot: str | None = None) -> Evidence:
        """Show why a customer has a tag value, and when it will change by itself.

        Raises UsageError ``ZY504`` if the snapshot has no such customer, ``ZY503`` for no such tag,
        ``ZY513`` if the snapshot lacks it.
        """
        found = self.evidence(customer_named(customer), tag, snapshot)
        if found is None:
            raise no_customer(customer)
        return found

    def evidence(self, customer_id: int, tag: str, snapshot: str | None = None) -> Evidence | None:
        """Explain as ``explain`` does; None if the snapshot has no such customer."""
        manifest = self.snapshot(snapshot)
        code = tag_at(self.catalogue, manifest, tag, zone=self.settings.zone).code
        subject = Subject(
            engine=self.engine,
            catalogue=seen_by(self.catalogue, manifest),
            snapshot=manifest,
            customer_id=customer_id,
            zone=self.settings.zone,
            memo=self.compiled,
        )
        return explain(subject, code)

    def diff(self, before: str, after: str) -> Comparison:
        """Show what separates two snapshots."""
        sides = [self._side(self.snapshot(name)) for name in (before, after)]
        return Comparison(engine=self.engine, before=sides[0], after=sides[1])

    def preview(
        self, file: Path | None = None, params: Mapping[str, object] | None = None
    ) -> Comparison:
        """Show what changed definitions or parameters would change at the newest snapshot.

        Raises UsageError ``ZY107`` if neither is given, or the file is not there.
        """
        history.check_preview(file, params)
        base = self.snapshot()
        folders = [self.pack, self.folder / "packs", *((file,) if file else ())]
        settings = {**self.settings.params, **(params or {})}
        replaces, clinics = file is not None, self.clinics
        changed = history.previewed(
            load_catalogue(folders, settings, replace=replaces, clinics=clinics)
        )
        job = self.job(aware(base.as_of), aware(base.known_at))
        return self._aside(base, replace(job, catalogue=changed), file.name if file else "params")

    def forecast(self, days: int) -> Comparison:
        """Show what will change within some days if nobody does anything."""
        base = self.snapshot()
        job = self.job(aware(base.as_of) + timedelta(days=days), aware(base.known_at))
        return self._aside(base, replace(job, facts_before=base.as_of), f"+{days}d")

    def _side(self, manifest: Manifest) -> Side:
        return Side(
            name=manifest.snapshot_id,
            tags=f"snapshot.t_{manifest.snapshot_id}",
            catalogue=seen_by(self.catalogue, manifest),
            moment=Moment(as_of=manifest.as_of, offset_minutes=self.settings.zone.offset_minutes),
        )

    def _aside(self, base: Manifest, job: computing.Job, name: str) -> Comparison:
        """Compute beside the snapshots and compare with one."""
        self.resolve(aware(base.as_of), aware(base.known_at))
        aside = computing.Aside(parties=f"snapshot.a_{base.snapshot_id}")
        computing.compute_aside(job, aside)
        before = self._side(base)
        after = replace(
            before, name=name, tags=aside.tags(), catalogue=job.catalogue, moment=job.clock
        )
        return Comparison(engine=self.engine, before=before, after=after)
