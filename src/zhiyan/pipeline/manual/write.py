"""Writing what people enter: new events, and new versions of entries that somebody ends.

Nothing is changed in place. To end an entry is to record a version of it that expires at that
moment: before it, and in every replay of what was known before, the entry stands as it was. Each
writing is an import of its own, so that a refresh and an auditor find it.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import pyarrow as pa

from zhiyan.core.event import SHARED_COLUMNS, Column, ColumnType
from zhiyan.core.kinds import KINDS
from zhiyan.ports import Engine, Statement

KIND = KINDS["manual_tag"]
#: Source of everything entered here, and the name of the mapping in the list of imports.
SOURCE = "manual"


class Way(StrEnum):
    """How an entry came about; the beginning of its entry number."""

    SET = "set"
    CONFIRM = "confirm"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One value that somebody enters for one customer; ``value`` None records a removal.

    Moments are naive UTC; ``expires_at`` None never expires. ``party_id`` is the record that the
    entry hangs on, which decides where it goes when customers merge or split.
    """

    way: Way
    party_id: int
    tag: str
    value: str | None
    author: str
    reason: str
    occurred_at: datetime
    expires_at: datetime | None = None
    row_no: int | None = None

    @property
    def entry_no(self) -> str:
        """Number of the entry: follows from what is entered, so the same entry is stored once."""
        parts = (self.party_id, self.tag, self.value, self.author, self.occurred_at.isoformat())
        digest = hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()
        return f"{self.way.value}-{digest[:20]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One writing: a command (``digest`` made of its entries) or a file. ``rows`` were read."""

    name: str
    digest: str
    recorded_at: datetime
    rows: int


_SCHEMA = pa.schema(
    [
        ("row_no", pa.int32()), ("party_id", pa.int64()), ("occurred_at", pa.timestamp("us")),
        ("entry_no", pa.string()), ("tag", pa.string()), ("value", pa.string()),
        ("author", pa.string()), ("reason", pa.string()), ("expires_at", pa.timestamp("us")),
    ]
)  # fmt: skip


def known_file(engine: Engine, digest: str) -> int | None:
    """Return the number of the import that a file was, None if it is new."""
    rows = engine.query(
        Statement(
            "SELECT min(import_id) AS n FROM meta.import_batch"
            " WHERE file_sha256 = $digest AND mapping = $mapping",
            {"digest": digest, "mapping": SOURCE},
        )
    ).to_pylist()
    return rows[0]["n"]


def record(
    engine: Engine, marks: Sequence[Mark], batch: Batch, *, ended: Sequence[str] = ()
) -> int:
    """Store entries and end others, in one transaction; return how many entries were new.

    ``ended`` are event ids of entries that expire with the batch.
    """
    number = engine.query(
        Statement("SELECT coalesce(max(import_id), 0) + 1 AS n FROM meta.import_batch")
    ).to_pylist()[0]["n"]
    values = {"recorded_at": batch.recorded_at, "import_id": number}
    with engine.transaction():
        if ended:
            _end(engine, ended, values)
        stored = _insert(engine, marks, values)
        if stored or ended:
            _note(engine, batch, (number, stored, len(ended)))
    return stored


def _insert(engine: Engine, marks: Sequence[Mark], values: Mapping[str, object]) -> int:
    rows = [{name: getattr(mark, name) for name in _SCHEMA.names} for mark in marks]
    with engine.load("entered", pa.Table.from_pylist(rows, schema=_SCHEMA)):
        engine.run(Statement(_STAGE, {"kind": KIND.name, "source": SOURCE}))
    count = engine.query(Statement("SELECT count(*) AS n FROM fresh_entry")).to_pylist()[0]["n"]
    engine.run(Statement(_INSERT, values))
    engine.run(Statement("DROP TABLE fresh_entry"))
    return count


def _end(engine: Engine, ended: Sequence[str], values: Mapping[str, object]) -> None:
    ids = {"ended": list(ended)}
    engine.run(Statement(_STAGE_ENDED, {**ids, "recorded_at": values["recorded_at"]}))
    engine.run(Statement(_SUPERSEDE, {**ids, "recorded_at": values["recorded_at"]}))
    engine.run(Statement(_INSERT_ENDED, values))
    engine.run(Statement("DROP TABLE ended_entry"))


def _note(engine: Engine, batch: Batch, counts: tuple[int, int, int]) -> None:
    number, stored, ended = counts
    engine.run(
        Statement(
            _BATCH,
            {
                "import_id": number,
                "name": batch.name,
                "digest": batch.digest,
                "mapping": SOURCE,
                "recorded_at": batch.recorded_at,
                "rows": batch.rows + ended,
                "stored": stored + ended,
                "duplicates": batch.rows - stored,
                "ended": ended,
            },
        )
    )


def _text(column: Column) -> str:
    name = f'"{column.name}"'
    if column.type is ColumnType.MOMENT:
        return f"epoch_us({name})::VARCHAR"
    return f"{name}::VARCHAR"


_OWN = ", ".join(f'"{column.name}"' for column in KIND.columns)
_BODY = ", ".join(
    ["event_id::VARCHAR", "party_id::VARCHAR"]
    + [f"coalesce({_text(column)}, chr(30))" for column in (*SHARED_COLUMNS[1:], *KIND.columns)]
)
_HASH = f"('0x' || left(md5(concat_ws(chr(31), {_BODY})), 16))::UBIGINT"
_STAGE = f"""
CREATE OR REPLACE TEMP TABLE fresh_entry AS
WITH named AS (
  SELECT *, $source AS source, NULL::VARCHAR AS clinic,
    md5(concat_ws(chr(31), $kind, $source, '', entry_no))::UUID AS event_id
  FROM entered)
SELECT DISTINCT ON (event_id) *, {_HASH} AS content_hash FROM named
ANTI JOIN event.manual_tag AS known USING (event_id)
ORDER BY event_id, row_no
"""  # noqa: S608 - identifiers come from the declaration of the kind
_INSERT = f"""
INSERT INTO event.manual_tag
SELECT event_id, party_id, $recorded_at, NULL, content_hash, $import_id, row_no, source, clinic,
  occurred_at, {_OWN}
FROM fresh_entry ORDER BY occurred_at, event_id
"""  # noqa: S608 - identifiers come from the declaration of the kind
_STAGE_ENDED = """
CREATE OR REPLACE TEMP TABLE ended_entry AS
SELECT * REPLACE ($recorded_at::TIMESTAMP AS expires_at)
FROM event.manual_tag
WHERE superseded_at IS NULL AND list_contains($ended, event_id::VARCHAR)
"""
_SUPERSEDE = """
UPDATE event.manual_tag SET superseded_at = $recorded_at
WHERE superseded_at IS NULL AND list_contains($ended, event_id::VARCHAR)
"""
_INSERT_ENDED = f"""
INSERT INTO event.manual_tag
SELECT event_id, party_id, $recorded_at, NULL, {_HASH}, $import_id, NULL, source, clinic,
  occurred_at, {_OWN}
FROM ended_entry ORDER BY occurred_at, event_id
"""  # noqa: S608 - identifiers come from the declaration of the kind
_BATCH = """
INSERT INTO meta.import_batch BY NAME
SELECT $import_id AS import_id, $name AS file_name, $digest AS file_sha256, $mapping AS source,
  $mapping AS mapping, $mapping AS mapping_sha256, $recorded_at AS recorded_at,
  $rows AS rows_read, $stored AS accepted, $duplicates AS duplicates, $ended AS corrections,
  0 AS quarantined, 0 AS dropped, 0 AS money_in_fen, 0 AS money_stored_fen, '{}' AS report
"""
