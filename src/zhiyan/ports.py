"""What the stages ask of the outside: an engine, a vault, a clock."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL text of the warehouse dialect with its bound values (``$name`` in the text)."""

    text: str
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What an engine is called, and which constructs of the language it refuses, each with why.

    An engine gives the same values as every other, to the last digit, or it refuses.
    """

    name: str
    refused: Mapping[str, str] = field(default_factory=dict[str, str])


class Engine(Protocol):
    """Runs statements against the warehouse."""

    def run(self, statement: Statement) -> None:
        """Run a statement for its effect."""
        ...

    def query(self, statement: Statement) -> pa.Table:
        """Run a statement and return its rows."""
        ...

    def load(self, name: str, rows: pa.Table) -> AbstractContextManager[None]:
        """Offer Arrow rows under a bare name while the context lasts."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """Everything inside becomes true together, or nothing does."""
        ...

    def close(self) -> None:
        """Let go of the warehouse."""
        ...


class Vault(Protocol):
    """Keeps raw identifiers, encrypted; hands out keyed tokens for them."""

    def token(self, id_type: str, value: str) -> str:
        """Return the token (32 hexadecimal digits) of a cleaned value, storing nothing."""
        ...

    def remember(self, id_type: str, values: Sequence[str], import_id: int) -> list[str]:
        """Encrypt and keep values not yet known; return their tokens, position by position."""
        ...

    def reveal(self, id_type: str, tokens: Sequence[str]) -> list[str | None]:
        """Return the clear values, None where the vault has none."""
        ...

    def drop_imports_except(self, committed: Sequence[int]) -> int:
        """Forget what imports left that never committed; return how many values went."""
        ...

    def close(self) -> None:
        """Let go of the vault."""
        ...


class Clock(Protocol):
    """The only thing that knows now."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        ...


class Progress(Protocol):
    """Hears how far a long step has come."""

    def step(self, name: str, done: int, total: int | None) -> None:
        """Report that ``done`` of ``total`` units of the step are finished; total None if unknown."""
        ...


class Silent:
    """A progress that nobody watches."""

    def step(self, name: str, done: int, total: int | None) -> None:
        """Do nothing."""
