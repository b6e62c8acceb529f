"""Tags by people: set, remove, confirm, in bulk by file, and how good the labels are."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from zhiyan.app.entering import Judge, Wish, known_of
from zhiyan.app.lookup import customer_named, tag_named
from zhiyan.app.session import Session
from zhiyan.core.snapshot import Manifest
from zhiyan.core.tag import Tag, TagKind
from zhiyan.core.time import naive_utc
from zhiyan.errors import DataError, Problem, UsageError
from zhiyan.lang.forbidden import ForbiddenList
from zhiyan.pipeline.ingest.read import RawTable, ReadOptions, label_key, read_tables
from zhiyan.pipeline.manual import (
    Batch,
    Look,
    Mark,
    Rules,
    Wanted,
    Way,
    drop_entries,
    known_file,
    listed,
    live,
    make_entries,
    record,
)

#: Columns of a file of tags, and the headers that they may have.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "customer": ("customer", "customer_id", "客户", "客户编号", "客户ID"),
    "tag": ("tag", "code", "标签", "标签编码"),
    "value": ("value", "值", "标签值"),
    "author": ("author", "录入人", "标注人", "顾问"),
    "reason": ("reason", "理由", "依据", "原因"),
    "until": ("until", "有效期至", "失效日期", "到期日"),
    "at": ("at", "得知时间", "标注时间", "录入时间"),
}
NEEDED = ("customer", "tag", "value", "author", "reason")
_DATE = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T](\d{1,2}:\d{2})(?::\d{2}(?:\.\d+)?)?)?\Z"
)
_FOREVER = datetime(9999, 12, 31)  # noqa: DTZ001 - stored moments are naive UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of an entering: entries stored, there already, ended; ``file`` where from one."""

    stored: int
    duplicates: int = 0
    ended: int = 0
    dry_run: bool = False
    file: str = ""
    marks: tuple[Mark, ...] = ()


class EntryReads(Protocol):
    """What the API asks about what people entered, at the newest snapshot."""

    def entered(self, customer_id: int, code: str | None = None) -> list[dict[str, Any]] | None:
        """Return the entries of a customer, for one tag or for all; None if there is no such one."""
        ...


def set_tag(session: Session, wish: Wish) -> Receipt:
    """Store one value; raises UsageError with every mistake, storing nothing."""
    now = naive_utc(session.clock.now())
    marks, problems = _judge(session, [wish], now).marks(wish)
    if problems:
        raise UsageError(*problems)
    return _store(session, marks, now, name=f"tag set {wish.tag}")


def confirm_tag(session: Session, wish: Wish) -> Receipt:
    """Record that the values in force still hold, which renews when they expire.

    Without ``until`` they hold again for as long as they were given at first. Raises UsageError,
    ``ZY529`` if nothing is in force.
    """
    now = naive_utc(session.clock.now())
    standing = [row for row in _in_force(session, wish, now) if row["status"] == "live"]
    judge = _judge(session, [wish], now)
    marks: list[Mark] = []
    problems: list[Problem] = []
    for row in standing:
        found, faults = judge.marks(replace(wish, value=row["value"]))
        length = row["expires_at"] - row["occurred_at"] if row["expires_at"] else None
        renewed = now + length if length is not None and not wish.until.strip() else None
        marks += [
            replace(mark, way=Way.CONFIRM, expires_at=renewed or mark.expires_at) for mark in found
        ]
        problems += faults
    if problems:
        raise UsageError(*dict.fromkeys(problems))
    return _store(session, marks, now, name=f"tag confirm {wish.tag}")


def remove_tag(session: Session, wish: Wish) -> Receipt:
    """End the entries in force (of a list, those of ``value``), and record who ended them and why.

    Before this moment they stand as they did. Raises UsageError, ``ZY529`` if nothing is in force.
    """
    now = naive_utc(session.clock.now())
    rows = _in_force(session, wish, now)
    judge = _judge(session, [wish], now)
    problems = judge.may_end(wish)
    if problems:
        raise UsageError(*problems)
    marks = [
        Mark(
            way=Way.REMOVE,
            party_id=party,
            tag=wish.tag.strip(),
            value=None,
            author=wish.author.strip(),
            reason=wish.reason.strip(),
            occurred_at=now,
        )
        for party in sorted({row["party_id"] for row in rows})
    ]
    ended = [row["event_id"] for row in rows]
    return _store(session, marks, now, name=f"tag remove {wish.tag}", ended=ended)


def set_from_file(session: Session, path: Path, *, dry_run: bool = False) -> Receipt:
    """Store all values of a file (CSV, Excel and the other kinds that imports read), or none.

    A file that was stored before changes nothing. Raises DataError with every mistake by its line.
    """
    now = naive_utc(session.clock.now())
    wishes, problems = _wishes(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if known_file(session.engine, digest) is not None and not problems:
        return Receipt(stored=0, duplicates=len(wishes), dry_run=dry_run, file=path.name)
    judge = _judge(session, wishes, now)
    marks: list[Mark] = []
    for wish in wishes:
        found, faults = judge.marks(wish)
        marks += found
        problems += faults
    problems += _contradictions(session.catalogue.tags, marks, path.name)
    if problems:
        raise DataError(*problems)
    if dry_run:
        return Receipt(stored=len(marks), dry_run=True, file=path.name, marks=tuple(marks))
    batch = Batch(name=path.name, digest=digest, recorded_at=now, rows=len(marks))
    stored = record(session.engine, marks, batch)
    return Receipt(
        stored=stored, duplicates=len(marks) - stored, file=path.name, marks=tuple(marks)
    )


def _store(
    session: Session,
    marks: Sequence[Mark],
    now: datetime,
    *,
    name: str,
    ended: Sequence[str] = (),
) -> Receipt:
    digest = hashlib.sha256("|".join(mark.entry_no for mark in marks).encode()).hexdigest()
    batch = Batch(name=name, digest=digest, recorded_at=now, rows=len(marks))
    stored = record(session.engine, marks, batch, ended=ended)
    return Receipt(
        stored=stored,
        duplicates=len(marks) - stored,
        ended=len(ended),
        marks=tuple(marks),
    )


def _judge(session: Session, wishes: Sequence[Wish], now: datetime) -> Judge:
    return Judge(
        catalogue=session.catalogue,
        zone=session.settings.zone,
        now=now,
        medical_authors=frozenset(session.settings.medical_authors),
        known=known_of(session, [wish.customer for wish in wishes]),
        forbidden=ForbiddenList(session.catalogue.forbidden),
    )


def _in_force(session: Session, wish: Wish, now: datetime) -> list[dict[str, Any]]:
    """Return the entries of a tag of a customer that count now, of one value if it is named."""
    tag = tag_named(session.catalogue, wish.tag.strip())
    customer = customer_named(wish.customer)
    owner = known_of(session, [wish.customer]).owner.get(customer, customer)
    look = Look(as_of=now, known_at=_FOREVER, customer_id=owner)
    make_entries(session.engine, Rules([tag]), look)
    rows = live(session.engine, owner, tag.code).to_pylist()
    drop_entries(session.engine)
    chosen = [row for row in rows if wish.value.strip() in ("", row["value"])]
    if not chosen:
        message = f"nothing that people entered is in force for {tag.code!r} of {wish.customer}"
        hint = "`zhiyan tag list` shows what is"
        raise UsageError(Problem(code="ZY529", message=message, hint=hint))
    return chosen


def _wishes(path: Path) -> tuple[list[Wish], list[Problem]]:
    """Read a file: one wish per row, and what is wrong with its shape (``ZY528``)."""
    labels = frozenset(name for names in COLUMNS.values() for name in names)
    wishes: list[Wish] = []
    problems: list[Problem] = []
    for table in read_tables(path, ReadOptions(known_labels=labels)):
        headers = _headers(table)
        lacking = [name for name in NEEDED if name not in headers]
        place = f"{table.file}" + (f", {table.sheet}" if table.sheet else "")
        if lacking:
            message = f"columns are missing: {', '.join(lacking)}"
            hint = "; ".join(f"{name}: {' / '.join(COLUMNS[name])}" for name in lacking)
            problems.append(Problem(code="ZY528", message=message, where=place, hint=hint))
            continue
        for bad in table.rejected:
            where = f"{place}, line {bad.row_no}"
            problems.append(Problem(code="ZY528", message=f"{bad.reason}", where=where))
        rows = table.rows.select([headers[name] for name in headers]).to_pylist()
        for row, number in zip(rows, table.row_no.to_pylist(), strict=True):
            cells = {name: str(row[header] or "") for name, header in headers.items()}
            cells |= {name: _iso(cells[name]) for name in ("until", "at") if name in cells}
            wishes.append(Wish(**cells, place=f"{place}, line {number}", row_no=number))
    return wishes, problems


def _headers(table: RawTable) -> dict[str, str]:
    """Return for each column of ours the header that it has in the table."""
    keys = {label_key(header): header for header in table.headers}
    found: dict[str, str] = {}
    for name, labels in COLUMNS.items():
        header = next((keys[k] for label in labels if (k := label_key(label)) in keys), None)
        if header is not None:
            found[name] = header
    return found


def _iso(text: str) -> str:
    """Return a date as people and Excel write it in ISO form, other text as it is."""
    match = _DATE.match(text.strip())
    if match is None:
        return text
    year, month, day, time = match.groups()
    whole = f"{year}-{int(month):02d}-{int(day):02d}"
    return whole if time in (None, "0:00", "00:00") else f"{whole}T{time.zfill(5)}"


def _contradictions(tags: Mapping[str, Tag], marks: Sequence[Mark], file: str) -> list[Problem]:
    """Refuse two values of one author for one customer and tag at one moment (``ZY528``)."""
    first: dict[tuple[object, ...], Mark] = {}
    problems: list[Problem] = []
    for mark in marks:
        if tags[mark.tag].type.value == "list":
            continue
        key = (mark.party_id, mark.tag, mark.author, mark.occurred_at)
        other = first.setdefault(key, mark)
        if other.value != mark.value:
            message = (
                f"{mark.author!r} gives {mark.tag!r} another value than in line {other.row_no}"
            )
            hint = "keep one of them, or give both their moment in a column 'at'"
            where = f"{file}, line {mark.row_no}"
            problems.append(Problem(code="ZY528", message=message, where=where, hint=hint))
    return problems


def entries(session: Session, wanted: Wanted, *, as_of: datetime | None = None,
            known_at: datetime | None = None) -> pa.Table:  # fmt: skip
    """Return what people entered as of a moment (aware, now if None), the newest first."""
    moment = naive_utc(as_of or session.clock.now())
    known = naive_utc(known_at) if known_at else _FOREVER
    look = Look(as_of=moment, known_at=known, customer_id=wanted.customer_id)
    make_entries(session.engine, rules_of(session), look)
    found = listed(session.engine, wanted)
    drop_entries(session.engine)
    return found


def entries_behind(
    session: Session, manifest: Manifest, *, customer_id: int, tag: str | None
) -> pa.Table:
    """Return what people entered for a tag of a customer (None: for all), as a snapshot knew it."""
    look = Look(
        as_of=manifest.as_of,
        known_at=manifest.known_at,
        parties=f"snapshot.a_{manifest.snapshot_id}",
        customer_id=customer_id,
    )
    make_entries(session.engine, rules_of(session), look)
    found = listed(session.engine, Wanted(customer_id=customer_id, tag=tag, everything=True))
    drop_entries(session.engine)
    return found


def rules_of(session: Session) -> Rules:
    """Return the rules of all tags that people may enter."""
    tags = session.catalogue.tags.values()
    return Rules(tag for tag in tags if tag.kind is TagKind.MANUAL or tag.manual)
