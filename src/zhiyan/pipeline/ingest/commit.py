"""The one transaction of an import: events, identifiers, batch, quarantine, or nothing of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from zhiyan.core.kinds import KINDS
from zhiyan.pipeline.ingest import statements
from zhiyan.pipeline.ingest.context import Context
from zhiyan.pipeline.ingest.read.arrow import Table
from zhiyan.pipeline.ingest.report import ImportReport
from zhiyan.ports import Engine, Statement

Money = dict[tuple[str, str], int]


@dataclass(slots=True)
class Stored:
    """What the engine made of the rows of a file: verdict of each row and money by its fate.

    ``verdicts`` maps 1 (correction), 2 (accepted), 3 (duplicate) to rows; ``conflicts`` holds the
    row ids of rows that contradict each other, with the kind that they do it in.
    """

    verdicts: dict[int, int] = field(default_factory=dict[int, int])
    conflicts: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    duplicate_money: Money = field(default_factory=dict[tuple[str, str], int])
    stored_money: Money = field(default_factory=dict[tuple[str, str], int])
    events: dict[str, int] = field(default_factory=dict[str, int])
    older: int = 0
    rematched: int = 0


def rows_of(engine: Engine, statement: Statement) -> list[dict[str, object]]:
    """Return the rows of a small query as dictionaries."""
    return engine.query(statement).to_pylist()


def number(value: object) -> int:
    """Return a whole number from a query, 0 for null."""
    return int(str(value)) if value is not None else 0


def store_events(
    events: Mapping[str, Table], hashed: Mapping[str, str | None], context: Context
) -> Stored:
    """Stage, judge and insert the events of a file; call inside the transaction.

    ``hashed`` names, by kind, the key column that is derived for rows without a key of their own.
    """
    engine, stored = context.engine, Stored()
    kinds = [kind for name, kind in KINDS.items() if name in events]
    for text in (
        "CREATE OR REPLACE TEMP TABLE bad_row (row_id BIGINT, kind VARCHAR)",
        "CREATE OR REPLACE TEMP TABLE verdict (row_id BIGINT, rank INTEGER)",
    ):
        engine.run(Statement(text))
    for kind in kinds:
        with engine.load("incoming", events[kind.name]):
            _stage(engine, kind.name, hashed.get(kind.name), lines="order_line" in events)
        engine.run(statements.find_conflicts(kind))
    _take_out_conflicts(engine, stored, tuple(events))
    values = {"recorded_at": context.recorded_at, "import_id": context.import_id}
    for kind in kinds:
        for statement in statements.judge(kind):
            engine.run(statement)
        for statement in statements.insert_fresh(kind):
            engine.run(_with(statement, values))
        _count(engine, stored, kind.name, import_id=context.import_id)
    stored.verdicts = {
        number(row["rank"]): number(row["rows"])
        for row in rows_of(
            engine,
            Statement(
                """SELECT rank, count(*) AS rows
                FROM (SELECT row_id, min(rank) AS rank FROM verdict GROUP BY row_id)
                GROUP BY rank"""
            ),
        )
    }
    if {"order_line", "payment"} & set(events):
        stored.rematched = _rematch(engine, values, brings=tuple(events))
    return stored


def _with(statement: Statement, values: Mapping[str, object]) -> Statement:
    used = {name: value for name, value in values.items() if f"${name}" in statement.text}
    return Statement(statement.text, {**statement.values, **used})


def _stage(engine: Engine, name: str, hashed: str | None, *, lines: bool) -> None:
    previous = None
    if name == "payment":
        previous = statements.REFUND_MATCHED
        for statement in statements.known_originals(lines=lines, payments=True):
            engine.run(statement)
    for statement in statements.stage(KINDS[name], hashed=hashed, previous=previous):
        engine.run(statement)


def _take_out_conflicts(engine: Engine, stored: Stored, kinds: Sequence[str]) -> None:
    found = rows_of(
        engine,
        Statement("SELECT row_id, min(kind) AS kind FROM bad_row GROUP BY row_id ORDER BY row_id"),
    )
    stored.conflicts = [(number(row["row_id"]), str(row["kind"])) for row in found]
    if found:
        for name in kinds:
            engine.run(statements.remove_conflicts(KINDS[name]))


def _count(engine: Engine, stored: Stored, name: str, *, import_id: int) -> None:
    kind = KINDS[name]
    counted = rows_of(engine, statements.count_fresh(kind))[0]
    stored.events[name] = number(counted["fresh"])
    stored.older += number(counted["older"])
    if kind.money_columns:
        query = _with(statements.money_sums(kind), {"import_id": import_id})
        parts = {str(row["part"]): row for row in rows_of(engine, query)}
        for column in kind.money_columns:
            key = (name, column)
            stored.duplicate_money[key] = number(parts["stage"][column]) - number(
                parts["fresh"][column]
            )
            stored.stored_money[key] = number(parts["stored"][column])


def _rematch(engine: Engine, values: Mapping[str, object], *, brings: Sequence[str]) -> int:
    """Mark refunds of earlier imports whose original came in with this one."""
    for statement in statements.known_originals(lines="order_line" in brings, payments=False):
        engine.run(statement)
    engine.run(_with(Statement(statements.MATCH_LATER), values))
    count = number(rows_of(engine, Statement("SELECT count(*) AS n FROM rematched"))[0]["n"])
    if count:
        for statement in statements.store_rematched(KINDS["payment"]):
            engine.run(_with(statement, values))
    return count


_STAGE_PEOPLE = """
CREATE OR REPLACE TEMP TABLE seen AS
SELECT party_id, id_type, token, min(quality) AS quality, bool_or(verified) AS verified,
  arg_min(source, (occurred_at, row_id)) AS source, arg_min(clinic, (occurred_at, row_id)) AS clinic,
  min(occurred_at) AS occurred_at, min(row_no) AS row_no
FROM incoming WHERE row_id NOT IN (SELECT row_id FROM bad_row)
GROUP BY party_id, id_type, token
"""
_LOWER_PEOPLE = """
UPDATE identity.observation AS o
SET occurred_at = least(o.occurred_at, s.occurred_at), verified = o.verified OR s.verified
FROM seen AS s
WHERE o.party_id = s.party_id AND o.id_type = s.id_type AND o.token = s.token
  AND (s.occurred_at < o.occurred_at OR (s.verified AND NOT o.verified))
"""
_INSERT_PEOPLE = """
INSERT INTO identity.observation
SELECT s.party_id, s.id_type, s.token, s.quality, s.verified, s.source, s.clinic, s.occurred_at,
  $recorded_at, $import_id, s.row_no
FROM seen AS s
ANTI JOIN identity.observation AS o
  ON o.party_id = s.party_id AND o.id_type = s.id_type AND o.token = s.token
ORDER BY s.party_id, s.id_type, s.token
"""


def store_people(people: Table, context: Context) -> int:
    """Store identifiers: one row per party, type and token, the earliest time kept.

    Returns how many are new. Call after ``store_events``, inside the transaction.
    """
    values = {"recorded_at": context.recorded_at, "import_id": context.import_id}
    with context.engine.load("incoming", people):
        context.engine.run(Statement(_STAGE_PEOPLE))
    context.engine.run(Statement(_LOWER_PEOPLE))
    before = _count_rows(context.engine)
    context.engine.run(Statement(_INSERT_PEOPLE, values))
    return _count_rows(context.engine) - before


def _count_rows(engine: Engine) -> int:
    query = Statement("SELECT count(*) AS n FROM identity.observation")
    return number(rows_of(engine, query)[0]["n"])


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


def store_quarantine(rows: Table, import_id: int, engine: Engine) -> None:
    """Store the cells at fault, one row each."""
    with engine.load("incoming", rows):
        engine.run(
            Statement(
                """INSERT INTO meta.quarantine
                SELECT $import_id, file_name, sheet, row_no, column_name, value_masked, reason, detail
                FROM incoming ORDER BY row_id""",
                {"import_id": import_id},
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
    names = [f'"{part}_{kind}"' for kind in kinds for part in ("stage", "fresh")]
    for name in (
        *names,
        "counted",
        "bad_row",
        "verdict",
        "seen",
        "known_line",
        "known_payment",
        "rematched",
    ):
        engine.run(Statement(f"DROP TABLE IF EXISTS {name}"))
