"""Which pairs of customer and tag differ between two sightings, found column by column."""

from collections.abc import Sequence

from zhiyan.pipeline.history.state import literal, quoted, state, text_sql
from zhiyan.pipeline.history.tables import CUSTOMER, Sighting, columns_of, exists
from zhiyan.ports import Engine, Statement

#: Temporary tables: customers of whom something differs, with both sides; and the pairs.
PAIR, CHANGED = "history_pair", "history_changed"


def find_changed(
    engine: Engine, base: Sighting | None, new: Sighting, *, known: Sequence[Sighting]
) -> None:
    """Make the table CHANGED: customer_id, tag, value (null: no value any more), version.

    ``base`` None: everybody is new. The snapshot table of ``new`` must be there.
    """
    if base is None:
        rows = opening(new)
    else:
        _pair(engine, base, new, known=known)
        codes = sorted({*base.tags, *new.tags})
        rows = [_customers(), *(_moved(code, base, new) for code in codes)]
    engine.run(Statement(f"CREATE OR REPLACE TEMP TABLE {CHANGED} AS {' UNION ALL '.join(rows)}"))
    engine.run(Statement(f"DROP TABLE IF EXISTS temp.{PAIR}"))


def opening(new: Sighting) -> list[str]:
    """Return a query per tag of everybody's value: customer_id, tag, value, version."""
    return [_first(code, new) for code in (CUSTOMER, *sorted(new.tags))]


def _first(code: str, new: Sighting) -> str:
    if code == CUSTOMER:
        return f"SELECT customer_id, '{CUSTOMER}' AS tag, 'true' AS value, '' AS version FROM {new.table}"  # noqa: S608 - declared names
    version, kind = new.tags[code]
    value = text_sql(quoted(code), kind)
    return (
        f"SELECT customer_id, {literal(code)} AS tag, {value} AS value,"  # noqa: S608 - declared names
        f" {literal(version)} AS version FROM {new.table} WHERE {quoted(code)} IS NOT NULL"
    )


def _pair(engine: Engine, base: Sighting, new: Sighting, *, known: Sequence[Sighting]) -> None:
    """Make the table PAIR: customers of whom anything differs, old and new values side by side."""
    old_codes, codes = sorted(base.tags), sorted(new.tags)
    olds = "".join(f", was.{quoted(c)} AS {quoted('old ' + c)}" for c in old_codes)
    news = "".join(f", now.{quoted(c)} AS {quoted('new ' + c)}" for c in codes)
    differs = [
        _differs(code, base, new, sides=("was.", "now.")) for code in sorted({*old_codes, *codes})
    ]
    gone = "was.customer_id IS NULL OR now.customer_id IS NULL"
    before = state(engine, base, known, codes=old_codes)
    after = state(engine, new, known, codes=codes)
    engine.run(
        Statement(
            f"CREATE OR REPLACE TEMP TABLE {PAIR} AS"  # noqa: S608 - declared names
            " SELECT coalesce(was.customer_id, now.customer_id) AS customer_id,"
            f" was.customer_id IS NOT NULL AS was_here, now.customer_id IS NOT NULL AS is_here"
            f"{olds}{news} FROM {before} AS was FULL JOIN {after} AS now"
            f" ON was.customer_id = now.customer_id WHERE {' OR '.join([gone, *differs])}"
        )
    )


def _differs(code: str, base: Sighting, new: Sighting, *, sides: tuple[str, str]) -> str:
    """Return the condition that a tag differs; another version differs wherever there is a value."""
    was, now = (
        f"{side}{quoted(prefix + code)}"
        for side, prefix in zip(sides, ("", "") if sides[0] else ("old ", "new "), strict=True)
    )
    if code not in new.tags:
        return f"{was} IS NOT NULL"
    if code not in base.tags:
        return f"{now} IS NOT NULL"
    if base.tags[code] != new.tags[code]:
        return f"({was} IS NOT NULL OR {now} IS NOT NULL)"
    return f"{was} IS DISTINCT FROM {now}"


def _customers() -> str:
    return (
        f"SELECT customer_id, '{CUSTOMER}' AS tag, CASE WHEN is_here THEN 'true' END AS value,"  # noqa: S608 - declared names
        f" '' AS version FROM {PAIR} WHERE was_here <> is_here"
    )


def _moved(code: str, base: Sighting, new: Sighting) -> str:
    version, kind = new.tags.get(code, ("", "VARCHAR"))
    value = text_sql(quoted("new " + code), kind) if code in new.tags else "NULL"
    return (
        f"SELECT customer_id, {literal(code)} AS tag, {value} AS value,"  # noqa: S608 - declared names
        f" {literal(version)} AS version FROM {PAIR}"
        f" WHERE {_differs(code, base, new, sides=('', ''))}"
    )


def kept_columns(engine: Engine, table: str) -> dict[str, str]:
    """Return the tag columns of a snapshot's table with their SQL types; empty if it is gone."""
    if not exists(engine, table):
        return {}
    return {code: kind for code, kind in columns_of(engine, table).items() if code != "customer_id"}
