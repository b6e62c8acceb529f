"""The live workspace: events in, facts, tags and changes out, batch by batch, in one thread.

Each round takes what waits in the journal, stores it as facts, finds out who is who, refreshes the
tags of whom that touched, and tells what changed. All of it is what files go through; nothing here
computes a tag.
"""

import logging
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from time import perf_counter
from typing import Final, Self, TypeVar

from zhiyan.app import history
from zhiyan.app.live_changes import Feed
from zhiyan.app.live_drain import Drain, Drained
from zhiyan.app.live_intake import Intake
from zhiyan.app.workspace import Workspace
from zhiyan.core.snapshot import Manifest
from zhiyan.core.time import AsOf, aware
from zhiyan.errors import ZhiyanError
from zhiyan.pipeline import compute as computing
from zhiyan.pipeline import history as kept_history
from zhiyan.pipeline.changes import Telling
from zhiyan.pipeline.compute import thin as thinning
from zhiyan.ports import Clock
from zhiyan.store.change_log import ChangeLog
from zhiyan.store.journal import Journal

LOG = logging.getLogger(__name__)
Answer = TypeVar("Answer")
FOLDER: Final = "live"
#: Without events, tags are refreshed so often: windows pass for customers whom nothing touches.
IDLE: Final = timedelta(seconds=60)
#: After a failure, the next attempt.
RETRY_SECONDS: Final = 1.0


def journal_of(folder: Path) -> Path:
    """Return where the journal of a workspace lies."""
    return folder / FOLDER / "journal.sqlite"


def log_of(folder: Path) -> Path:
    """Return where the list of changes of a workspace lies."""
    return folder / FOLDER / "changes.sqlite"


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One round: what came in, what it changed, and the seconds that each step took."""

    drained: Drained
    changed: int
    snapshot_id: str
    seconds: dict[str, float]


@dataclass(slots=True)
class State:
    """How the live workspace does: rounds so far, the last one, and the failure that stops it."""

    rounds: int = 0
    messages: int = 0
    last: Round | None = None
    failure: str = ""


class Live:
    """A workspace that takes events as they happen. Holds the workspace until closed."""

    def __init__(self, folder: Path, *, clock: Clock | None = None) -> None:
        """Open the workspace, its journal and its list of changes.

        Raises as ``Workspace.open``, ``Journal`` and ``Drain``.
        """
        self._stack = ExitStack()
        with ExitStack() as opening:
            self.workspace = opening.enter_context(Workspace.open(folder, clock=clock))
            thinning.create_tables(self.workspace.engine)
            kept_history.create_tables(self.workspace.engine)
            vault = opening.enter_context(self.workspace.open_vault())
            log = ChangeLog(log_of(folder))
            opening.callback(log.close)
            journal = Journal(journal_of(folder), self.workspace.key)
            opening.callback(journal.close)
            self._drain = Drain(self.workspace, vault, journal)
            self._stack = opening.pop_all()
        self.feed = Feed(log)
        self.intake = Intake(folder, journal)
        self.state = State()
        self._journal = journal
        self._job = self.workspace.work(self.workspace.clock.now())
        self._telling = Telling(
            self.workspace.engine,
            self._job.catalogue,
            self.workspace.settings.zone.offset_minutes,
        )
        self._newest: Manifest | None = None
        #: Facts are in the warehouse that no refresh has seen; at the start nobody knows.
        self._behind = True
        #: The newest snapshot is of this stream, and not kept for good.
        self._passing = False
        self._kept_on: date | None = None
        self._stop = Event()
        self._thread = Thread(target=self._run, name="live", daemon=True)
        self._catch_up(log.told())

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Begin to take events over."""
        self._thread.start()

    def close(self) -> None:
        """Finish the round that runs, keep the last snapshot, let go of everything."""
        self._stop.set()
        self._journal.arrived.set()
        if self._thread.is_alive():
            self._thread.join()
        try:
            self._keep()
        finally:
            self._stack.close()

    def depth(self) -> int:
        """Return how many events wait."""
        return self._journal.depth()

    def step(self) -> Round | None:
        """Do one round; None if there was nothing to do.

        Without events there is something to do at the start and every ``IDLE``. The first snapshot
        is made before any event is taken, so that the changes by it can be told.
        """
        seconds: dict[str, float] = {}
        drained = _timed(seconds, "import", self._drain.run) if self._newest else None
        self._behind = self._behind or drained is not None or self._is_stale()
        if not self._behind:
            return None
        before = self._newest
        after = self._refresh(seconds)
        found = _timed(seconds, "changes", lambda: self._tell(before, after))
        done = Round(
            drained=drained or Drained(),
            changed=found,
            snapshot_id=after.snapshot_id,
            seconds=seconds,
        )
        self.state.rounds += 1
        self.state.messages += done.drained.messages
        self.state.last = done
        self._behind = False
        self._keep_daily()
        return done

    def _catch_up(self, told: str | None) -> None:
        """Tell the changes of a refresh after which the process ended before it could."""
        found = self.workspace.snapshots()
        self._newest = found[0] if found else None
        if self._newest is None or told == self._newest.snapshot_id:
            return
        before = next((one for one in found if one.snapshot_id == told), None)
        if before is not None:
            thinning.mark_live(self.workspace.engine, self._newest.snapshot_id)
        self._tell(before, self._newest)

    def _run(self) -> None:
        try:
            self._run_rounds()
        finally:
            if not self._stop.is_set():
                self.state.failure = "the live thread has ended; the log of the service has why"

    def _run_rounds(self) -> None:
        while True:
            self._journal.arrived.clear()
            if self._stop.is_set():
                return
            try:
                busy = self.step() is not None
                self.state.failure = ""
            except ZhiyanError as error:
                LOG.exception("a round failed", extra={"action": "live", "code": error.code})
                self.state.failure = str(error)
                self._stop.wait(RETRY_SECONDS)
                continue
            if not busy:
                self._journal.arrived.wait(timeout=IDLE.total_seconds() / 4)

    def _is_stale(self) -> bool:
        if self._newest is None:
            return False
        return self.workspace.clock.now() - aware(self._newest.as_of) >= IDLE

    def _refresh(self, seconds: dict[str, float]) -> Manifest:
        """Bring tags up to now; a snapshot that lies ahead stays the newest."""
        now = self.workspace.clock.now()
        as_of = max(now, aware(self._newest.as_of)) if self._newest else now
        _timed(seconds, "resolve", lambda: self.workspace.resolve(as_of))
        job = replace(self._job, moment=AsOf(as_of=as_of), now=now, timings={})
        made = _timed(seconds, "refresh", lambda: computing.refresh(job))
        seconds |= {f"refresh: {name}": taken for name, taken in made.timings.items()}
        return made

    def _tell(self, before: Manifest | None, after: Manifest) -> int:
        """Tell what changed, then thin the snapshots before; return how many customers changed."""
        found = self._telling.changes(before, after) if before else []
        self.feed.tell(after.snapshot_id, found)
        if before is not None and before.snapshot_id != after.snapshot_id:
            thinning.mark_live(self.workspace.engine, after.snapshot_id)
            thinning.thin(self.workspace.engine, after)
            self._passing = True
        self._newest = after
        return len(found)

    def _keep_daily(self) -> None:
        """Keep the first snapshot of each business day for good, with its history."""
        if self._newest is None:
            return
        today = self._day(aware(self._newest.as_of))
        if self._kept_on is None:
            self._kept_on = today
        if today != self._kept_on:
            self._keep()
            self._kept_on = today

    def _keep(self) -> None:
        """Keep the newest snapshot for good; nothing to do if it is one already."""
        if self._newest is None or not self._passing:
            return
        thinning.pin(self.workspace.engine, self._newest.snapshot_id)
        history.remembered(self.workspace, self._newest)
        self._passing = False

    def _day(self, moment: datetime) -> date:
        return self.workspace.settings.zone.day(moment)


def _timed(seconds: dict[str, float], name: str, work: Callable[[], Answer]) -> Answer:
    begin = perf_counter()
    found = work()
    seconds[name] = perf_counter() - begin
    return found
