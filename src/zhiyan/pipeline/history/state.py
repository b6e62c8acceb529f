"""What a sighting said of everybody: its own table while there is one, else told from intervals."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, cast

from zhiyan.core.expression import ValueType
from zhiyan.pipeline.history.tables import CUSTOMER, Sighting, exists
from zhiyan.ports import Engine

LIST = "VARCHAR[]"


def text_sql(value: str, kind: str) -> str:
    """Return SQL of the canonical text of a value: exact, so that ``value_sql`` gives it back."""
    return f"to_json({value})::VARCHAR" if kind == LIST else f"{value}::VARCHAR"


def value_sql(text: str, kind: str) -> str:
    """Return SQL of the value that a canonical text stands for."""
    return f"""from_json({text}, '["VARCHAR"]')""" if kind == LIST else f"CAST({text} AS {kind})"


def quoted(code: str) -> str:
    """Return a code as an identifier."""
    return '"' + code.replace('"', '""') + '"'


def state(
    engine: Engine, sighting: Sighting, known: Sequence[Sighting], *, codes: Sequence[str]
) -> str:
    """Return a relation with customer_id and some tags as a sighting had them, a row per customer.

    Every code must be among the tags of the sighting or, while its table is kept, of the snapshot.
    ``known`` are all sightings.
    """
    if sighting.held_in or exists(engine, sighting.table):
        listed = ", ".join(["customer_id", *map(quoted, codes)])
        return f"(SELECT {listed} FROM {sighting.table})"  # noqa: S608 - declared names
    return replayed(sighting, known, codes)


def replayed(sighting: Sighting, known: Sequence[Sighting], codes: Sequence[str]) -> str:
    """Return the same from the intervals alone."""
    listed = "".join(
        f", {value_sql(f'any_value(value) FILTER (tag = {literal(code)})', sighting.tags[code][1])}"
        f" AS {quoted(code)}"
        for code in codes
    )
    wanted = ", ".join(literal(code) for code in (CUSTOMER, *codes))
    return (
        f"(SELECT customer_id{listed} FROM {believed(sighting, known)}"  # noqa: S608 - declared names
        f" WHERE tag IN ({wanted}) GROUP BY customer_id)"
    )


def believed(sighting: Sighting, known: Sequence[Sighting]) -> str:
    """Return a relation of the intervals that hold at a sighting, as believed then."""
    numbers = ", ".join(str(one.number) for one in known if one.order <= sighting.order)
    moment = f"TIMESTAMP {literal(sighting.as_of.isoformat(sep=' '))}"
    return (
        "(SELECT customer_id, tag, value, version FROM history.value"  # noqa: S608 - numbers and moments of ours
        f" WHERE valid_from <= {moment} AND valid_to > {moment} AND opened_by IN ({numbers})"
        f" AND (replaced_by IS NULL OR replaced_by NOT IN ({numbers})))"
    )


def literal(text: str) -> str:
    """Return a code or a moment of ours as an SQL text."""
    return "'" + text.replace("'", "''") + "'"


def text_of(value: Any) -> str | None:
    """Return the canonical text of a value, as ``text_sql`` writes it."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return json.dumps(list(cast("list[str]", value)), ensure_ascii=False, separators=(",", ":"))
    return str(value)


def value_of(text: str, kind: ValueType) -> Any:
    """Return the value that a canonical text of a tag of that type stands for."""
    reader = _READERS.get(kind)
    return reader(text) if reader else text


_READERS: Mapping[ValueType, Callable[[str], Any]] = {
    ValueType.BOOL: lambda text: text == "true",
    ValueType.INT: int,
    ValueType.MONEY: int,
    ValueType.DECIMAL: float,
    ValueType.DATE: date.fromisoformat,
    ValueType.MOMENT: datetime.fromisoformat,
    ValueType.LIST: json.loads,
}


def stored_value(text: str, kind: str) -> Any:
    """Return the value that a canonical text of an SQL type stands for."""
    return value_of(text, _KINDS.get(kind, ValueType.TEXT))


_KINDS: Mapping[str, ValueType] = {
    "BOOLEAN": ValueType.BOOL,
    "BIGINT": ValueType.INT,
    "INTEGER": ValueType.INT,
    "DOUBLE": ValueType.DECIMAL,
    "DATE": ValueType.DATE,
    "TIMESTAMP": ValueType.MOMENT,
    LIST: ValueType.LIST,
}
