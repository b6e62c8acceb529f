"""The one transaction of an import: events, identifiers, batch, quarantine, or nothing of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from zhiyan.core.event import EventKind
from zhiyan.core.kinds import KINDS
from zhiyan.pipeline.ingest import statements
from zhiyan.pipeline.ingest.context import Context
from zhiyan.pipeline.ingest.cover import (
    COVERABLE,
    Covering,
    drop_covered,
    find_covered,
    supersede_outdone,
)
from zhiyan.pipeline.ingest.finish import Finished
from zhiyan.pipeline.ingest.mended import Open, look, note_keys, resolve
from zhiyan.pipeline.ingest.ordinals import renumber
from zhiyan.pipeline.ingest.read.arrow import Table, pa, pc
from zhiyan.pipeline.ingest.report import ImportReport
from zhiyan.ports import Engine, Statement

Money = dict[tuple[str, str], int]
#: What is filled for rows that have no number of their own.
_OWN_PARTS = ("hash_parts", "line_parts")


@dataclass(slots=True)
class Stored:
    """What the engine made of the rows of a file: verdict of each row and money by its fate.

    ``verdicts`` maps 1 (correction), 2 (accepted), 3 (duplicate) to rows; ``conflicts`` holds the
    row ids of rows that contradict each other, with the kind that they do it in. ``restored``
    counts facts that went back to an earlier version, ``mended`` rows of the quarantine that
    came in after all, ``overlap`` lines taken for repetitions of an
    earlier file although their document brings more lines, ``other_ways`` payments under a number
    that an earlier file knows with another way of paying.
    """

    verdicts: dict[int, int] = field(default_factory=dict[int, int])
    conflicts: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    duplicate_money: Money = field(default_factory=dict[tuple[str, str], int])
    stored_money: Money = field(default_factory=dict[tuple[str, str], int])
    covered_money: Money = field(default_factory=dict[tuple[str, str], int])
    events: dict[str, int] = field(default_factory=dict[str, int])
    restored: int = 0
    rematched: int = 0
    mended: int = 0
    overlap: int = 0
    other_ways: int = 0
    covering: Covering = field(default_factory=Covering)


def rows_of(engine: Engine, statement: Statement) -> list[dict[str, object]]:
    """Return the rows of a small query as dictionaries."""
    return engine.query(statement).to_pylist()


def number(value: object) -> int:
    """Return a whole number from a query, 0 for null."""
    return int(str(value)) if value is not None else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """What lies in temporary tables.

    ``numbered`` are the kinds with rows that have no number of their own, ``waiting`` is what of
    the quarantine may be mended.
    """

    kinds: Sequence[EventKind]
    numbered: Collection[str]
    waiting: Open

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the kinds."""
        return tuple(kind.name for kind in self.kinds)


def stage_events(rows: Finished, file_name: str, context: Context) -> Staged:
    """Stage the events of a file in temporary tables, kind by kind.

    Call before the transaction: what a transaction drops it keeps in memory until its end.
    """
    engine, names = context.engine, rows.kinds
    engine.run(Statement("CREATE OR REPLACE TEMP TABLE bad_row (row_id BIGINT, kind VARCHAR)"))
    waiting = look(engine, file_name)
    if waiting.any:
        key = "CREATE OR REPLACE TEMP TABLE taken_key (row_id BIGINT, row_key VARCHAR)"
        engine.run(Statement(key))
    kinds = [kind for name, kind in KINDS.items() if name in names]
    numbered: set[str] = set()
    for kind in kinds:
        events = rows.events(kind.name)
        if any(events.column(name).null_count < len(events) for name in _OWN_PARTS):
            numbered.add(kind.name)
        own = kind.name in numbered
        with engine.load("incoming", events):
            if waiting.keyed:
                note_keys(engine, kind.name)
            _stage(engine, kind, events, lines="order_line" in names, numbered=own)
        del events
        pa.default_memory_pool().release_unused()
    return Staged(kinds=kinds, numbered=numbered, waiting=waiting)


def store_events(staged: Staged, context: Context) -> Stored:
    """Judge and insert the staged events; call inside the transaction."""
    engine, stored, names = context.engine, Stored(), staged.names
    if staged.kinds:
        _take_out_conflicts(engine, stored, staged.kinds)
        stored.covering = find_covered(engine, frozenset(names))
    brought = (names, stored.covering.kinds)
    stored.mended = resolve(engine, staged.waiting, brought, import_id=context.import_id)
    if not staged.kinds:
        return stored
    values = {"recorded_at": context.recorded_at, "import_id": context.import_id}
    for kind in staged.kinds:
        engine.run(statements.judge(kind))
    corrected = _count(engine, stored, staged)
    for kind in staged.kinds:
        if kind.name in corrected:
            engine.run(_with(statements.close_corrected(kind), values))
        engine.run(_with(statements.insert_fresh(kind), values))
    _count_money(engine, stored, staged.kinds, import_id=context.import_id)
    supersede_outdone(engine, stored.covering, context.recorded_at)
    found = rows_of(engine, statements.verdicts(staged.kinds, stored.covering.kinds))
    stored.verdicts = {number(row["rank"]): number(row["rows"]) for row in found}
    if set(COVERABLE) & set(names):
        stored.rematched = _rematch(engine, values)
    return stored


def _with(statement: Statement, values: Mapping[str, object]) -> Statement:
    used = {name: value for name, value in values.items() if f"${name}" in statement.text}
    return Statement(statement.text, {**statement.values, **used})


def _stage(engine: Engine, kind: EventKind, rows: Table, *, lines: bool, numbered: bool) -> None:
    """Stage the rows of one kind, which are offered as ``incoming``."""
    soft = bool(pc.any(rows.column("soft_time")).as_py())
    previous = _matching(engine, rows, lines=lines) if kind.name == "payment" else None
    if numbered:
        engine.run(statements.number_lines(kind))
    step = statements.stage(kind, numbered=numbered, previous=previous, soft=soft)
    engine.run(step)
    if numbered:
        if renumber(kind, engine):
            engine.run(step)
        engine.run(Statement("DROP TABLE IF EXISTS numbered"))


def _matching(engine: Engine, payments: Table, *, lines: bool) -> str:
    """Return the SQL of whether a payment has its original, null where it is no refund."""
    if not pc.any(payments.column("is_refund")).as_py():
        return "CAST(NULL AS BOOLEAN)"
    for statement in statements.known_originals("incoming", lines=lines, payments=True):
        engine.run(statement)
    return statements.REFUND_MATCHED


def _take_out_conflicts(engine: Engine, stored: Stored, kinds: Sequence[EventKind]) -> None:
    """Note rows that give one key two contents, and take them out of all kinds."""
    if not _one(engine, statements.count_repeats(kinds)):
        return
    found = engine.query(statements.find_conflicts(kinds))
    stored.conflicts = [(number(row["row_id"]), str(row["kind"])) for row in found.to_pylist()]
    with engine.load("torn_row", found):
        engine.run(Statement("INSERT INTO bad_row SELECT row_id, kind FROM torn_row"))
    for kind in kinds:
        engine.run(statements.remove_conflicts(kind))


def _count(engine: Engine, stored: Stored, staged: Staged) -> set[str]:
    """Count what is new and what repeats; call before the new events are inserted.

    Returns the kinds of which something is corrected.
    """
    text = " UNION ALL ".join(map(statements.count_fresh, staged.kinds))
    rows: dict[str, Any] = {row["kind"]: row for row in engine.query(Statement(text)).to_pylist()}
    corrected = {name for name, row in rows.items() if row["corrects"]}
    for kind in staged.kinds:
        row = rows[kind.name]
        stored.events[kind.name] = row["fresh"]
        for column, all_of_it, kept in zip(
            kind.money_columns, row["staged"], row["kept"], strict=True
        ):
            stored.duplicate_money[kind.name, column] = all_of_it - kept
        if kind.name in corrected:
            stored.restored += _one(engine, statements.count_restored(kind))
        if kind.name in staged.numbered and kind.name in COVERABLE:
            stored.overlap += _one(engine, statements.count_overlap(kind))
    if "payment" in staged.numbered:
        stored.other_ways = _one(engine, Statement(statements.OTHER_WAYS))
    return corrected


def _one(engine: Engine, statement: Statement) -> int:
    return number(rows_of(engine, statement)[0].popitem()[1])


def _count_money(
    engine: Engine, stored: Stored, kinds: Sequence[EventKind], *, import_id: int
) -> None:
    priced = {kind.name: kind for kind in kinds if kind.money_columns}
    if not priced:
        return
    covered = stored.covering.kinds
    text = " UNION ALL ".join(statements.stored_money(kind, covered) for kind in priced.values())
    rows: list[Any] = engine.query(Statement(text, {"import_id": import_id})).to_pylist()
    for row in rows:
        columns = priced[row["kind"]].money_columns
        for column, fen, gone in zip(columns, row["stored"], row["covered"], strict=True):
            stored.stored_money[row["kind"], column] = fen
            stored.covered_money[row["kind"], column] = gone


def _rematch(engine: Engine, values: Mapping[str, object]) -> int:
    """Mark refunds of earlier imports whose original came in with this one."""
    if not _one(engine, _with(Statement(statements.COUNT_OPEN_REFUNDS), values)):
        return 0
    engine.run(_with(Statement(statements.OPEN_REFUNDS), values))
    for statement in statements.known_originals("open_refund", lines=False, payments=False):
        engine.run(statement)
    engine.run(Statement(statements.MATCH_LATER))
    count = _one(engine, Statement("SELECT count(*) AS n FROM rematched"))
    if count:
        for statement in statements.store_rematched(KINDS["payment"]):
            engine.run(_with(statement, values))
    return count


# Of the rows of one file, the earliest sighting of each identifier, and the earliest that shows it
# verified if that is another. Where moments tie, the first source and clinic by name. What is stored
# already makes a sighting worthless if it is as early, and verified if that is.
_FRESH_PEOPLE = """
CREATE OR REPLACE TEMP TABLE fresh_seen AS
WITH identifier AS (
  SELECT party_id, id_type, token, quality, min(sight) AS first,
    min(sight) FILTER (verified) AS first_verified
  FROM (
    SELECT *, struct_pack(at := occurred_at, source := source, clinic := coalesce(clinic, ''),
      row_no := row_no) AS sight
    FROM incoming WHERE row_id NOT IN (SELECT row_id FROM bad_row)
  )
  GROUP BY party_id, id_type, token, quality
),
seen AS (
  SELECT party_id, id_type, token, quality, true AS verified, first_verified AS sight
  FROM identifier WHERE first_verified IS NOT NULL
  UNION ALL
  SELECT party_id, id_type, token, quality, false, first
  FROM identifier WHERE first_verified IS NULL OR first < first_verified
),
known AS (
  SELECT party_id, id_type, token, quality, min(sight) AS first,
    min(sight) FILTER (verified) AS first_verified
  FROM (
    SELECT *, struct_pack(at := occurred_at, source := source, clinic := coalesce(clinic, ''))
      AS sight
    FROM identity.observation SEMI JOIN identifier USING (party_id, id_type, token)
  )
  GROUP BY party_id, id_type, token, quality
)
SELECT s.*, k.first IS NULL AS never
FROM seen AS s
LEFT JOIN known AS k USING (party_id, id_type, token, quality)
WHERE struct_pack(at := s.sight.at, source := s.sight.source, clinic := s.sight.clinic)
  < CASE WHEN s.verified THEN k.first_verified ELSE k.first END
  OR CASE WHEN s.verified THEN k.first_verified ELSE k.first END IS NULL
"""
_INSERT_PEOPLE = """
INSERT INTO identity.observation (party_id, id_type, token, quality, verified, source, clinic,
  occurred_at, recorded_at, import_id, row_no)
SELECT party_id, id_type, token, quality, verified, sight.source, nullif(sight.clinic, ''),
  sight.at, $recorded_at, $import_id, sight.row_no
FROM fresh_seen
ORDER BY party_id, id_type, token, quality, verified
"""
_COUNT_PEOPLE = """
SELECT count(*) AS rows, count(DISTINCT (party_id, id_type, token)) FILTER (never) AS n
FROM fresh_seen
"""


def store_people(people: Table, context: Context) -> int:
    """Store identifiers; what is stored never changes, so that the past can be asked again.

    One row per party, type, token and improvement: the first sighting, then any that is earlier or
    the first of which shows it verified. Returns how many identifiers are new. Call after
    ``store_events``, inside the transaction.
    """
    engine = context.engine
    values = {"recorded_at": context.recorded_at, "import_id": context.import_id}
    with engine.load("incoming", people):
        engine.run(Statement(_FRESH_PEOPLE))
    found = rows_of(engine, Statement(_COUNT_PEOPLE))[0]
    if number(found["rows"]):
        engine.run(Statement(_INSERT_PEOPLE, values))
    return number(found["n"])


def store_batch(report: ImportReport, setup: str, engine: Engine, *, known: bool) -> None:
    """Store the batch; what earlier imports of the same bytes (``known``) left for review goes."""
    for table in ("quarantine", "unmapped_item") if known else ():
        engine.run(
            Statement(
                f"""DELETE FROM meta.{table} WHERE import_id IN (
                  SELECT import_id FROM meta.import_batch WHERE file_sha256 = $digest)""",  # noqa: S608 - names of two tables
                {"digest": report.sha256},
            )
        )
    names = [table.source for table in report.tables if table.source]
    values = {
        "import_id": report.import_id,
        "file_name": report.file_name,
        "digest": report.sha256,
        "mapping": ",".join(dict.fromkeys(names)),
        "setup": setup,
        "recorded_at": report.recorded_at,
        "rows_read": report.rows_read,
        "accepted": report.accepted,
        "duplicates": report.duplicates,
        "corrections": report.corrections,
        "quarantined": report.quarantined,
        "dropped": report.dropped,
        "money_read": report.money_read,
        "money_stored": report.money_stored,
        "report": report.to_json(),
    }
    engine.run(Statement(_BATCH, values))


_BATCH = """
INSERT INTO meta.import_batch VALUES ($import_id, $file_name, $digest, $mapping, $mapping, $setup,
  $recorded_at, $rows_read, $accepted, $duplicates, $corrections, $quarantined, $dropped,
  $money_read, $money_stored, $report)
"""


def store_quarantine(rows: Table, keys: Table, context: Context) -> None:
    """Store the cells at fault, one row each; ``keys`` holds ``row_id`` and the text of its key."""
    engine = context.engine
    if not rows.num_rows:
        return
    with engine.load("incoming", rows), engine.load("named", keys):
        engine.run(
            Statement(
                """INSERT INTO meta.quarantine BY NAME
                SELECT $import_id AS import_id, i.* EXCLUDE (row_id), md5(n.text) AS row_key
                FROM incoming AS i
                LEFT JOIN (SELECT row_id, first(text) AS text FROM named GROUP BY row_id) AS n
                  ON n.row_id = i.row_id
                ORDER BY i.row_id""",
                {"import_id": context.import_id},
            )
        )


def store_unmapped(rows: Table, import_id: int, engine: Engine) -> None:
    """Store the names of items that no alias knows: the review queue."""
    if not rows.num_rows:
        return
    with engine.load("incoming", rows):
        engine.run(
            Statement(
                "INSERT INTO meta.unmapped_item SELECT name, source, rows, $import_id FROM incoming",
                {"import_id": import_id},
            )
        )


def drop_stage(engine: Engine, kinds: Sequence[str]) -> None:
    """Drop the temporary tables of an import."""
    names = [f'"{part}_{kind}"' for kind in kinds for part in ("stage", "fresh")]
    for name in (*names, *_SCRATCH):
        engine.run(Statement(f"DROP TABLE IF EXISTS {name}"))
    if set(COVERABLE) & set(kinds):
        drop_covered(engine)


_SCRATCH = (
    "numbered",
    "torn",
    "known_lines",
    "taken_key",
    "bad_row",
    "fresh_seen",
    "known_line",
    "known_payment",
    "open_refund",
    "rematched",
)
