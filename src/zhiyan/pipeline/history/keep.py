"""Keeping a sighting: the intervals are brought up to date by what differs, and by nothing else.

Sightings are taken in the order in which beliefs came about. One that lies before others already
kept takes those back first, and they are kept again after it: so the order in which snapshots are
computed does not matter.

- An as-of after all others ends the open intervals of what changed, and opens new ones. Nothing that
  was believed about the past changes.
- An as-of at or before others changes a belief: intervals around it are closed on the axis of
  knowledge (``known_to``) and told anew from this sighting on. What was known stays readable.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from zhiyan.pipeline.history.changed import CHANGED, find_changed, opening, parts
from zhiyan.pipeline.history.state import literal, replayed
from zhiyan.pipeline.history.tables import OPEN, Sighting, add, exists, sightings
from zhiyan.ports import Engine, Statement

TOUCHED, MERGED = "history_touched", "history_merged"
#: Whether a row of a table is the same interval with the same value as another.
SAME = (
    "SELECT 1 FROM {} AS m WHERE m.customer_id = {}.customer_id AND m.tag = {}.tag"
    " AND m.value = {}.value AND m.version = {}.version"
    " AND m.valid_from = {}.valid_from AND m.valid_to = {}.valid_to"
)


def keep(engine: Engine, sighting: Sighting) -> int:
    """Bring history up to date with a sighting; return how many intervals it opened.

    Nothing happens if it is there already. The snapshot's own table must still be there. All or
    nothing.
    """
    known = sightings(engine)
    earlier = [one for one in known if one.order < sighting.order]
    later = known[len(earlier) :]
    if later and later[0].order == sighting.order:
        return 0
    numbered = replace(sighting, number=max((one.number for one in known), default=0) + 1)
    with engine.transaction():
        if later:
            later = [_held(engine, one, known) for one in later]
            _take_back(engine, [one.number for one in later])
        add(engine, numbered)
        count = 0
        for one in (numbered, *later):
            opened = _place(engine, one, earlier)
            count += opened if one is numbered else 0
            earlier = [*earlier, one]
        for one in later:
            if one.held_in:
                engine.run(Statement(f"DROP TABLE {one.held_in}"))
    return count


def _held(engine: Engine, sighting: Sighting, known: Sequence[Sighting]) -> Sighting:
    """Return a sighting whose values outlast its intervals: in a table of its own if need be."""
    if exists(engine, sighting.table):
        return sighting
    name = f"history_held_{sighting.number}"
    _make(engine, name, f"FROM {replayed(sighting, known, sorted(sighting.tags))}", values={})
    return replace(sighting, held_in=name)


def _place(engine: Engine, new: Sighting, earlier: Sequence[Sighting]) -> int:
    """Bring the intervals up to date with the latest belief; return how many it opened."""
    before = [one for one in earlier if one.as_of <= new.as_of]
    base = max(before, key=lambda one: (one.as_of, one.order), default=None)
    following = min((one.as_of for one in earlier if one.as_of > new.as_of), default=None)
    if base and (base.snapshot_id, base.tags) == (new.snapshot_id, new.tags):
        return 0
    if base is None and following is None:
        _begin(engine, new)
        return _opened(engine, new)
    for part in parts(engine, base, new, known=[*earlier, new]):
        find_changed(engine, part, base=base, new=new)
        tags = _tags(engine)
        if tags and following is None and (base is None or base.as_of < new.as_of):
            _go_on(engine, new, tags)
        elif tags:
            _revise(engine, new, following, tags=tags)
    engine.run(Statement(f"DROP TABLE IF EXISTS temp.{CHANGED}"))
    return _opened(engine, new)


def _tags(engine: Engine) -> str:
    """Return the tags that changed as a list of SQL texts: intervals of others are not read."""
    rows = engine.query(Statement(f"SELECT DISTINCT tag FROM {CHANGED} ORDER BY tag"))  # noqa: S608 - our names
    return ", ".join(literal(str(tag)) for tag in rows.column("tag").to_pylist())


def _opened(engine: Engine, new: Sighting) -> int:
    rows = engine.query(
        Statement(
            "SELECT count(*) AS n FROM history.value WHERE opened_by = $number",
            {"number": new.number},
        )
    )
    return int(rows.column("n")[0].as_py())


def _begin(engine: Engine, new: Sighting) -> None:
    """Open the intervals of the very first sighting, tag by tag, so that each tag lies together.

    A statement for many tags keeps half-filled blocks in memory, and the next commit pays for them.
    """
    queries = [q for part in parts(engine, None, new, known=()) for q in opening(part, new)]
    for query in queries:
        engine.run(
            Statement(
                "INSERT INTO history.value SELECT customer_id, tag, value, version, $as_of, $open,"  # noqa: S608 - our names
                f" $known_at, $open, $number, NULL, NULL FROM ({query})",
                _values(new),
            )
        )


def _go_on(engine: Engine, new: Sighting, tags: str) -> None:
    """End what changed at the new as-of, and open what it is now."""
    values = _values(new)
    engine.run(
        Statement(
            "UPDATE history.value AS h SET valid_to = $as_of, ended_by = $number"  # noqa: S608 - our names
            f" FROM {CHANGED} AS c WHERE h.customer_id = c.customer_id AND h.tag = c.tag"
            f" AND h.known_to = $open AND h.valid_to = $open AND h.tag IN ({tags})",
            _only(values, "as_of", "number", "open"),
        )
    )
    engine.run(
        Statement(
            "INSERT INTO history.value SELECT customer_id, tag, value, version, $as_of, $open,"  # noqa: S608 - our names
            f" $known_at, $open, $number, NULL, NULL FROM {CHANGED}"
            " WHERE value IS NOT NULL ORDER BY tag, customer_id",
            values,
        )
    )


def _revise(engine: Engine, new: Sighting, following: datetime | None, *, tags: str) -> None:
    """Tell the intervals around the as-of anew, for the pairs that changed there."""
    values = {**_values(new), "following": following or OPEN}
    edge = "$following" if following else "$as_of"
    _make(
        engine,
        TOUCHED,
        "SELECT h.* FROM history.value AS h"  # noqa: S608 - our names
        f" SEMI JOIN {CHANGED} AS c ON h.customer_id = c.customer_id AND h.tag = c.tag"
        f" WHERE h.known_to = $open AND h.valid_from <= {edge} AND h.valid_to >= $as_of"
        f" AND h.tag IN ({tags})",
        values=_only(values, "open", "as_of", *(["following"] if following else [])),
    )
    _make(engine, MERGED, _merging(), values=_only(values, "as_of", "following"))
    engine.run(
        Statement(
            "UPDATE history.value AS h SET known_to = $known_at, replaced_by = $number"  # noqa: S608 - our names
            f" FROM {TOUCHED} AS t WHERE h.customer_id = t.customer_id AND h.tag = t.tag"
            f" AND h.known_to = $open AND h.valid_from = t.valid_from AND h.tag IN ({tags})"
            f" AND NOT EXISTS ({SAME.format(MERGED, *['t'] * 6)})",
            _only(values, "known_at", "number", "open"),
        )
    )
    engine.run(
        Statement(
            "INSERT INTO history.value SELECT customer_id, tag, value, version, valid_from,"  # noqa: S608 - our names
            f" valid_to, $known_at, $open, $number, NULL, NULL FROM {MERGED} AS g"
            f" WHERE NOT EXISTS ({SAME.format(TOUCHED, *['g'] * 6)}) ORDER BY tag, customer_id",
            _only(values, "known_at", "open", "number"),
        )
    )
    for name in (TOUCHED, MERGED):
        engine.run(Statement(f"DROP TABLE IF EXISTS temp.{name}"))


def _merging() -> str:
    """Return the intervals around the as-of told anew: pieces, joined where equal ones meet."""
    return f"""
        WITH piece AS (
            SELECT customer_id, tag, value, version, valid_from,
                least(valid_to, $as_of) AS valid_to
            FROM {TOUCHED} WHERE valid_from < $as_of
            UNION ALL
            SELECT customer_id, tag, value, version, $as_of, $following
            FROM {CHANGED} WHERE value IS NOT NULL
            UNION ALL
            SELECT customer_id, tag, value, version, greatest(valid_from, $following), valid_to
            FROM {TOUCHED} WHERE valid_to > $following
        ), marked AS (
            SELECT *, lag(valid_to) OVER pair IS NOT DISTINCT FROM valid_from
                AND lag(value) OVER pair = value AND lag(version) OVER pair = version AS joined
            FROM piece WINDOW pair AS (PARTITION BY customer_id, tag ORDER BY valid_from)
        ), numbered AS (
            SELECT *, sum(CASE WHEN joined THEN 0 ELSE 1 END) OVER (
                PARTITION BY customer_id, tag ORDER BY valid_from) AS island
            FROM marked
        )
        SELECT customer_id, tag, any_value(value) AS value, any_value(version) AS version,
            min(valid_from) AS valid_from, max(valid_to) AS valid_to
        FROM numbered GROUP BY customer_id, tag, island"""  # noqa: S608 - our names


def _take_back(engine: Engine, numbers: Sequence[int]) -> None:
    """Undo what some sightings, the last ones in the order of beliefs, did to the intervals."""
    values = {"numbers": list(numbers)}
    later = "list_contains($numbers, {})"
    engine.run(
        Statement(f"DELETE FROM history.value WHERE {later.format('opened_by')}", values)  # noqa: S608 - our names
    )
    for moment, by in (("valid_to", "ended_by"), ("known_to", "replaced_by")):
        engine.run(
            Statement(
                f"UPDATE history.value SET {moment} = $open, {by} = NULL"  # noqa: S608 - our names
                f" WHERE {later.format(by)}",
                {**values, "open": OPEN},
            )
        )


def _make(engine: Engine, name: str, query: str, *, values: dict[str, Any]) -> None:
    engine.run(Statement(f"CREATE OR REPLACE TEMP TABLE {name} AS {query}", values))


def _values(new: Sighting) -> dict[str, Any]:
    return {"as_of": new.as_of, "known_at": new.known_at, "number": new.number, "open": OPEN}


def _only(values: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: values[name] for name in names}
