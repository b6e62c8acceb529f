"""Lists of clinics and staff: rows that fill reference tables instead of becoming events."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from zhiyan.core.kinds import KINDS
from zhiyan.pipeline.ingest.arrays import Schema, filled, flat
from zhiyan.pipeline.ingest.cells import Cells
from zhiyan.pipeline.ingest.context import Context, plain_name
from zhiyan.pipeline.ingest.mapping import ListName, ReferenceList
from zhiyan.pipeline.ingest.read.arrow import pa
from zhiyan.pipeline.ingest.report import ImportReport
from zhiyan.ports import Engine, Statement

Row = dict[str, object]

_CLINICS = pa.schema(
    [(name, pa.string()) for name in ("code", "name", "city", "legal_entity")]
    + [("import_id", pa.int32())]
)
_STAFF = pa.schema(
    [(name, pa.string()) for name in ("code", "name_token", "role", "clinic")]
    + [("left_at", pa.timestamp("us"))]
)


@dataclass(slots=True)
class ListDraft:
    """One table that is a list: its cells, and its rows in clear before any is stored."""

    cells: Cells
    reference: ReferenceList
    rows: dict[int, Row] = field(default_factory=dict[int, Row])


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What became of the rows of lists: verdicts by row, and what the report should say."""

    accepted: int = 0
    duplicates: int = 0
    corrections: int = 0
    warnings: tuple[str, ...] = ()


def draft_list(cells: Cells, reference: ReferenceList) -> ListDraft:
    """Read the rows of a list; one without code or name lies in quarantine."""
    made = ListDraft(cells, reference)
    columns: dict[str, Sequence[object]] = {}
    for name, where in reference.columns.items():
        parser = {"left_at": "datetime", "code": "native_id"}.get(name, "text")
        values = flat(cells.parsed(where, parser).values)
        columns[name] = values.to_pylist()
        if name in {"code", "name"}:
            empty = ~filled(values) & ~cells.faults.bad
            cells.faults.add(empty, cells.columns.get(where, where), "missing_key")
    for row in np.flatnonzero(cells.faults.live).tolist():
        made.rows[row] = {name: values[row] for name, values in columns.items()}
    return made


def store_lists(drafts: Sequence[ListDraft], context: Context) -> Listed:
    """Store the rows of all lists, the later of two rows with one code; call in the transaction."""
    verdicts: Counter[str] = Counter()
    warnings: list[str] = []
    for draft in sorted(drafts, key=lambda one: one.reference.name != ListName.CLINICS):
        rows = list(draft.rows.values())
        if draft.reference.name is ListName.CLINICS:
            verdicts += _store_clinics(rows, context)
            warnings += _named_before(rows, context.engine)
        else:
            verdicts += _store_staff(rows, context)
    return Listed(
        accepted=verdicts["accepted"],
        duplicates=verdicts["duplicates"],
        corrections=verdicts["corrections"],
        warnings=tuple(warnings),
    )


def with_lists(report: ImportReport, listed: Listed) -> ImportReport:
    """Return the report with the rows of lists added to those of events."""
    return replace(
        report,
        accepted=report.accepted + listed.accepted,
        duplicates=report.duplicates + listed.duplicates,
        corrections=report.corrections + listed.corrections,
        warnings=(*report.warnings, *listed.warnings),
    )


def _store_clinics(rows: Sequence[Row], context: Context) -> Counter[str]:
    made = [
        {**{n: row.get(n) for n in _CLINICS.names}, "import_id": context.import_id} for row in rows
    ]
    context.engine.run(Statement(_FORGET_LISTED))
    verdicts = _replace_rows("meta.listed_clinic", made, _CLINICS, engine=context.engine)
    context.engine.run(Statement(_TAKE_LISTED))
    with context.engine.load("incoming", pa.Table.from_pylist(_last(made), schema=_CLINICS)):
        context.engine.run(
            Statement(
                """UPDATE ref.staff AS s SET clinic = i.code
                FROM incoming AS i WHERE s.clinic = i.name"""
            )
        )
    return verdicts


#: Clinics of the settings stay; those that only a list gave are made anew.
_FORGET_LISTED = """
DELETE FROM ref.clinic WHERE (code, name) IN (SELECT (code, name) FROM meta.listed_clinic)
"""
_TAKE_LISTED = """
INSERT INTO ref.clinic BY NAME SELECT code, name, city, legal_entity FROM meta.listed_clinic
WHERE code NOT IN (SELECT code FROM ref.clinic)
"""


def _store_staff(rows: Sequence[Row], context: Context) -> Counter[str]:
    names = [str(row["name"]) for row in rows]
    tokens = dict(zip(names, context.tokens("staff", names), strict=True)) if names else {}
    clinics = context.reference.plain("clinics") | _listed_names(context.engine)
    made: list[Row] = []
    for row in rows:
        place = row.get("clinic")
        known = clinics.get(plain_name(str(place)), str(place)) if place else None
        made.append(
            {
                "code": row["code"],
                "name_token": tokens[str(row["name"])],
                "role": row.get("role"),
                "clinic": known,
                "left_at": row.get("left_at"),
            }
        )
    return _replace_rows("ref.staff", made, _STAFF, engine=context.engine)


def _listed_names(engine: Engine) -> dict[str, str]:
    found = engine.query(Statement("SELECT code, name FROM ref.clinic")).to_pylist()
    return {plain_name(str(r[k])): str(r["code"]) for r in found for k in ("name", "code") if r[k]}


def _last(rows: Sequence[Row]) -> list[Row]:
    return list({str(row["code"]): row for row in rows}.values())


def _replace_rows(
    table: str, rows: Sequence[Row], schema: Schema, *, engine: Engine
) -> Counter[str]:
    """Put rows in place of those of their code; returns how many were new, known or other."""
    names = [name for name in schema.names if name != "import_id"]
    known: Mapping[str, tuple[object, ...]] = {
        str(row["code"]): tuple(row[name] for name in names)
        for row in engine.query(Statement(f"SELECT * FROM {table}")).to_pylist()  # noqa: S608 - two tables
    }
    seen = dict(known)
    verdicts: Counter[str] = Counter()
    for row in rows:
        content = tuple(row[name] for name in names)
        before = seen.get(str(row["code"]))
        same = "duplicates" if before == content else "corrections"
        verdicts["accepted" if before is None else same] += 1
        seen[str(row["code"])] = content
    with engine.load("incoming", pa.Table.from_pylist(_last(rows), schema=schema)):
        for text in (
            f"DELETE FROM {table} WHERE code IN (SELECT code FROM incoming)",  # noqa: S608 - two tables
            f"INSERT INTO {table} BY NAME SELECT * FROM incoming",  # noqa: S608 - as above
        ):
            engine.run(Statement(text))
    return verdicts


def _named_before(rows: Sequence[Row], engine: Engine) -> list[str]:
    """Say which earlier files name a clinic of the list that was not known when they came in."""
    wanted = {plain_name(str(row["name"])): str(row["code"]) for row in rows}
    counts: Counter[tuple[int, str]] = Counter()
    for kind in KINDS:
        query = Statement(
            f"""SELECT import_id, clinic, count(*) AS n FROM event."{kind}"
            WHERE clinic IS NOT NULL AND superseded_at IS NULL GROUP BY ALL"""  # noqa: S608 - declared kinds
        )
        for row in engine.query(query).to_pylist():
            code = wanted.get(plain_name(str(row["clinic"])))
            if code is not None and code != row["clinic"]:
                counts[(int(row["import_id"]), str(row["clinic"]))] += int(row["n"])
    return [
        f"第 {import_id} 次导入({_file_of(import_id, engine)})早于门店表,{count} 条记录里的门店“{name}”"
        "还不是编码;请重新导入该文件,旧记录会被替换"
        for (import_id, name), count in sorted(counts.items())
    ]


def _file_of(import_id: int, engine: Engine) -> str:
    query = Statement(
        "SELECT file_name FROM meta.import_batch WHERE import_id = $id", {"id": import_id}
    )
    found = engine.query(query).to_pylist()
    return str(found[0]["file_name"]) if found else "?"


def withdraw_renamed(digest: str, fixed: Sequence[str], context: Context) -> int:
    """Take back what earlier readings of the same bytes filed under the name of a clinic.

    Its clinics have a code by now, which is part of what identifies a fact; the rows come in again
    under it. ``fixed`` are kinds whose identity does not hold the clinic: these only get the code.
    Call in the transaction before the events are stored. Returns how many facts were taken back.
    """
    names = context.reference.plain("clinics")
    earlier = "SELECT import_id FROM meta.import_batch WHERE file_sha256 = $digest"
    count = 0
    for kind in KINDS if context.known else ():
        rows = f"""event."{kind}" WHERE import_id IN ({earlier}) AND superseded_at IS NULL"""
        found = context.engine.query(
            Statement(
                f"SELECT clinic, count(*) AS n FROM {rows} GROUP BY clinic",  # noqa: S608 - declared kinds
                {"digest": digest},
            )
        ).to_pylist()
        for row in found:
            old = row["clinic"]
            code = None if old is None else names.get(plain_name(str(old)))
            if code is None or code == old:
                continue
            _move(kind, (str(old), code), digest, fixed=kind in fixed, context=context)
            count += int(row["n"])
    return count


_UNSEE = "DELETE FROM identity.observation"
#: Tells the next resolve and refresh to look at everything: no fact is new, stored ones are others.
_REWRITTEN = {
    "identity.resolution": "UPDATE identity.resolution SET complete = false",
    "meta.snapshot": "UPDATE meta.snapshot SET complete = false",
}
_THERE = """
SELECT table_schema || '.' || table_name AS name FROM information_schema.tables
WHERE table_catalog = current_database()
"""


def _move(kind: str, names: tuple[str, str], digest: str, *, fixed: bool, context: Context) -> None:
    old, code = names
    earlier = "SELECT import_id FROM meta.import_batch WHERE file_sha256 = $digest"
    change = "clinic = $code" if fixed else "superseded_at = $now"
    values: dict[str, object] = {"digest": digest, "old": old}
    values |= {"code": code} if fixed else {"now": context.recorded_at}
    context.engine.run(
        Statement(
            f"""UPDATE event."{kind}" SET {change}
            WHERE clinic = $old AND superseded_at IS NULL AND import_id = ANY ({earlier})""",  # noqa: S608 - declared kinds
            values,
        )
    )
    there = context.engine.query(Statement(_THERE)).column("name").to_pylist()
    for table, text in _REWRITTEN.items():
        if table in there:
            context.engine.run(Statement(text))
    keep = {"digest": digest, "old": old, **({"code": code} if fixed else {})}
    where = f"WHERE clinic = $old AND import_id IN ({earlier})"
    verb = "UPDATE identity.observation SET clinic = $code" if fixed else _UNSEE
    context.engine.run(Statement(f"{verb} {where}", keep))
