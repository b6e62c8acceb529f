"""SQL of the commit of an import. Identifiers come only from the declarations of the kinds.

Stage tables are temporary: one row per event that a row of the file wants to be. A *body* is the
text over all values of an event, from which its content hash comes; the null mark is chr(30) and
the separator chr(31), which cleaning lets through in no value.
"""

from collections.abc import Sequence

from zhiyan.core.event import SHARED_COLUMNS, Column, ColumnType, EventKind
from zhiyan.ports import Statement

_SEPARATOR = "chr(31)"
_NULL = "chr(30)"
_CLINIC = "CASE WHEN in_key THEN coalesce(clinic, '') ELSE '' END"
#: All rows of a file with the numbers of those that have none of their own.
NUMBERED_ROWS = "(SELECT * FROM incoming LEFT JOIN numbered USING (place))"
#: The rows of a file under their final verdict, worst first.
STATUSES = ("quarantined", "correction", "accepted", "duplicate")


def _text(column: Column) -> str:
    name = f'"{column.name}"'
    if column.type is ColumnType.MOMENT:
        return f"epoch_us({name})::VARCHAR"
    if column.type is ColumnType.CODES:
        return f"array_to_string({name}, chr(29))"
    return f"{name}::VARCHAR"


def _body(columns: tuple[Column, ...], first: str) -> str:
    parts = [f"coalesce({_text(column)}, {_NULL})" for column in columns]
    return f"concat_ws({_SEPARATOR}, {', '.join([first, *parts])})"


def number_lines(kind: EventKind) -> Statement:
    """Return what numbers the rows offered as ``incoming`` that have no number of their own.

    Rows that are equal in what identifies them form a *line group*. Within it they are counted in
    the order of their content, so the order of rows changes nothing. Rows of no number at all
    (``hash_parts``) are each a line; rows of one number (``line_parts``) are one line if they are
    equal in everything.
    """
    keys = ", ".join(f'coalesce("{name}"::VARCHAR, {_NULL})' for name in kind.key)
    group = f"$kind, source, {_CLINIC}, {keys}, coalesce(hash_parts, {_NULL}), line_parts"
    order = "PARTITION BY line_group ORDER BY content"
    return Statement(
        f"""CREATE OR REPLACE TEMP TABLE numbered AS
        WITH told AS (SELECT place, row_id, hash_parts IS NOT NULL AS each,
          md5(concat_ws({_SEPARATOR}, {group}))::UUID AS line_group,
          {content(kind, "CASE WHEN soft_time THEN NULL ELSE occurred_at END")} AS content
          FROM incoming WHERE hash_parts IS NOT NULL OR line_parts IS NOT NULL)
        SELECT place, each, line_group, content, CASE WHEN each
            THEN row_number() OVER (PARTITION BY line_group ORDER BY content, row_id)
          ELSE dense_rank() OVER ({order}) END AS nth
        FROM told""",  # noqa: S608 - identifiers come from the declaration of the kind
        {"kind": kind.name},
    )


def key_text(kind: EventKind) -> str:
    """Return the SQL of what stands for the identity of a row, null where its key is empty."""
    keys = [f'coalesce("{name}"::VARCHAR, {_NULL})' for name in kind.key]
    parts = [f"coalesce({name}, {_NULL})" for name in ("hash_parts", "line_parts")]
    known = " OR ".join(
        [*(f'"{name}" IS NOT NULL' for name in kind.key[:1]), "hash_parts IS NOT NULL"]
    )
    text = f"md5(concat_ws({_SEPARATOR}, {', '.join(['$kind', 'source', *keys, *parts])}))"
    return f"CASE WHEN {known} THEN {text} END"


def content(kind: EventKind, occurred_at: str = "occurred_at") -> str:
    """Return the SQL of a number that stands for all that a row says, its key left out."""
    columns = tuple(c for c in kind.columns if c.name not in {*kind.key, "matched"})
    return _digest(_body(columns, f"party_id::VARCHAR, epoch_us({occurred_at})::VARCHAR"))


def _label(kind: EventKind) -> str:
    """Return the name of a kind as a text in SQL."""
    return f"'{kind.name}'"


def _digest(text: str) -> str:
    return f"('0x' || left(md5({text}), 16))::UBIGINT"


def stage(
    kind: EventKind, *, numbered: bool, previous: str | None = None, soft: bool = False
) -> Statement:
    """Return what makes ``stage_<kind>`` of the rows in ``incoming``.

    With ``numbered`` some have no number of their own, but one in the table ``numbered``.
    ``previous`` is the SQL that says whether a refund has its original. With ``soft`` some rows are
    dated by the export only: an earlier date that is known already stays.
    """
    own = ", ".join(f'"{column.name}"' for column in kind.columns)
    shared = tuple(column for column in SHARED_COLUMNS if column.name != "source")
    values = _body((*shared, *kind.columns), "event_id::VARCHAR, party_id::VARCHAR")
    group = "line_group" if numbered else "NULL AS line_group"
    source = NUMBERED_ROWS if numbered else "incoming"
    filled = f"(SELECT * REPLACE ({previous} AS matched) FROM {source} AS i)"  # noqa: S608 - as above
    named = keyed(kind, filled if previous else source, numbered=numbered)
    if soft:
        named = f"""SELECT n.* REPLACE (CASE WHEN n.soft_time
            THEN least(n.occurred_at, coalesce(e.occurred_at, n.occurred_at))
            ELSE n.occurred_at END AS occurred_at)
          FROM ({named}) AS n LEFT JOIN event."{kind.name}" AS e
            ON e.event_id = n.event_id AND e.superseded_at IS NULL"""  # noqa: S608 - identifiers come from the declaration of the kind
    return Statement(
        f"""CREATE OR REPLACE TEMP TABLE "stage_{kind.name}" AS
        SELECT row_id, row_no, party_id, source, clinic, occurred_at, {own}, event_id,
          {_digest(values)} AS content_hash, {group}
        FROM ({named})""",  # noqa: S608 - identifiers come from the declaration of the kind
        {"kind": kind.name},
    )


def keyed(kind: EventKind, source: str, *, numbered: bool = True) -> str:
    """Return the SQL that adds ``event_id`` to rows (and fills keys that follow from numbers)."""
    derived = [_derived(column) for column in kind.columns if column.name in kind.key]
    rows = f"FROM {source}"
    if numbered and derived:
        rows = f"SELECT * REPLACE ({', '.join(derived)}) FROM {source}"  # noqa: S608 - identifiers come from the declaration of the kind
    return f"SELECT *, {_event_id(kind, lines=numbered)} AS event_id FROM ({rows})"  # noqa: S608 - identifiers come from the declaration of the kind


def _derived(column: Column) -> str:
    digest = f"md5(concat_ws({_SEPARATOR}, hash_parts, nth::VARCHAR))"
    if column.type is ColumnType.INT:
        digest = f"('0x' || left({digest}, 15))::BIGINT"
    name = f'"{column.name}"'
    return f"CASE WHEN {name} IS NULL AND hash_parts IS NOT NULL THEN {digest} ELSE {name} END AS {name}"


def _event_id(kind: EventKind, *, lines: bool) -> str:
    keys = [f'coalesce("{name}"::VARCHAR, {_NULL})' for name in kind.key]
    if not kind.key:
        shared = (SHARED_COLUMNS[2], *kind.columns)
        keys = ["party_id::VARCHAR", *(f"coalesce({_text(c)}, {_NULL})" for c in shared)]
    if lines:
        keys.append(f"CASE WHEN line_parts IS NOT NULL THEN {_line_number()} END")
    return f"md5(concat_ws({_SEPARATOR}, {', '.join(['$kind', 'source', _CLINIC, *keys])}))::UUID"


def _line_number() -> str:
    return f"concat_ws({_SEPARATOR}, line_parts, nth::VARCHAR)"


#: Whether the original of a refund is known: a line of that order with that item, or the payment.
REFUND_MATCHED = """
CASE WHEN i.is_refund THEN coalesce(EXISTS (
    SELECT 1 FROM known_line AS l WHERE l.source = i.source AND l.order_no = i.order_no
      AND (i.item_code IS NULL OR l.item_code = i.item_code))
  OR EXISTS (
    SELECT 1 FROM known_payment AS p WHERE p.source = i.source AND p.order_no = i.order_no), false)
END"""


def known_originals(refunds: str, *, lines: bool, payments: bool) -> list[Statement]:
    """Return what gathers the lines and payments that the refunds in a table may refer to.

    ``lines`` and ``payments`` say whether this import brings any (staged lines; incoming payments).
    """
    asked = f"order_no IN (SELECT order_no FROM {refunds} WHERE is_refund)"  # noqa: S608 - a name of ours
    line = f"""SELECT DISTINCT source, order_no, item_code FROM event.order_line
        WHERE superseded_at IS NULL AND {asked}"""  # noqa: S608 - as above
    payment = f"""SELECT DISTINCT source, order_no FROM event.payment
        WHERE superseded_at IS NULL AND NOT coalesce(is_refund, false) AND {asked}"""  # noqa: S608 - as above
    if lines:
        line += " UNION SELECT source, order_no, item_code FROM stage_order_line"
    if payments:
        payment += """ UNION SELECT source, order_no FROM incoming
            WHERE NOT coalesce(is_refund, false) AND order_no IS NOT NULL"""
    return [
        Statement(f"CREATE OR REPLACE TEMP TABLE known_line AS {line}"),
        Statement(f"CREATE OR REPLACE TEMP TABLE known_payment AS {payment}"),
    ]


def count_repeats(kinds: Sequence[EventKind]) -> Statement:
    """Return the query for how many staged rows share their key with another one."""
    parts = [f'(SELECT count(*) - count(DISTINCT event_id) FROM "stage_{k.name}")' for k in kinds]  # noqa: S608 - identifiers come from the declaration of the kind
    return Statement(f"SELECT {' + '.join(parts)} AS n")


def find_conflicts(kinds: Sequence[EventKind]) -> Statement:
    """Return the query for staged rows that give one key two contents: row_id, kind."""
    parts = [
        f"""SELECT row_id, {_label(kind)} AS kind FROM "stage_{kind.name}" SEMI JOIN (
          SELECT event_id FROM "stage_{kind.name}"
          GROUP BY event_id HAVING min(content_hash) <> max(content_hash)) AS torn USING (event_id)"""  # noqa: S608 - identifiers come from the declaration of the kind
        for kind in kinds
    ]
    return Statement(
        f"""SELECT row_id, min(kind) AS kind FROM ({" UNION ALL ".join(parts)})
        GROUP BY row_id ORDER BY row_id"""  # noqa: S608 - as above
    )


def remove_conflicts(kind: EventKind) -> Statement:
    """Return what takes the rows in conflict out of a stage table."""
    return Statement(
        f'DELETE FROM "stage_{kind.name}" WHERE row_id IN (SELECT row_id FROM bad_row)'  # noqa: S608 - identifiers come from the declaration of the kind
    )


def judge(kind: EventKind) -> Statement:
    """Return what tells new events and corrections from duplicates; one row each in ``fresh``."""
    return Statement(
        f"""CREATE OR REPLACE TEMP TABLE "fresh_{kind.name}" AS
        SELECT first.*, known.event_id IS NOT NULL AS corrects
        FROM (SELECT event_id, any_value(content_hash) AS content_hash,
                min(row_id) AS row_id, arg_min(rowid, row_id) AS place
              FROM "stage_{kind.name}" GROUP BY event_id) AS first
        LEFT JOIN event."{kind.name}" AS known
          ON known.event_id = first.event_id AND known.superseded_at IS NULL
        WHERE known.event_id IS NULL OR known.content_hash <> first.content_hash"""  # noqa: S608 - identifiers come from the declaration of the kind
    )


def verdicts(kinds: Sequence[EventKind], covered: Sequence[str]) -> Statement:
    """Return the query for how many rows are corrections (1), new (2) and duplicates (3).

    What gave way in one of the ``covered`` kinds counts as a duplicate.
    """
    parts = [
        f"""SELECT s.row_id,
          CASE WHEN f.row_id IS NULL THEN 3 WHEN f.corrects THEN 1 ELSE 2 END AS rank
        FROM "stage_{kind.name}" AS s LEFT JOIN "fresh_{kind.name}" AS f ON f.place = s.rowid"""  # noqa: S608 - identifiers come from the declaration of the kind
        for kind in kinds
    ]
    parts += [f'SELECT row_id, 3 FROM "covered_{name}"' for name in covered]  # noqa: S608 - declared names
    return Statement(
        f"""SELECT rank, count(*) AS rows
        FROM (SELECT row_id, min(rank) AS rank FROM ({" UNION ALL ".join(parts)}) GROUP BY row_id)
        GROUP BY rank"""  # noqa: S608 - as above
    )


def close_corrected(kind: EventKind) -> Statement:
    """Return what closes the versions that corrections replace."""
    return Statement(
        f"""UPDATE event."{kind.name}" SET superseded_at = $recorded_at
        WHERE superseded_at IS NULL
          AND event_id IN (SELECT event_id FROM "fresh_{kind.name}" WHERE corrects)"""  # noqa: S608 - identifiers come from the declaration of the kind
    )


def insert_fresh(kind: EventKind) -> Statement:
    """Return what stores new events and versions."""
    own = ", ".join(f'"{column.name}"' for column in kind.columns)
    return Statement(
        f"""INSERT INTO event."{kind.name}"
        SELECT event_id, party_id, $recorded_at, NULL, content_hash, $import_id, row_no,
          source, clinic, occurred_at, {own}
        FROM {fresh_rows(kind)} ORDER BY occurred_at, event_id"""  # noqa: S608 - identifiers come from the declaration of the kind
    )


def fresh_rows(kind: EventKind) -> str:
    """Return the SQL of the staged rows that are new or correct something, with ``corrects``."""
    return f"""(SELECT s.*, f.corrects FROM "stage_{kind.name}" AS s
      JOIN "fresh_{kind.name}" AS f ON f.place = s.rowid)"""  # noqa: S608 - identifiers come from the declaration of the kind


def count_fresh(kind: EventKind) -> str:
    """Return the SQL of what is staged and new of a kind: kind, fresh, corrects, staged, kept.

    ``staged`` and ``kept`` list the money of all rows, and of those that are new or correct
    something, by money column.
    """
    fen = ", ".join(f'coalesce(sum("{name}"), 0)::BIGINT' for name in kind.money_columns)
    new = ", ".join(
        f'coalesce(sum("{name}") FILTER (f.place IS NOT NULL), 0)::BIGINT'
        for name in kind.money_columns
    )
    return f"""SELECT {_label(kind)} AS kind, count(f.place) AS fresh,
          count_if(f.corrects) AS corrects, [{fen}]::BIGINT[] AS staged, [{new}]::BIGINT[] AS kept
        FROM "stage_{kind.name}" AS s LEFT JOIN "fresh_{kind.name}" AS f ON f.place = s.rowid"""  # noqa: S608 - identifiers come from the declaration of the kind


def count_restored(kind: EventKind) -> Statement:
    """Return the query for how many corrections bring back an older version."""
    return Statement(
        f"""SELECT count(*) AS n FROM "fresh_{kind.name}" AS f SEMI JOIN event."{kind.name}" AS e
          ON e.event_id = f.event_id AND e.content_hash = f.content_hash
            AND e.superseded_at IS NOT NULL
        WHERE f.corrects"""  # noqa: S608 - identifiers come from the declaration of the kind
    )


def stored_money(kind: EventKind, covered: Sequence[str]) -> str:
    """Return the SQL of the money that this import stored of a kind, by money column.

    Columns: kind, stored, covered: the latter what gave way, in the ``covered`` kinds.
    """
    fen = ", ".join(f'coalesce(sum("{name}"), 0)::BIGINT' for name in kind.money_columns)
    none = ", ".join("0" for _ in kind.money_columns)
    gone = f'(SELECT [{fen}] FROM "covered_{kind.name}")' if kind.name in covered else f"[{none}]"  # noqa: S608 - identifiers come from the declaration of the kind
    return f"""SELECT {_label(kind)} AS kind, [{fen}] AS stored, {gone}::BIGINT[] AS covered
        FROM event."{kind.name}" WHERE import_id = $import_id AND row_no IS NOT NULL"""  # noqa: S608 - as above


def count_overlap(kind: EventKind) -> Statement:
    """Return the query for lines without a number that repeat an earlier file in a split document.

    The document (order, or receipt paid in several ways) brings other lines that are new: then the
    equal lines may be meant as further ones.
    """
    document = "order_no" if kind.name == "order_line" else "coalesce(order_no, payment_no)"
    return Statement(
        f"""WITH document AS (SELECT DISTINCT source, {document} AS number
          FROM {fresh_rows(kind)} WHERE NOT corrects AND line_group IS NOT NULL)
        SELECT count(DISTINCT s.row_id) AS overlap FROM "stage_{kind.name}" AS s
        JOIN document AS d ON d.source = s.source AND {document} = d.number
        WHERE s.line_group IS NOT NULL
          AND s.event_id NOT IN (SELECT event_id FROM "fresh_{kind.name}")"""  # noqa: S608 - identifiers come from the declaration of the kind
    )


#: New payments whose number an earlier file brought, of the same direction, paid in another way.
OTHER_WAYS = """
SELECT count(*) AS n FROM (SELECT s.*, f.corrects FROM stage_payment AS s
  JOIN fresh_payment AS f ON f.place = s.rowid) AS f SEMI JOIN (
  SELECT source, payment_no, order_no, is_refund, tender, amount_fen FROM event.payment
  WHERE superseded_at IS NULL) AS e
ON e.source = f.source AND e.payment_no = f.payment_no AND e.amount_fen = f.amount_fen
  AND e.order_no IS NOT DISTINCT FROM f.order_no AND e.is_refund = f.is_refund
  AND e.tender IS DISTINCT FROM f.tender
WHERE NOT f.corrects AND f.line_group IS NOT NULL
"""

_OPEN_REFUND = """
FROM event.payment
WHERE superseded_at IS NULL AND is_refund AND NOT matched AND import_id <> $import_id
"""
COUNT_OPEN_REFUNDS = f"SELECT count(*) AS n {_OPEN_REFUND}"
#: Refunds of earlier imports without an original so far.
OPEN_REFUNDS = f"CREATE OR REPLACE TEMP TABLE open_refund AS SELECT * {_OPEN_REFUND}"

MATCH_LATER = """
CREATE OR REPLACE TEMP TABLE rematched AS
SELECT i.* FROM open_refund AS i
WHERE EXISTS (
    SELECT 1 FROM known_line AS l WHERE l.source = i.source AND l.order_no = i.order_no
      AND (i.item_code IS NULL OR l.item_code = i.item_code))
  OR EXISTS (
    SELECT 1 FROM known_payment AS p WHERE p.source = i.source AND p.order_no = i.order_no)
"""


def store_rematched(kind: EventKind) -> list[Statement]:
    """Return what stores a new version of refunds whose original has come in by now."""
    shared = tuple(column for column in SHARED_COLUMNS if column.name != "source")
    values = _body((*shared, *kind.columns), "event_id::VARCHAR, party_id::VARCHAR")
    own = ", ".join(f'"{column.name}"' for column in kind.columns)
    return [
        Statement(
            """UPDATE event.payment SET superseded_at = $recorded_at
            WHERE superseded_at IS NULL AND event_id IN (SELECT event_id FROM rematched)"""
        ),
        Statement(
            f"""INSERT INTO event.payment
            WITH true_now AS (SELECT * REPLACE (true AS matched) FROM rematched)
            SELECT event_id, party_id, $recorded_at, NULL, ('0x' || left(md5({values}), 16))::UBIGINT,
              $import_id, NULL, source, clinic, occurred_at, {own} FROM true_now"""  # noqa: S608 - identifiers come from the declaration of the kind
        ),
    ]
