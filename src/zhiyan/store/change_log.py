"""The list of changes: what every refresh changed, numbered, for readers who come back.

It keeps the newest changes only. Readers beside the one that writes (``zhiyan watch`` in another
process) open it for reading.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final, Self

from zhiyan.store import sqlite

#: How many changes are kept; beyond, the oldest go.
KEPT: Final = 200_000

_SCHEMA: Final = (
    # One row per customer and refresh that changed something of hers; body is JSON.
    """CREATE TABLE IF NOT EXISTS change (
        id INTEGER PRIMARY KEY AUTOINCREMENT, snapshot_id TEXT NOT NULL, body TEXT NOT NULL)""",
    # One row: the last snapshot whose changes are all here, and the last id that was dropped.
    """CREATE TABLE IF NOT EXISTS told (
        one INTEGER PRIMARY KEY CHECK (one = 1), snapshot_id TEXT, dropped INTEGER NOT NULL)""",
    "INSERT OR IGNORE INTO told VALUES (1, NULL, 0)",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """One change in the list; ``id`` only ever grows."""

    id: int
    snapshot_id: str
    body: str


class ChangeLog:
    """The list of changes of one workspace; one process writes. Safe for threads."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """Open the list, or lay it out; raises OutsideError ``ZY906`` if it cannot be opened."""
        self._path, self._lock = path, Lock()
        with self._errors_wrapped():
            self._db = sqlite.reading(path) if read_only else sqlite.opened(path, _SCHEMA)

    @classmethod
    def reading(cls, path: Path) -> Self:
        """Open the list beside the process that writes it."""
        return cls(path, read_only=True)

    def add(self, snapshot_id: str, bodies: Sequence[str]) -> int:
        """Add what a snapshot changed, all or nothing; return the last id of the list."""
        with self._errors_wrapped(), self._lock, sqlite.transaction(self._db):
            self._db.executemany(
                "INSERT INTO change (snapshot_id, body) VALUES (?, ?)",
                [(snapshot_id, body) for body in bodies],
            )
            self._db.execute("UPDATE told SET snapshot_id = ?", (snapshot_id,))
            last = self._last()
            self._db.execute("DELETE FROM change WHERE id <= ?", (last - KEPT,))
            self._db.execute("UPDATE told SET dropped = max(dropped, ?)", (last - KEPT,))
        return last

    def after(self, last_id: int, limit: int) -> list[Noted]:
        """Return changes behind an id, in order."""
        with self._errors_wrapped(), self._lock:
            rows = self._db.execute(
                "SELECT id, snapshot_id, body FROM change WHERE id > ? ORDER BY id LIMIT ?",
                (last_id, limit),
            ).fetchall()
        return [Noted(id=row[0], snapshot_id=row[1], body=row[2]) for row in rows]

    def bounds(self) -> tuple[int, int]:
        """Return the last id that is no longer kept (0: all are), and the last id of all."""
        with self._errors_wrapped(), self._lock:
            dropped = self._db.execute("SELECT dropped FROM told").fetchone()[0]
            return int(dropped), self._last()

    def told(self) -> str | None:
        """Return the last snapshot whose changes are in the list, None before the first."""
        with self._errors_wrapped(), self._lock:
            found = self._db.execute("SELECT snapshot_id FROM told").fetchone()[0]
        return None if found is None else str(found)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()

    def _last(self) -> int:
        row = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'change'").fetchone()
        return int(row[0]) if row else 0

    def _errors_wrapped(self) -> AbstractContextManager[None]:
        hint = "look whether the disk is full, and whether anybody was live yet"
        return sqlite.errors_wrapped(self._path, "the list of changes", hint)
