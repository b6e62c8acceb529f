"""The vault: raw identifiers, encrypted one by one, found by keyed tokens.

A *token* is the blind index of a value: HMAC-SHA256 under a key of its identifier type, cut to 128
bits. Equal values have equal tokens, and without the key nobody can try out phone numbers.

Each value is encrypted under a data key of its own (AES-256-GCM, random nonce); the data key lies
beside it, wrapped under a key that derives from the workspace key. Both ciphertexts are bound to
table, column, identifier type and token, so one that was moved elsewhere does not open. Destroying
a person means destroying the data keys of her values (``forget``): whatever copy of the encrypted
value remains is noise without it, and a new wrapping key touches 60 bytes a value, not the values.

Limit: deleted bytes may stay in free blocks of the file and in backups until those are rewritten;
they are ciphertext under the workspace key.
"""

import hmac
import os
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from zhiyan.errors import DataError, InternalError, OutsideError, Problem
from zhiyan.ports import Engine, Statement
from zhiyan.store.keys import KEY_BYTES, WorkspaceKey

NONCE_BYTES: Final = 12
TOKEN_BYTES: Final = 16

_SCHEMA: Final = (
    # One row per value: id_type and token find it, import_id is the import that first brought it.
    """CREATE TABLE secret_value (
        id_type VARCHAR NOT NULL, token VARCHAR NOT NULL,
        wrapped_key BLOB NOT NULL, sealed BLOB NOT NULL, import_id INTEGER NOT NULL)""",
    # One row: what the right key derives for the label "check".
    "CREATE TABLE key_check (digest BLOB NOT NULL)",
)

_LAID_OUT: Final = "SELECT 1 FROM information_schema.tables WHERE table_name = 'key_check'"

_KEEP_CHECK: Final = "INSERT INTO key_check VALUES ($digest)"

_UNKNOWN: Final = """
SELECT incoming.at
FROM vault_incoming AS incoming
ANTI JOIN secret_value AS known
  ON known.id_type = $id_type AND known.token = incoming.token
ORDER BY incoming.at
"""

_INSERT: Final = """
INSERT INTO secret_value
SELECT $id_type, token, wrapped_key, sealed, $import_id FROM vault_incoming
"""

_FIND: Final = """
SELECT asked.at, known.token, known.wrapped_key, known.sealed
FROM vault_asked AS asked
JOIN secret_value AS known ON known.id_type = $id_type AND known.token = asked.token
"""

_FORGET: Final = """
DELETE FROM secret_value
WHERE id_type = $id_type AND token IN (SELECT token FROM vault_asked)
RETURNING token
"""

_DROP: Final = """
DELETE FROM secret_value
WHERE import_id NOT IN (SELECT import_id FROM vault_committed)
RETURNING token
"""


class EncryptedVault:
    """Implements ``ports.Vault`` on an engine of its own (its file holds nothing else).

    One writer at a time. Call ``drop_imports_except`` before an import starts, so that what an
    interrupted one left is gone before its values could be taken for known.
    """

    def __init__(self, engine: Engine, key: WorkspaceKey) -> None:
        """Open the vault, or lay it out if the engine is empty.

        Raises DataError ``ZY405`` if the vault was made with another key.
        """
        self._engine = engine
        self._key = key
        self._index_keys: dict[str, bytes] = {}
        self._wrapper = AESGCM(key.derive("wrap"))
        self._check_key()

    def token(self, id_type: str, value: str) -> str:
        """Return the token (32 hexadecimal digits) of a cleaned value, storing nothing."""
        return _token(self._index_key(id_type), value)

    def remember(self, id_type: str, values: Sequence[str], import_id: int) -> list[str]:
        """Encrypt and keep values not yet known; return their tokens, position by position.

        A value already known keeps the import that first brought it. Raises InternalError
        ``ZY407`` for an empty value: all empty ones would be one person.
        """
        key = self._index_key(id_type)
        tokens = {value: _token(key, value) for value in dict.fromkeys(values)}
        if "" in tokens:
            raise InternalError(
                Problem(code="ZY407", message=f"an empty {id_type} was given to the vault")
            )
        self._store(id_type, tokens, import_id)
        return [tokens[value] for value in values]

    def reveal(self, id_type: str, tokens: Sequence[str]) -> list[str | None]:
        """Return the clear values, None where the vault has none.

        Raises OutsideError ``ZY406`` if a stored value was altered or moved.
        """
        clear: list[str | None] = [None] * len(tokens)
        asked = pa.table({"token": pa.array(tokens, pa.string())})
        with self._engine.load("vault_asked", _numbered(asked)):
            found = self._engine.query(Statement(_FIND, {"id_type": id_type}))
        columns = [_column(found, name) for name in ("at", "token", "wrapped_key", "sealed")]
        for at, token, wrapped, sealed in zip(*columns, strict=True):
            clear[at] = self._open(id_type, token, (wrapped, sealed))
        return clear

    def forget(self, id_type: str, tokens: Sequence[str]) -> int:
        """Destroy the data keys and values behind tokens; return how many there were."""
        asked = pa.table({"token": pa.array(tokens, pa.string())})
        with self._engine.load("vault_asked", asked):
            return self._engine.query(Statement(_FORGET, {"id_type": id_type})).num_rows

    def drop_imports_except(self, committed: Sequence[int]) -> int:
        """Forget what imports left that never committed; return how many values went."""
        kept = pa.table({"import_id": pa.array(committed, pa.int32())})
        with self._engine.load("vault_committed", kept):
            return self._engine.query(Statement(_DROP)).num_rows

    def close(self) -> None:
        """Let go of the vault."""
        self._engine.close()

    def _check_key(self) -> None:
        """Compare the key with the one that the vault was made with; lay out an empty engine."""
        digest = self._key.derive("check")
        if not self._engine.query(Statement(_LAID_OUT)).num_rows:
            with self._engine.transaction():
                for text in _SCHEMA:
                    self._engine.run(Statement(text))
                self._engine.run(Statement(_KEEP_CHECK, {"digest": digest}))
        stored = self._engine.query(Statement("SELECT digest FROM key_check"))
        if not hmac.compare_digest(stored.column(0)[0].as_py(), digest):
            raise DataError(
                Problem(
                    code="ZY405",
                    message="the vault was made with another key",
                    hint="put the workspace's own key file back",
                )
            )

    def _index_key(self, id_type: str) -> bytes:
        key = self._index_keys.get(id_type)
        if key is None:
            key = self._index_keys[id_type] = self._key.derive(f"index/{id_type}")
        return key

    def _store(self, id_type: str, tokens: Mapping[str, str], import_id: int) -> None:
        """Encrypt and insert the values (value -> token) that are not there yet."""
        values = list(tokens)
        incoming = pa.table({"token": pa.array(tokens.values(), pa.string())})
        with self._engine.load("vault_incoming", _numbered(incoming)):
            unknown = self._engine.query(Statement(_UNKNOWN, {"id_type": id_type}))
        fresh: list[str] = [values[at] for at in _column(unknown, "at")]
        if not fresh:
            return
        boxes = [self._seal(id_type, tokens[value], value) for value in fresh]
        rows = pa.table(
            {
                "token": pa.array([tokens[value] for value in fresh], pa.string()),
                "wrapped_key": pa.array([box[0] for box in boxes], pa.binary()),
                "sealed": pa.array([box[1] for box in boxes], pa.binary()),
            }
        )
        with self._engine.load("vault_incoming", rows):
            parameters = {"id_type": id_type, "import_id": import_id}
            self._engine.run(Statement(_INSERT, parameters))

    def _seal(self, id_type: str, token: str, value: str) -> tuple[bytes, bytes]:
        """Return the wrapped data key and the encrypted value, each after its nonce."""
        noise = os.urandom(KEY_BYTES + 2 * NONCE_BYTES)
        data_key, nonces = noise[:KEY_BYTES], noise[KEY_BYTES:]
        first, second = nonces[:NONCE_BYTES], nonces[NONCE_BYTES:]
        wrapped = self._wrapper.encrypt(first, data_key, _place("wrapped_key", id_type, token))
        sealed = AESGCM(data_key).encrypt(second, value.encode(), _place("sealed", id_type, token))
        return first + wrapped, second + sealed

    def _open(self, id_type: str, token: str, box: tuple[bytes, bytes]) -> str:
        wrapped, sealed = box
        try:
            data_key = self._wrapper.decrypt(
                wrapped[:NONCE_BYTES],
                wrapped[NONCE_BYTES:],
                _place("wrapped_key", id_type, token),
            )
            clear = AESGCM(data_key).decrypt(
                sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _place("sealed", id_type, token)
            )
        except (InvalidTag, ValueError) as error:
            raise OutsideError(
                Problem(
                    code="ZY406",
                    message="a value in the vault was altered or moved and cannot be opened",
                    where=f"vault, {id_type}, token {token}",
                    hint="bring the vault back from a backup",
                )
            ) from error
        return clear.decode()


def blind_index(key: WorkspaceKey, id_type: str, value: str) -> str:
    """Return the token of a cleaned value without opening a vault."""
    return _token(key.derive(f"index/{id_type}"), value)


def _token(key: bytes, value: str) -> str:
    return hmac.digest(key, value.encode(), "sha256")[:TOKEN_BYTES].hex()


def _numbered(rows: pa.Table) -> pa.Table:
    """Add the position of each row as column ``at``, since tables keep no order."""
    return rows.append_column("at", pa.array(np.arange(rows.num_rows)))


def _column(rows: pa.Table, name: str) -> list[Any]:
    return rows.column(name).to_pylist()


def _place(column: str, id_type: str, token: str) -> bytes:
    """Return the associated data that binds a ciphertext to its row and column."""
    return f"secret_value|{column}|{id_type}|{token}".encode()
