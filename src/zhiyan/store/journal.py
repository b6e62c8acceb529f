"""The journal: what arrived and is not in the warehouse yet, durable when it is acknowledged.

One thread writes. It takes everything that waits, writes it in one transaction, and only then
answers: many requests share one flush to the disk. A message is known for good by a keyed hash of
its source and its own id, so that what a client sends again counts once; its text is encrypted under
a key of the workspace and goes as soon as the warehouse has it.
"""

import hmac
import os
import queue
import secrets
import sqlite3
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from zhiyan.errors import OutsideError, Problem
from zhiyan.store import sqlite
from zhiyan.store.keys import WorkspaceKey
from zhiyan.store.vault import NONCE_BYTES

MARK_BYTES: Final = 16
#: Events that may wait for the disk at once; more are refused for a moment.
MOST_PENDING: Final = 50_000
#: Events that one transaction takes.
MOST_TOGETHER: Final = 5_000

_SCHEMA: Final = (
    # One row per message ever taken: its place in the order of arrival, and what tells it apart.
    """CREATE TABLE IF NOT EXISTS message (
        seq INTEGER PRIMARY KEY, source TEXT NOT NULL, mark BLOB NOT NULL, UNIQUE (source, mark))""",
    # One row per message that the warehouse lacks: its encrypted text.
    "CREATE TABLE IF NOT EXISTS waiting (seq INTEGER PRIMARY KEY, sealed BLOB NOT NULL)",
    # One row: what tells this journal from one that took its place.
    "CREATE TABLE IF NOT EXISTS journal (one INTEGER PRIMARY KEY CHECK (one = 1), name TEXT NOT NULL)",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A message on its way in: ``mark`` tells it apart within its source, ``body`` is its text."""

    source: str
    mark: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A message that waits; ``seq`` counts messages in the order of arrival, from 1."""

    seq: int
    source: str
    body: bytes


@dataclass(frozen=True, slots=True)
class _Order:
    """Work for the writing thread: messages to keep, or up to where they are taken over."""

    answer: "Future[int]"
    messages: Sequence[Incoming] = ()
    upto: int = 0


class Journal:
    """Keeps messages until the warehouse has them. One process at a time; safe for threads."""

    def __init__(self, path: Path, key: WorkspaceKey) -> None:
        """Open the journal, or lay it out.

        Raises OutsideError ``ZY906`` if the file cannot be opened, is no journal, or another
        process keeps it.
        """
        self._box = AESGCM(key.derive("journal"))
        self._marks = key.derive("journal/mark")
        self._orders: queue.SimpleQueue[_Order | None] = queue.SimpleQueue()
        self._pending = 0
        self._counting, self._reading = Lock(), Lock()
        self._closed = False
        #: Set whenever new messages are on the disk; whoever waits for them clears it.
        self.arrived = Event()
        self._path = path
        with self._errors_wrapped():
            # A second process would count messages anew: it shall not wait long for this one.
            self._writer = sqlite.opened(path, _SCHEMA, patience=1.0)
            self._reader = sqlite.reading(path)
            self._next = _last(self._writer) + 1
            #: Tells this journal from one that took its place; messages count from 1 in each.
            self.name = _name(self._writer)
        self._thread = Thread(target=self._write_all, name="journal", daemon=True)
        self._thread.start()

    def append(self, messages: Sequence[Incoming]) -> "Future[int]":
        """Keep messages; the answer, how many are new, comes when they are on the disk.

        Raises OutsideError ``ZY907`` if too much waits for the disk already. The answer raises
        ``ZY906`` if the disk refuses; nothing of these messages is kept then.
        """
        answer: Future[int] = Future()
        with self._counting:
            if self._closed or self._pending + len(messages) > MOST_PENDING:
                raise _too_busy(self._path)
            self._pending += len(messages)
        self._orders.put(_Order(answer, messages))
        return answer

    def waiting(self, after: int, limit: int) -> list[Held]:
        """Return messages that wait, in the order of arrival, from behind ``after``.

        Raises OutsideError ``ZY908`` if one was altered and cannot be opened.
        """
        with self._errors_wrapped(), self._reading:
            rows = self._reader.execute(
                "SELECT w.seq, m.source, m.mark, w.sealed FROM waiting AS w"
                " JOIN message AS m USING (seq) WHERE w.seq > ? ORDER BY w.seq LIMIT ?",
                (after, limit),
            ).fetchall()
        return [
            Held(seq=seq, source=source, body=self._opened(seq, source, (mark, sealed)))
            for seq, source, mark, sealed in rows
        ]

    def depth(self) -> int:
        """Return how many messages wait."""
        with self._errors_wrapped(), self._reading:
            return int(self._reader.execute("SELECT count(*) FROM waiting").fetchone()[0])

    def take(self, upto: int) -> "Future[int]":
        """Forget the texts up to a message: the warehouse has them."""
        answer: Future[int] = Future()
        self._orders.put(_Order(answer, upto=upto))
        return answer

    def close(self) -> None:
        """Write what waits for the disk, then let go of the file."""
        with self._counting:
            self._closed = True
        self._orders.put(None)
        self._thread.join()
        self._reader.close()
        self._writer.close()

    def _write_all(self) -> None:
        """Write until closed: whatever waits, together."""
        while (first := self._orders.get()) is not None:
            orders, open_ = [first], True
            size = len(first.messages)
            with suppress(queue.Empty):
                while size < MOST_TOGETHER:
                    more = self._orders.get_nowait()
                    if more is None:
                        open_ = False
                        break
                    orders.append(more)
                    size += len(more.messages)
            self._commit(orders)
            with self._counting:
                self._pending -= size
            if not open_:
                return

    def _commit(self, orders: Sequence[_Order]) -> None:
        """Write orders in one transaction, then answer them."""
        first = self._next
        try:
            with (
                self._errors_wrapped(),
                closing(self._writer.cursor()) as cursor,
                sqlite.transaction(self._writer),
            ):
                counts = [self._write(cursor, order) for order in orders]
        except OutsideError as error:
            self._next = first
            for order in orders:
                order.answer.set_exception(error)
            return
        for order, count in zip(orders, counts, strict=True):
            order.answer.set_result(count)
        if any(counts):
            self.arrived.set()

    def _write(self, cursor: sqlite3.Cursor, order: _Order) -> int:
        """Write one order; return how many of its messages are new."""
        if order.upto:
            cursor.execute("DELETE FROM waiting WHERE seq <= ?", (order.upto,))
        fresh: list[tuple[int, bytes]] = []
        for one in order.messages:
            mark = hmac.digest(self._marks, f"{one.source}|{one.mark}".encode(), "sha256")
            mark = mark[:MARK_BYTES]
            cursor.execute(
                "INSERT OR IGNORE INTO message VALUES (?, ?, ?)", (self._next, one.source, mark)
            )
            if cursor.rowcount:
                fresh.append((self._next, self._sealed(self._next, one, mark)))
                self._next += 1
        cursor.executemany("INSERT INTO waiting VALUES (?, ?)", fresh)
        return len(fresh)

    def _errors_wrapped(self) -> AbstractContextManager[None]:
        hint = "look whether the disk is full, and whether the file is a journal"
        return sqlite.errors_wrapped(self._path, "the journal of events", hint)

    def _sealed(self, seq: int, one: Incoming, mark: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._box.encrypt(nonce, one.body, _place(seq, one.source, mark))

    def _opened(self, seq: int, source: str, box: tuple[bytes, bytes]) -> bytes:
        mark, sealed = box
        nonce, text = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            return self._box.decrypt(nonce, text, _place(seq, source, mark))
        except (InvalidTag, ValueError) as error:
            raise OutsideError(
                Problem(
                    code="ZY908",
                    message="a message in the journal was altered and cannot be opened",
                    where=f"{self._path.name}, message {seq}",
                    hint="put the workspace's own key back, or the journal from a backup",
                )
            ) from error


def _place(seq: int, source: str, mark: bytes) -> bytes:
    """Return the associated data that binds a ciphertext to its row."""
    return f"journal|{seq}|{source}|{mark.hex()}".encode()


def _last(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT coalesce(max(seq), 0) FROM message").fetchone()[0])


def _name(connection: sqlite3.Connection) -> str:
    connection.execute("INSERT OR IGNORE INTO journal VALUES (1, ?)", (secrets.token_hex(6),))
    return str(connection.execute("SELECT name FROM journal").fetchone()[0])


def _too_busy(path: Path) -> OutsideError:
    problem = Problem(
        code="ZY907",
        message="more events arrive than the disk can take",
        where=path.name,
        hint="send them again in a second",
    )
    return OutsideError(problem, transient=True)
