"""The workspace key: one file of 32 random bytes, and the keys that are derived from it.

Everything derives from the one secret by HKDF-SHA256 with a label of its own: a key per identifier
type for the blind index, one that wraps the keys of values, and a check value that tells a wrong
key apart without telling anything about the right one.
"""

import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from zhiyan.errors import DataError, Problem, UsageError

KEY_BYTES: Final = 32

#: Permission bits of a key file that must not be set: anything for group and others.
_FORBIDDEN_MODE: Final = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class WorkspaceKey:
    """The secret of one workspace; it never prints."""

    secret: bytes = field(repr=False)

    def derive(self, label: str) -> bytes:
        """Return the 32-byte key for a purpose; different labels give independent keys."""
        info = f"zhiyan/1/{label}".encode()
        return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(self.secret)


def create_key(path: Path) -> WorkspaceKey:
    """Make a new key file, readable by its owner only, and return the key.

    Raises UsageError ``ZY401`` if something is there already: a key that is replaced takes
    everything in the vault with it.
    """
    secret = secrets.token_bytes(KEY_BYTES)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise UsageError(
            Problem(
                code="ZY401",
                message="a key file is there already and is never replaced",
                where=str(path),
                hint="use the workspace as it is, or choose another folder",
            )
        ) from error
    with os.fdopen(handle, "wb") as file:
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())
    return WorkspaceKey(secret)


def load_key(path: Path) -> WorkspaceKey:
    """Read a key file.

    Raises DataError: ``ZY402`` if there is none, ``ZY403`` if it does not hold exactly 32 bytes,
    ``ZY404`` if others than its owner may touch it.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            secret = file.read(KEY_BYTES + 1)
    except FileNotFoundError as error:
        raise DataError(
            Problem(
                code="ZY402",
                message="the key file is missing",
                where=str(path),
                hint="bring it back from its backup; without it the vault cannot be read",
            )
        ) from error
    if len(secret) != KEY_BYTES:
        raise DataError(
            Problem(
                code="ZY403",
                message=f"the key file does not hold exactly {KEY_BYTES} bytes",
                where=str(path),
                hint="bring it back from its backup",
            )
        )
    if os.name == "posix" and mode & _FORBIDDEN_MODE:
        raise DataError(
            Problem(
                code="ZY404",
                message=f"others may use the key file (mode {stat.S_IMODE(mode):04o})",
                where=str(path),
                hint="run: chmod 600 on the key file",
            )
        )
    return WorkspaceKey(secret)
