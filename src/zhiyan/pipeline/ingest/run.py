"""The import of one file, from its path to the commit and the report."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path

from zhiyan.errors import DataError, Problem
from zhiyan.pipeline.ingest.cells import Cells
from zhiyan.pipeline.ingest.commit import number, rows_of
from zhiyan.pipeline.ingest.context import Context, ImportOptions, Reference
from zhiyan.pipeline.ingest.events import TableDraft, draft
from zhiyan.pipeline.ingest.explode import explode
from zhiyan.pipeline.ingest.lists import ListDraft, draft_list
from zhiyan.pipeline.ingest.mapping import Source
from zhiyan.pipeline.ingest.read import RawTable, ReadOptions, read_tables
from zhiyan.pipeline.ingest.read.arrow import pa
from zhiyan.pipeline.ingest.recognise import Match, recognise, unknown_table
from zhiyan.pipeline.ingest.report import ImportReport
from zhiyan.pipeline.ingest.settle import Settlement
from zhiyan.ports import Engine, Progress, Silent, Statement, Vault


@dataclass(frozen=True, kw_only=True)
class Importer:
    """Imports files into one workspace's warehouse and vault.

    ``sources`` are the mappings to recognise tables by; ``reference`` the names of items, clinics
    and staff. One import at a time; nothing is kept of one that fails.
    """

    engine: Engine
    vault: Vault
    sources: Sequence[Source]
    reference: Reference
    options: ImportOptions = field(default_factory=ImportOptions)
    progress: Progress = field(default_factory=Silent)

    def ingest(
        self, path: Path, recorded_at: datetime, ahead: Collection[str] = ()
    ) -> ImportReport:
        """Import one file; ``recorded_at`` is the Clock's moment as naive UTC.

        A file known by its bytes changes nothing, unless a later import corrected facts since: the
        last import wins, so the file is read again. ``ahead`` holds the digests of files that will
        be imported next: what they corrected they would correct again, so it does not count.

        Raises:
            DataError: the file cannot be read (``ZY301`` ...), no table in it is recognised
                (``ZY336``), a table fits two kinds (``ZY335``), or 2 % of its item names are
                unknown (``ZY337``).
            InternalError: ``ZY992`` if rows or money do not add up; nothing is stored then.
        """
        digest = file_digest(path)
        setup = self.setup
        known = _known_import(self.engine, digest, setup)
        context = self._context(digest, recorded_at)
        if known is not None and not _corrected_since(self.engine, known, ahead):
            return _seen_before(path, digest, known, context=context)
        try:
            done = self._import(path, (digest, setup), context, again=known is not None)
        except BaseException:
            self._forget()
            raise
        if known is None or done.accepted or done.corrections:
            return done
        self._forget()
        return _seen_before(path, digest, known, context=context)

    def take(
        self, name: str, tables: Sequence[tuple[Match, RawTable]], recorded_at: datetime
    ) -> ImportReport:
        """Import tables that came in no file, such as a batch of events, in one transaction.

        ``name`` names what they hold for good: whoever gives the same rows again must find it among
        the imports before. Raises as ``ingest``.
        """
        digest = hashlib.sha256(name.encode()).hexdigest()
        context = self._context(digest, recorded_at)
        drafts: list[TableDraft] = []
        first = 0
        for match, table in tables:
            cells = Cells(match, table, self.options.offset_minutes)
            # A source of events is one for all of them; most batches hold few of its kinds.
            told = tuple(part for part in match.source.emit if cells.holds(part.when).any())
            cells.source = replace(match.source, emit=told or match.source.emit)
            one = draft(cells, self.reference, recorded_at)
            one.first_id, first = first, first + one.cells.length
            drafts.append(one)
        report = self._report(name, digest, context)
        try:
            return Settlement(context, drafts, []).run(report, self.setup)
        except BaseException:
            self._forget()
            raise

    def _context(self, digest: str, recorded_at: datetime) -> Context:
        query = """SELECT coalesce(max(import_id), 0) + 1 AS n,
              coalesce(bool_or(file_sha256 = $digest), false) AS known
            FROM meta.import_batch"""
        row = rows_of(self.engine, Statement(query, {"digest": digest}))[0]
        return Context(
            engine=self.engine,
            vault=self.vault,
            reference=self.reference,
            options=self.options,
            recorded_at=recorded_at,
            import_id=number(row["n"]),
            known=bool(row["known"]),
        )

    def _report(self, name: str, digest: str, context: Context) -> ImportReport:
        return ImportReport(
            file_name=name,
            sha256=digest,
            import_id=context.import_id,
            committed=not self.options.dry_run,
            recorded_at=context.recorded_at,
        )

    def _forget(self) -> None:
        """Take out of the vault what an import left that kept nothing."""
        if not self.options.dry_run:
            self.vault.drop_imports_except(committed_imports(self.engine))

    @cached_property
    def setup(self) -> str:
        """Return a hash of everything besides the file that decides what its rows become."""
        parts = [f"{source.name}={source.fingerprint}" for source in self.sources]
        for kind in ("items", "clinics", "staff"):
            parts += [f"{kind}:{k}={v}" for k, v in sorted(self.reference.plain(kind).items())]
        parts += [str(self.options.kind), str(self.options.offset_minutes)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def _import(
        self, path: Path, names: tuple[str, str], context: Context, *, again: bool
    ) -> ImportReport:
        self.progress.step("read", 0, None)
        tables = [explode(table) for table in read_tables(path, self._read_options())]
        pa.default_memory_pool().release_unused()
        drafts, lists, left = self._drafts(tables, context.recorded_at)
        self.progress.step("clean", 1, None)
        pa.default_memory_pool().release_unused()
        report = self._report(path.name, names[0], context)
        return Settlement(context, drafts, left, lists).run(report, names[1], again=again)

    def _read_options(self) -> ReadOptions:
        labels = {label for s in self.sources for f in s.fields for label in f.headers}
        plain = ReadOptions(known_labels=frozenset(label for label in labels if "*" not in label))
        if len(self.sources) != 1:
            return plain
        only = self.sources[0]
        return replace(
            plain, header_at=only.header_at, header_rows=only.header_rows, sheets=only.sheets
        )

    def _drafts(
        self, tables: Sequence[RawTable], recorded_at: datetime
    ) -> tuple[list[TableDraft], list[ListDraft], list[RawTable]]:
        drafts: list[TableDraft] = []
        lists: list[ListDraft] = []
        left: list[RawTable] = []
        first = 0
        for table in tables:
            match = recognise(table, self.sources, self.options.kind)
            if match is None:
                left.append(table)
                continue
            cells = Cells(match, table, self.options.offset_minutes)
            if match.source.reference is not None:
                lists.append(draft_list(cells, match.source.reference))
                continue
            one = draft(cells, self.reference, recorded_at)
            one.first_id = first
            first += cells.length
            drafts.append(one)
        if not drafts and not lists:
            problems = [unknown_table(t, self.sources, self.options.kind) for t in left]
            raise DataError(*(problems or [Problem(code="ZY339", message="no table in the file")]))
        return drafts, lists, left


def committed_imports(engine: Engine) -> list[int]:
    """Return the numbers of all imports that committed."""
    rows = rows_of(engine, Statement("SELECT import_id FROM meta.import_batch ORDER BY import_id"))
    return [number(row["import_id"]) for row in rows]


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes; DataError ``ZY338`` if it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(
            Problem(code="ZY338", message="the file cannot be read", where=str(path), hint="")
        ) from error


def _known_import(engine: Engine, digest: str, setup: str) -> dict[str, object] | None:
    rows = rows_of(
        engine,
        Statement(
            """SELECT import_id, rows_read FROM meta.import_batch
            WHERE file_sha256 = $digest AND mapping_sha256 = $setup ORDER BY import_id DESC LIMIT 1""",
            {"digest": digest, "setup": setup},
        ),
    )
    return rows[0] if rows else None


def _corrected_since(engine: Engine, known: dict[str, object], ahead: Collection[str]) -> bool:
    """Return whether an import after a known one corrected facts, those of files ``ahead`` aside."""
    rows = rows_of(
        engine,
        Statement(
            """SELECT file_sha256 FROM meta.import_batch
            WHERE import_id > $import_id AND corrections > 0""",
            {"import_id": number(known["import_id"])},
        ),
    )
    return any(str(row["file_sha256"]) not in ahead for row in rows)


def _seen_before(
    path: Path, digest: str, known: dict[str, object], *, context: Context
) -> ImportReport:
    import_id, rows = number(known["import_id"]), number(known["rows_read"])
    return ImportReport(
        file_name=path.name,
        sha256=digest,
        import_id=import_id,
        committed=False,
        recorded_at=context.recorded_at,
        rows_read=rows,
        duplicates=rows,
        known_as=import_id,
        warnings=(f"文件与第 {import_id} 次导入逐字节相同,未做任何改动",),
    )
