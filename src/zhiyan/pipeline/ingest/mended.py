"""Quarantined rows that a later import brought in after all leave the open list.

A row is mended when a later import takes a row of the same identity (system, kind and key, whatever
the clinic), or when a file of the same name holds every fact that the earlier one brought: then it
is the earlier file with its faults mended. Mended rows stay, with the import that resolved them.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from zhiyan.core.kinds import KINDS
from zhiyan.pipeline.ingest.statements import key_text
from zhiyan.ports import Engine, Statement

_FOUND_AGAIN = """resolved_by IS NULL AND row_key IN (SELECT row_key FROM taken_key
      WHERE row_id NOT IN (SELECT row_id FROM bad_row))"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """What of the open rows of the quarantine an import of a file of this name may mend.

    ``keyed`` says that some can be found again by their identity, ``earlier`` lists the imports of
    files of the same name that left some.
    """

    keyed: bool
    earlier: Sequence[int]

    @property
    def any(self) -> bool:
        """Whether there is anything to mend."""
        return self.keyed or bool(self.earlier)


def look(engine: Engine, file_name: str) -> Open:
    """Return what of the quarantine is open and may be mended."""
    query = """
        SELECT bool_or(row_key IS NOT NULL) AS keyed,
          list(DISTINCT import_id ORDER BY import_id) FILTER (file_name = $file_name) AS earlier
        FROM meta.quarantine WHERE resolved_by IS NULL"""
    row = engine.query(Statement(query, {"file_name": file_name})).to_pylist()[0]
    return Open(keyed=bool(row["keyed"]), earlier=row["earlier"] or ())


def note_keys(engine: Engine, name: str) -> None:
    """Note the identity of the rows offered as ``incoming`` for one kind."""
    engine.run(
        Statement(
            f"INSERT INTO taken_key SELECT row_id, {key_text(KINDS[name])} FROM incoming",  # noqa: S608 - identifiers come from the declaration of the kind
            {"kind": name},
        )
    )


def resolve(
    engine: Engine,
    waiting: Open,
    brought: tuple[Collection[str], Collection[str]],
    *,
    import_id: int,
) -> int:
    """Mark what this import mends; call before its own quarantine is stored. Returns rows mended.

    ``brought`` names the kinds that are staged, and those of which some gave way.
    """
    if not waiting.any:
        return 0
    mended = {"import_id": import_id}
    found = f"SELECT 1 FROM meta.quarantine WHERE {_FOUND_AGAIN} LIMIT 1"  # noqa: S608 - a text of ours
    again = bool(engine.query(Statement(found)).num_rows)
    if not again and not waiting.earlier:
        return 0
    before = _open_rows(engine)
    if again:
        text = f"UPDATE meta.quarantine SET resolved_by = $import_id WHERE {_FOUND_AGAIN}"  # noqa: S608 - a text of ours
        engine.run(Statement(text, mended))
    for earlier in waiting.earlier:
        if _holds_all(engine, earlier, brought):
            engine.run(
                Statement(
                    """UPDATE meta.quarantine SET resolved_by = $import_id
                    WHERE resolved_by IS NULL AND import_id = $earlier""",
                    {**mended, "earlier": earlier},
                )
            )
    return before - _open_rows(engine)


def _open_rows(engine: Engine) -> int:
    query = """SELECT count(DISTINCT (import_id, file_name, sheet, row_no)) AS n
        FROM meta.quarantine WHERE resolved_by IS NULL"""
    return int(engine.query(Statement(query)).to_pylist()[0]["n"])


def _holds_all(
    engine: Engine, earlier: int, brought: tuple[Collection[str], Collection[str]]
) -> bool:
    """Return whether this import brings every fact again that an earlier one brought, if any."""
    kinds, covered = brought
    held = missing = 0
    for kind in KINDS:
        tables = [f'"stage_{kind}"'] if kind in kinds else []
        tables += [f'"covered_{kind}"'] if kind in covered else []
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
        held, missing = held + int(row["n"]), missing + int(row["missing"])
    return held > 0 and missing == 0
