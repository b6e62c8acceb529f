"""The other parts of a source: recognition, system, clinic, identifiers, drops, packages."""

from collections.abc import Mapping
from dataclasses import replace

from zhiyan.core.identity import IdType
from zhiyan.pipeline.ingest.load_fields import FieldBook, read_conditions, read_fields
from zhiyan.pipeline.ingest.mapping import (
    Allocation,
    Drop,
    Identifier,
    ListName,
    Place,
    Recognition,
    ReferenceList,
    System,
)
from zhiyan.pipeline.ingest.nodes import Item

__all__ = [
    "read_allocation",
    "read_drops",
    "read_fields",
    "read_identifiers",
    "read_place",
    "read_recognition",
    "read_reference",
    "read_system",
]


def read_recognition(item: Item | None, book: FieldBook) -> Recognition:
    """Read how a table is recognised."""
    if item is None:
        return Recognition()
    record = item.record(("need", "one_of", "never", "words", "words_needed"))
    groups = record["one_of"].parts() if "one_of" in record else ()
    return Recognition(
        need=_names(record, "need", book),
        one_of=tuple(book.references(group, ("words",)) for group in groups),
        never=_names(record, "never", book),
        words=record["words"].texts() if "words" in record else (),
        words_needed="words_needed" in record and record["words_needed"].flag(),
    )


def _names(record: Mapping[str, Item], key: str, book: FieldBook) -> tuple[str, ...]:
    return book.references(record[key]) if key in record else ()


def read_system(item: Item | None, book: FieldBook) -> System:
    """Read the source system: a name, or a record with words or a field that tell it."""
    if item is None:
        return System(name="")
    if not item.is_map:
        return System(name=item.text())
    record = item.record(("name", "field", "codes", "words"))
    if "name" not in record:
        item.wrong("a system needs a name", code="ZY333")
        return System(name="")
    words = record["words"].entries() if "words" in record else ()
    return System(
        name=record["name"].text(),
        field=book.reference(record["field"]) if "field" in record else None,
        codes=book.codes(record["codes"]) if "codes" in record else None,
        words={name: part.texts() for name, part in words},
    )


def read_place(item: Item | None, book: FieldBook) -> Place:
    """Read where the clinic comes from: a field, ``const``, or a pattern on the file name."""
    if item is None:
        return Place()
    if not item.is_map:
        return Place(field=book.reference(item))
    record = item.record(("field", "const", "file", "in_key"))
    place = Place(
        field=book.reference(record["field"]) if "field" in record else None,
        const=record["const"].text() if "const" in record else None,
        file=record["file"].text() if "file" in record else None,
    )
    return replace(place, in_key=record["in_key"].flag()) if "in_key" in record else place


def read_identifiers(item: Item | None, book: FieldBook) -> tuple[Identifier, ...]:
    """Read the identifiers that a row carries."""
    return tuple(_identifier(part, book) for part in item.parts()) if item is not None else ()


def _identifier(item: Item, book: FieldBook) -> Identifier:
    record = item.record(("type", "field", "verified", "scope", "when"))
    for key in ("type", "field"):
        if key not in record:
            item.wrong(f"an identifier needs {key!r}", code="ZY333")
    kinds = [str(kind) for kind in IdType]
    return Identifier(
        type=record["type"].choice(kinds, "type of identifier") if "type" in record else "",
        field=book.reference(record["field"]) if "field" in record else "",
        verified="verified" in record and record["verified"].flag(),
        scope=record["scope"].text() if "scope" in record else "",
        when=read_conditions(record["when"], book) if "when" in record else (),
        where=item.where,
    )


#: Columns of each list, what identifies its rows first.
LIST_COLUMNS = {
    ListName.CLINICS: ("code", "name", "city", "legal_entity"),
    ListName.STAFF: ("code", "name", "role", "clinic", "left_at"),
}


def read_reference(item: Item | None, book: FieldBook) -> ReferenceList | None:
    """Read which list the rows fill instead of events, and which field fills which column."""
    if item is None:
        return None
    record = item.record(("list", "columns"))
    for key in ("list", "columns"):
        if key not in record:
            item.wrong(f"a reference list needs {key!r}", code="ZY333")
            return None
    names = [str(name) for name in ListName]
    chosen = record["list"].choice(names, "reference list")
    if chosen not in names:
        return None
    known = LIST_COLUMNS[ListName(chosen)]
    columns = {name: book.reference(at) for name, at in record["columns"].record(known).items()}
    if "code" not in columns or "name" not in columns:
        item.wrong("a reference list needs `code` and `name`", code="ZY333")
    ordered = {name: columns[name] for name in known if name in columns}
    return ReferenceList(name=ListName(chosen), columns=ordered)


def read_drops(item: Item | None, book: FieldBook) -> tuple[Drop, ...]:
    """Read which rows are no facts, and the reason under which they are counted."""
    return tuple(_drop(part, book) for part in item.parts()) if item is not None else ()


def _drop(item: Item, book: FieldBook) -> Drop:
    record = item.record(("reason", "when"))
    if "reason" not in record or "when" not in record:
        item.wrong("a drop rule needs `reason` and `when`", code="ZY333")
        return Drop(reason="", when=())
    return Drop(reason=record["reason"].text(), when=read_conditions(record["when"], book))


def read_allocation(item: Item | None, book: FieldBook) -> Allocation | None:
    """Read how a package's price is shared among its lines."""
    if item is None:
        return None
    record = item.record(("group", "total", "by", "target"))
    missing = [key for key in ("group", "total", "by", "target") if key not in record]
    if missing:
        item.wrong(f"an allocation needs {missing}", code="ZY333")
        return None
    return Allocation(
        group=book.references(record["group"]),
        total=book.reference(record["total"]),
        by=book.reference(record["by"]),
        target=book.reference(record["target"]),
    )
