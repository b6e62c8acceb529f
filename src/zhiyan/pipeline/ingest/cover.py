"""One purchase seen by several lists counts once.

Every line and payment says what it was read off (``basis``). A payment read off an order row gives
way to the receipts of that order; a line or payment of a voucher that was redeemed gives way to the
platform's order list; a line read off takings gives way to the order itself. Lists are linked by
order or voucher number alone, in either sequence of import: rows that come too late are *covered*
(not stored), rows that are there already are superseded.
"""

from dataclasses import dataclass
from datetime import datetime

from zhiyan.core.kinds import KINDS
from zhiyan.ports import Engine, Statement

COVERABLE = ("order_line", "payment")
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

    ``unlike`` counts orders whose receipts add up to something else than the order said.
    """

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
    for kind in COVERABLE:
        _make_notes(engine, kind)
    weak = {kind: _bases(engine, kind, staged=kind in kinds) for kind in COVERABLE}
    active = [rule for rule in RULES if any(rule.basis in found for found in weak[rule.kind])]
    for kind in {rule.anchor for rule in active}:
        engine.run(_anchors(kind, fresh=kind in kinds))
    for rule in active:
        stored, staged = weak[rule.kind]
        if rule.basis in staged:
            engine.run(_cover(rule))
        if rule.basis in stored and rule.anchor in kinds:
            engine.run(_outdo(rule))
    for kind in COVERABLE:
        if kind in kinds and any(rule.kind == kind for rule in active):
            engine.run(
                Statement(
                    f'DELETE FROM "stage_{kind}" WHERE rowid IN (SELECT place FROM "covered_{kind}")'  # noqa: S608 - names of two tables
                )
            )
    return _count(engine, active, kinds)


def supersede_outdone(engine: Engine, recorded_at: datetime) -> None:
    """Close the stored events that gave way to what this import brought."""
    for kind in COVERABLE:
        engine.run(
            Statement(
                f"""UPDATE event."{kind}" SET superseded_at = $recorded_at
                WHERE superseded_at IS NULL
                  AND event_id IN (SELECT event_id FROM "outdone_{kind}")""",  # noqa: S608 - names of two tables
                {"recorded_at": recorded_at},
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


def _bases(engine: Engine, kind: str, *, staged: bool) -> tuple[set[str], set[str]]:
    """Return the bases that stored and staged rows of a kind have."""
    stored = f"""SELECT DISTINCT basis FROM event."{kind}"
        WHERE superseded_at IS NULL AND basis IS NOT NULL"""  # noqa: S608 - declared names
    fresh = f'SELECT DISTINCT basis FROM "stage_{kind}" WHERE basis IS NOT NULL'  # noqa: S608 - declared names
    return _texts(engine, stored), _texts(engine, fresh) if staged else set()


def _texts(engine: Engine, query: str) -> set[str]:
    return {str(row["basis"]) for row in engine.query(Statement(query)).to_pylist()}


def _code(name: str) -> str:
    """Return the SQL of a voucher number as it is compared: without blanks and dashes."""
    return f"regexp_replace({name}, '[\\s-]', '', 'g')"


def _anchors(kind: str, *, fresh: bool) -> Statement:
    """Return what gathers the first-hand rows of a kind by their numbers, stored and staged."""
    strong = ", ".join(f"'{basis}'" for basis in _FIRST_HAND[kind])
    own = "is_refund, amount_fen" if kind == "payment" else "false AS is_refund, 0 AS amount_fen"
    first = f"order_no IS NOT NULL AND (basis IS NULL OR basis IN ({strong}))"
    columns = f"source, clinic, order_no, voucher_no, basis, {own}, event_id"
    rows = f'SELECT {columns}, false AS staged FROM event."{kind}" WHERE superseded_at IS NULL AND {first}'  # noqa: S608 - declared names
    if fresh:
        rows += f""" AND event_id NOT IN (SELECT event_id FROM "stage_{kind}")
          UNION ALL SELECT {columns}, true FROM "stage_{kind}" WHERE {first}"""  # noqa: S608 - declared names
    codes = (
        f"list_transform(string_split_regex(voucher_no, '[,，、;；|/]+'), lambda c: {_code('c')})"
    )
    return Statement(
        f"""CREATE OR REPLACE TEMP TABLE "anchor_{kind}" AS
        SELECT source, clinic, basis, coalesce(is_refund, false) AS is_refund, amount_fen, event_id,
          staged, unnest(list_distinct(list_concat([order_no], {codes}))) AS number
        FROM ({rows})"""  # noqa: S608 - declared names
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


def _count(engine: Engine, active: list[Rule], kinds: frozenset[str]) -> Covering:
    if not active:
        return Covering()
    bases = {rule.basis for rule in active}
    return Covering(
        outdone=_one(engine, _OUTDONE),
        unlike=_one(engine, _UNLIKE) if any(rule.anchor == "payment" for rule in active) else 0,
        vouchers_alone=_one(engine, _ALONE) if "voucher" in bases and "payment" in kinds else 0,
        receipts_without_order=_one(engine, _LOOSE)
        if "order" in bases and "payment" in kinds
        else 0,
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
#: Redeemed vouchers that no order list knows, where the platform's order list is there.
_ALONE = """
SELECT count(DISTINCT row_id) AS n FROM stage_payment AS s WHERE s.basis = 'voucher' AND EXISTS (
  SELECT 1 FROM anchor_order_line AS a WHERE a.source = s.source)
"""
#: Payments read off orders, where the same system has receipts that name no order.
_LOOSE = """
WITH loose AS (
  SELECT source FROM stage_payment WHERE order_no IS NULL AND coalesce(basis, 'receipt') = 'receipt'
    AND NOT coalesce(is_refund, false)
  UNION ALL SELECT source FROM event.payment WHERE superseded_at IS NULL AND order_no IS NULL
    AND coalesce(basis, 'receipt') = 'receipt' AND NOT coalesce(is_refund, false)),
implied AS (
  SELECT source, event_id FROM stage_payment WHERE basis = 'order' AND NOT coalesce(is_refund, false)
  UNION SELECT source, event_id FROM event.payment WHERE basis = 'order' AND superseded_at IS NULL
    AND NOT coalesce(is_refund, false) AND event_id NOT IN (SELECT event_id FROM outdone_payment))
SELECT CASE WHEN EXISTS (SELECT 1 FROM stage_payment) THEN
  (SELECT count(*) FROM implied SEMI JOIN loose USING (source)) ELSE 0 END AS n
"""
