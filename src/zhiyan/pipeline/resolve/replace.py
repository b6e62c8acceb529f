"""Writing, second part: the rows of all customers, or of those in scope, are replaced.

Rows of others change only in how many hold an identifier or share it. ``resolve_identifier`` and
``resolve_link`` hold the new rows, ``resolve_known`` the identifiers of the same customers as they
were, ``resolve_touched`` whose rows differ.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from zhiyan.analytics.linkage import IntArray, integers
from zhiyan.core.identity import Quality
from zhiyan.pipeline.resolve.layers import Linking
from zhiyan.pipeline.resolve.news import KEY
from zhiyan.pipeline.resolve.records import MANUAL, Holdings, Reason
from zhiyan.pipeline.resolve.write import former
from zhiyan.ports import Engine, Statement

#: Marks in identity.touched a customer whose parties (or first sighting) changed.
PARTY: Final = "party"

_LINK: Final = """
CREATE OR REPLACE TEMP TABLE resolve_link AS
SELECT
    party.party_id, assigned.customer_id, seen.id_type, seen.token,
    known.parties + coalesce(shared.parties, 0) AS shared_with, seen.import_id, seen.row_no
FROM resolve_evidence AS evidence
JOIN resolve_party AS party USING (node)
JOIN resolve_token AS known ON known.number = evidence.token
JOIN resolve_assignment AS assigned ON assigned.party_id = party.party_id
JOIN resolve_seen AS seen
  ON seen.party_id = party.party_id AND seen.id_type = known.id_type AND seen.token = known.token
LEFT JOIN resolve_shared AS shared
  ON shared.id_type = known.id_type AND shared.token = known.token
UNION ALL
SELECT
    assigned.party_id, assigned.customer_id, $manual AS id_type, merged.decision_id AS token,
    2 AS shared_with, CAST(NULL AS INTEGER) AS import_id, CAST(NULL AS INTEGER) AS row_no
FROM resolve_merged AS merged
JOIN resolve_party AS party USING (node)
JOIN resolve_assignment AS assigned ON assigned.party_id = party.party_id
"""

_OTHER_LINKS: Final = """
INSERT INTO resolve_link
    (party_id, customer_id, id_type, token, shared_with, import_id, row_no)
WITH total AS (
    SELECT
        shared.id_type, shared.token, shared.parties + coalesce(known.parties, 0) AS parties
    FROM resolve_shared AS shared
    LEFT JOIN resolve_token AS known
      ON known.id_type = shared.id_type AND known.token = shared.token
),
nearby AS (
    SELECT party_id, customer_id, id_type, token, shared_with, import_id, row_no
    FROM identity.link WHERE party_id IN (SELECT party_id FROM resolve_bystander)
),
stale AS (
    SELECT DISTINCT nearby.party_id
    FROM nearby JOIN total ON total.id_type = nearby.id_type AND total.token = nearby.token
    WHERE nearby.shared_with <> total.parties
)
SELECT
    nearby.party_id, nearby.customer_id, nearby.id_type, nearby.token,
    coalesce(total.parties, nearby.shared_with) AS shared_with, nearby.import_id, nearby.row_no
FROM nearby
LEFT JOIN total ON total.id_type = nearby.id_type AND total.token = nearby.token
WHERE nearby.party_id IN (SELECT party_id FROM stale)
"""

_IDENTIFIER: Final = """
CREATE OR REPLACE TEMP TABLE resolve_identifier AS
WITH held AS (
    SELECT
        customer_id, id_type, token, min(quality) AS quality, bool_or(verified) AS verified,
        min(occurred_at) AS first_seen
    FROM resolve_seen JOIN resolve_assignment USING (party_id)
    GROUP BY customer_id, id_type, token
),
holder AS (
    SELECT id_type, token, count(*) AS persons FROM held GROUP BY id_type, token
),
scored AS (
    SELECT root.party_id AS customer_id, known.id_type, known.token, score.confidence_ppm
    FROM resolve_score AS score
    JOIN resolve_party AS root ON root.node = score.node
    JOIN resolve_token AS known ON known.number = score.token
)
SELECT
    customer_id, id_type, token, quality, coalesce(verified, false) AS verified,
    holder.persons + coalesce(outside.persons, 0) AS persons, held.first_seen, confidence_ppm
FROM held
JOIN holder USING (id_type, token)
LEFT JOIN resolve_outside AS outside USING (id_type, token)
LEFT JOIN scored USING (customer_id, id_type, token)
"""

_COLUMNS: Final = (
    "customer_id, id_type, token, quality, verified, persons, first_seen, confidence_ppm"
)

_OTHER_IDENTIFIERS: Final = """
INSERT INTO resolve_identifier ({columns})
WITH total AS (
    SELECT id_type, token, max(persons) AS persons FROM resolve_identifier GROUP BY id_type, token
),
stale AS (
    SELECT DISTINCT around.customer_id
    FROM resolve_around AS around
    JOIN total ON total.id_type = around.id_type AND total.token = around.token
    WHERE around.persons <> total.persons
)
SELECT
    around.customer_id, around.id_type, around.token, around.quality, around.verified,
    coalesce(total.persons, around.persons) AS persons, around.first_seen, around.confidence_ppm
FROM resolve_around AS around
LEFT JOIN total ON total.id_type = around.id_type AND total.token = around.token
WHERE around.customer_id IN (SELECT customer_id FROM stale)
"""

_KNOWN: Final = """
CREATE OR REPLACE TEMP TABLE resolve_known AS
SELECT {columns} FROM identity.identifier
WHERE customer_id IN (
    SELECT customer_id FROM resolve_former UNION ALL SELECT customer_id FROM resolve_identifier
)
"""

_TOUCHED: Final = """
CREATE OR REPLACE TEMP TABLE resolve_touched AS
SELECT DISTINCT customer_id, id_type FROM (
    (SELECT {columns} FROM resolve_identifier EXCEPT SELECT {columns} FROM {known})
    UNION ALL
    (SELECT {columns} FROM {known} EXCEPT SELECT {columns} FROM resolve_identifier)
) AS differing
UNION ALL
SELECT DISTINCT customer_id, $party AS id_type FROM (
    (SELECT party_id, customer_id, first_seen FROM resolve_assignment
     EXCEPT SELECT party_id, customer_id, first_seen FROM {former})
    UNION ALL
    (SELECT party_id, customer_id, first_seen FROM {former}
     EXCEPT SELECT party_id, customer_id, first_seen FROM resolve_assignment)
) AS moved
"""

_FORGET_TOUCHED: Final = """
DELETE FROM identity.touched
WHERE customer_id IN (SELECT customer_id FROM resolve_touched)
  AND concat_ws('|', customer_id, id_type)
    IN (SELECT concat_ws('|', customer_id, id_type) FROM resolve_touched)
"""

_ADD_TOUCHED: Final = """
INSERT INTO identity.touched (customer_id, id_type, resolution)
SELECT customer_id, id_type, $resolution FROM resolve_touched
"""

#: Table -> the rows that go, if not all do.
_STALE: Final = {
    "assignment": "party_id IN (SELECT party_id FROM resolve_scope)",
    "party": "party_id IN (SELECT party_id FROM resolve_scope)",
    "link": """party_id IN (
        SELECT party_id FROM resolve_scope UNION ALL SELECT party_id FROM resolve_link)""",
    "identifier": "customer_id IN (SELECT customer_id FROM resolve_known)",
    "conflict": "parties[1] IN (SELECT party_id FROM resolve_scope)",
}

_ADD: Final = (
    """
INSERT INTO identity.assignment (party_id, customer_id, first_seen)
SELECT party_id, customer_id, first_seen FROM resolve_assignment ORDER BY customer_id, party_id
""",
    """
INSERT INTO identity.party (party_id, first_seen, component)
SELECT party_id, seen, component FROM resolve_assignment ORDER BY component, party_id
""",
    """
INSERT INTO identity.link
    (party_id, customer_id, id_type, token, shared_with, import_id, row_no)
SELECT party_id, customer_id, id_type, token, shared_with, import_id, row_no FROM resolve_link
""",
    f"""
INSERT INTO identity.identifier ({_COLUMNS})
SELECT {_COLUMNS} FROM resolve_identifier
""",  # noqa: S608 - names of columns
)

_ADD_ALL_HOLDINGS: Final = f"""
INSERT INTO identity.holding (key, party_id)
SELECT {KEY} AS key, party_id FROM resolve_seen ORDER BY key, party_id
"""  # noqa: S608 - an expression of ours

_ADD_HOLDINGS: Final = """
INSERT INTO identity.holding (key, party_id) SELECT DISTINCT key, party_id FROM resolve_fresh
"""

# One row per token and reason; of interest only while several customers stand behind the token,
# except where one record contradicts itself.
_REPLACE_CONFLICT: Final = """
INSERT INTO identity.conflict (conflict_id, id_type, token, reason, customers, parties)
WITH refused AS (
    SELECT DISTINCT id_type, token, reason, party.party_id
    FROM resolve_refused
    JOIN resolve_token AS known USING (number)
    JOIN resolve_seen AS seen USING (id_type, token)
    JOIN resolve_party AS party ON party.party_id = seen.party_id
    WHERE seen.quality = $ok
      AND (party.node = resolve_refused.node OR resolve_refused.node IS NULL)
    UNION ALL
    SELECT DISTINCT $manual, decision_id, reason, party_id
    FROM resolve_overruled JOIN resolve_party USING (node)
),
conflict AS (
    SELECT
        id_type, token, reason, list_sort(list(DISTINCT customer_id)) AS customers,
        list_sort(list(party_id)) AS parties
    FROM refused JOIN resolve_assignment USING (party_id)
    GROUP BY id_type, token, reason
)
SELECT md5(concat_ws('|', id_type, token, reason, parties::VARCHAR)), *
FROM conflict
WHERE len(customers) > 1 OR reason = $itself
"""


def replace(
    engine: Engine, linking: Linking, decisions: Sequence[str], *, within: bool, resolution: int
) -> None:
    """Replace the rows of the customers resolved by those of the linking.

    ``decisions`` has the ids of merge decisions by their number. ``within`` replaces those in scope
    only. What differs is noted under the number ``resolution``; the first has nothing to differ
    from.
    """
    _build(engine, linking, decisions, within=within)
    if resolution > 1:
        _note_touched(engine, within=within, resolution=resolution)
    for table, stale in _STALE.items():
        where = f" WHERE {stale}" if within else ""
        engine.run(Statement(f"DELETE FROM identity.{table}{where}"))  # noqa: S608 - names from above
    for text in _ADD:
        engine.run(Statement(text))
    if not within:
        engine.run(Statement("DELETE FROM identity.holding"))
    engine.run(Statement(_ADD_HOLDINGS if within else _ADD_ALL_HOLDINGS))
    with (
        engine.load("resolve_refused", _refused(linking)),
        engine.load("resolve_overruled", _overruled(linking, decisions)),
    ):
        values = {"manual": MANUAL, "ok": str(Quality.OK), "itself": str(Reason.TWO_ID_CARDS)}
        engine.run(Statement(_REPLACE_CONFLICT, values))


def _build(engine: Engine, linking: Linking, decisions: Sequence[str], *, within: bool) -> None:
    """Build the new links and identifiers."""
    with (
        engine.load("resolve_evidence", _table(_columns(linking.evidence))),
        engine.load("resolve_merged", _decided(linking.merged, decisions)),
    ):
        engine.run(Statement(_LINK, {"manual": MANUAL}))
    held, confidence_ppm = linking.score
    with engine.load("resolve_score", _table({**_columns(held), "confidence_ppm": confidence_ppm})):
        engine.run(Statement(_IDENTIFIER))
    if within:
        engine.run(Statement(_OTHER_LINKS))
        engine.run(Statement(_OTHER_IDENTIFIERS.format(columns=_COLUMNS)))
        engine.run(Statement(_KNOWN.format(columns=_COLUMNS)))


def _note_touched(engine: Engine, *, within: bool, resolution: int) -> None:
    known = "resolve_known" if within else "identity.identifier"
    names = {"columns": _COLUMNS, "known": known, "former": former(within=within)}
    engine.run(Statement(_TOUCHED.format(**names), {"party": PARTY}))
    engine.run(Statement(_FORGET_TOUCHED))
    engine.run(Statement(_ADD_TOUCHED, {"resolution": resolution}))


def _table(columns: dict[str, IntArray]) -> pa.Table:
    return pa.table({name: pa.array(column) for name, column in columns.items()})


def _columns(held: Holdings) -> dict[str, IntArray]:
    return {"node": held.node, "token": held.token}


def _reasons(reason: str, rows: pa.Table) -> pa.Table:
    return rows.append_column("reason", pa.array([reason] * rows.num_rows, pa.string()))


def _decided(rows: Holdings, decisions: Sequence[str]) -> pa.Table:
    ids = pa.array([decisions[number] for number in rows.token.tolist()], pa.string())
    return pa.table({"node": pa.array(rows.node), "decision_id": ids})


def _overruled(linking: Linking, decisions: Sequence[str]) -> pa.Table:
    """Return (node, decision_id, reason) of merge decisions that could not hold."""
    tables = [_reasons(reason, _decided(rows, decisions)) for reason, rows in linking.decisions]
    nothing = _decided(Holdings(integers(), integers()), decisions)
    return pa.concat_tables([*tables, _reasons("", nothing)])


def _refused(linking: Linking) -> pa.Table:
    """Return (number, node, reason): a token and the one node it is about, null for all nodes."""
    tables = [_reasons("", _table({"number": integers(), "node": integers()}))]
    for reason, rows in linking.refused:
        if reason is Reason.TWO_ID_CARDS:
            about = _table({"number": rows.token, "node": rows.node})
        else:
            number = pa.array(np.unique(rows.token))
            about = pa.table({"number": number, "node": pa.nulls(len(number), pa.int64())})
        tables.append(_reasons(reason, about))
    return pa.concat_tables(tables)
