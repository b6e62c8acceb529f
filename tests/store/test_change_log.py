"""The list of changes: numbered, bounded, read beside its writer."""

from pathlib import Path

import pytest

from zhiyan.errors import OutsideError
from zhiyan.store import change_log
from zhiyan.store.change_log import ChangeLog


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "live" / "changes.sqlite"


@pytest.fixture
def log(path: Path):
    opened = ChangeLog(path)
    yield opened
    opened.close()


def test_numbers_only_grow(log: ChangeLog):
    assert log.bounds() == (0, 0)
    assert log.told() is None
    assert log.add("s1", ["a", "b"]) == 2
    assert log.add("s2", []) == 2
    assert log.told() == "s2"
    assert log.add("s3", ["c"]) == 3
    assert [(one.id, one.snapshot_id, one.body) for one in log.after(1, 10)] == [
        (2, "s1", "b"), (3, "s3", "c"),
    ]  # fmt: skip
    assert [one.id for one in log.after(0, 2)] == [1, 2]


def test_the_oldest_go(log: ChangeLog, path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(change_log, "KEPT", 3)
    log.add("s1", ["a", "b"])
    assert log.bounds() == (0, 2)
    log.add("s2", ["c", "d", "e"])
    assert log.bounds() == (2, 5)
    assert [one.body for one in log.after(0, 10)] == ["c", "d", "e"]
    log.close()
    again = ChangeLog(path)
    assert again.add("s3", ["f"]) == 6
    assert again.bounds() == (3, 6)
    again.close()


def test_read_beside_the_writer(log: ChangeLog, path: Path):
    log.add("s1", ["a"])
    reader = ChangeLog.reading(path)
    assert reader.bounds() == (0, 1)
    log.add("s2", ["b"])
    assert [one.body for one in reader.after(1, 10)] == ["b"]
    with pytest.raises(OutsideError) as caught:
        reader.add("s3", ["c"])
    assert caught.value.code == "ZY906"
    reader.close()


def test_all_or_nothing(log: ChangeLog):
    log.add("s1", ["a"])
    with pytest.raises(OutsideError):
        log.add("s2", ["b", None])  # type: ignore[list-item]
    assert log.told() == "s1"
    assert log.bounds() == (0, 1)
    assert log.add("s2", ["b"]) >= 2


def test_nothing_to_read(tmp_path: Path):
    with pytest.raises(OutsideError) as caught:
        ChangeLog.reading(tmp_path / "none.sqlite")
    assert caught.value.code == "ZY906"
