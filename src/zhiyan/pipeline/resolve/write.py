"""Writing, first part: the new assignment, what it changes, and the sizes of the tables."""

from collections import Counter
from datetime import datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa

from zhiyan.analytics.linkage import IntArray
from zhiyan.core.time import AsOf, naive_utc
from zhiyan.ports import Engine, Statement

#: The customer of each node is the party behind the smallest node of her component.
_ASSIGNMENT: Final = """
CREATE OR REPLACE TEMP TABLE resolve_assignment AS
SELECT
    party.party_id, root.party_id AS customer_id, root.first_seen, party.first_seen AS seen,
    nearest.party_id AS component
FROM resolve_label AS label
JOIN resolve_party AS party ON party.node = label.node
JOIN resolve_party AS root ON root.node = label.root
JOIN resolve_party AS nearest ON nearest.node = label.component
"""

# A party moved by a split if it left records behind and met none that were not with it before.
# Otherwise it met others, or its customer took the id of an earlier record: a merge.
_CHANGE: Final = """
INSERT INTO identity.change
    (change_id, action, party_id, from_customer, to_customer, as_of, recorded_at)
WITH moved AS (
    SELECT now.party_id, before.customer_id AS from_customer, now.customer_id AS to_customer
    FROM resolve_assignment AS now
    JOIN {former} AS before USING (party_id)
    WHERE before.customer_id <> now.customer_id
),
joined AS (
    SELECT DISTINCT moved.party_id
    FROM moved
    JOIN resolve_assignment AS mate ON mate.customer_id = moved.to_customer
    LEFT JOIN {former} AS former ON former.party_id = mate.party_id
    WHERE former.customer_id IS DISTINCT FROM moved.from_customer
),
parted AS (
    SELECT DISTINCT moved.party_id
    FROM moved
    JOIN {former} AS former ON former.customer_id = moved.from_customer
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

_COUNTS: Final = """
SELECT 'parties' AS what, NULL AS of, count(*) AS rows FROM identity.assignment
UNION ALL
SELECT 'customers', NULL, count(*) FROM identity.assignment WHERE party_id = customer_id
UNION ALL SELECT 'links', id_type, count(*) FROM identity.link GROUP BY id_type
UNION ALL SELECT 'conflicts', reason, count(*) FROM identity.conflict GROUP BY reason
"""


def former(*, within: bool) -> str:
    """Return the name of the table with the former assignment of the parties resolved."""
    return "resolve_former" if within else "identity.assignment"


def assign(engine: Engine, labels: IntArray, components: IntArray) -> None:
    """Build ``resolve_assignment``: customer, first sighting and component of every party."""
    columns = {"node": np.arange(labels.size), "root": labels, "component": components}
    rows = pa.table({name: pa.array(column) for name, column in columns.items()})
    with engine.load("resolve_label", rows):
        engine.run(Statement(_ASSIGNMENT))


def record_changes(
    engine: Engine, moment: AsOf, recorded_at: datetime, *, within: bool
) -> Counter[str]:
    """Append what differs from the former assignment; return the number of parties by action."""
    at = {"as_of": moment.stored_as_of, "recorded_at": naive_utc(recorded_at)}
    text = _CHANGE.format(former=former(within=within))
    actions: list[Any] = engine.query(Statement(text, at)).column("action").to_pylist()
    return Counter(actions)


def count(engine: Engine) -> dict[str, dict[str, int]]:
    """Return the sizes of the tables, then by identifier type or reason ('' for all)."""
    sizes: dict[str, dict[str, int]] = {"links": {}, "conflicts": {}}
    for row in engine.query(Statement(_COUNTS)).to_pylist():
        sizes.setdefault(row["what"], {})[row["of"] or ""] = row["rows"]
    return sizes
