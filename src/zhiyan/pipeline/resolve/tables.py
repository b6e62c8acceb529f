"""Reading: what is visible at (T, K), numbered for the linking rules.

All parties are read, or those of ``resolve_scope``. The temporary tables live while a resolve runs:

``resolve_seen``    one row per visible identifier (party, identifier type, token)
``resolve_token``   one row per usable token that may matter, with its number
``resolve_party``   one row per visible party, with its node number by (first seen, party id)
``resolve_assignment`` (built when writing) one row per party, with its customer
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import numpy as np

from zhiyan.analytics.linkage import IntArray, integers
from zhiyan.core.identity import SECOND_KEYS, IdType, Quality
from zhiyan.core.kinds import KINDS
from zhiyan.core.time import AsOf
from zhiyan.pipeline.resolve.decisions import standing
from zhiyan.pipeline.resolve.records import NATIVE_KEYS, STRONG_KEYS, Holdings, Records
from zhiyan.ports import Engine, Statement

WORKING_TABLES: Final = (
    "resolve_seen", "resolve_token", "resolve_party", "resolve_assignment", "resolve_identifier",
    "resolve_known", "resolve_touched", "resolve_link", "resolve_scope", "resolve_former",
    "resolve_around", "resolve_outside", "resolve_bystander", "resolve_shared",
)  # fmt: skip
NEWS_TABLES: Final = ("resolve_fresh", "resolve_sighting", "resolve_news")

# An identifier has a row per improvement of what was known of it; the earliest says where it was seen.
_SEEN: Final = """
CREATE OR REPLACE TEMP TABLE resolve_seen AS
SELECT
    party_id, id_type, token, quality, verified, occurred_at, origin.source, origin.clinic,
    origin.import_id, origin.row_no
FROM (
    SELECT
        party_id, id_type, token, min(quality) AS quality, bool_or(verified) AS verified,
        min(occurred_at) AS occurred_at,
        arg_min(
            struct_pack(
                source := source, clinic := clinic, import_id := import_id, row_no := row_no
            ),
            row(occurred_at, source, coalesce(clinic, ''), recorded_at, import_id, row_no)
        ) AS origin
    FROM identity.observation
    WHERE occurred_at < $as_of AND recorded_at <= $known_at{within}
    GROUP BY party_id, id_type, token
)
"""

_USABLE: Final = """
CREATE OR REPLACE TEMP TABLE resolve_token AS
SELECT id_type, token, parties, row_number() OVER (ORDER BY id_type, token) - 1 AS number
FROM (
    SELECT id_type, token, count(DISTINCT party_id) AS parties
    FROM resolve_seen
    WHERE quality = $ok AND list_contains($types, id_type)
    GROUP BY id_type, token
)
WHERE parties > 1 OR list_contains($alone, id_type)
"""

# The source and clinic of a party are those of its records; where they differ, the first by name.
_PARTY: Final = """
CREATE OR REPLACE TEMP TABLE resolve_party AS
WITH sighting AS ({sightings}),
party AS (
    SELECT party_id, min(first_seen) AS first_seen FROM sighting GROUP BY party_id
),
record AS (
    SELECT
        party_id, min(source) AS source, min(clinic) AS clinic,
        bool_or(quality = $ok AND list_contains($strong, id_type)) AS strong,
        bool_or(quality = $ok AND list_contains($native, id_type)) AS native
    FROM resolve_seen
    GROUP BY party_id
)
SELECT
    row_number() OVER (ORDER BY first_seen, party_id) - 1 AS node,
    party_id, first_seen, source, clinic,
    coalesce(strong, false) AS strong, coalesce(native, false) AS native
FROM party LEFT JOIN record USING (party_id)
"""

_NODES: Final = """
SELECT source, clinic, strong, native FROM resolve_party ORDER BY node
"""

_HOLDINGS: Final = """
SELECT party.node, known.number, known.id_type
FROM resolve_seen AS seen
JOIN resolve_token AS known USING (id_type, token)
JOIN resolve_party AS party USING (party_id)
WHERE seen.quality = $ok
"""

_DECISION: Final = """
SELECT decision_id, action, party_a, party_b, undoes, recorded_at
FROM identity.decision
WHERE occurred_at < $as_of AND recorded_at <= $known_at
"""

_NODE_OF: Final = """
SELECT party_id, node FROM resolve_party WHERE list_contains($parties, party_id)
"""


_VISIBLE: Final = """
SELECT party_id, min(occurred_at) AS first_seen
FROM {table}
WHERE party_id IS NOT NULL AND occurred_at < $as_of AND recorded_at <= $known_at
  AND (superseded_at IS NULL OR superseded_at > $known_at){within}
GROUP BY party_id
"""

_OBSERVED: Final = """
SELECT party_id, min(occurred_at) AS first_seen FROM resolve_seen GROUP BY party_id
"""


_WITHIN: Final = " AND party_id IN (SELECT party_id FROM resolve_scope)"

_RECOUNTED: Final = " AND party_id IN (SELECT party_id FROM resolve_news WHERE recount)"

# Of the parties in scope it is known when they were seen first, unless a fact of them was replaced.
_KNOWN: Final = (
    """
SELECT party_id, first_seen FROM identity.party
WHERE party_id IN (SELECT party_id FROM resolve_scope)
  AND party_id NOT IN (SELECT party_id FROM resolve_news WHERE recount)
""",
    """
SELECT party_id, first_seen FROM resolve_sighting
WHERE first_seen IS NOT NULL AND party_id IN (SELECT party_id FROM resolve_scope)
""",
)


def prepare(engine: Engine, moment: AsOf, *, within: bool = False, recounts: int = 0) -> None:
    """Build the working tables of all parties, or of those ``within`` the scope.

    ``recounts`` says of how many parties in scope all facts must be asked.
    """
    at: dict[str, Any] = {"as_of": moment.stored_as_of, "known_at": moment.stored_known_at}
    ok = {"ok": str(Quality.OK)}
    types = [str(id_type) for id_type in IdType]
    alone = [str(id_type) for id_type in (*SECOND_KEYS, IdType.ID_CARD)]
    engine.run(Statement(_SEEN.format(within=_WITHIN if within else ""), at))
    engine.run(Statement(_USABLE, {**ok, "types": types, "alone": alone}))
    keys = {"strong": [str(key) for key in STRONG_KEYS], "native": [str(k) for k in NATIVE_KEYS]}
    sightings = [_OBSERVED, *(_KNOWN if within else ())]
    if recounts or not within:
        which = _RECOUNTED if within else ""
        sightings += [_VISIBLE.format(table=f'event."{kind}"', within=which) for kind in KINDS]
        keys = {**at, **keys}
    text = _PARTY.format(sightings=" UNION ALL ".join(sightings))
    engine.run(Statement(text, {**ok, **keys}))


def read(engine: Engine, moment: AsOf) -> tuple[Records, list[str]]:
    """Return the records and, by number, the ids of the merge decisions that stand."""
    nodes = engine.query(Statement(_NODES))
    source = _codes(nodes.column("source"))
    clinic = _codes(nodes.column("clinic"))
    native = nodes.column("native").to_numpy()
    merges, decisions, splits = _decided(engine, moment)
    records = Records(
        source=source,
        scope=np.where(native, source * (int(clinic.max(initial=0)) + 1) + clinic, -1),
        strong=nodes.column("strong").to_numpy(),
        keys=_keys(engine),
        merges=merges,
        stay=splits[0],
        leave=splits[1],
    )
    return records, decisions


def drop(engine: Engine, *, looked: bool) -> None:
    """Remove the working tables; ``looked`` says that there are none but those of the news."""
    for name in NEWS_TABLES if looked else (*NEWS_TABLES, *WORKING_TABLES):
        engine.run(Statement(f"DROP TABLE IF EXISTS temp.{name}"))


def _codes(column: Any) -> IntArray:
    """Number the distinct texts of an Arrow column from 1; 0 where there is none."""
    encoded = column.combine_chunks().dictionary_encode()
    return integers(encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)) + 1


def _keys(engine: Engine) -> dict[str, Holdings]:
    rows = engine.query(Statement(_HOLDINGS, {"ok": str(Quality.OK)}))
    node = integers(rows.column("node").to_numpy())
    token = integers(rows.column("number").to_numpy())
    id_types: Any = rows.column("id_type").combine_chunks()
    encoded = id_types.dictionary_encode()
    types: list[str] = encoded.dictionary.to_pylist()
    code = encoded.indices.to_numpy(zero_copy_only=False)
    every = Holdings(node, token)
    return {id_type: every.where(code == number) for number, id_type in enumerate(types)}


def _decided(engine: Engine, moment: AsOf) -> tuple[Holdings, list[str], tuple[IntArray, IntArray]]:
    """Return the standing merges (node, number), their ids, and the standing splits."""
    at: dict[str, datetime] = {"as_of": moment.stored_as_of, "known_at": moment.stored_known_at}
    decided = standing(engine.query(Statement(_DECISION, at)).to_pylist())
    nodes = _nodes(engine, [party for decision in decided for party in decision.parties])
    seen = [d for d in decided if all(party in nodes for party in d.parties)]
    merges = [decision for decision in seen if decision.action == "merge"]
    splits = [decision for decision in seen if decision.action == "split"]
    held = Holdings(
        integers([nodes[party] for decision in merges for party in decision.parties]),
        np.repeat(np.arange(len(merges)), 2),
    )
    stay = integers([nodes[decision.parties[0]] for decision in splits])
    leave = integers([nodes[decision.parties[1]] for decision in splits])
    return held, [decision.decision_id for decision in merges], (stay, leave)


def _nodes(engine: Engine, parties: Sequence[int]) -> dict[int, int]:
    rows = engine.query(Statement(_NODE_OF, {"parties": sorted(set(parties))})).to_pylist()
    return {row["party_id"]: row["node"] for row in rows}
