"""Quarantined rows that a later import brought in after all leave the open list.

A row is mended when a later import takes a row of the same identity (system, kind and key, whatever
the clinic), or when a file of the same name holds every fact that the earlier one brought: then it
is the earlier file with its faults mended. Mended rows stay, with the import that resolved them.
"""

from collections.abc import Collection

from zhiyan.core.kinds import KINDS
from zhiyan.pipeline.ingest.cover import COVERABLE
from zhiyan.pipeline.ingest.statements import key_text
from zhiyan.ports import Engine, Statement


def open_keys(engine: Engine) -> bool:
    """Return whether any open row of the quarantine could be found again by its identity."""
    query = """SELECT count(*) AS n FROM meta.quarantine
        WHERE resolved_by IS NULL AND row_key IS NOT NULL"""
    return bool(engine.query(Statement(query)).to_pylist()[0]["n"])


def note_keys(engine: Engine, name: str) -> None:
    """Note the identity of the rows offered as ``incoming`` for one kind."""
    engine.run(
        Statement(
            f"INSERT INTO taken_key SELECT row_id, {key_text(KINDS[name])} FROM incoming",  # noqa: S608 - identifiers come from the declaration of the kind
            {"kind": name},
        )
    )


def resolve(engine: Engine, file_name: str, *, import_id: int, kinds: Collection[str]) -> int:
    """Mark what this import mends; call before its own quarantine is stored. Returns rows mended."""
    mended = {"import_id": import_id}
    before = _open_rows(engine)
    engine.run(
        Statement(
            """UPDATE meta.quarantine SET resolved_by = $import_id
            WHERE resolved_by IS NULL AND row_key IN (SELECT row_key FROM taken_key
              WHERE row_id NOT IN (SELECT row_id FROM bad_row))""",
            mended,
        )
    )
    names = engine.query(
        Statement(
            """SELECT DISTINCT import_id FROM meta.quarantine
            WHERE resolved_by IS NULL AND file_name = $file_name""",
            {"file_name": file_name},
        )
    ).to_pylist()
    for row in names:
        if _holds_all(engine, int(row["import_id"]), kinds):
            engine.run(
                Statement(
                    """UPDATE meta.quarantine SET resolved_by = $import_id
                    WHERE resolved_by IS NULL AND import_id = $earlier""",
                    {**mended, "earlier": int(row["import_id"])},
                )
            )
    return before - _open_rows(engine)


def _open_rows(engine: Engine) -> int:
    query = """SELECT count(DISTINCT (import_id, file_name, sheet, row_no)) AS n
        FROM meta.quarantine WHERE resolved_by IS NULL"""
    return int(engine.query(Statement(query)).to_pylist()[0]["n"])


def _holds_all(engine: Engine, earlier: int, kinds: Collection[str]) -> bool:
    """Return whether this import brings every fact again that an earlier one brought, if any."""
    brought = missing = 0
    for kind in KINDS:
        tables = [f'"stage_{kind}"'] if kind in kinds else []
        tables += [f'"covered_{kind}"'] if kind in kinds and kind in COVERABLE else []
        seen = " UNION ALL ".join(f"SELECT event_id FROM {table}" for table in tables)  # noqa: S608 - declared names
        seen = seen or "SELECT NULL::UUID AS event_id"
        row = engine.query(
            Statement(
                f"""SELECT count(*) AS n, count(*) FILTER (event_id NOT IN (
                  SELECT event_id FROM ({seen}) WHERE event_id IS NOT NULL)) AS missing
                FROM event."{kind}" WHERE import_id = $earlier AND row_no IS NOT NULL""",  # noqa: S608 - identifiers come from the declaration of the kind
                {"earlier": earlier},
            )
        ).to_pylist()[0]
        brought, missing = brought + int(row["n"]), missing + int(row["missing"])
    return brought > 0 and missing == 0
