"""Small SQLite files: durable, all or nothing, and complaints in our words."""

import sqlite3
from pathlib import Path

import pytest

from zhiyan.errors import OutsideError
from zhiyan.store import sqlite

SCHEMA = ("CREATE TABLE IF NOT EXISTS note (text TEXT NOT NULL)",)


def notes(db: sqlite3.Connection) -> list[str]:
    return [row[0] for row in db.execute("SELECT text FROM note ORDER BY rowid")]


def test_opened_again_it_is_as_it_was(tmp_path: Path):
    path = tmp_path / "inner" / "notes.sqlite"
    db = sqlite.opened(path, SCHEMA)
    with sqlite.transaction(db):
        db.execute("INSERT INTO note VALUES ('a')")
    reader = sqlite.reading(path)
    assert notes(reader) == ["a"]
    assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert db.execute("PRAGMA synchronous").fetchone() == (2,)
    reader.close()
    db.close()
    db = sqlite.opened(path, SCHEMA)
    assert notes(db) == ["a"]
    db.close()


def test_a_transaction_is_all_or_nothing(tmp_path: Path):
    db = sqlite.opened(tmp_path / "notes.sqlite", SCHEMA)

    def fail() -> None:
        with sqlite.transaction(db):
            db.execute("INSERT INTO note VALUES ('a')")
            db.execute("INSERT INTO note VALUES (NULL)")

    with pytest.raises(sqlite3.IntegrityError):
        fail()
    assert notes(db) == []
    with sqlite.transaction(db):
        db.execute("INSERT INTO note VALUES ('b')")
    assert notes(db) == ["b"]
    db.close()


def test_complaints_name_what_and_where(tmp_path: Path):
    path = tmp_path / "none" / "notes.sqlite"
    with pytest.raises(OutsideError) as caught, sqlite.errors_wrapped(path, "the list", "look"):
        sqlite.reading(path).execute("SELECT 1 FROM note")
    (problem,) = caught.value.problems
    assert (problem.code, problem.where, problem.hint) == ("ZY906", str(path), "look")
    assert problem.message.startswith("the list cannot be read or written: ")
    assert caught.value.transient


def test_who_writes_is_waited_for_only_so_long(tmp_path: Path):
    path = tmp_path / "notes.sqlite"
    first = sqlite.opened(path, SCHEMA)
    with sqlite.transaction(first), pytest.raises(sqlite3.OperationalError):
        sqlite.opened(path, SCHEMA, patience=0.01)
    first.close()
