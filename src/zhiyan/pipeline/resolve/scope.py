"""Whom news may reach: the parties that must be resolved again, and the rows around them.

A *component* is all parties that usable identifiers or merge decisions connect, whether the rules
joined them or not. No rule looks beyond the component of a party, so components without news stay
as they are. Only two numbers do: how many customers hold an identifier, and how many records share
one, since names, birthdates and unusable identifiers connect nobody. The customers and records
around a component get those two counted again.

The temporary tables live while a resolve runs:

``resolve_scope``     one row per party to resolve
``resolve_former``    the rows of identity.assignment of those parties
``resolve_around``    the identifiers of other customers who hold one of theirs
``resolve_outside``   one row per such identifier: how many other customers hold it
``resolve_bystander`` one row per other party that holds a name or birthdate of theirs
``resolve_shared``    one row per such name or birthdate: how many other parties hold it
"""

from typing import Any, Final

from zhiyan.core.identity import SECOND_KEYS, Quality
from zhiyan.core.time import AsOf
from zhiyan.pipeline.resolve.news import KEY
from zhiyan.pipeline.resolve.records import LINKING_KEYS
from zhiyan.ports import Engine, Statement

#: With more parties than this to resolve and more than this share of all, all are resolved.
LEAST_PARTIES: Final = 5_000
MOST_SHARE: Final = 0.25

_SCOPE: Final = """
CREATE OR REPLACE TEMP TABLE resolve_scope AS
WITH shared AS (
    SELECT DISTINCT key FROM resolve_fresh WHERE quality = $ok AND list_contains($linking, id_type)
),
decided AS (
    SELECT party_a, party_b FROM identity.decision WHERE occurred_at < $as_of
),
near AS (
    SELECT party_id FROM resolve_news
    UNION
    SELECT party_id FROM identity.holding WHERE key IN (SELECT key FROM shared)
    UNION
    SELECT party_a FROM decided WHERE party_b IN (SELECT party_id FROM resolve_news)
    UNION
    SELECT party_b FROM decided WHERE party_a IN (SELECT party_id FROM resolve_news)
),
touched AS (
    SELECT DISTINCT component FROM identity.party WHERE party_id IN (SELECT party_id FROM near)
)
SELECT party_id FROM resolve_news
UNION
SELECT party_id FROM identity.party WHERE component IN (SELECT component FROM touched)
"""

_COUNT: Final = """
SELECT
    (SELECT count(*) FROM resolve_scope) AS parties,
    (SELECT count(*) FROM identity.party) AS known
"""

_FORMER: Final = """
CREATE OR REPLACE TEMP TABLE resolve_former AS
SELECT party_id, customer_id, first_seen FROM identity.assignment
WHERE party_id IN (SELECT party_id FROM resolve_scope)
"""

_AROUND: Final = """
CREATE OR REPLACE TEMP TABLE resolve_around AS
WITH held AS (SELECT DISTINCT {key} AS key FROM resolve_seen),
holder AS (
    SELECT DISTINCT party_id FROM identity.holding
    WHERE key IN (SELECT key FROM held)
      AND party_id NOT IN (SELECT party_id FROM resolve_scope)
),
customer AS (
    SELECT DISTINCT customer_id FROM identity.assignment
    WHERE party_id IN (SELECT party_id FROM holder)
)
SELECT
    customer_id, id_type, token, quality, verified, CAST(persons AS BIGINT) AS persons, first_seen,
    CAST(confidence_ppm AS BIGINT) AS confidence_ppm
FROM identity.identifier
WHERE customer_id IN (SELECT customer_id FROM customer)
"""

_OUTSIDE: Final = """
CREATE OR REPLACE TEMP TABLE resolve_outside AS
SELECT around.id_type, around.token, count(*) AS persons
FROM resolve_around AS around
JOIN (SELECT DISTINCT id_type, token FROM resolve_seen) AS held USING (id_type, token)
GROUP BY around.id_type, around.token
"""

_BYSTANDER: Final = """
CREATE OR REPLACE TEMP TABLE resolve_bystander AS
WITH held AS (
    SELECT DISTINCT {key} AS key FROM resolve_seen WHERE list_contains($second, id_type)
)
SELECT DISTINCT party_id FROM identity.holding
WHERE key IN (SELECT key FROM held)
  AND party_id NOT IN (SELECT party_id FROM resolve_scope)
"""

_SHARED: Final = """
CREATE OR REPLACE TEMP TABLE resolve_shared AS
WITH held AS (
    SELECT DISTINCT id_type, token FROM resolve_seen WHERE list_contains($second, id_type)
),
sighting AS (
    SELECT party_id, id_type, token, quality FROM identity.observation
    WHERE party_id IN (SELECT party_id FROM resolve_bystander)
      AND list_contains($second, id_type)
      AND occurred_at < $as_of AND recorded_at <= $known_at
),
usable AS (
    SELECT party_id, sighting.id_type, sighting.token
    FROM sighting JOIN held USING (id_type, token)
    GROUP BY party_id, sighting.id_type, sighting.token
    HAVING min(sighting.quality) = $ok
)
SELECT id_type, token, count(*) AS parties FROM usable GROUP BY id_type, token
"""

_NOBODY: Final = (
    "CREATE OR REPLACE TEMP TABLE resolve_outside (id_type VARCHAR, token VARCHAR, persons BIGINT)",
    "CREATE OR REPLACE TEMP TABLE resolve_shared (id_type VARCHAR, token VARCHAR, parties BIGINT)",
)


def enclose(engine: Engine, moment: AsOf) -> int | None:
    """Build ``resolve_scope`` and return its size; None if all parties had better be resolved."""
    values = {
        "ok": str(Quality.OK),
        "linking": [str(key) for key in LINKING_KEYS],
        "as_of": moment.stored_as_of,
    }
    engine.run(Statement(_SCOPE, values))
    found = engine.query(Statement(_COUNT)).to_pylist()[0]
    if found["parties"] > max(LEAST_PARTIES, MOST_SHARE * found["known"]):
        return None
    engine.run(Statement(_FORMER))
    return int(found["parties"])


def look_around(engine: Engine, moment: AsOf) -> None:
    """Build the tables of those around the scope, once its identifiers are known."""
    values: dict[str, Any] = {
        "second": sorted(str(key) for key in SECOND_KEYS),
        "ok": str(Quality.OK),
        "as_of": moment.stored_as_of,
        "known_at": moment.stored_known_at,
    }
    engine.run(Statement(_AROUND.format(key=KEY)))
    engine.run(Statement(_OUTSIDE))
    engine.run(Statement(_BYSTANDER.format(key=KEY), {"second": values["second"]}))
    engine.run(Statement(_SHARED, values))


def nobody_around(engine: Engine) -> None:
    """Build the empty tables of those around everybody."""
    for text in _NOBODY:
        engine.run(Statement(text))
