"""Small SQLite files of a workspace: one process writes, what is committed survives a crash."""

import sqlite3
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from zhiyan.errors import OutsideError, Problem

#: How long to wait for a file that another process is writing.
PATIENCE_SECONDS: Final = 5.0


def opened(
    path: Path, schema: Sequence[str], *, patience: float = PATIENCE_SECONDS
) -> sqlite3.Connection:
    """Open a file for writing, lay out what is missing of ``schema``; folders are made.

    Every commit is on the disk before it returns. ``patience`` is in seconds. Any thread may use
    the connection, one at a time.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=patience)
    found.execute("PRAGMA journal_mode = WAL")
    found.execute("PRAGMA synchronous = FULL")
    with transaction(found):
        for text in schema:
            found.execute(text)
    return found


def reading(path: Path) -> sqlite3.Connection:
    """Open a file for reading, beside the process that writes it."""
    target = f"{path.resolve().as_uri()}?mode=ro"
    return sqlite3.connect(target, uri=True, check_same_thread=False)


@contextmanager
def transaction(db: sqlite3.Connection) -> Generator[None]:
    """Commit on leaving, roll back on any exception."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        db.rollback()
        raise


@contextmanager
def errors_wrapped(path: Path, what: str, hint: str) -> Generator[None]:
    """Turn what SQLite and the disk complain of into OutsideError ``ZY906`` about ``what``."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise OutsideError(
            Problem(
                code="ZY906",
                message=f"{what} cannot be read or written: {error}",
                where=str(path),
                hint=hint,
            ),
            transient=True,
        ) from error
