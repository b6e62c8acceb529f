"""Writing: the identity tables, from the labels of the nodes and the working tables."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa

from zhiyan.analytics.linkage import IntArray, integers
from zhiyan.core.identity import Quality
from zhiyan.core.time import AsOf, naive_utc
from zhiyan.pipeline.resolve.layers import Linking
from zhiyan.pipeline.resolve.records import MANUAL, Holdings, Reason
from zhiyan.ports import Engine, Statement

#: The customer of each node is the party behind the smallest node of her component.
_ASSIGNMENT: Final = """
CREATE OR REPLACE TEMP TABLE resolve_assignment AS
SELECT party.party_id, root.party_id AS customer_id, root.first_seen
FROM resolve_label AS label
JOIN resolve_party AS party ON party.node = label.node
JOIN resolve_party AS root ON root.node = label.root
"""

# A party moved by a split if it left records behind and met none that were not with it before.
# Otherwise it met others, or its customer took the id of an earlier record: a merge.
_CHANGE: Final = """
INSERT INTO identity.change
    (change_id, action, party_id, from_customer, to_customer, as_of, recorded_at)
WITH moved AS (
    SELECT now.party_id, before.customer_id AS from_customer, now.customer_id AS to_customer
    FROM resolve_assignment AS now
    JOIN identity.assignment AS before USING (party_id)
    WHERE before.customer_id <> now.customer_id
),
joined AS (
    SELECT DISTINCT moved.party_id
    FROM moved
    JOIN resolve_assignment AS mate ON mate.customer_id = moved.to_customer
    LEFT JOIN identity.assignment AS former ON former.party_id = mate.party_id
    WHERE former.customer_id IS DISTINCT FROM moved.from_customer
),
parted AS (
    SELECT DISTINCT moved.party_id
    FROM moved
    JOIN identity.assignment AS former ON former.customer_id = moved.from_customer
    JOIN resolve_assignment AS mate ON mate.party_id = former.party_id
    WHERE mate.customer_id <> moved.to_customer
),
change AS (
    SELECT
        CASE WHEN parted.party_id IS NOT NULL AND joined.party_id IS NULL THEN 'split'
             ELSE 'merge' END AS action,
        moved.*
    FROM moved LEFT JOIN joined USING (party_id) LEFT JOIN parted USING (party_id)
)
SELECT
    md5(concat_ws('|', action, party_id, from_customer, to_customer, $as_of::TIMESTAMP,
                  $recorded_at::TIMESTAMP)),
    action, party_id, from_customer, to_customer, $as_of, $recorded_at
FROM change
RETURNING action
"""

_REPLACE_ASSIGNMENT: Final = """
INSERT INTO identity.assignment (party_id, customer_id, first_seen)
SELECT party_id, customer_id, first_seen FROM resolve_assignment
ORDER BY customer_id, party_id
"""

_REPLACE_LINK: Final = """
INSERT INTO identity.link
    (party_id, customer_id, id_type, token, shared_with, import_id, row_no)
SELECT
    party.party_id, assigned.customer_id, seen.id_type, seen.token, known.parties,
    seen.import_id, seen.row_no
FROM resolve_evidence AS evidence
JOIN resolve_party AS party USING (node)
JOIN resolve_token AS known ON known.number = evidence.token
JOIN resolve_assignment AS assigned ON assigned.party_id = party.party_id
JOIN resolve_seen AS seen
  ON seen.party_id = party.party_id AND seen.id_type = known.id_type AND seen.token = known.token
"""

_ADD_MANUAL: Final = """
INSERT INTO identity.link
    (party_id, customer_id, id_type, token, shared_with, import_id, row_no)
SELECT assigned.party_id, assigned.customer_id, $manual, merged.decision_id, 2, NULL, NULL
FROM resolve_merged AS merged
JOIN resolve_party AS party USING (node)
JOIN resolve_assignment AS assigned ON assigned.party_id = party.party_id
"""

_REPLACE_IDENTIFIER: Final = """
INSERT INTO identity.identifier
    (customer_id, id_type, token, quality, verified, persons, first_seen, confidence_ppm)
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
    customer_id, id_type, token, quality, coalesce(verified, false), persons, held.first_seen,
    confidence_ppm
FROM held
JOIN holder USING (id_type, token)
LEFT JOIN scored USING (customer_id, id_type, token)
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

_COUNTS: Final = """
SELECT 'parties' AS what, NULL AS of, count(*) AS rows FROM identity.assignment
UNION ALL SELECT 'customers', NULL, count(DISTINCT customer_id) FROM identity.assignment
UNION ALL SELECT 'links', id_type, count(*) FROM identity.link GROUP BY id_type
UNION ALL SELECT 'conflicts', reason, count(*) FROM identity.conflict GROUP BY reason
"""

_REPLACED: Final = ("assignment", "link", "identifier", "conflict")


def assign(engine: Engine, labels: IntArray) -> None:
    """Build ``resolve_assignment``: the customer of every party."""
    rows = _table({"node": np.arange(labels.size), "root": labels})
    with engine.load("resolve_label", rows):
        engine.run(Statement(_ASSIGNMENT))


def record_changes(engine: Engine, moment: AsOf, recorded_at: datetime) -> Counter[str]:
    """Append what differs from the former assignment; return the number of parties by action."""
    at = {"as_of": moment.stored_as_of, "recorded_at": naive_utc(recorded_at)}
    actions: list[Any] = engine.query(Statement(_CHANGE, at)).column("action").to_pylist()
    return Counter(actions)


def replace(engine: Engine, linking: Linking, decisions: Sequence[str]) -> None:
    """Replace assignment, link, identifier and conflict by those of the linking.

    ``decisions`` has the ids of merge decisions by their number.
    """
    for name in _REPLACED:
        engine.run(Statement(f"DELETE FROM identity.{name}"))  # noqa: S608 - names from above
    engine.run(Statement(_REPLACE_ASSIGNMENT))
    with engine.load("resolve_evidence", _table(_columns(linking.evidence))):
        engine.run(Statement(_REPLACE_LINK))
    with engine.load("resolve_merged", _decided(linking.merged, decisions)):
        engine.run(Statement(_ADD_MANUAL, {"manual": MANUAL}))
    held, confidence_ppm = linking.score
    with engine.load("resolve_score", _table({**_columns(held), "confidence_ppm": confidence_ppm})):
        engine.run(Statement(_REPLACE_IDENTIFIER))
    with (
        engine.load("resolve_refused", _refused(linking)),
        engine.load("resolve_overruled", _overruled(linking, decisions)),
    ):
        values = {"manual": MANUAL, "ok": str(Quality.OK), "itself": str(Reason.TWO_ID_CARDS)}
        engine.run(Statement(_REPLACE_CONFLICT, values))


def count(engine: Engine) -> dict[str, dict[str | None, int]]:
    """Return the sizes of what was written: by table, then by identifier type or reason."""
    sizes: dict[str, dict[str | None, int]] = {"links": {}, "conflicts": {}}
    for row in engine.query(Statement(_COUNTS)).to_pylist():
        sizes.setdefault(row["what"], {})[row["of"]] = row["rows"]
    return sizes


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
