"""Clean canonical events as Parquet, for benchmarks that bypass the messy files."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from zhiyan.core.event import Column as Declared
from zhiyan.core.event import ColumnType
from zhiyan.core.kinds import KINDS
from zhiyan.demo.columns import Array, Arrow, Chunked, Column, as_arrow, pick, times, write_parquet
from zhiyan.demo.identify import party_ids, party_table
from zhiyan.demo.records import SOURCES
from zhiyan.demo.stage import Stage
from zhiyan.demo.trade import MINI
from zhiyan.demo.truth import write_truth
from zhiyan.demo.world import World
from zhiyan.ports import Progress, Silent

OFFSET = np.timedelta64(8 * 3600, "s")
ARROW = {
    ColumnType.TEXT: pa.string(),
    ColumnType.CODE: pa.string(),
    ColumnType.INT: pa.int64(),
    ColumnType.FEN: pa.int64(),
    ColumnType.BOOL: pa.bool_(),
    ColumnType.DATE: pa.date32(),
    ColumnType.MOMENT: pa.timestamp("us"),
    ColumnType.CODES: pa.list_(pa.string()),
}


def write_events(world: World, folder: Path, progress: Progress | None = None) -> None:
    """Write ``folder/events/<kind>/part-NNNNN.parquet``, ``folder/parties`` and ``folder/truth``.

    Columns of a kind: party_id, source, clinic, occurred_at (UTC), then its own columns.
    """
    progress = progress or Silent()
    for chunk in world.chunks():
        for name, rows in chunk.tables.items():
            kind, _, part = name.partition(".")
            suffix = f"-{part}" if part else ""
            target = folder / "events" / kind / f"part-{chunk.index:05d}{suffix}.parquet"
            write_parquet(canonical(chunk.stage, kind, rows), target)
        write_parquet(
            party_table(chunk.stage), folder / "parties" / f"part-{chunk.index:05d}.parquet"
        )
        write_truth(chunk, folder / "truth")
        progress.step("events", chunk.index + 1, world.chunk_count)


def canonical(stage: Stage, kind: str, rows: pa.Table) -> pa.Table:
    """Turn a table of a chunk into the event columns of its kind, moments in UTC."""
    rec = rows["rec"].to_numpy()
    columns = {
        "party_id": as_arrow(party_ids(stage.records.first + rec)),
        "source": pick((*SOURCES, "pay"), _sources(stage, rows, rec)),
        "clinic": pick(stage.setting.group.clinic_codes, rows["clinic"].to_numpy()),
        "occurred_at": _utc(times(rows, "at")),
        **{column.name: _typed(rows, column) for column in KINDS[kind].columns},
    }
    return Arrow.table(columns)


def _sources(stage: Stage, rows: pa.Table, rec: Array) -> Array:
    source = stage.records.source[rec]
    if "tender" not in rows.column_names:
        return source
    return np.where(rows["x_channel"].to_numpy() == MINI, len(SOURCES), source)


def _utc(local: Array) -> Column:
    return Arrow.array((local - OFFSET).astype("datetime64[us]"))


def _typed(rows: pa.Table, column: Declared) -> Column | Chunked:
    """Return a column in its Arrow type, nulls where the simulation does not fill it."""
    if column.name not in rows.column_names:
        return Arrow.nulls(rows.num_rows, ARROW[column.type])
    if column.type is ColumnType.MOMENT:
        return _utc(times(rows, column.name))
    return rows[column.name].cast(ARROW[column.type])
