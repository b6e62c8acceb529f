import stat

import pytest

from zhiyan.errors import DataError, UsageError
from zhiyan.store.keys import WorkspaceKey, create_key, load_key


def test_a_new_key_is_private_random_and_read_back(tmp_path):
    first, second = create_key(tmp_path / "a.key"), create_key(tmp_path / "b.key")
    assert load_key(tmp_path / "a.key") == first
    assert first != second
    assert stat.S_IMODE((tmp_path / "a.key").stat().st_mode) == 0o600
    assert (tmp_path / "a.key").stat().st_size == 32


def test_a_key_is_never_replaced(tmp_path):
    path = tmp_path / "workspace.key"
    kept = create_key(path)
    with pytest.raises(UsageError) as caught:
        create_key(path)
    assert caught.value.code == "ZY401"
    assert load_key(path) == kept


@pytest.mark.parametrize(
    ("content", "mode", "code"),
    [
        (None, 0o600, "ZY402"),
        (b"", 0o600, "ZY403"),
        (b"x" * 31, 0o600, "ZY403"),
        (b"x" * 33, 0o600, "ZY403"),
        (b"x" * 32, 0o640, "ZY404"),
        (b"x" * 32, 0o604, "ZY404"),
        (b"x" * 32, 0o620, "ZY404"),
    ],
)
def test_bad_key_files_are_told_apart(tmp_path, content, mode, code):
    path = tmp_path / "workspace.key"
    if content is not None:
        path.write_bytes(content)
        path.chmod(mode)
    with pytest.raises(DataError) as caught:
        load_key(path)
    assert caught.value.code == code
    assert str(path) in str(caught.value)


def test_labels_give_independent_keys_and_nothing_prints():
    key = WorkspaceKey(b"k" * 32)
    assert key.derive("index/phone") != key.derive("index/name")
    assert key.derive("wrap") == WorkspaceKey(b"k" * 32).derive("wrap")
    assert key.derive("wrap") != WorkspaceKey(b"j" * 32).derive("wrap")
    assert "kkk" not in repr(key)
