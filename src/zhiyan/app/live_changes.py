"""Changes on their way out: written down after every refresh, told to whoever listens."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from threading import Lock
from typing import Any, Final, Protocol

from zhiyan.core.identity import public_id
from zhiyan.core.time import aware
from zhiyan.errors import Problem, UsageError
from zhiyan.pipeline.changes import Change
from zhiyan.store.change_log import ChangeLog, Noted

_PAGE: Final = 500


class Feed:
    """The list of changes and its listeners; safe for threads."""

    def __init__(self, log: ChangeLog) -> None:
        self._log = log
        self._lock = Lock()
        self._listeners: set[Callable[[], None]] = set()

    def tell(self, snapshot_id: str, changes: Sequence[Change]) -> int:
        """Write down what a snapshot changed, then wake the listeners; return the last id."""
        last = self._log.add(snapshot_id, [body_of(one) for one in changes])
        with self._lock:
            listeners = list(self._listeners)
        for wake in listeners:
            wake()
        return last

    def listen(self, wake: Callable[[], None]) -> None:
        """Call ``wake`` after each refresh, from another thread, until ``leave``."""
        with self._lock:
            self._listeners.add(wake)

    def leave(self, wake: Callable[[], None]) -> None:
        """Stop listening."""
        with self._lock:
            self._listeners.discard(wake)

    def after(self, last_id: int, limit: int) -> list[Noted]:
        """Return changes behind an id, in order."""
        return self._log.after(last_id, limit)

    def bounds(self) -> tuple[int, int]:
        """Return the last id that is no longer kept, and the last id of all."""
        return self._log.bounds()


def body_of(change: Change) -> str:
    """Return a change as JSON: customer_id, at, tags (code: [before, after]), entered, left."""
    body = {
        "customer_id": public_id(change.customer_id),
        "at": aware(change.at).isoformat(),
        "tags": {code: [_plain(value) for value in pair] for code, pair in change.tags.items()},
        "entered": change.entered,
        "left": change.left,
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), default=str)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return aware(value).isoformat()
    return value.isoformat() if isinstance(value, date) else value


def wanted(body: str, tags: frozenset[str], segments: frozenset[str]) -> str | None:
    """Return what of a change somebody wants who named tags and segments; None if nothing.

    Who names neither wants everything.
    """
    if not tags and not segments:
        return body
    held = json.loads(body)
    kept = {
        **held,
        "tags": {code: pair for code, pair in held["tags"].items() if code in tags},
        "entered": [code for code in held["entered"] if code in segments],
        "left": [code for code in held["left"] if code in segments],
    }
    if not (kept["tags"] or kept["entered"] or kept["left"]):
        return None
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))


def beside(log: Path) -> ChangeLog:
    """Open the list of changes beside the live process that writes it.

    Raises UsageError ``ZY113`` if nobody was ever live on this workspace.
    """
    if not log.is_file():
        raise UsageError(
            Problem(
                code="ZY113",
                message="nobody has been live on this workspace yet",
                where=str(log),
                hint="run `zhiyan watch` or `zhiyan serve --live` first",
            )
        )
    return ChangeLog.reading(log)


class Following(Protocol):
    """A list of changes that grows."""

    def after(self, last_id: int, limit: int) -> list[Noted]:
        """Return changes behind an id."""
        ...

    def bounds(self) -> tuple[int, int]:
        """Return the last id that is gone, and the last of all."""
        ...


def followed(log: Following, after: int | None, pause: Callable[[], bool]) -> Iterator[Noted]:
    """Yield changes behind an id (None: from now on) until ``pause`` answers False."""
    last = log.bounds()[1] if after is None else after
    while True:
        found = log.after(last, _PAGE)
        yield from found
        if found:
            last = found[-1].id
        elif not pause():
            return
