"""The journal: durable when answered, once for good, nothing in clear, gone when taken."""

import sqlite3
import threading
from concurrent.futures import wait
from pathlib import Path

import pytest

from zhiyan.errors import OutsideError
from zhiyan.store import journal as journals
from zhiyan.store.journal import Incoming, Journal
from zhiyan.store.keys import WorkspaceKey

KEY = WorkspaceKey(b"k" * 32)


def some(*marks: str, source: str = "app", text: str = "text of ") -> list[Incoming]:
    return [Incoming(source=source, mark=mark, body=f"{text}{mark}".encode()) for mark in marks]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "live" / "journal.sqlite"


@pytest.fixture
def journal(path: Path):
    opened = Journal(path, KEY)
    yield opened
    opened.close()


def test_keeps_in_the_order_of_arrival(journal: Journal):
    assert journal.append(some("a", "b")).result() == 2
    assert journal.append(some("c")).result() == 1
    held = journal.waiting(0, 10)
    assert [(one.seq, one.source, one.body) for one in held] == [
        (1, "app", b"text of a"), (2, "app", b"text of b"), (3, "app", b"text of c"),
    ]  # fmt: skip
    assert [one.seq for one in journal.waiting(1, 1)] == [2]
    assert journal.arrived.is_set()


def test_the_same_message_again_counts_once(journal: Journal):
    assert journal.append(some("a", "a", "b")).result() == 2
    assert journal.append(some("a", text="another text of ")).result() == 0
    assert journal.append(some("a", source="web")).result() == 1
    assert [one.seq for one in journal.waiting(0, 10)] == [1, 2, 3]


def test_a_message_stays_known_after_its_text_is_gone(path: Path):
    first = Journal(path, KEY)
    first.append(some("a", "b", "c")).result()
    first.take(2).result()
    assert [one.seq for one in first.waiting(0, 10)] == [3]
    name = first.name
    first.close()
    again = Journal(path, KEY)
    assert again.name == name
    assert again.append(some("a", "b", "d")).result() == 1
    assert [one.seq for one in again.waiting(0, 10)] == [3, 4]
    assert again.depth() == 2
    again.close()


def test_what_is_answered_is_on_the_disk(path: Path, journal: Journal):
    journal.append(some("a")).result()
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as other:
        assert other.execute("SELECT count(*) FROM waiting").fetchone() == (1,)
    other.close()


def test_nothing_is_in_clear(path: Path, journal: Journal):
    secret = [Incoming(source="app", mark="13912345678", body="王芳 13912345678".encode())]
    journal.append(secret).result()
    for file in path.parent.iterdir():
        found = file.read_bytes()
        assert b"13912345678" not in found
        assert "王芳".encode() not in found


def test_altered_and_foreign_texts_do_not_open(path: Path, journal: Journal):
    journal.append(some("a", "b")).result()
    with sqlite3.connect(path) as other:
        other.execute("UPDATE waiting SET sealed = (SELECT sealed FROM waiting WHERE seq = 2)")
    other.close()
    with pytest.raises(OutsideError) as caught:
        journal.waiting(0, 10)
    assert caught.value.code == "ZY908"


def test_many_writers_at_once(journal: Journal):
    answers = []

    def write(number: int) -> None:
        answers.extend(journal.append(some(f"{number}-{n}", "shared")) for n in range(50))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    wait(answers)
    assert sum(one.result() for one in answers) == 8 * 50 + 1
    held = journal.waiting(0, 1000)
    assert [one.seq for one in held] == list(range(1, 402))


def test_too_much_at_once_is_refused(journal: Journal, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(journals, "MOST_PENDING", 3)
    with pytest.raises(OutsideError) as caught:
        journal.append(some("a", "b", "c", "d"))
    assert caught.value.code == "ZY907"
    assert caught.value.transient
    assert journal.append(some("a")).result() == 1


def test_a_refusing_disk_is_told_to_who_waits(path: Path, journal: Journal):
    journal.append(some("a")).result()
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(OutsideError) as caught:
        journal.append(some("b")).result(timeout=10)
    assert caught.value.code == "ZY906"
    blocker.execute("ROLLBACK")
    blocker.close()
    assert journal.append(some("b")).result() == 1
    assert [one.seq for one in journal.waiting(0, 10)] == [1, 2]


def test_a_file_that_is_no_journal(path: Path):
    path.parent.mkdir()
    path.write_bytes(b"no database at all, but long enough to be looked at " * 40)
    with pytest.raises(OutsideError) as caught:
        Journal(path, KEY)
    assert caught.value.code == "ZY906"


def test_a_closed_journal_takes_nothing(path: Path):
    opened = Journal(path, KEY)
    opened.append(some("a"))
    opened.close()
    with pytest.raises(OutsideError):
        opened.append(some("b"))
    again = Journal(path, KEY)
    assert [one.body for one in again.waiting(0, 10)] == [b"text of a"]
    again.close()
