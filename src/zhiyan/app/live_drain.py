"""From the journal into the warehouse: batches of events become facts like the rows of any file.

What the warehouse has is told by its own list of imports: the name of a batch says which messages it
holds. A batch that was committed before a crash is found there and never taken again, whatever the
journal remembers.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from zhiyan.app import importing
from zhiyan.app.event_sources import EventSource, read_sources
from zhiyan.app.workspace import Workspace
from zhiyan.core.time import naive_utc
from zhiyan.errors import DataError, InternalError, Problem, UsageError
from zhiyan.pipeline.ingest.mapping import Source
from zhiyan.pipeline.ingest.report import ImportReport
from zhiyan.pipeline.ingest.run import Importer, committed_imports
from zhiyan.pipeline.ingest.tracked import NAME, Message, Reader, Sender, refused
from zhiyan.ports import Statement, Vault
from zhiyan.store.journal import Held, Journal

LOG = logging.getLogger(__name__)
#: How many events one batch takes at most.
MOST: Final = 4_000


@dataclass(slots=True)
class Drained:
    """What a batch brought: how many messages, how many rows by their fate."""

    messages: int = 0
    accepted: int = 0
    quarantined: int = 0
    duplicates: int = 0
    dropped: int = 0

    def add(self, messages: int, report: ImportReport) -> None:
        """Count another import."""
        self.messages += messages
        self.accepted += report.accepted + report.corrections
        self.quarantined += report.quarantined
        self.duplicates += report.duplicates
        self.dropped += report.dropped


class Drain:
    """Takes batches out of the journal of a workspace that it alone writes to."""

    def __init__(self, workspace: Workspace, vault: Vault, journal: Journal) -> None:
        """Find out what the warehouse has.

        Raises UsageError ``ZY112`` if the pack says nothing of tracked events.
        """
        self._workspace, self._journal = workspace, journal
        vault.drop_imports_except(committed_imports(workspace.engine))
        self._source = tracked_source(workspace)
        self._readers: dict[str, Reader] = {}
        self._importer = Importer(
            engine=workspace.engine,
            vault=vault,
            sources=(self._source,),
            reference=importing.reference_names(
                workspace.engine, workspace.pack, workspace.settings
            ),
            options=replace(workspace.import_options(), allow_unmapped=True),
        )
        self.upto = self._taken()
        journal.take(self.upto)

    def run(self) -> Drained | None:
        """Take the next batch; None if nothing waits.

        Raises OutsideError if the disk or the memory fails: everything is as before then.
        """
        held = self._journal.waiting(self.upto, MOST)
        if not held:
            return None
        done = Drained()
        self._take(held, done)
        self._journal.take(self.upto)
        return done

    def _take(self, held: Sequence[Held], done: Drained) -> None:
        """Import messages as one batch; where something of them fails, in halves."""
        name = self._name(held)
        try:
            report = self._import(name, held)
        except (DataError, InternalError) as error:
            LOG.exception("a batch of events failed", extra={"action": "live", "code": error.code})
            if len(held) > 1:
                middle = len(held) // 2
                self._take(held[:middle], done)
                self._take(held[middle:], done)
                return
            report = self._set_aside(name, held[0])
        self.upto = held[-1].seq
        done.add(len(held), report)

    def _name(self, held: Sequence[Held]) -> str:
        return f"journal:{self._journal.name}:{held[0].seq}-{held[-1].seq}"

    def _import(self, name: str, held: Sequence[Held]) -> ImportReport:
        first = held[0].seq - 1
        parts: dict[str, list[Message]] = {}
        for one in held:
            parts.setdefault(one.source, []).append(Message(place=one.seq - first, body=one.body))
        tables = [self._reader(source).table(name, some) for source, some in parts.items()]
        return self._importer.take(name, tables, naive_utc(self._workspace.clock.now()))

    def _set_aside(self, name: str, held: Held) -> ImportReport:
        """Put a message that nothing can take into quarantine, so that it holds up no other."""
        table = refused(self._reader(held.source).source, name, Message(place=1, body=held.body))
        return self._importer.take(name, [table], naive_utc(self._workspace.clock.now()))

    def _reader(self, source: str) -> Reader:
        if source not in self._readers:
            known = {one.name: one for one in read_sources(self._workspace.folder)}
            self._readers[source] = Reader(self._source, _sender(source, known))
        return self._readers[source]

    def _taken(self) -> int:
        """Return the last message that the warehouse has."""
        rows = self._workspace.engine.query(
            Statement(
                "SELECT max(split_part(file_name, '-', -1)::BIGINT) AS last FROM meta.import_batch"
                " WHERE file_name LIKE 'journal:%' AND split_part(file_name, ':', 2) = $name",
                {"name": self._journal.name},
            )
        )
        return int(rows.column("last")[0].as_py() or 0)


def _sender(name: str, known: Mapping[str, EventSource]) -> Sender:
    found = known.get(name)
    if found is None:
        return Sender(name=name)
    return Sender(name=name, user_id=found.user_id, shared_devices=found.shared_devices)


def tracked_source(workspace: Workspace) -> Source:
    """Return what tracked events become; raises UsageError ``ZY112`` if nothing says so."""
    for one in importing.sources(workspace.pack, workspace.folder):
        if one.name == NAME:
            return one
    raise UsageError(
        Problem(
            code="ZY112",
            message=f"the pack {workspace.settings.pack!r} does not say what live events become",
            hint=f"write a source {NAME!r} into mappings/ of the workspace",
        )
    )
