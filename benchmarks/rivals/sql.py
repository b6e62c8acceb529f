"""The base tags in SQL as somebody writes it by hand who knows the engine; one text, four dialects.

*Fused*: a statement per source for everything simple, and one per column whose values are counted
(most frequent values and distinct counts share it), each with the widest window pushed down; joined
once. *Apart*: a statement per tag, and one join over all of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from benchmarks.rivals.base import AS_OF, COLUMNS, SOURCES, TAGS, Tag

#: The rows of each source that count, as of T: what became true later is hidden.
_WHERE = {
    "web_event": "",
    "appointment": "",
    "order_line": (
        " AND (closed_at IS NULL OR NOT closed_at < {t} OR status IN ('paid', 'partly_refunded'))"
        " AND NOT coalesce(is_gift, false) AND NOT coalesce(is_test, false)"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """``moment`` writes a literal, ``pick`` the value v of the largest n (ties: smallest v).

    ``filters`` says whether FILTER is the fastest form; CASE is, elsewhere.
    """

    moment: Callable[[datetime], str]
    pick: str
    day: str = "CAST(occurred_at + INTERVAL '8' HOUR AS DATE)"
    table: str = "{}"
    filters: bool = True


def facts(dialect: Dialect, source: str, columns: Sequence[str]) -> str:
    """Return the rows of a source that count: customer_id, occurred_at and some columns."""
    t = dialect.moment(AS_OF)
    told = {
        "status": f"CASE WHEN status_at < {t} THEN status ELSE 'booked' END AS status",
        "day": f"{dialect.day} AS day",
    }
    listed = "".join(f", {told.get(name, name)}" for name in columns if name != "occurred_at")
    return (
        f"SELECT customer_id, occurred_at{listed} FROM {dialect.table.format(source)} AS fact"
        f" JOIN {dialect.table.format('party')} AS party ON party.party_id = fact.party_id"
        f" WHERE occurred_at < {t} AND superseded_at IS NULL{_WHERE[source].format(t=t)}"
    )


def condition(dialect: Dialect, tag: Tag) -> str:
    """Return which rows a tag looks at, empty for all."""
    parts: list[str] = []
    if tag.ahead:
        parts.append(f"{tag.on} >= {dialect.moment(AS_OF)}")
    if tag.since:
        parts.append(f"{tag.on} >= {dialect.moment(tag.since)}")
        if tag.on != "occurred_at":
            parts.append(f"{tag.on} < {dialect.moment(AS_OF)}")
    if tag.equals:
        parts.append("{} = '{}'".format(*tag.equals))
    return " AND ".join(parts)


def _simple(dialect: Dialect, tags: Sequence[Tag]) -> str:
    read = {c for tag in tags for c in _columns(tag)}
    listed: list[str] = []
    for tag in tags:
        value, where = "*" if tag.how == "count" else tag.column, condition(dialect, tag)
        if where and dialect.filters:
            listed.append(f"{tag.how}({value}) FILTER (WHERE {where}) AS {tag.code}")
        elif where:
            value = value.replace("*", "1")
            listed.append(f"{tag.how}(CASE WHEN {where} THEN {value} END) AS {tag.code}")
        else:
            listed.append(f"{tag.how}({value}) AS {tag.code}")
    rows = facts(dialect, tags[0].source, sorted(read))
    return f"SELECT customer_id, {', '.join(listed)} FROM ({rows}) AS f GROUP BY customer_id"


def _by_value(dialect: Dialect, tags: Sequence[Tag]) -> str:
    column = tags[0].column
    numbers = {tag.days: f"n{tag.days or ''}" for tag in tags}
    counts: list[str] = []
    for tag in tags:
        where = condition(dialect, tag)
        chosen = f" FILTER (WHERE {where})" if where else ""
        counts.append(f"count(*){chosen} AS {numbers[tag.days]}")
    widest = None if any(tag.days is None for tag in tags) else max(tags, key=lambda t: t.days or 0)
    bound = f" AND {condition(dialect, widest)}" if widest else ""
    inner = (
        f"SELECT customer_id, {column} AS v, {', '.join(dict.fromkeys(counts))}"
        f" FROM ({facts(dialect, tags[0].source, [column])}) AS f"
        f" WHERE {column} IS NOT NULL{bound} GROUP BY customer_id, {column}"
    )
    listed: list[str] = []
    for tag in tags:
        n = numbers[tag.days]
        value = "count(*)" if tag.how == "distinct" else dialect.pick.format(n=n)
        needed = f" FILTER (WHERE {n} > 0)" if tag.days else ""
        listed.append(
            f"{value.replace('/*filter*/', needed)}{'' if '/*filter*/' in value else needed} AS {tag.code}"
        )
    return f"SELECT customer_id, {', '.join(listed)} FROM ({inner}) AS g GROUP BY customer_id"


def _columns(tag: Tag) -> set[str]:
    own = {tag.column, tag.on, *(tag.equals[:1] if tag.equals else ())}
    return {name for name in own if name in (*COLUMNS[tag.source], "day")}


def statements(dialect: Dialect, *, apart: bool = False) -> list[tuple[str, str, list[str]]]:
    """Return name, query and codes of every statement before the join."""
    groups: dict[tuple[object, ...], list[Tag]] = {}
    for tag in TAGS:
        counted = tag.how in {"distinct", "mode"}
        key: tuple[object, ...] = (tag.source, tag.column if counted else None)
        groups.setdefault((*key, tag.code) if apart else key, []).append(tag)
    found: list[tuple[str, str, list[str]]] = []
    for number, tags in enumerate(groups.values()):
        write = _by_value if tags[0].how in {"distinct", "mode"} else _simple
        found.append((f"part_{number}", write(dialect, tags), [tag.code for tag in tags]))
    return found


def wide(dialect: Dialect, parts: Sequence[tuple[str, str, list[str]]]) -> str:
    """Return the join of all parts: a row per customer, in the order of ids."""
    home = {code: name for name, _, codes in parts for code in codes}
    listed = ", ".join(
        f"coalesce({home[tag.code]}.{tag.code}, 0) AS {tag.code}"
        if tag.is_counted
        else f"{home[tag.code]}.{tag.code} AS {tag.code}"
        for tag in TAGS
    )
    joins = " ".join(
        f"LEFT JOIN {name} ON {name}.customer_id = c.customer_id" for name, _, _ in parts
    )
    return (
        f"SELECT c.customer_id AS customer_id, {listed} FROM"
        f" (SELECT DISTINCT customer_id FROM {dialect.table.format('party')}) AS c {joins}"
        " ORDER BY c.customer_id"
    )


def floor(dialect: Dialect, mix: str) -> list[str]:
    """Return a bare scan of the columns that the tags need, for each source."""
    return [
        f"SELECT {mix.format(', '.join(('party_id', 'occurred_at', 'superseded_at', *COLUMNS[source])))}"
        f" FROM {dialect.table.format(source)}"
        for source in SOURCES
    ]
