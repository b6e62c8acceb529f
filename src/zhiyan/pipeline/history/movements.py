"""Movements: who entered and left an audience between sightings and why; who changed a tag's value."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
from sqlglot import exp

from zhiyan.core.expression import Node, ValueType, names
from zhiyan.lang.bounds import parameter
from zhiyan.lang.catalogue import AS_OF, Catalogue
from zhiyan.lang.check import bind
from zhiyan.lang.moment import Moment
from zhiyan.lang.sql import scalar_sql
from zhiyan.lang.tag_sql import VALID
from zhiyan.pipeline.history.state import literal, quoted, state, text_sql
from zhiyan.pipeline.history.tables import CUSTOMER, Sighting
from zhiyan.ports import Engine, Statement

DIALECT = "duckdb"
MEMBER, MOVE, SIDE = "history_member", "history_move", "history_side"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Sightings to walk through, first to last; ``known`` are all that answers rest on."""

    engine: Engine
    catalogue: Catalogue
    steps: tuple[Sighting, ...]
    known: tuple[Sighting, ...]
    offset_minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The movements of an audience.

    ``periods``: as_of, size, entered, left; a row per step. ``moves``: customer_id, change
    (``entered`` or ``left``), between, as_of, tag, before, after; a row per move and tag that
    changed among those that the condition reads. Tag ``*``: she came or went as a customer; tag
    null: no tag changed, the clock or the definition did it.
    """

    periods: pa.Table
    moves: pa.Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """A tag between two sightings: before, after, customers; a row per pair, null is unknown.

    ``absent`` on a side: no customer then.
    """

    before: datetime
    after: datetime
    cells: pa.Table


def ledger(span: Span, where: Node) -> Ledger:
    """Return who entered and who left an audience, step by step, and why."""
    engine = span.engine
    codes = [code for code in sorted(names(where)) if code in span.catalogue.tags]
    members = [_members(span, number, where, codes=codes) for number in range(len(span.steps))]
    engine.run(Statement(f"CREATE OR REPLACE TEMP TABLE {MEMBER} AS {' UNION ALL '.join(members)}"))
    moving = f"CREATE OR REPLACE TEMP TABLE {MOVE} AS {_moves()}"
    engine.run(Statement(moving, {"last": len(span.steps) - 1}))
    sides = _make_sides(span, codes)
    steps = pa.table(
        {
            "step": pa.array(range(len(span.steps)), pa.int32()),
            "as_of": pa.array([one.as_of for one in span.steps], pa.timestamp("us")),
        }
    )
    with engine.load("history_step", steps):
        periods = engine.query(Statement(_periods()))
        moves = engine.query(Statement(_reasons(span, codes)))
    for name in (MEMBER, MOVE, *sides):
        engine.run(Statement(f"DROP TABLE temp.{name}"))
    return Ledger(periods=periods, moves=moves)


def members(span: Span, where: Node) -> pa.Table:
    """Return who was in an audience at the first step: customer_id, in the order of ids."""
    codes = [code for code in sorted(names(where)) if code in span.catalogue.tags]
    query = _members(span, 0, where, codes=codes)
    text = f"SELECT customer_id FROM ({query}) ORDER BY customer_id"  # noqa: S608 - declared names
    return span.engine.query(Statement(text))


def _members(span: Span, number: int, where: Node, *, codes: Sequence[str]) -> str:
    """Return the query of the members at a step: step, customer_id."""
    sighting, catalogue = span.steps[number], span.catalogue
    read = [*codes, *([VALID] if VALID in catalogue.tags and VALID not in codes else [])]
    rows = state(span.engine, sighting, span.known, codes=read)
    clock = Moment(as_of=sighting.as_of, offset_minutes=span.offset_minutes)
    node = bind(where, catalogue.literals)
    verdict = scalar_sql(node, catalogue.scope, _column, clock).transform(_at(sighting.as_of))
    valid = f"{quoted(VALID)} AND " if VALID in catalogue.tags else ""
    return (
        f"SELECT {number} AS step, customer_id FROM {rows} AS customer"  # noqa: S608 - declared names
        f" WHERE {valid}({verdict.sql(dialect=DIALECT)})"
    )


def _column(name: str) -> exp.Expr:
    return parameter(AS_OF) if name == AS_OF else exp.column(name, quoted=True)


def _at(moment: datetime) -> Callable[[exp.Expr], exp.Expr]:
    """Return what writes the moment of a step where an expression reads the as-of."""
    fixed = exp.cast(exp.Literal.string(moment.isoformat(sep=" ")), "TIMESTAMP")
    return lambda part: fixed.copy() if isinstance(part, exp.Placeholder) else part


def _moves() -> str:
    """Return the query of the moves: step, customer_id, change."""
    return f"""
        SELECT n.step, n.customer_id, 'entered' AS change FROM {MEMBER} AS n
        ANTI JOIN {MEMBER} AS p ON p.customer_id = n.customer_id AND p.step = n.step - 1
        WHERE n.step > 0
        UNION ALL
        SELECT p.step + 1, p.customer_id, 'left' FROM {MEMBER} AS p
        ANTI JOIN {MEMBER} AS n ON n.customer_id = p.customer_id AND n.step = p.step + 1
        WHERE p.step < $last"""  # noqa: S608 - our names


def _periods() -> str:
    return f"""
        WITH size AS (SELECT step, count(*) AS n FROM {MEMBER} GROUP BY step),
        moved AS (
            SELECT step, count(*) FILTER (change = 'entered') AS entered,
                count(*) FILTER (change = 'left') AS gone
            FROM {MOVE} GROUP BY step
        )
        SELECT s.as_of, coalesce(size.n, 0) AS size, coalesce(moved.entered, 0) AS entered,
            coalesce(moved.gone, 0) AS "left"
        FROM history_step AS s LEFT JOIN size USING (step) LEFT JOIN moved USING (step)
        ORDER BY s.step"""  # noqa: S608 - our names


def _reasons(span: Span, codes: Sequence[str]) -> str:
    """Return the query of moves with what changed: a row per move and changed tag."""
    parts = [
        part
        for number in range(1, len(span.steps))
        for part in (_coming(number), *(_change(span, number, code) for code in codes))
    ]
    reason = " UNION ALL ".join(parts) or (
        "SELECT NULL::INTEGER AS step, NULL::BIGINT AS customer_id, NULL::VARCHAR AS tag,"
        " NULL::VARCHAR AS before, NULL::VARCHAR AS after WHERE false"
    )
    return f"""
        WITH reason AS ({reason})
        SELECT m.customer_id, m.change, p.as_of AS between, s.as_of, r.tag, r.before, r.after
        FROM {MOVE} AS m JOIN history_step AS s ON s.step = m.step
        JOIN history_step AS p ON p.step = m.step - 1
        LEFT JOIN reason AS r ON r.step = m.step AND r.customer_id = m.customer_id
        ORDER BY m.step, m.change, m.customer_id, r.tag"""  # noqa: S608 - our names


def _make_sides(span: Span, codes: Sequence[str]) -> list[str]:
    """Make a table per step: those who moved up to it or from it, with their tags then.

    Read once, since every tag of the condition is compared on both sides of every step.
    """
    made = [f"{SIDE}_{number}" for number in range(len(span.steps))]
    for number, name in enumerate(made):
        rows = state(span.engine, span.steps[number], span.known, codes=codes)
        movers = f"(SELECT customer_id FROM {MOVE} WHERE step IN ({number}, {number + 1}))"  # noqa: S608 - our names
        wanted = f"SELECT * FROM {rows} WHERE customer_id IN {movers}"  # noqa: S608 - as above
        span.engine.run(Statement(f"CREATE OR REPLACE TEMP TABLE {name} AS {wanted}"))
    return made


def _sides(number: int) -> str:
    """Return the movers of a step with their rows before and after."""
    return (
        f"{MOVE} AS m LEFT JOIN {SIDE}_{number - 1} AS was ON was.customer_id = m.customer_id"
        f" LEFT JOIN {SIDE}_{number} AS now ON now.customer_id = m.customer_id"
        f" WHERE m.step = {number}"
    )


def _coming(number: int) -> str:
    return (
        f"SELECT m.step, m.customer_id, '{CUSTOMER}' AS tag,"  # noqa: S608 - our names
        " CASE WHEN was.customer_id IS NOT NULL THEN 'true' END AS before,"
        " CASE WHEN now.customer_id IS NOT NULL THEN 'true' END AS after"
        f" FROM {_sides(number)}"
        " AND (was.customer_id IS NULL) <> (now.customer_id IS NULL)"
    )


def _change(span: Span, number: int, code: str) -> str:
    kind = "VARCHAR[]" if span.catalogue.tags[code].type is ValueType.LIST else ""
    was, now = f"was.{quoted(code)}", f"now.{quoted(code)}"
    return (
        f"SELECT m.step, m.customer_id, {literal(code)}, {text_sql(was, kind)},"  # noqa: S608 - declared names
        f" {text_sql(now, kind)} FROM {_sides(number)}"
        f" AND {was} IS DISTINCT FROM {now}"
    )


def migration(span: Span, code: str) -> Migration:
    """Return how valid customers moved between the values of a tag from the first step to the last."""
    first, last = span.steps[0], span.steps[-1]
    gated = VALID in span.catalogue.tags
    read = [code, *([VALID] if gated and code != VALID else [])]
    was, now = (state(span.engine, one, span.known, codes=read) for one in (first, last))
    if gated:
        was, now = (f"(SELECT * FROM {rows} AS c WHERE {quoted(VALID)})" for rows in (was, now))  # noqa: S608 - declared names
    side = "CASE WHEN {0}.customer_id IS NULL THEN 'absent' ELSE {0}.{1}::VARCHAR END"
    cells = span.engine.query(
        Statement(
            f"SELECT {side.format('was', quoted(code))} AS before,"  # noqa: S608 - declared names
            f" {side.format('now', quoted(code))} AS after, count(*) AS customers"
            f" FROM {was} AS was FULL JOIN {now} AS now ON was.customer_id = now.customer_id"
            " GROUP BY ALL ORDER BY before, after"
        )
    )
    return Migration(before=first.as_of, after=last.as_of, cells=cells)
