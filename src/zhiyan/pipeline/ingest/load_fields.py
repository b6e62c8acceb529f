"""The fields part of a mapping file: what to look for in a table and how to read its cells."""

from collections.abc import Iterable, Mapping

from zhiyan.errors import DefinitionError
from zhiyan.pipeline.ingest.clean import CODE_TABLES, PARSERS, parse_options
from zhiyan.pipeline.ingest.mapping import Check, Condition, Field
from zhiyan.pipeline.ingest.nodes import Item, nearest

#: Names that stand for reference data of the workspace instead of a code table.
REFERENCES = ("items", "clinics", "staff")

_OPTION_TEXTS = ("separators", "unit", "rounding", "date_order", "epoch", "table")
_OPTION_LISTS = ("null_words", "placeholders", "dial_prefixes", "true_words", "false_words")
_OPTION_NUMBERS = ("width", "offset_minutes")
OPTIONS = (*_OPTION_TEXTS, *_OPTION_LISTS, *_OPTION_NUMBERS)
FIELD_KEYS = (
    "from",
    "parse",
    "fill",
    "required",
    "negate",
    "times",
    "beside",
    "shared",
    "soft",
    "strip",
    "words",
    *OPTIONS,
)


class FieldBook:
    """The fields of one source while it is read; resolves names and notes unknown ones."""

    def __init__(
        self, fields: Mapping[str, Field], tables: Mapping[str, Mapping[str, str]]
    ) -> None:
        self._fields = dict(fields)
        self._tables = tables

    @property
    def fields(self) -> tuple[Field, ...]:
        """All fields, those written inline last."""
        return tuple(self._fields.values())

    def reference(self, item: Item, extra: Iterable[str] = ()) -> str:
        """Return the name of a declared field (or one of ``extra``)."""
        name = item.text()
        known = (*self._fields, *extra)
        if name not in known:
            hint = nearest(name, known) or "headers are written as `from: [header]`"
            item.wrong(f"unknown field {name!r}", hint, "ZY332")
        return name

    def references(self, item: Item, extra: Iterable[str] = ()) -> tuple[str, ...]:
        """Return the names of declared fields in a list or a single one."""
        return tuple(self.reference(part, extra) for part in item.parts())

    def inline(self, record: Mapping[str, Item]) -> str:
        """Add a field that is written where it is used; return its name."""
        headers = record["from"].texts()
        name = headers[0] if headers else ""
        made = _field(name, {key: item for key, item in record.items() if key in FIELD_KEYS})
        if name in self._fields and self._fields[name] != made:
            record["from"].wrong(f"header {name!r} is read in two ways", "declare it in fields")
        self._fields[name] = made
        return name

    def codes(self, item: Item) -> str:
        """Return the name of a known code table or kind of reference data."""
        name = item.text()
        known = (*self._tables, *CODE_TABLES, *REFERENCES)
        if name not in known:
            item.wrong(f"unknown code table {name!r}", nearest(name, known), "ZY332")
        return name

    def leads_to(self, name: str, values: Iterable[str]) -> bool:
        """Return whether a code table (if there is one of that name) holds one of the codes."""
        table = self._tables.get(name) or CODE_TABLES.get(name)
        return table is None or bool(set(table.values()) & set(values))


def read_fields(item: Item | None) -> dict[str, Field]:
    """Read ``fields``: name -> synonyms, or name -> a record of headers, parser and options."""
    fields: dict[str, Field] = {}
    for name, part in item.entries() if item is not None else ():
        if part.is_map:
            record = part.record(FIELD_KEYS)
            if "from" not in record:
                part.wrong("a field needs `from`: the headers to look for", code="ZY333")
                continue
            fields[name] = _field(name, record)
        else:
            fields[name] = Field(name=name, headers=part.texts())
    return fields


def _field(name: str, record: Mapping[str, Item]) -> Field:
    parse = record["parse"].choice(PARSERS, "parser") if "parse" in record else None
    return Field(
        name=name,
        headers=record["from"].texts(),
        parse=parse,
        options=_options(record),
        fill=record["fill"].choice(("merged", "always"), "way to fill") if "fill" in record else "",
        required=_flag(record, "required"),
        negate=_flag(record, "negate"),
        times=record["times"].text() if "times" in record else None,
        beside=record["beside"].text() if "beside" in record else None,
        shared=_flag(record, "shared"),
        soft=_flag(record, "soft"),
        strip=record["strip"].texts() if "strip" in record else (),
        words={word: text.text() for word, text in record["words"].entries()}
        if "words" in record
        else {},
    )


def _flag(record: Mapping[str, Item], key: str) -> bool:
    return key in record and record[key].flag()


def _options(record: Mapping[str, Item]) -> dict[str, object]:
    raw: dict[str, object] = {k: record[k].text() for k in _OPTION_TEXTS if k in record}
    raw |= {key: list(record[key].texts()) for key in _OPTION_LISTS if key in record}
    for key in _OPTION_NUMBERS:
        if key in record:
            text = record[key].text()
            if text.lstrip("-").isdigit():
                raw[key] = int(text)
            else:
                record[key].wrong("expected a whole number")
    try:
        parse_options(raw)
    except DefinitionError as error:
        for problem in error.problems:
            record["from"].wrong(problem.message, problem.hint, problem.code)
    return raw


def read_conditions(item: Item, book: FieldBook) -> tuple[Condition, ...]:
    """Read conditions: ``{field: F, is: CHECK}``, ``{field: F, in: [...]}``, ``not_in``.

    ``filled`` and ``blank`` may be asked of a list of fields: any is filled, all are blank.
    """
    return tuple(_condition(part, book) for part in item.parts())


def _condition(item: Item, book: FieldBook) -> Condition:
    record = item.record(("field", "is", "in", "not_in"))
    names = book.references(record["field"]) if "field" in record else ()
    name = names[0] if names else ""
    tests = [key for key in ("is", "in", "not_in") if key in record]
    if not name or len(tests) != 1:
        item.wrong("a condition needs `field` and one of `is`, `in`, `not_in`", code="ZY333")
        return Condition(field=name, check=Check.FILLED)
    if tests == ["is"]:
        simple = [str(check) for check in Check if check not in {Check.IN, Check.NOT_IN}]
        value = record["is"].choice(simple, "test")
        check = Check(value) if value in simple else Check.FILLED
        if len(names) > 1 and check not in {Check.FILLED, Check.BLANK}:
            item.wrong("only `filled` and `blank` may be asked of several fields")
        return Condition(field=name, check=check, also=names[1:])
    if len(names) > 1:
        item.wrong("only `filled` and `blank` may be asked of several fields")
    return Condition(field=name, check=Check(tests[0]), values=record[tests[0]].texts())
