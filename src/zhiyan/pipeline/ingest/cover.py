"""One purchase seen by several lists counts once.

Every line and payment says what it was read off (``basis``). A payment read off an order row gives
way to the receipts of that order; a line or payment of a voucher that was redeemed gives way to the
platform's order list; a line read off takings gives way to the order itself. Lists are linked by
order or voucher number alone, in either sequence of import: rows that come too late are *covered*
(not stored), rows that are there already are superseded.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from zhiyan.core.kinds import KINDS
from zhiyan.ports import Engine, Statement

COVERABLE = ("order_line", "payment")
_PARTS = ("stored", "staged")
#: Kind and part (stored, staged) -> the bases that its rows have (None: rows without one).
Bases = dict[tuple[str, str], set[str | None]]
#: The system of platform exports that do not tell which platform they are of.
_ANY_PLATFORM = "platform"
_SAME_PLACE = "(a.clinic = s.clinic OR a.clinic IS NULL OR s.clinic IS NULL)"
_SAME_PLATFORM = f"(a.source = s.source OR '{_ANY_PLATFORM}' IN (a.source, s.source))"
#: What is strongest of each kind; a line or payment without a basis is first-hand too.
_FIRST_HAND = {"order_line": ("order",), "payment": ("receipt", "bill")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Rows of ``kind`` with this ``basis`` give way to first-hand rows of the kind ``anchor``.

    They must have a number in common and satisfy ``where`` (``s`` is the row, ``a`` the anchor).
    """

    kind: str
    basis: str
    anchor: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Covering:
    """What gave way: rows of this file, stored events, and what could not be linked.

    ``kinds`` are those whose tables ``covered_<kind>`` and ``outdone_<kind>`` were made: something
    may lie in them. ``unlike`` counts orders whose receipts add up to something else than the order
    said.
    """

    kinds: tuple[str, ...] = ()
    outdone: int = 0
    unlike: int = 0
    vouchers_alone: int = 0
    receipts_without_order: int = 0


RULES = (
    Rule(
        kind="payment",
        basis="order",
        anchor="payment",
        where=f"""a.is_refund = coalesce(s.is_refund, false)
          AND (a.basis = 'bill' OR (a.source = s.source AND {_SAME_PLACE}))
          AND (NOT a.is_refund OR a.amount_fen = s.amount_fen)""",
    ),
    Rule(kind="payment", basis="voucher", anchor="order_line", where=_SAME_PLATFORM),
    Rule(
        kind="order_line",
        basis="receipt",
        anchor="order_line",
        where=f"a.source = s.source AND {_SAME_PLACE}",
    ),
    Rule(kind="order_line", basis="voucher", anchor="order_line", where=_SAME_PLATFORM),
)


def find_covered(engine: Engine, kinds: frozenset[str]) -> Covering:
    """Move staged rows that give way to something known or staged into ``covered_<kind>``.

    ``outdone_<kind>`` gets the stored events that give way to staged rows; ``supersede_outdone``
    closes them. Call between staging and judging.
    """
    staged = tuple(kind for kind in COVERABLE if kind in kinds)
    if not staged:
        return Covering()
    engine.run(_brought(staged))
    weak = _bases(engine, staged)
    active = [rule for rule in RULES if _may_apply(rule, weak)]
    found = Covering()
    if active:
        for kind in sorted({rule.anchor for rule in active}):
            engine.run(_anchors(kind, staged))
        _give_way(engine, active, weak, staged=staged)
        found = _counted(engine, active)
    if "payment" not in staged:
        return found
    alone = "voucher" in weak["payment", "staged"]
    return replace(
        found,
        vouchers_alone=_one(engine, _alone(staged)) if alone else 0,
        receipts_without_order=_one(engine, _loose(found.kinds)) if _has_loose(engine) else 0,
    )


def supersede_outdone(engine: Engine, covering: Covering, recorded_at: datetime) -> None:
    """Close the stored events that gave way to what this import brought."""
    for kind in covering.kinds if covering.outdone else ():
        engine.run(
            Statement(
                f"""UPDATE event."{kind}" SET superseded_at = $recorded_at
                WHERE superseded_at IS NULL
                  AND event_id IN (SELECT event_id FROM "outdone_{kind}")""",  # noqa: S608 - names of two tables
                {"recorded_at": recorded_at},
            )
        )


def drop_covered(engine: Engine) -> None:
    """Drop the temporary tables that may be there."""
    for kind in COVERABLE:
        for part in ("covered", "outdone", "anchor"):
            engine.run(Statement(f'DROP TABLE IF EXISTS "{part}_{kind}"'))
    engine.run(Statement("DROP TABLE IF EXISTS brought"))


def _give_way(
    engine: Engine, active: Sequence[Rule], weak: Bases, *, staged: Sequence[str]
) -> None:
    for kind in COVERABLE:
        _make_notes(engine, kind)
    for rule in active:
        if rule.basis in weak[rule.kind, "staged"]:
            engine.run(_cover(rule))
        if rule.basis in weak[rule.kind, "stored"] and rule.anchor in staged:
            engine.run(_outdo(rule))
    for kind in {rule.kind for rule in active} & {*staged}:
        engine.run(
            Statement(
                f'DELETE FROM "stage_{kind}" WHERE rowid IN (SELECT place FROM "covered_{kind}")'  # noqa: S608 - names of two tables
            )
        )


def _make_notes(engine: Engine, kind: str) -> None:
    money = ", ".join(f'"{name}"' for name in KINDS[kind].money_columns)
    for text in (
        f"""CREATE OR REPLACE TEMP TABLE "covered_{kind}" AS SELECT event_id, 0::BIGINT AS place,
          0::BIGINT AS row_id, source, order_no, basis, {money} FROM event."{kind}" LIMIT 0""",  # noqa: S608 - declared names
        f'CREATE OR REPLACE TEMP TABLE "outdone_{kind}" AS SELECT * FROM "covered_{kind}"',  # noqa: S608 - declared names
    ):
        engine.run(Statement(text))


def _bases(engine: Engine, staged: Sequence[str]) -> Bases:
    """Return the bases of staged rows and of stored ones under their numbers, by kind and part."""
    parts = [(kind, "staged", f'"stage_{kind}"') for kind in staged]
    for kind in COVERABLE:
        live = f'event."{kind}" WHERE superseded_at IS NULL AND'
        codes = f"list_append({_codes('voucher_no')}, {_code('voucher_no')})"
        coded = f"(SELECT basis, unnest({codes}) AS number FROM {live} voucher_no IS NOT NULL)"  # noqa: S608 - declared names
        parts.append((kind, "stored", f"{live} order_no IN (FROM brought)"))
        parts.append((kind, "stored", f"{coded} WHERE number IN (FROM brought)"))
    text = " UNION ALL ".join(
        f"SELECT DISTINCT '{kind}' AS kind, '{part}' AS part, basis FROM {rows}"  # noqa: S608 - declared names
        for kind, part, rows in parts
    )
    found: Bases = {(kind, part): set() for kind in COVERABLE for part in _PARTS}
    for row in engine.query(Statement(text)).to_pylist():
        found[row["kind"], row["part"]].add(row["basis"])
    return found


def _may_apply(rule: Rule, weak: Bases) -> bool:
    """Return whether a weak row may meet a first-hand one, one of them at least being staged."""
    first = {None, *_FIRST_HAND[rule.anchor]}
    stored, staged = (bool(first & weak[rule.anchor, part]) for part in _PARTS)
    covers = rule.basis in weak[rule.kind, "staged"] and (stored or staged)
    return covers or (rule.basis in weak[rule.kind, "stored"] and staged)


def _code(name: str) -> str:
    """Return the SQL of a voucher number as it is compared: without blanks and dashes."""
    return f"regexp_replace({name}, '[\\s-]', '', 'g')"


def _codes(name: str) -> str:
    """Return the SQL of the list of voucher numbers in a text."""
    parts = f"string_split_regex({name}, '[,，、;；|/]+')"
    return f"list_transform({parts}, lambda c: {_code('c')})"


def _first_hand(kind: str) -> str:
    strong = ", ".join(f"'{basis}'" for basis in _FIRST_HAND[kind])
    return f"order_no IS NOT NULL AND (basis IS NULL OR basis IN ({strong}))"


def _stored(kind: str, staged: Sequence[str]) -> str:
    """Return the SQL of the stored first-hand rows of a kind that do not come in again."""
    text = f'event."{kind}" WHERE superseded_at IS NULL AND {_first_hand(kind)}'
    again = f' AND event_id NOT IN (SELECT event_id FROM "stage_{kind}")'  # noqa: S608 - declared names
    return text + again if kind in staged else text


def _brought(staged: Sequence[str]) -> Statement:
    """Return what gathers the order and voucher numbers that staged rows carry."""
    numbers = " UNION ".join(
        f"""SELECT unnest(list_concat([order_no, {_code("voucher_no")}], {_codes("voucher_no")}))
        FROM "stage_{kind}" """  # noqa: S608 - declared names
        for kind in staged
    )
    return Statement(
        f"""CREATE OR REPLACE TEMP TABLE brought AS
        SELECT DISTINCT number FROM ({numbers}) AS told(number) WHERE number IS NOT NULL"""  # noqa: S608 - declared names
    )


def _anchors(kind: str, staged: Sequence[str]) -> Statement:
    """Return what gathers the first-hand rows of a kind by the numbers that this import brings.

    One row per row and number, stored and staged.
    """
    own = "is_refund, amount_fen" if kind == "payment" else "false AS is_refund, 0 AS amount_fen"
    columns = f"source, clinic, order_no, voucher_no, basis, {own}, event_id"
    rows = f"SELECT {columns}, false AS staged FROM {_stored(kind, staged)}"  # noqa: S608 - declared names
    if kind in staged:
        rows += f' UNION ALL SELECT {columns}, true FROM "stage_{kind}" WHERE {_first_hand(kind)}'  # noqa: S608 - declared names
    return Statement(
        f"""CREATE OR REPLACE TEMP TABLE "anchor_{kind}" AS
        WITH numbered AS (
          SELECT *, order_no AS number FROM ({rows}) WHERE order_no IN (FROM brought)
          UNION ALL
          SELECT * FROM (SELECT *, unnest(list_distinct({_codes("voucher_no")})) AS number
            FROM ({rows}) WHERE voucher_no IS NOT NULL)
          WHERE number <> order_no AND number IN (FROM brought))
        SELECT source, clinic, basis, coalesce(is_refund, false) AS is_refund, amount_fen, event_id,
          staged, number
        FROM numbered"""  # noqa: S608 - declared names
    )


def _weak(rule: Rule, table: str, place: str) -> str:
    """Return the SQL of the rows that may give way, once for each number that they carry."""
    numbers = f"list_distinct([order_no, {_code('voucher_no')}])"
    if rule.basis != "voucher":
        numbers = "[order_no]"
    return (
        f"SELECT *, {place} AS place, unnest({numbers}) AS number FROM {table} WHERE basis = $basis"  # noqa: S608 - declared names
    )


def _gives_way(rule: Rule, table: str, *, place: str, row: str) -> str:
    money = ", ".join(f's."{name}"' for name in KINDS[rule.kind].money_columns)
    return f"""SELECT DISTINCT s.event_id, s.place, {row}, s.source, s.order_no, s.basis, {money}
        FROM ({_weak(rule, table, place)}) AS s JOIN "anchor_{rule.anchor}" AS a
          ON a.number = s.number AND a.event_id <> s.event_id
        WHERE {rule.where}"""  # noqa: S608 - declared names


def _cover(rule: Rule) -> Statement:
    rows = _gives_way(rule, f'"stage_{rule.kind}"', place="rowid", row="s.row_id")
    return Statement(f'INSERT INTO "covered_{rule.kind}" {rows}', {"basis": rule.basis})


def _outdo(rule: Rule) -> Statement:
    """Note stored events that give way to what is staged, those aside that come again themselves."""
    rows = _gives_way(rule, f'event."{rule.kind}"', place="0", row="0")
    return Statement(
        f"""INSERT INTO "outdone_{rule.kind}" {rows} AND a.staged AND s.superseded_at IS NULL""",
        {"basis": rule.basis},
    )


def _counted(engine: Engine, active: Sequence[Rule]) -> Covering:
    receipts = any(rule.anchor == "payment" for rule in active)
    return Covering(
        kinds=COVERABLE,
        outdone=_one(engine, _OUTDONE),
        unlike=_one(engine, _UNLIKE) if receipts else 0,
    )


def _one(engine: Engine, query: str) -> int:
    return int(engine.query(Statement(query)).to_pylist()[0]["n"])


_OUTDONE = """
SELECT (SELECT count(DISTINCT event_id) FROM outdone_payment)
  + (SELECT count(DISTINCT event_id) FROM outdone_order_line) AS n
"""
_UNLIKE = """
WITH said AS (SELECT source, order_no, sum(amount_fen) AS fen FROM (
    FROM covered_payment UNION ALL FROM outdone_payment)
  WHERE basis = 'order' AND amount_fen > 0 GROUP BY source, order_no),
paid AS (SELECT number, sum(amount_fen) AS fen FROM anchor_payment WHERE NOT is_refund GROUP BY number)
SELECT count(*) AS n FROM said JOIN paid ON paid.number = said.order_no WHERE said.fen <> paid.fen
"""


def _alone(staged: Sequence[str]) -> str:
    """Ask for redeemed vouchers that no order list knows, where the platform's order list is there."""
    lists = f"SELECT source FROM {_stored('order_line', staged)}"  # noqa: S608 - declared names
    if "order_line" in staged:
        lists += f" UNION ALL SELECT source FROM stage_order_line WHERE {_first_hand('order_line')}"  # noqa: S608 - declared names
    return f"""SELECT count(DISTINCT row_id) AS n
        FROM stage_payment SEMI JOIN ({lists}) AS list USING (source)
        WHERE basis = 'voucher'"""  # noqa: S608 - declared names


_LOOSE = """order_no IS NULL AND coalesce(basis, 'receipt') = 'receipt'
    AND NOT coalesce(is_refund, false)"""


def _has_loose(engine: Engine) -> bool:
    """Return whether any receipt names no order."""
    query = f"""SELECT (EXISTS (SELECT 1 FROM stage_payment WHERE {_LOOSE}) OR EXISTS (
        SELECT 1 FROM event.payment WHERE superseded_at IS NULL AND {_LOOSE}))::INTEGER AS n"""  # noqa: S608 - a text of ours
    return _one(engine, query) > 0


def _loose(covered: Sequence[str]) -> str:
    """Ask for payments read off orders, where the same system has receipts that name no order.

    Only the systems that this import brings payments of are asked about.
    """
    outdone = (
        " AND event_id NOT IN (SELECT event_id FROM outdone_payment)"
        if "payment" in covered
        else ""
    )
    return f"""
WITH system AS (SELECT DISTINCT source FROM stage_payment),
loose AS (
  SELECT source FROM stage_payment WHERE {_LOOSE}
  UNION SELECT source FROM event.payment SEMI JOIN system USING (source)
  WHERE superseded_at IS NULL AND {_LOOSE}),
implied AS (
  SELECT source, event_id FROM stage_payment WHERE basis = 'order' AND NOT coalesce(is_refund, false)
  UNION SELECT source, event_id FROM event.payment SEMI JOIN loose USING (source)
  WHERE basis = 'order' AND superseded_at IS NULL
    AND NOT coalesce(is_refund, false){outdone})
SELECT count(*) AS n FROM implied SEMI JOIN loose USING (source)
"""  # noqa: S608 - a name of ours
