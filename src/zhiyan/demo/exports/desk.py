"""The desk on which one part of the exports is written: folder, chance, ledger, columns at hand."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from zhiyan.demo.columns import Array, Arrow, Column, Compute, numbers, pick, times
from zhiyan.demo.exports.draft import Draft, Mark, plain
from zhiyan.demo.exports.forms import Delimited, write_delimited
from zhiyan.demo.identify import native_ids, shown_names
from zhiyan.demo.records import SOURCES
from zhiyan.demo.stage import Stage
from zhiyan.demo.world import Chunk

#: One alias in ten and one decorated name in fifty is what sales people type.
ALIAS_SHARE = 0.12


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One part (chunk) of the exports in the making; ``drafts`` are the files written so far."""

    folder: Path
    chunk: Chunk
    rng: np.random.Generator
    drafts: list[Draft] = field(default_factory=list[Draft])

    @property
    def stage(self) -> Stage:
        """The simulated chunk."""
        return self.chunk.stage

    def name(self, stem: str, suffix: str) -> str:
        """Return a file name with the part number."""
        return f"{stem}_{self.chunk.index + 1:02d}.{suffix}"

    def rows(self, name: str) -> pa.Table:
        """Return a table of the chunk in order of time."""
        rows = self.chunk.tables[name]
        return rows.take(Arrow.array(np.argsort(times(rows, "at"), kind="stable")))

    def clinics(self, rows: pa.Table) -> Column:
        """Return the clinic names of the rows."""
        names = [clinic.name for clinic in self.stage.setting.group.clinics]
        return plain(pick(names, rows["clinic"].to_numpy()))

    def modern(self, rows: pa.Table) -> Array:
        """Return which rows belong to a clinic with the second release of the HIS."""
        flags = np.array([clinic.modern for clinic in self.stage.setting.group.clinics])
        return flags[rows["clinic"].to_numpy()]

    def native(self, rows: pa.Table) -> Column:
        """Return the native identifier of the record of each row (rows of one source)."""
        return self.natives(rows["rec"].to_numpy())

    def natives(self, rec: Array) -> Column:
        """Return the native identifiers of records, which may be of several sources."""
        records = self.stage.records
        text = np.full(len(rec), "", dtype=object)
        for code, source in enumerate(SOURCES):
            here = records.source[rec] == code
            if here.any():
                text[here] = native_ids(records, source, rec[here]).to_pylist()
        return plain(Arrow.array(text.tolist(), type=pa.string()))

    def people_names(self, rec: Array) -> Column:
        """Return the names that the records show."""
        return plain(shown_names(self.stage.people, self.stage.records, rec))

    def item_names(self, rows: pa.Table) -> Column:
        """Return item names as typed: mostly the catalogue's, sometimes an alias of the pack."""
        items = self.stage.setting.items
        index = numbers(rows, "x_item")
        known = [[name, *aliases] for name, aliases in zip(items.names, items.aliases, strict=True)]
        flat = [name for names in known for name in names]
        start = np.r_[0, np.cumsum([len(names) for names in known])]
        safe = np.maximum(index, 0)
        width = np.diff(start)[safe]
        alias = (self.rng.random(len(index)) < ALIAS_SHARE) & (width > 1)
        step = np.where(
            alias, 1 + self.rng.integers(0, 2**31, len(index)) % np.maximum(width - 1, 1), 0
        )
        return plain(pick(flat, np.where(index < 0, -1, start[safe] + step)))

    def save(self, draft: Draft, form: Delimited) -> None:
        """Write a delimited file and keep its draft for the ledger."""
        draft.encoding = form.encoding if not form.mark.startswith(b"\xef") else "utf-8-sig"
        draft.dropped += len(form.after)
        write_delimited(draft, self.folder / draft.file, form)
        self.drafts.append(draft)

    def blanks(self, draft: Draft, count: int = 2) -> None:
        """Let blank lines stand in the file."""
        if draft.count < 10:
            return
        places = np.unique(self.rng.integers(1, draft.count, count)).tolist()
        draft.breaks = places
        draft.dropped += len(places)
        for place in places:
            draft.marks.append(
                file_mark(9, "blank_row", f"row {draft.row(place) - 1}", expected="drop")
            )

    def note(self, draft: Draft, indices: Array, *, told: Mark) -> None:
        """Note rows that carry a problem by their nature; their outcome stays as it is."""
        for index in indices.tolist():
            draft.marks.append(
                Mark(
                    index=index,
                    column=told.column,
                    line=told.line,
                    problem=told.problem,
                    raw=told.raw,
                    clean=told.clean,
                    expected=told.expected,
                )
            )


def file_mark(line: int, problem: str, raw: str, *, expected: str) -> Mark:
    """Return a mark about the file as a whole, or about a line that is no data row."""
    return Mark(
        index=-1, column="", line=line, problem=problem, raw=raw, clean="", expected=expected
    )


def told(line: int, problem: str, column: str = "", *, expected: str = "flag") -> Mark:
    """Return what is noted of rows that carry a problem by their nature."""
    return Mark(
        index=-1, column=column, line=line, problem=problem, raw="", clean="", expected=expected
    )


def fen_of(rows: pa.Table, name: str) -> Array:
    """Return a money column as numpy, null as 0."""
    return Compute.fill_null(rows[name], 0).to_numpy()


def texts(rows: pa.Table, columns: dict[str, str]) -> dict[str, Column]:
    """Return columns of a table as text under their export names."""
    return {name: plain(rows[column]) for name, column in columns.items()}


def blank(count: int) -> Column:
    """Return a column of empty text."""
    return Arrow.array([""] * count, type=pa.string())


def chosen(columns: dict[str, Any], keep: Array) -> dict[str, Column]:
    """Return the rows of text columns for which ``keep`` is true."""
    mask = Arrow.array(keep)
    return {name: column.filter(mask) for name, column in columns.items()}
