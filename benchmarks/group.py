"""The synthetic clinic group as the warehouse of a real workspace, of any size, made by SQL alone.

Events come in the order of time, in batches, so that memory stays low. The same size gives the same
group. ``made`` keeps it in a cache folder for later runs.
"""

import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from benchmarks.streams import JOINING, MACROS, ROWS, Rows
from zhiyan.app.session import WAREHOUSE
from zhiyan.app.workspace import Workspace
from zhiyan.core.kinds import KINDS
from zhiyan.core.time import aware
from zhiyan.pipeline.schema import event_columns

#: Three years, UTC, whole days in Shanghai.
BEGIN, END = datetime(2022, 12, 31, 16), datetime(2025, 12, 31, 16)  # noqa: DTZ001 - as stored
DAY_EVENTS = 0.065
BATCH = 2_000_000
CLINICS = [f"C{number:02}" for number in range(1, 21)]
#: Changes whenever the group does; older caches are made anew.
EDITION = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A workspace folder with so many customers; ``seconds`` it took to make."""

    folder: Path
    customers: int
    seconds: float
    events: dict[str, int]

    @property
    def warehouse(self) -> Path:
        """The DuckDB file."""
        return self.folder / WAREHOUSE

    @property
    def as_of(self) -> datetime:
        """The moment after the last event, aware."""
        return aware(END)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Occasions ``first`` to ``last`` (excluded) of a stream, spread evenly over some time."""

    first: int
    last: int
    begin: datetime
    end: datetime
    import_id: int


def made(cache: Path, customers: int) -> Group:
    """Return the group of a size, from the cache folder if it is there."""
    folder = cache / f"group-{customers}-{EDITION}"
    note = folder / "group.json"
    if not note.is_file():
        shutil.rmtree(folder, ignore_errors=True)
        begin = time.perf_counter()
        events = _make(folder, customers)
        told = {"seconds": time.perf_counter() - begin, "events": events}
        note.write_text(json.dumps(told), "utf-8")
    told = json.loads(note.read_text("utf-8"))
    return Group(folder=folder, customers=customers, **told)


def _make(folder: Path, customers: int) -> dict[str, int]:
    Workspace.create(folder)
    _set_clinics(folder)
    Workspace.open(folder).close()
    connection = connect(folder / WAREHOUSE, customers)
    _make_customers(connection, customers)
    for number, rows in enumerate(JOINING):
        _insert(connection, (rows, number), _joining(number), import_id=1)
    _note_import(connection, 1, "files")
    with ThreadPoolExecutor(2) as pool:
        for made in [
            pool.submit(_make_kind, folder, number, customers) for number in range(len(ROWS))
        ]:
            made.result()
    events = _counts(connection)
    connection.close()
    return events


def _make_kind(folder: Path, number: int, customers: int) -> None:
    """Fill the table of one of ``ROWS``, batch by batch."""
    rows, import_id = ROWS[number], number + 2
    connection = connect(folder / WAREHOUSE, customers)
    total = round(rows.stream.each * customers)
    step = BATCH // rows.per
    for first in range(0, total, step):
        last = min(first + step, total)
        begin, end = (BEGIN + (END - BEGIN) * (at / total) for at in (first, last))
        part = Stretch(first=first, last=last, begin=begin, end=end, import_id=import_id)
        add(connection, number, part)
    _note_import(connection, import_id, rows.kind)
    connection.close()


def add_day(warehouse: Path, customers: int, share: float = 1.0) -> tuple[int, int]:
    """Import one ordinary day after the end, or a share of it; return its events and customers."""
    connection = connect(warehouse, customers)
    newest = connection.execute("SELECT max(import_id) FROM meta.import_batch").fetchone()
    import_id = (newest[0] if newest else 0) + 1
    whole = sum(rows.stream.each * rows.per * rows.share for rows in ROWS)
    for number, rows in enumerate(ROWS):
        first = round(rows.stream.each * customers)
        count = round(rows.stream.each * customers * DAY_EVENTS / whole * share)
        part = Stretch(
            first=first,
            last=first + count,
            begin=END,
            end=END + timedelta(days=1),
            import_id=import_id,
        )
        add(connection, number, part)
    _note_import(connection, import_id, "day")
    found = " UNION ALL ".join(
        f"SELECT party_id FROM event.{kind} WHERE import_id = {import_id}" for kind in KINDS
    )
    told = connection.execute(
        f"SELECT count(*), count(DISTINCT customer_id) FROM ({found})"
        " JOIN identity.assignment USING (party_id)"
    ).fetchone()
    connection.close()
    return told or (0, 0)


def forget_days(warehouse: Path) -> None:
    """Remove everything that ``add_day`` imported."""
    connection = duckdb.connect(str(warehouse))
    later = f"WHERE import_id > {len(ROWS) + 1}"
    if connection.execute(f"SELECT 1 FROM meta.import_batch {later}").fetchone():
        for table in (*(f"event.{kind}" for kind in KINDS), "meta.import_batch"):
            connection.execute(f"DELETE FROM {table} {later}")
    connection.close()


def connect(warehouse: Path, customers: int) -> duckdb.DuckDBPyConnection:
    """Open a warehouse to add to, with the macros of the streams and the size of the group."""
    connection = duckdb.connect(str(warehouse))
    connection.execute("SET TimeZone = 'UTC'")
    for macro in MACROS:
        name, body = macro.split(" := ", 1)
        connection.execute(f"CREATE OR REPLACE TEMP MACRO {name} AS {body}")
    listed = connection.execute("SELECT code FROM ref.item ORDER BY code").fetchall()
    connection.execute("SET VARIABLE items = $1", [[code for (code,) in listed]])
    connection.execute("SET VARIABLE clinics = $1", [CLINICS])
    connection.execute("SET VARIABLE n = $1", [customers])
    return connection


def add(connection: duckdb.DuckDBPyConnection, number: int, part: Stretch) -> None:
    """Add the rows of a stretch of one of ``ROWS``."""
    rows = ROWS[number]
    span = (part.end - part.begin) / timedelta(microseconds=1)
    wide = (END - BEGIN) / timedelta(microseconds=1)
    moment = (
        f"TIMESTAMP '{part.begin}' + to_microseconds(floor((s - {part.first} + 0.5)"
        f" / {max(1, part.last - part.first)} * {span})::BIGINT)"
    )
    occasions = (
        f"SELECT i, i // {rows.per} AS s FROM range({part.first * rows.per},"
        f" {part.last * rows.per}) AS numbers (i)"
    )
    told = f"SELECT i, s, {moment} AS begun, getvariable('n') AS n FROM ({occasions})"
    share = f"epoch_us(begun - TIMESTAMP '{BEGIN}') / {wide}"
    query = (
        f"SELECT i, s, begun + to_seconds((i % {rows.per}) * {rows.seconds}) AS t,"
        f" drawn(s, '{rows.stream.name}', m) AS c, n"
        f" FROM (SELECT *, joined({share}, n) AS m FROM ({told}))"
    )
    _insert(connection, (rows, number + 100), query, import_id=part.import_id)


def _joining(number: int) -> str:
    """Return the rows of the customer files: one per party, when it was first seen."""
    return f"SELECT p AS i, p AS s, seen + to_hours({number}) AS t, c, n FROM party ORDER BY seen"


def _make_customers(connection: duckdb.DuckDBPyConnection, customers: int) -> None:
    """Every customer, every tenth with a second party; the last tenth are recent."""
    days = (END - BEGIN).days
    connection.execute(
        f"""CREATE TEMP TABLE party AS
        SELECT *, TIMESTAMP '{BEGIN}'
          + to_seconds(floor((c / n - 0.3) / 0.7 * {days - 1} * 86400)::BIGINT) AS seen
        FROM (SELECT p, CASE WHEN p < n THEN p ELSE (p - n) * 10 END AS c, n
          FROM (SELECT p, getvariable('n') AS n FROM range({customers + customers // 10}) AS r (p)))
        """
    )
    connection.execute(
        f"INSERT INTO identity.assignment SELECT {_id('p', 'party')}, {_id('c', 'customer')}, seen"
        " FROM party ORDER BY 1"
    )
    connection.execute(
        f"""INSERT INTO identity.identifier
        SELECT {_id("c", "customer")}, id_type, md5(id_type || c), 'ok', true, 1, seen, 950000
        FROM party, unnest(['phone', 'unionid', 'external_userid']) AS types (id_type)
        WHERE p < n AND (id_type = 'phone' OR u(c, id_type) < 0.5)"""
    )


def _id(name: str, what: str) -> str:
    return f"(hash({name}, '{what}') >> 1)::BIGINT"


def _insert(
    connection: duckdb.DuckDBPyConnection, which: tuple[Rows, int], query: str, *, import_id: int
) -> None:
    rows, number = which
    party = "CASE WHEN c % 10 = 0 AND c < n // 10 * 10 AND u(i, 'file') < 0.3 THEN n + c // 10 ELSE c END"
    values = {
        "event_id": f"md5('{number}|' || i)::UUID",
        "party_id": _id(f"({'i' if number < 100 else party})", "party"),
        "recorded_at": "date_trunc('day', t) + to_days(1)",
        "content_hash": f"hash(i, '{rows.kind}')",
        "import_id": str(import_id),
        "row_no": "i % 2000000000",
        "source": "'his'",
        "clinic": "pick(CASE WHEN u(i, 'away') < 0.1 THEN i ELSE c END, 'clinic', $clinics)",
        "occurred_at": "t",
        **rows.values,
    }
    kind = KINDS[rows.kind]
    unknown = set(values) - {name for name, _ in event_columns(kind)}
    assert not unknown, (rows.kind, unknown)
    listed = ", ".join(
        f'{values[name]} AS "{name}"' for name, _ in event_columns(kind) if name in values
    )
    text = f'INSERT INTO event."{rows.kind}" BY NAME SELECT {listed} FROM ({query})'
    if rows.share < 1:
        text += f" WHERE u(s, '{number} kept') < {rows.share}"
    for name in ("items", "clinics"):
        text = text.replace(f"${name}", f"getvariable('{name}')")
    connection.execute(text)


def _note_import(connection: duckdb.DuckDBPyConnection, import_id: int, name: str) -> None:
    connection.execute(
        "INSERT INTO meta.import_batch (import_id, file_name, file_sha256, recorded_at)"
        f" VALUES ({import_id}, '{name}', md5('{import_id}'), TIMESTAMP '{END}')"
    )


def _counts(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    found: dict[str, int] = {}
    for kind in KINDS:
        row = connection.execute(f"SELECT count(*) FROM event.{kind}").fetchone()
        if row and row[0]:
            found[kind] = row[0]
    return found


def _set_clinics(folder: Path) -> None:
    path = folder / "zhiyan.yaml"
    lines = [
        line for line in path.read_text("utf-8").splitlines() if not line.startswith("clinics:")
    ]
    listed = [f"- {{code: {code}, name: {code}, city: 上海}}" for code in CLINICS]
    path.write_text("\n".join([*lines, "clinics:", *listed]) + "\n", "utf-8")
