import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhiyan.engines.duckdb import DuckDBEngine
from zhiyan.errors import DataError, InternalError, OutsideError
from zhiyan.ports import Statement, Vault
from zhiyan.store.keys import WorkspaceKey
from zhiyan.store.vault import EncryptedVault, blind_index

KEY = WorkspaceKey(bytes(range(32)))
OTHER = WorkspaceKey(bytes(range(1, 33)))


def new_vault(path=None, key=KEY):
    engine = DuckDBEngine(path)
    return EncryptedVault(engine, key), engine


@pytest.fixture
def opened():
    vault, engine = new_vault()
    yield vault, engine
    vault.close()


@pytest.fixture(scope="module")
def shared():
    vault, engine = new_vault()
    yield vault, engine
    vault.close()


def rows(engine):
    text = "SELECT id_type, token, wrapped_key, sealed, import_id FROM secret_value ORDER BY ALL"
    return engine.query(Statement(text)).to_pylist()


VALUES = st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), max_size=20)


@settings(max_examples=20, deadline=None)
@given(values=VALUES, more=VALUES)
def test_round_trip(shared, values, more):
    vault, engine = shared
    engine.run(Statement("DELETE FROM secret_value"))
    tokens = vault.remember("name", values, 1)
    assert tokens == [vault.token("name", value) for value in values]
    assert all(re.fullmatch("[0-9a-f]{32}", token) for token in tokens)
    assert len(set(tokens)) == len(set(values))
    again = vault.remember("name", [*values, *more], 2)
    assert vault.reveal("name", again) == [*values, *more]
    assert len(rows(engine)) == len({*values, *more})
    assert vault.reveal("phone", tokens) == [None] * len(tokens)


def test_it_is_a_vault(opened):
    vault: Vault = opened[0]
    assert vault.reveal("phone", ["0" * 32]) == [None]
    assert vault.reveal("phone", []) == []
    assert vault.remember("phone", [], 1) == []


def test_tokens_depend_on_key_and_type(opened):
    vault, _ = opened
    stranger, _ = new_vault(key=OTHER)
    phone = "13912345678"
    assert vault.token("phone", phone) == vault.token("phone", phone)
    assert vault.token("phone", phone) != vault.token("name", phone)
    assert vault.token("phone", phone) != stranger.token("phone", phone)


def test_equal_values_are_encrypted_differently():
    sealed = []
    for _ in range(2):
        vault, engine = new_vault()
        vault.remember("phone", ["13912345678"], 1)
        sealed.append(rows(engine)[0])
    assert sealed[0]["token"] == sealed[1]["token"]
    assert sealed[0]["sealed"] != sealed[1]["sealed"]
    assert sealed[0]["wrapped_key"] != sealed[1]["wrapped_key"]


@pytest.mark.parametrize("column", ["sealed", "wrapped_key", "sealed, wrapped_key"])
def test_a_ciphertext_moved_to_another_row_does_not_open(opened, column):
    vault, engine = opened
    first, second = vault.remember("phone", ["13912345678", "13887654321"], 1)
    for name in column.split(", "):
        engine.run(
            Statement(
                f"UPDATE secret_value SET {name} = (SELECT {name} FROM secret_value"
                " WHERE token = $source) WHERE token = $target",
                {"source": first, "target": second},
            )
        )
    assert vault.reveal("phone", [first]) == ["13912345678"]
    with pytest.raises(OutsideError) as caught:
        vault.reveal("phone", [second])
    assert caught.value.code == "ZY406"
    assert "139" not in str(caught.value)


def test_a_row_moved_to_another_type_does_not_open(opened):
    vault, engine = opened
    (token,) = vault.remember("phone", ["13912345678"], 1)
    engine.run(Statement("UPDATE secret_value SET id_type = 'name'"))
    with pytest.raises(OutsideError):
        vault.reveal("name", [token])


def test_columns_of_one_row_cannot_be_exchanged(opened):
    vault, engine = opened
    (token,) = vault.remember("phone", ["13912345678"], 1)
    engine.run(Statement("UPDATE secret_value SET sealed = wrapped_key"))
    with pytest.raises(OutsideError):
        vault.reveal("phone", [token])


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_any_changed_byte_is_noticed(shared, data):
    vault, engine = shared
    engine.run(Statement("DELETE FROM secret_value"))
    (token,) = vault.remember("phone", ["13912345678"], 1)
    column = data.draw(st.sampled_from(["sealed", "wrapped_key"]))
    content = bytearray(rows(engine)[0][column])
    if data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] ^= data.draw(st.integers(1, 255))
    else:
        del content[data.draw(st.integers(0, len(content) - 1)) :]
    engine.run(
        Statement(f"UPDATE secret_value SET {column} = $content", {"content": bytes(content)})
    )
    with pytest.raises(OutsideError):
        vault.reveal("phone", [token])


def test_another_key_is_refused_and_changes_nothing(tmp_path):
    path = tmp_path / "vault.duckdb"
    vault, _ = new_vault(path)
    tokens = vault.remember("phone", ["13912345678"], 1)
    vault.close()
    engine = DuckDBEngine(path)
    with pytest.raises(DataError) as caught:
        EncryptedVault(engine, OTHER)
    assert caught.value.code == "ZY405"
    engine.close()
    vault, _ = new_vault(path)
    assert vault.reveal("phone", tokens) == ["13912345678"]
    vault.close()


def test_many_may_read_what_is_there(tmp_path):
    path = tmp_path / "vault.duckdb"
    vault, _ = new_vault(path)
    tokens = vault.remember("phone", ["13912345678"], 1)
    vault.close()
    reading = EncryptedVault(DuckDBEngine(path, read_only=True), KEY)
    assert reading.reveal("phone", tokens) == ["13912345678"]
    assert reading.token("phone", "13912345678") == tokens[0]
    reading.close()


def test_the_files_hold_no_clear_text(tmp_path):
    path = tmp_path / "vault.duckdb"
    vault, _ = new_vault(path)
    values = [f"139{n:08d}" for n in range(500)]
    vault.remember("phone", values, 1)
    vault.remember("name", ["王小明秘密"], 1)
    written = [file.read_bytes() for file in tmp_path.iterdir()]
    vault.close()
    written += [file.read_bytes() for file in tmp_path.iterdir()]
    assert sum(map(len, written)) > 500 * 60
    for content in written:
        assert not any(value.encode() in content for value in values)
        assert "王小明".encode() not in content
        assert KEY.secret not in content


def test_values_of_imports_that_never_committed_go(opened):
    vault, engine = opened
    kept = vault.remember("phone", ["1", "2"], 1)
    lost = vault.remember("phone", ["2", "3", "4"], 2)
    assert vault.drop_imports_except([1]) == 2
    assert vault.reveal("phone", kept) == ["1", "2"]
    assert vault.reveal("phone", lost) == ["2", None, None]
    assert vault.drop_imports_except([1]) == 0
    assert vault.drop_imports_except([]) == 2
    assert rows(engine) == []


def test_forgetting_destroys_exactly_the_named_values(opened):
    vault, engine = opened
    tokens = vault.remember("phone", ["1", "2", "3"], 1)
    vault.remember("name", ["1"], 1)
    assert vault.forget("phone", [tokens[0], tokens[2], "0" * 32]) == 2
    assert vault.reveal("phone", tokens) == [None, "2", None]
    assert len(rows(engine)) == 2


def test_an_empty_value_is_a_bug_of_the_caller(opened):
    vault, engine = opened
    with pytest.raises(InternalError) as caught:
        vault.remember("phone", ["1", ""], 1)
    assert caught.value.code == "ZY407"
    assert rows(engine) == []


def test_the_token_is_the_blind_index_of_the_key(opened):
    assert blind_index(KEY, "phone", "13912345678") == opened[0].token("phone", "13912345678")
    assert blind_index(OTHER, "phone", "13912345678") != opened[0].token("phone", "13912345678")
