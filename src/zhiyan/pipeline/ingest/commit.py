"""The one transaction of an import: events, identifiers, batch, quarantine, or nothing of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from zhiyan.core.event import EventKind
from zhiyan.core.kinds import KINDS
from zhiyan.pipeline.ingest import statements
from zhiyan.pipeline.ingest.context import Context
from zhiyan.pipeline.ingest.cover import COVERABLE, Covering, find_covered, supersede_outdone
from zhiyan.pipeline.ingest.finish import Finished
from zhiyan.pipeline.ingest.mended import note_keys, open_keys, resolve
from zhiyan.pipeline.ingest.ordinals import renumber
from zhiyan.pipeline.ingest.read.arrow import Table, pa, pc
from zhiyan.pipeline.ingest.report import ImportReport
from zhiyan.ports import Engine, Statement

Money = dict[tuple[str, str], int]


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


def stage_events(rows: Finished, context: Context) -> None:
    """Stage the events of a file in temporary tables, kind by kind.

    Call before the transaction: what a transaction drops it keeps in memory until its end.
    """
    engine, names = context.engine, rows.kinds
    for text in (
        "CREATE OR REPLACE TEMP TABLE bad_row (row_id BIGINT, kind VARCHAR)",
        "CREATE OR REPLACE TEMP TABLE verdict (row_id BIGINT, rank INTEGER)",
        "CREATE OR REPLACE TEMP TABLE taken_key (row_id BIGINT, row_key VARCHAR)",
    ):
        engine.run(Statement(text))
    waiting = open_keys(engine)
    for name, kind in KINDS.items():
        if name in names:
            _stage(engine, kind, rows.events(name), lines="order_line" in names, waiting=waiting)
            pa.default_memory_pool().release_unused()


def store_events(names: Sequence[str], file_name: str, context: Context) -> Stored:
    """Judge and insert the staged events of these kinds; call inside the transaction."""
    engine, stored = context.engine, Stored()
    kinds = [kind for name, kind in KINDS.items() if name in names]
    _take_out_conflicts(engine, stored, names)
    stored.covering = find_covered(engine, frozenset(names))
    stored.mended = resolve(engine, file_name, import_id=context.import_id, kinds=names)
    values = {"recorded_at": context.recorded_at, "import_id": context.import_id}
    for kind in kinds:
        for statement in statements.judge(kind):
            engine.run(statement)
        _count(engine, stored, kind)
        for statement in statements.insert_fresh(kind):
            engine.run(_with(statement, values))
        _count_money(engine, stored, kind, import_id=context.import_id)
    supersede_outdone(engine, context.recorded_at)
    stored.verdicts = _verdicts(engine)
    if {"order_line", "payment"} & set(names):
        stored.rematched = _rematch(engine, values)
    return stored


def _verdicts(engine: Engine) -> dict[int, int]:
    for kind in COVERABLE:
        engine.run(
            Statement(f'INSERT INTO verdict SELECT row_id, 3 FROM "covered_{kind}"')  # noqa: S608 - names of two tables
        )
    found = rows_of(
        engine,
        Statement(
            """SELECT rank, count(*) AS rows
            FROM (SELECT row_id, min(rank) AS rank FROM verdict GROUP BY row_id)
            GROUP BY rank"""
        ),
    )
    return {number(row["rank"]): number(row["rows"]) for row in found}


def _with(statement: Statement, values: Mapping[str, object]) -> Statement:
    used = {name: value for name, value in values.items() if f"${name}" in statement.text}
    return Statement(statement.text, {**statement.values, **used})


def _stage(engine: Engine, kind: EventKind, rows: Table, *, lines: bool, waiting: bool) -> None:
    previous = None
    soft = bool(pc.any(rows.column("soft_time")).as_py())
    numbered = any(
        rows.column(name).null_count < len(rows) for name in ("hash_parts", "line_parts")
    )
    with engine.load("incoming", rows):
        if waiting:
            note_keys(engine, kind.name)
        if kind.name == "payment":
            previous = statements.REFUND_MATCHED
            for statement in statements.known_originals(lines=lines, payments=True):
                engine.run(statement)
        if numbered:
            engine.run(statements.number_lines(kind))
        step = statements.stage(kind, numbered=numbered, previous=previous, soft=soft)
        engine.run(step)
        if numbered and renumber(kind, engine):
            engine.run(step)
    engine.run(Statement("DROP TABLE IF EXISTS numbered"))
    engine.run(statements.find_conflicts(kind))


def _take_out_conflicts(engine: Engine, stored: Stored, kinds: Sequence[str]) -> None:
    found = rows_of(
        engine,
        Statement("SELECT row_id, min(kind) AS kind FROM bad_row GROUP BY row_id ORDER BY row_id"),
    )
    stored.conflicts = [(number(row["row_id"]), str(row["kind"])) for row in found]
    if found:
        for name in kinds:
            engine.run(statements.remove_conflicts(KINDS[name]))


def _count(engine: Engine, stored: Stored, kind: EventKind) -> None:
    """Count what is new and what repeats; call before the new events are inserted."""
    counted = rows_of(engine, statements.count_fresh(kind))[0]
    stored.events[kind.name] = number(counted["fresh"])
    stored.restored += number(counted["restored"])
    if kind.name in COVERABLE:
        found = rows_of(engine, statements.count_overlap(kind))[0]
        stored.overlap += number(found["overlap"])
    if kind.name == "payment":
        stored.other_ways = number(rows_of(engine, Statement(statements.OTHER_WAYS))[0]["n"])


def _count_money(engine: Engine, stored: Stored, kind: EventKind, *, import_id: int) -> None:
    if not kind.money_columns:
        return
    query = _with(statements.money_sums(kind), {"import_id": import_id})
    parts = {str(row["part"]): row for row in rows_of(engine, query)}
    covered: Mapping[str, object] = {}
    if kind.name in COVERABLE:
        covered = rows_of(engine, statements.covered_sums(kind))[0]
    for column in kind.money_columns:
        key = (kind.name, column)
        stored.duplicate_money[key] = number(parts["stage"][column]) - number(
            parts["fresh"][column]
        )
        stored.stored_money[key] = number(parts["stored"][column])
        stored.covered_money[key] = number(covered.get(column))


def _rematch(engine: Engine, values: Mapping[str, object]) -> int:
    """Mark refunds of earlier imports whose original came in with this one."""
    for statement in statements.known_originals(lines=False, payments=False):
        engine.run(statement)
    engine.run(_with(Statement(statements.MATCH_LATER), values))
    count = number(rows_of(engine, Statement("SELECT count(*) AS n FROM rematched"))[0]["n"])
    if count:
        for statement in statements.store_rematched(KINDS["payment"]):
            engine.run(_with(statement, values))
    return count


# Of the rows of one file, the earliest sighting of each identifier, and the earliest that shows it
# verified if that is another. Where moments tie, the first source and clinic by name.
_STAGE_PEOPLE = """
CREATE OR REPLACE TEMP TABLE seen AS
WITH identifier AS (
  SELECT party_id, id_type, token, quality, min(sight) AS first,
    min(sight) FILTER (verified) AS first_verified
  FROM (
    SELECT *, struct_pack(at := occurred_at, source := source, clinic := coalesce(clinic, ''),
      row_no := row_no) AS sight
    FROM incoming WHERE row_id NOT IN (SELECT row_id FROM bad_row)
  )
  GROUP BY party_id, id_type, token, quality
)
SELECT party_id, id_type, token, quality, true AS verified, first_verified AS sight
FROM identifier WHERE first_verified IS NOT NULL
UNION ALL
SELECT party_id, id_type, token, quality, false, first
FROM identifier WHERE first_verified IS NULL OR first < first_verified
"""
# What is stored already makes a sighting worthless if it is as early, and verified if that is.
_FRESH_PEOPLE = """
CREATE OR REPLACE TEMP TABLE fresh_seen AS
WITH known AS (
  SELECT party_id, id_type, token, quality, min(sight) AS first,
    min(sight) FILTER (verified) AS first_verified
  FROM (
    SELECT *, struct_pack(at := occurred_at, source := source, clinic := coalesce(clinic, ''))
      AS sight
    FROM identity.observation SEMI JOIN seen USING (party_id, id_type, token)
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
SELECT count(DISTINCT (party_id, id_type, token)) AS n FROM fresh_seen WHERE never
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
        engine.run(Statement(_STAGE_PEOPLE))
    engine.run(Statement(_FRESH_PEOPLE))
    engine.run(Statement(_INSERT_PEOPLE, values))
    return number(rows_of(engine, Statement(_COUNT_PEOPLE))[0]["n"])


def store_batch(report: ImportReport, setup: str, engine: Engine) -> None:
    """Store the batch; what earlier readings of the same bytes left for review is replaced."""
    for table in ("quarantine", "unmapped_item"):
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
    with engine.load("incoming", rows):
        engine.run(
            Statement(
                "INSERT INTO meta.unmapped_item SELECT name, source, rows, $import_id FROM incoming",
                {"import_id": import_id},
            )
        )


def drop_stage(engine: Engine, kinds: Sequence[str]) -> None:
    """Drop the temporary tables of an import."""
    parts = ("stage", "fresh", "covered", "outdone", "anchor")
    names = [f'"{part}_{kind}"' for kind in {*kinds, *COVERABLE} for part in parts]
    for name in (*names, *_SCRATCH):
        engine.run(Statement(f"DROP TABLE IF EXISTS {name}"))


_SCRATCH = (
    "numbered",
    "torn",
    "known_lines",
    "taken_key",
    "bad_row",
    "verdict",
    "seen",
    "known_line",
    "known_payment",
    "rematched",
)
