"""Parquet copies of the warehouse's tables, for Spark to read.

``FOLDER/tables.json`` points from each table to its parts, ``FOLDER/tables/TABLE/VERSION.parquet``
holds one part. A part is written aside and never changed; a new state of several tables becomes
true when ``tables.json`` is replaced, all at once. The warehouse's own file stays the truth: a part
whose fingerprint is not that of the rows it copies is written anew, so that a process that died at
any moment leaves nothing behind but files that nobody points to.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from zhiyan.engines.spark.translate import Name
from zhiyan.ports import Engine, Statement

POINTERS: Final = "tables.json"
#: More parts than this are written as one at the next change.
MOST_PARTS: Final = 24
#: Rows of tables without imports count as one import.
WHOLE: Final = -1

#: Types that Spark cannot read from Parquet, and what they are written as.
_WRITTEN_AS: Final[Mapping[str, str]] = {
    "UUID": "VARCHAR",
    "UBIGINT": "DECIMAL(20, 0)",
    "HUGEINT": "DECIMAL(38, 0)",
    "UINTEGER": "BIGINT",
    "USMALLINT": "INTEGER",
    "UTINYINT": "INTEGER",
    "TINYINT": "INTEGER",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some imports of a table in one Parquet file or folder, with the fingerprint of each import."""

    path: str
    imports: Mapping[str, str]


Pointers = dict[str, tuple[Part, ...]]


class Replicas:
    """The copies in one folder; all processes that run Spark jobs must see it at the same path."""

    def __init__(self, folder: Path, ledger: Engine) -> None:
        self._folder = folder
        self._ledger = ledger
        self.pointers: Pointers = _read(folder / POINTERS)
        self._clear_leftovers()

    def files(self, name: Name) -> list[str]:
        """Return the Parquet files of a table as the warehouse has it now; writes what changed."""
        now = self._fingerprints(name)
        kept = [part for part in self.pointers.get(name.text, ()) if self._holds(part, now)]
        known = {number for part in kept for number in part.imports}
        missing = {number: token for number, token in now.items() if number not in known}
        if missing and len(kept) >= MOST_PARTS:
            kept, missing = [], now
        if missing or not kept:
            kept.append(self._export(name, missing))
        self.pointers[name.text] = tuple(kept)
        return [part.path for part in kept]

    def save(self) -> None:
        """Make the present pointers the true ones, all at once."""
        text = json.dumps(
            {name: [asdict(part) for part in parts] for name, parts in self.pointers.items()},
            indent=1,
            sort_keys=True,
        )
        self._folder.mkdir(parents=True, exist_ok=True)
        aside = self._folder / f"{POINTERS}.new"
        with aside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(self._folder / POINTERS)

    def adopt(self, name: Name, path: Path) -> None:
        """Take a finished Parquet folder that Spark wrote as the one part of a table."""
        tokens = self._fingerprints(name)
        place = self._place(name, tokens)
        if place.exists():  # the same rows, finished before
            _remove(path)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            path.replace(place)
        self.pointers[name.text] = (Part(path=str(place), imports=tokens),)

    def rename(self, old: Name, new: Name) -> None:
        """Let a table's parts be known under its new name."""
        parts = self.pointers.pop(old.text, None)
        if parts is not None:
            self.pointers[new.text] = parts

    def forget(self, name: Name) -> None:
        """Let go of a table's parts."""
        self.pointers.pop(name.text, None)

    def _holds(self, part: Part, now: Mapping[str, str]) -> bool:
        """Tell whether a part holds some imports just as the warehouse has them."""
        same = all(now.get(number) == token for number, token in part.imports.items())
        return same and Path(part.path).exists()

    def _fingerprints(self, name: Name) -> dict[str, str]:
        """Return a fingerprint of the rows of each import of a table."""
        columns = _columns(self._ledger, name)
        number = "import_id" if "import_id" in columns else str(WHOLE)
        query = (
            f"SELECT {number} AS number, count(*) || '|' || coalesce(bit_xor(hash(t)), 0) AS token"  # noqa: S608 - names of the warehouse's own tables
            f" FROM {name.text} AS t GROUP BY ALL"
        )
        kinds = hashlib.sha256(json.dumps(columns).encode()).hexdigest()[:8]
        rows = self._ledger.query(Statement(query)).to_pylist()
        return {str(row["number"]): f"{row['token']}|{kinds}" for row in rows}

    def _export(self, name: Name, imports: Mapping[str, str]) -> Part:
        """Write the rows of some imports (or the empty table) as one part."""
        place = self._place(name, imports)
        _remove(place)
        place.parent.mkdir(parents=True, exist_ok=True)
        columns = _columns(self._ledger, name)
        listed = ", ".join(_written(column, kind) for column, kind in columns.items())
        values: dict[str, Any] = {"place": str(place)}
        rows = f"SELECT {listed} FROM {name.text}"  # noqa: S608 - names of the warehouse's own tables
        if "import_id" in columns:
            rows += " WHERE list_contains($imports, import_id)"
            values["imports"] = [int(number) for number in imports]
        copy = f"COPY ({rows}) TO $place (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 500000)"
        self._ledger.run(Statement(copy, values))
        return Part(path=str(place), imports=dict(imports))

    def _place(self, name: Name, imports: Mapping[str, str]) -> Path:
        version = hashlib.sha256(json.dumps(imports, sort_keys=True).encode()).hexdigest()[:16]
        return self._folder / "tables" / f"{name.schema}.{name.table}" / f"{version}.parquet"

    def _clear_leftovers(self) -> None:
        """Remove the parts that nothing points to."""
        known = {part.path for parts in self.pointers.values() for part in parts}
        for place in self._folder.glob("tables/*/*"):
            if str(place) not in known:
                _remove(place)


def _read(path: Path) -> Pointers:
    if not path.is_file():
        return {}
    stored: dict[str, Sequence[dict[str, Any]]] = json.loads(path.read_text("utf-8"))
    return {name: tuple(Part(**part) for part in parts) for name, parts in stored.items()}


def _columns(ledger: Engine, name: Name) -> dict[str, str]:
    described = ledger.query(Statement(f"DESCRIBE {name.text}")).to_pylist()
    return {row["column_name"]: row["column_type"] for row in described}


def _written(column: str, kind: str) -> str:
    target = _WRITTEN_AS.get(kind)
    return f'"{column}"::{target} AS "{column}"' if target else f'"{column}"'


def _remove(place: Path) -> None:
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)
