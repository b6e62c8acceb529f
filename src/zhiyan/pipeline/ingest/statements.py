"""SQL of the commit of an import. Identifiers come only from the declarations of the kinds.

Stage tables are temporary: one row per event that a row of the file wants to be. A *body* is the
text over all values of an event, from which its content hash comes; the null mark is chr(30) and
the separator chr(31), which cleaning lets through in no value.
"""

from zhiyan.core.event import SHARED_COLUMNS, Column, ColumnType, EventKind
from zhiyan.ports import Statement

_SEPARATOR = "chr(31)"
_NULL = "chr(30)"
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


def stage(kind: EventKind, *, hashed: str | None, previous: str | None = None) -> list[Statement]:
    """Return what makes ``stage_<kind>`` of the rows offered as ``incoming``.

    ``hashed`` is the key column that is derived where ``hash_parts`` is given: equal rows of a file
    are counted in the order of their content, so the order of rows changes nothing. ``previous`` is
    the SQL that says whether a refund has its original.
    """
    own = ", ".join(f'"{column.name}"' for column in kind.columns)
    source = "incoming"
    steps: list[Statement] = []
    if hashed is not None:
        steps.append(Statement(_counted(kind, hashed)))
        source = "counted"
    shared = tuple(column for column in SHARED_COLUMNS if column.name != "source")
    values = _body((*shared, *kind.columns), "event_id::VARCHAR, party_id::VARCHAR")
    matched = f"* REPLACE ({previous} AS matched)" if previous else "*"
    steps.append(
        Statement(
            f"""CREATE OR REPLACE TEMP TABLE "stage_{kind.name}" AS
            WITH filled AS (SELECT {matched} FROM {source} AS i), named AS (SELECT *, {_event_id(kind)} AS event_id FROM filled)
            SELECT row_id, row_no, party_id, source, clinic, occurred_at, {own}, event_id,
              ('0x' || left(md5({values}), 16))::UBIGINT AS content_hash
            FROM named""",  # noqa: S608 - identifiers come from the declaration of the kind
            {"kind": kind.name},
        )
    )
    return steps


def _event_id(kind: EventKind) -> str:
    keys = [f'coalesce("{name}"::VARCHAR, {_NULL})' for name in kind.key]
    if not kind.key:
        shared = (SHARED_COLUMNS[2], *kind.columns)
        keys = ["party_id::VARCHAR", *(f"coalesce({_text(c)}, {_NULL})" for c in shared)]
    clinic = "CASE WHEN in_key THEN coalesce(clinic, '') ELSE '' END"
    return f"md5(concat_ws({_SEPARATOR}, {', '.join(['$kind', 'source', clinic, *keys])}))::UUID"


def _counted(kind: EventKind, hashed: str) -> str:
    column = kind.column(hashed)
    integer = column is not None and column.type is ColumnType.INT
    others = tuple(c for c in kind.columns if c.name != hashed)
    body = _body((SHARED_COLUMNS[2], *others), "party_id::VARCHAR")
    keys = "".join(f', "{name}"' for name in kind.key if name != hashed)
    digest = f"md5(concat_ws({_SEPARATOR}, hash_parts, nth::VARCHAR))"
    derived = f"('0x' || left({digest}, 15))::BIGINT" if integer else digest
    return f"""CREATE OR REPLACE TEMP TABLE counted AS
        WITH numbered AS (
          SELECT *, CASE WHEN hash_parts IS NULL THEN 0 ELSE row_number() OVER (
            PARTITION BY source, clinic, hash_parts{keys} ORDER BY {body}, row_id) END AS nth
          FROM incoming)
        SELECT * EXCLUDE (nth) REPLACE (
          CASE WHEN hash_parts IS NULL THEN "{hashed}" ELSE {derived} END AS "{hashed}")
        FROM numbered"""  # noqa: S608 - identifiers come from the declaration of the kind


#: Whether the original of a refund is known: a line of that order with that item, or the payment.
REFUND_MATCHED = """
CASE WHEN i.is_refund THEN coalesce(EXISTS (
    SELECT 1 FROM known_line AS l WHERE l.source = i.source AND l.order_no = i.order_no
      AND (i.item_code IS NULL OR l.item_code = i.item_code))
  OR EXISTS (
    SELECT 1 FROM known_payment AS p WHERE p.source = i.source AND p.order_no = i.order_no), false)
END"""


def known_originals(*, lines: bool, payments: bool) -> list[Statement]:
    """Return what gathers the lines and payments that refunds may refer to.

    ``lines`` and ``payments`` say whether this import brings any (staged lines; incoming payments).
    """
    line = """SELECT DISTINCT source, order_no, item_code FROM event.order_line
        WHERE superseded_at IS NULL"""
    payment = """SELECT DISTINCT source, order_no FROM event.payment
        WHERE superseded_at IS NULL AND NOT coalesce(is_refund, false) AND order_no IS NOT NULL"""
    if lines:
        line += " UNION SELECT source, order_no, item_code FROM stage_order_line"
    if payments:
        payment += """ UNION SELECT source, order_no FROM incoming
            WHERE NOT coalesce(is_refund, false) AND order_no IS NOT NULL"""
    return [
        Statement(f"CREATE OR REPLACE TEMP TABLE known_line AS {line}"),
        Statement(f"CREATE OR REPLACE TEMP TABLE known_payment AS {payment}"),
    ]


def find_conflicts(kind: EventKind) -> Statement:
    """Return what notes rows that give one key two contents."""
    return Statement(
        f"""INSERT INTO bad_row
        SELECT row_id, $kind FROM "stage_{kind.name}" SEMI JOIN (
          SELECT event_id FROM "stage_{kind.name}"
          GROUP BY event_id HAVING count(DISTINCT content_hash) > 1) AS torn USING (event_id)""",  # noqa: S608 - identifiers come from the declaration of the kind
        {"kind": kind.name},
    )


def remove_conflicts(kind: EventKind) -> Statement:
    """Return what takes the rows in conflict out of a stage table."""
    return Statement(
        f'DELETE FROM "stage_{kind.name}" WHERE row_id IN (SELECT row_id FROM bad_row)'  # noqa: S608 - identifiers come from the declaration of the kind
    )


def judge(kind: EventKind) -> list[Statement]:
    """Return what tells new events and corrections from duplicates; one row each in ``fresh``."""
    return [
        Statement(
            f"""CREATE OR REPLACE TEMP TABLE "fresh_{kind.name}" AS
            SELECT first.*, known.event_id IS NOT NULL AS corrects
            FROM (SELECT DISTINCT ON (event_id) * FROM "stage_{kind.name}"
                  ORDER BY event_id, row_id) AS first
            ANTI JOIN event."{kind.name}" AS same
              ON same.event_id = first.event_id AND same.content_hash = first.content_hash
            LEFT JOIN event."{kind.name}" AS known
              ON known.event_id = first.event_id AND known.superseded_at IS NULL"""  # noqa: S608 - identifiers come from the declaration of the kind
        ),
        Statement(
            f"""INSERT INTO verdict
            SELECT s.row_id, CASE WHEN f.row_id IS NULL THEN 3 WHEN f.corrects THEN 1 ELSE 2 END
            FROM "stage_{kind.name}" AS s LEFT JOIN "fresh_{kind.name}" AS f USING (row_id)"""  # noqa: S608 - identifiers come from the declaration of the kind
        ),
    ]


def insert_fresh(kind: EventKind) -> list[Statement]:
    """Return what stores new events and versions and closes the versions that they replace."""
    own = ", ".join(f'"{column.name}"' for column in kind.columns)
    return [
        Statement(
            f"""UPDATE event."{kind.name}" SET superseded_at = $recorded_at
            WHERE superseded_at IS NULL
              AND event_id IN (SELECT event_id FROM "fresh_{kind.name}" WHERE corrects)"""  # noqa: S608 - identifiers come from the declaration of the kind
        ),
        Statement(
            f"""INSERT INTO event."{kind.name}"
            SELECT event_id, party_id, $recorded_at, NULL, content_hash, $import_id, row_no,
              source, clinic, occurred_at, {own}
            FROM "fresh_{kind.name}" ORDER BY occurred_at, event_id"""  # noqa: S608 - identifiers come from the declaration of the kind
        ),
    ]


def count_fresh(kind: EventKind) -> Statement:
    """Return the query for how many events are new, and how many rows repeat an older version."""
    return Statement(
        f"""SELECT (SELECT count(*) FROM "fresh_{kind.name}") AS fresh,
          (SELECT count(*) FROM "stage_{kind.name}" AS s JOIN event."{kind.name}" AS e
             ON e.event_id = s.event_id AND e.superseded_at IS NULL
           WHERE e.content_hash <> s.content_hash
             AND s.event_id NOT IN (SELECT event_id FROM "fresh_{kind.name}")) AS older"""  # noqa: S608 - identifiers come from the declaration of the kind
    )


def money_sums(kind: EventKind) -> Statement:
    """Return the query for the money of a kind: staged, new or corrected, and stored."""
    stored = ", ".join(
        f'coalesce(sum("{name}"), 0)::BIGINT AS "{name}"' for name in kind.money_columns
    )
    return Statement(
        f"""SELECT 'stage' AS part, {stored} FROM "stage_{kind.name}"
        UNION ALL SELECT 'fresh', {stored} FROM "fresh_{kind.name}"
        UNION ALL SELECT 'stored', {stored} FROM event."{kind.name}"
          WHERE import_id = $import_id AND row_no IS NOT NULL"""  # noqa: S608 - identifiers come from the declaration of the kind
    )


MATCH_LATER = """
CREATE OR REPLACE TEMP TABLE rematched AS
SELECT i.* FROM event.payment AS i
WHERE i.superseded_at IS NULL AND i.is_refund AND NOT i.matched AND i.import_id <> $import_id
  AND (EXISTS (
    SELECT 1 FROM known_line AS l WHERE l.source = i.source AND l.order_no = i.order_no
      AND (i.item_code IS NULL OR l.item_code = i.item_code))
  OR EXISTS (
    SELECT 1 FROM known_payment AS p WHERE p.source = i.source AND p.order_no = i.order_no))
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
