"""Which pairs of customer and tag differ between two sightings, found part by part.

Two snapshots of one generation are compared where row versions differ; any others in whole, some tags
at a time, so that memory holds no more than these.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from zhiyan.pipeline.history.placed import place_of, shared
from zhiyan.pipeline.history.state import literal, quoted, state, text_sql
from zhiyan.pipeline.history.tables import CUSTOMER, Sighting, columns_of, exists
from zhiyan.pipeline.stored import Place
from zhiyan.ports import Engine, Statement

#: Temporary tables: customers of whom something differs, with both sides; and the pairs.
PAIR, CHANGED = "history_pair", "history_changed"
#: How many tags of everybody are told in one go.
MOST_TAGS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Tags that are compared in one go, and the relations with their values on both sides.

    ``was`` empty: everybody is new. ``CUSTOMER`` among the codes: so is who is a customer.
    """

    codes: tuple[str, ...]
    was: str
    now: str


def parts(
    engine: Engine, base: Sighting | None, new: Sighting, *, known: Sequence[Sighting]
) -> Iterator[Part]:
    """Yield what to compare: every tag of either sighting once. ``base`` None: there is none."""
    if base is None:
        yield from _everybody(engine, new)
        return
    places = shared(engine, base, new)
    codes = [CUSTOMER, *sorted({*base.tags, *new.tags})]
    if places is not None:
        was, now = places
        for strip, written in _strips(was).items():
            yield Part(
                codes=tuple(code for code in codes if code in written),
                was=_relation(was.table(strip), was.unlike(now)),
                now=_relation(now.table(strip), now.unlike(was)),
            )
            codes = [code for code in codes if code not in written]
    for some in _some(codes):
        sides = (
            state(engine, one, known, codes=[code for code in some if code in one.tags])
            for one in (base, new)
        )
        yield Part(codes=some, was=next(sides), now=next(sides))


def _everybody(engine: Engine, new: Sighting) -> Iterator[Part]:
    codes = [CUSTOMER, *sorted(new.tags)]
    place = place_of(engine, new)
    if place is not None:
        for strip, written in _strips(place).items():
            rows = _relation(place.table(strip), place.seen)
            for some in _some([code for code in codes if code in written]):
                yield Part(codes=some, was="", now=rows)
            codes = [code for code in codes if code not in written]
    for some in _some(codes):
        yield Part(codes=some, was="", now=new.table)


def _strips(place: Place) -> dict[str, set[str]]:
    """Return what the strips of a snapshot hold: tags, and who is a customer in the first."""
    found = {name: set(codes) for name, codes in place.strips.items()}
    next(iter(found.values())).add(CUSTOMER)
    return found


def _relation(table: str, seen: str) -> str:
    return f"(SELECT * FROM {table} WHERE {seen})"  # noqa: S608 - numbers of ours


def _some(codes: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for first in range(0, len(codes), MOST_TAGS):
        yield tuple(codes[first : first + MOST_TAGS])


def find_changed(engine: Engine, part: Part, *, base: Sighting | None, new: Sighting) -> None:
    """Make the table CHANGED: customer_id, tag, value (null: no value any more), version."""
    if base is None:
        rows = " UNION ALL ".join(opening(part, new))
    else:
        _pair(engine, part, base=base, new=new)
        rows = _moved(part, base, new)
    engine.run(Statement(f"CREATE OR REPLACE TEMP TABLE {CHANGED} AS {rows}"))
    engine.run(Statement(f"DROP TABLE IF EXISTS temp.{PAIR}"))


def opening(part: Part, new: Sighting) -> list[str]:
    """Return a query per tag of everybody's value: customer_id, tag, value, version."""
    return [_first(code, part.now, new) for code in part.codes]


def _first(code: str, rows: str, new: Sighting) -> str:
    if code == CUSTOMER:
        return (
            f"SELECT customer_id, '{CUSTOMER}' AS tag, 'true' AS value, '' AS version FROM {rows}"  # noqa: S608 - declared names
        )
    version, kind = new.tags[code]
    value = text_sql(quoted(code), kind)
    return (
        f"SELECT customer_id, {literal(code)} AS tag, {value} AS value,"  # noqa: S608 - declared names
        f" {literal(version)} AS version FROM {rows} WHERE {quoted(code)} IS NOT NULL"
    )


def _pair(engine: Engine, part: Part, *, base: Sighting, new: Sighting) -> None:
    """Make the table PAIR: customers of whom anything differs, old and new values side by side."""
    olds = "".join(f", was.{quoted(c)} AS {_old(c)}" for c in part.codes if c in base.tags)
    news = "".join(f", now.{quoted(c)} AS {_new(c)}" for c in part.codes if c in new.tags)
    differs = " OR ".join(_differs(code, base, new) for code in part.codes)
    engine.run(
        Statement(
            f"CREATE OR REPLACE TEMP TABLE {PAIR} AS SELECT * FROM ("  # noqa: S608 - declared names
            "SELECT coalesce(was.customer_id, now.customer_id) AS customer_id,"
            " was.customer_id IS NOT NULL AS was_here, now.customer_id IS NOT NULL AS is_here"
            f"{olds}{news} FROM {part.was} AS was FULL JOIN {part.now} AS now"
            f" ON was.customer_id = now.customer_id) WHERE {differs}"
        )
    )


def _old(code: str) -> str:
    return quoted("old " + code)


def _new(code: str) -> str:
    return quoted("new " + code)


def _differs(code: str, base: Sighting, new: Sighting) -> str:
    """Return the condition that a tag differs; another version differs wherever there is a value."""
    if code == CUSTOMER:
        return "was_here <> is_here"
    if code not in new.tags:
        return f"{_old(code)} IS NOT NULL"
    if code not in base.tags:
        return f"{_new(code)} IS NOT NULL"
    if base.tags[code] != new.tags[code]:
        return f"({_old(code)} IS NOT NULL OR {_new(code)} IS NOT NULL)"
    return f"{_old(code)} IS DISTINCT FROM {_new(code)}"


def _moved(part: Part, base: Sighting, new: Sighting) -> str:
    """Return the query of the pairs that differ, each customer of PAIR read once."""
    told = ", ".join(_told(code, base, new) for code in part.codes)
    return (
        "SELECT customer_id, c.tag AS tag, c.value AS value, c.version AS version"  # noqa: S608 - declared names
        f" FROM (SELECT customer_id, unnest([{told}]) AS c FROM {PAIR}) WHERE c IS NOT NULL"
    )


def _told(code: str, base: Sighting, new: Sighting) -> str:
    """Return a tag, its value and its version as one struct; null where it does not differ."""
    version, value = "", "NULL::VARCHAR"
    if code == CUSTOMER:
        value = "CASE WHEN is_here THEN 'true' END"
    elif code in new.tags:
        version, kind = new.tags[code]
        value = text_sql(_new(code), kind)
    row = f"{{'tag': {literal(code)}, 'value': {value}, 'version': {literal(version)}}}"
    return f"CASE WHEN {_differs(code, base, new)} THEN {row} END"


def kept_columns(engine: Engine, table: str) -> dict[str, str]:
    """Return the tag columns of a snapshot's table with their SQL types; empty if it is gone."""
    if not exists(engine, table):
        return {}
    return {code: kind for code, kind in columns_of(engine, table).items() if code != "customer_id"}
