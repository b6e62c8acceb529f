"""Reading what resolve found: why a record belongs, and what needs a look."""

from typing import Final

import pyarrow as pa

from zhiyan.ports import Engine, Statement

_EVIDENCE: Final = """
WITH party AS (
    SELECT party_id FROM identity.assignment WHERE customer_id = $customer_id
),
record AS (
    SELECT
        party_id, min(source) AS source, min(clinic) AS clinic,
        min(occurred_at) AS first_seen
    FROM identity.observation SEMI JOIN party USING (party_id)
    GROUP BY party_id
),
evidence AS (
    SELECT party_id, id_type, token, shared_with, import_id, row_no
    FROM identity.link
    WHERE customer_id = $customer_id
)
SELECT
    party_id, record.source, record.clinic, record.first_seen, evidence.id_type, evidence.token,
    identifier.confidence_ppm, evidence.shared_with, evidence.import_id, evidence.row_no
FROM party
LEFT JOIN record USING (party_id)
LEFT JOIN evidence USING (party_id)
LEFT JOIN identity.identifier AS identifier
  ON identifier.customer_id = $customer_id
  AND identifier.id_type = evidence.id_type AND identifier.token = evidence.token
ORDER BY record.first_seen NULLS LAST, party_id, evidence.id_type, evidence.token
"""

_CONFLICTS: Final = """
SELECT conflict_id, id_type, token, reason, customers, parties
FROM identity.conflict
ORDER BY reason, id_type, token
LIMIT $limit OFFSET $skip
"""

_HISTORY: Final = """
SELECT change_id, action, party_id, from_customer, to_customer, as_of, recorded_at
FROM identity.change
WHERE from_customer = $customer_id OR to_customer = $customer_id
ORDER BY recorded_at, action, party_id
"""


def evidence(engine: Engine, customer_id: int) -> pa.Table:
    """Return why each record belongs to a customer.

    One row per party and shared identifier, the first record first: party_id, source, clinic,
    first_seen, id_type ('manual': a decision, whose id is then the token), token, confidence_ppm
    (of the weakest link by that identifier; null where it only confirms), shared_with (parties
    behind the identifier), import_id and row_no of the observation. A record that shares nothing
    has one row of nulls. Empty for an unknown customer.
    """
    return engine.query(Statement(_EVIDENCE, {"customer_id": customer_id}))


def conflicts(engine: Engine, *, limit: int, skip: int = 0) -> pa.Table:
    """Return a page of the review list: one row per token and reason, ordered by reason."""
    return engine.query(Statement(_CONFLICTS, {"limit": limit, "skip": skip}))


def history(engine: Engine, customer_id: int) -> pa.Table:
    """Return the merges and splits that brought parties to a customer or took them away."""
    return engine.query(Statement(_HISTORY, {"customer_id": customer_id}))
