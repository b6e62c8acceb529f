"""Which parser reads which column where the mapping does not say."""

from zhiyan.core.event import Column, ColumnType
from zhiyan.core.kinds import KINDS
from zhiyan.pipeline.ingest.mapping import Field, Identifier, Source

#: Parser of each type of identifier.
IDENTIFIER_PARSERS = {
    "phone": "phone",
    "name": "name",
    "id_card": "id_card",
    "email": "email",
    "birthdate": "date",
}
#: Parsers that read a name each in its own way.
NAME_PARSERS = ("name", "nickname", "remark_name")
_BY_TYPE = {
    ColumnType.INT: "int",
    ColumnType.FEN: "money",
    ColumnType.BOOL: "bool",
    ColumnType.DATE: "date",
    ColumnType.MOMENT: "datetime",
    ColumnType.CODE: "code",
    ColumnType.CODES: "codes",
}
_BY_NAME = {name: name for name in ("province", "city", "district")}
#: Texts that are numbers or keys of a system: kept as written, never scanned.
_KEYS = ("_no", "_key", "_id", "_ref", "_version")
_KEY_NAMES = {"session", "batch", "template", "postal_code", "model"}


def column_parser(column: Column) -> str:
    """Return the parser of a canonical column by its type and name."""
    if column.type is not ColumnType.TEXT:
        return _BY_TYPE[column.type]
    if column.name in _BY_NAME:
        return _BY_NAME[column.name]
    if column.name in _KEY_NAMES or column.name.endswith(_KEYS):
        return "native_id"
    return "free_text"


def identifier_parser(source: Source, identifier: Identifier) -> str:
    """Return the parser of an identifier by its type, or its field's own way to read a name."""
    field = source.find(identifier.field)
    if identifier.type == "name" and field is not None and field.parse in NAME_PARSERS:
        return field.parse
    return IDENTIFIER_PARSERS.get(identifier.type, "native_id")


def field_parser(source: Source, field: Field) -> str:
    """Return the parser of a field: declared, else of its identifier, else of its first column."""
    if field.parse:
        return field.parse
    for identifier in source.identifiers:
        if identifier.field == field.name:
            return identifier_parser(source, identifier)
    for emission in source.emit:
        if field.name in (*emission.occurred_at, *emission.else_at):
            return "datetime"
        for mapped in emission.columns:
            column = KINDS[emission.kind].column(mapped.column)
            if field.name in mapped.fields and column is not None:
                return column_parser(column)
    return "native_id"
