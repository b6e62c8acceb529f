"""Mapping files: YAML text -> checked sources; every mistake of every file in one report."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from zhiyan.core.identity import IdType
from zhiyan.core.kinds import KINDS
from zhiyan.errors import DataError, Problem
from zhiyan.pipeline.ingest.load_emission import FieldBook, read_emission
from zhiyan.pipeline.ingest.load_rows import (
    read_allocation,
    read_drops,
    read_fields,
    read_identifiers,
    read_place,
    read_recognition,
    read_reference,
    read_system,
)
from zhiyan.pipeline.ingest.mapping import Field, Source
from zhiyan.pipeline.ingest.nodes import Item, Mistakes, compose, nearest
from zhiyan.pipeline.ingest.parsers import NAME_PARSERS

SOURCE_KEYS = (
    "name",
    "title",
    "system",
    "use",
    "recognise",
    "sheets",
    "header_at",
    "header_rows",
    "fields",
    "clinic",
    "drop",
    "allocate",
    "identifiers",
    "anonymous",
    "codes",
    "emit",
    "reference",
)
_PERSONAL = {*NAME_PARSERS, "phone", "id_card", "email"}
_ANONYMOUS = ("quarantine", "drop", "keep")

CodeTables = Mapping[str, Mapping[str, str]]


@dataclass(slots=True)
class Shared:
    """What the files of a folder offer to all their sources: code tables and fields."""

    codes: dict[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    fields: dict[str, Field] = field(default_factory=dict[str, Field])


def load_sources(folders: Sequence[Path]) -> tuple[Source, ...]:
    """Read every ``*.yaml`` of the folders, in order; a later source replaces one of its name.

    Sources of a later folder have a higher rank: they are taken before those of an earlier one
    wherever they fit a table.

    Raises:
        DefinitionError: codes ``ZY330`` (no YAML), ``ZY331`` (wrong key or value), ``ZY332``
            (unknown name), ``ZY333`` (incomplete); holds every mistake of every file.
    """
    texts = [
        (_text_of(path), path.name, rank)
        for rank, folder in enumerate(folders)
        for path in sorted(folder.glob("*.yaml"))
    ]
    return _load(texts)


def load_mapping(path: Path, beside: Sequence[Source] = ()) -> tuple[Source, ...]:
    """Read the sources of one mapping file; code tables of ``beside`` may be named in it.

    Raises:
        DefinitionError: as ``load_sources``.
        DataError: ``ZY334`` if the file cannot be read.
    """
    tables = {name: table for source in beside for name, table in source.codes.items()}
    return _load([(_text_of(path), path.name, 0)], tables)


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            Problem(
                code="ZY334",
                message="the mapping file cannot be read",
                where=str(path),
                hint="it must be an UTF-8 text file",
            )
        ) from error


def _load(
    texts: Sequence[tuple[str, str, int]], tables: CodeTables | None = None
) -> tuple[Source, ...]:
    mistakes = Mistakes()
    roots: list[tuple[dict[str, Item], str, int]] = []
    for text, file, rank in texts:
        root = compose(text, file, mistakes)
        if root is not None:
            digest = hashlib.sha256(text.encode()).hexdigest()
            roots.append((root.record(("codes", "fields", "sources")), digest, rank))
    shared = Shared(codes=dict(tables or {}))
    for root, _, _ in roots:
        if "codes" in root:
            shared.codes.update(read_codes(root["codes"]))
        shared.fields.update(read_fields(root.get("fields")))
    found: dict[str, Source] = {}
    for root, digest, rank in roots:
        for item in root["sources"].parts() if "sources" in root else ():
            source = replace(_read_source(item, shared, digest), rank=rank)
            found[source.name] = source
    mistakes.raise_if_any()
    return tuple(found.values())


def read_codes(item: Item) -> dict[str, dict[str, str]]:
    """Read code tables: table name -> text in the file -> code."""
    return {
        table: {raw: code.text() for raw, code in entries.entries()}
        for table, entries in item.entries()
    }


def _read_source(item: Item, shared: Shared, digest: str) -> Source:
    record = item.record(SOURCE_KEYS)
    filler = "reference" if "reference" in record else "emit"
    for key in ("name", "system", filler):
        if key not in record:
            item.wrong(f"a source needs {key!r}", code="ZY333")
    name = record["name"].text() if "name" in record else ""
    tables = {**shared.codes, **(read_codes(record["codes"]) if "codes" in record else {})}
    fields = _used(record.get("use"), shared) | read_fields(record.get("fields"))
    book = FieldBook(fields, tables)
    emissions = tuple(
        read_emission(part, book, tuple(KINDS))
        for part in (record["emit"].parts() if "emit" in record else ())
    )
    source = Source(
        name=name,
        title=record["title"].text() if "title" in record else name,
        system=read_system(record.get("system"), book),
        fields=(),
        emit=emissions,
        clinic=read_place(record.get("clinic"), book),
        identifiers=read_identifiers(record.get("identifiers"), book),
        drops=read_drops(record.get("drop"), book),
        allocate=read_allocation(record.get("allocate"), book),
        reference=read_reference(record.get("reference"), book),
        codes=tables,
        where=item.where,
        fingerprint=digest,
    )
    names = {field.name for field in book.fields}
    for one in book.fields:
        for other in {one.times, one.beside} - names - {None}:
            item.wrong(f"field {one.name!r} names an unknown field {other!r}", code="ZY332")
    source = replace(
        source, fields=book.fields, recognise=read_recognition(record.get("recognise"), book)
    )
    _check_private(source, item)
    return _with_options(source, record)


def _check_private(source: Source, item: Item) -> None:
    """Note columns that would carry what names a person into the warehouse."""
    personal = {i.field for i in source.identifiers if i.type != str(IdType.BIRTHDATE)}
    personal |= {f.name for f in source.fields if f.parse in _PERSONAL}
    for emission in source.emit:
        for how in emission.columns:
            bare = {*how.hash, *(() if how.token else how.fields)} & personal
            if bare:
                message = f"{how.column!r} would hold {sorted(bare)} in clear"
                item.mistakes.add(
                    "ZY331", message, how.where, hint="use `token: true` or `hash: [party]`"
                )


def _used(item: Item | None, shared: Shared) -> dict[str, Field]:
    found: dict[str, Field] = {}
    for part in item.parts() if item is not None else ():
        name = part.text()
        if name in shared.fields:
            found[name] = shared.fields[name]
        else:
            part.wrong(f"no shared field {name!r}", nearest(name, shared.fields), "ZY332")
    return found


def _with_options(source: Source, record: Mapping[str, Item]) -> Source:
    anonymous = source.anonymous
    if "anonymous" in record:
        anonymous = record["anonymous"].choice(_ANONYMOUS, "way with rows without a person")
    return replace(
        source,
        anonymous=anonymous,
        header_at=_number(record.get("header_at")),
        header_rows=_number(record.get("header_rows")),
        sheets=record["sheets"].texts() if "sheets" in record else (),
    )


def _number(item: Item | None) -> int | None:
    if item is None:
        return None
    text = item.text()
    if not text.isdigit():
        item.wrong("expected a whole number")
        return None
    return int(text)
