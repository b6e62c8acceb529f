"""The door of live events: who sends, and the journal that keeps what was sent."""

from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from threading import Lock

from zhiyan.app.event_sources import FILE, EventSource, read_sources, source_of
from zhiyan.store.journal import Incoming, Journal


class Intake:
    """Takes events in; safe for threads."""

    def __init__(self, folder: Path, journal: Journal) -> None:
        self._folder = folder
        self._journal = journal
        self._lock = Lock()
        self._known: tuple[int, tuple[EventSource, ...]] = (-1, ())

    def sources(self) -> tuple[EventSource, ...]:
        """Return who may send now: keys made or taken away since the start count at once."""
        path = self._folder / FILE
        changed = path.stat().st_mtime_ns if path.is_file() else 0
        with self._lock:
            if self._known[0] != changed:
                self._known = (changed, read_sources(self._folder))
            return self._known[1]

    def source_of(self, key: str) -> EventSource | None:
        """Return the source that a write key belongs to, None if it is nobody's."""
        return source_of(self.sources(), key)

    def accept(self, source: str, messages: Sequence[tuple[str, bytes]]) -> "Future[int]":
        """Keep messages, each its mark and its text; the answer comes when they are on the disk.

        Raises OutsideError ``ZY907`` if the disk cannot keep up.
        """
        return self._journal.append(
            [Incoming(source=source, mark=mark, body=body) for mark, body in messages]
        )
