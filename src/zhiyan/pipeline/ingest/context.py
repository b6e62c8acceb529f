"""What an import is told besides the file: reference data, the vault, and its own number."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from zhiyan.ports import Engine, Vault

_NOISE = str.maketrans("", "", " \t\u3000·•*\"'")


def plain_name(text: str) -> str:
    """Return a name of a catalogue without width, case and blanks, for comparing."""
    return unicodedata.normalize("NFKC", text).casefold().translate(_NOISE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Names that exports use -> codes of the workspace: items (aliases included), clinics, staff."""

    items: Mapping[str, str] = field(default_factory=dict[str, str])
    clinics: Mapping[str, str] = field(default_factory=dict[str, str])
    staff: Mapping[str, str] = field(default_factory=dict[str, str])

    def plain(self, kind: str) -> dict[str, str]:
        """Return the names of one kind in comparable form, every code naming itself too."""
        names: Mapping[str, str] = getattr(self, kind)
        codes = {plain_name(code): code for code in names.values()}
        return codes | {plain_name(name): code for name, code in names.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """How an import is done.

    ``kind`` limits recognition to a source or a kind of event. ``dry_run`` does everything but the
    commit and keeps nothing in the vault. ``allow_unmapped`` takes a file although 2 % or more of
    its item names are unknown. ``offset_minutes`` is the business zone's offset from UTC.
    """

    kind: str | None = None
    dry_run: bool = False
    allow_unmapped: bool = False
    offset_minutes: int = 480


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One import of one file: where it goes, what it knows and when it is recorded.

    ``recorded_at`` is naive UTC. ``import_id`` becomes true with the commit.
    """

    engine: Engine
    vault: Vault
    reference: Reference
    options: ImportOptions
    recorded_at: datetime
    import_id: int

    def tokens(self, id_type: str, values: Sequence[str]) -> list[str]:
        """Return the tokens of distinct values, kept in the vault unless this is a dry run."""
        if self.options.dry_run:
            return [self.vault.token(id_type, value) for value in values]
        return self.vault.remember(id_type, values, self.import_id)
