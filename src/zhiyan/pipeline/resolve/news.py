"""What became visible since the resolve before: found without looking at what was there already.

Facts are only ever added, by imports that are numbered; a fact is superseded by an import too. So
news are the rows of later imports, what they superseded, and rows that lay ahead of the former
as-of. The temporary tables live while a resolve runs:

``resolve_fresh``    one row per new observation, with the key of its token
``resolve_sighting`` one row per party of new or superseded facts, with the earliest of either
``resolve_news``     one row per party whose identifiers, decisions or first sighting changed
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import pyarrow as pa

from zhiyan.core.kinds import KINDS
from zhiyan.core.time import AsOf
from zhiyan.pipeline.resolve.state import State, observations
from zhiyan.ports import Engine, Statement

#: The key of a token in identity.holding: tokens that share one are taken for one until compared.
KEY: Final = "CAST(hash(token) >> 1 AS BIGINT)"

_BATCHES: Final = """
SELECT
    coalesce(max(import_id), 0) AS last_import, max(recorded_at) AS newest,
    min(CASE WHEN import_id > $last_import THEN recorded_at END) AS since
FROM meta.import_batch
"""

_REPORTS: Final = "SELECT report FROM meta.import_batch WHERE import_id > $after"

#: An import of one of these may close facts of the other.
_TOGETHER: Final = ("order_line", "payment")

_DECISIONS: Final = """
SELECT decision_id, party_a, party_b, recorded_at FROM identity.decision
WHERE occurred_at < $as_of
"""

_NEXT_DUE: Final = "SELECT min(next_due) AS next_due FROM ({ahead})"

_AHEAD: Final = """
SELECT min(occurred_at) AS next_due FROM {table}
WHERE occurred_at >= $as_of AND import_id > $after
"""

_FRESH: Final = """
CREATE OR REPLACE TEMP TABLE resolve_fresh AS
SELECT party_id, id_type, quality, {key} AS key, occurred_at, token
FROM ({rows})
"""

_SIGHTING: Final = """
CREATE OR REPLACE TEMP TABLE resolve_sighting AS
SELECT party_id, min(seen) AS first_seen, min(gone) AS gone_at
FROM ({rows})
WHERE party_id IS NOT NULL
GROUP BY party_id
"""

_OBSERVED: Final = """
SELECT party_id, occurred_at AS seen, CAST(NULL AS TIMESTAMP) AS gone FROM resolve_fresh
"""

_SEEN: Final = """
SELECT party_id, occurred_at AS seen, CAST(NULL AS TIMESTAMP) AS gone
FROM {table} WHERE superseded_at IS NULL AND {condition}
"""

_GONE: Final = """
SELECT party_id, CAST(NULL AS TIMESTAMP) AS seen, occurred_at AS gone
FROM {table} WHERE superseded_at >= $since AND occurred_at < $before
"""

#: Facts of later imports, and facts of earlier ones that lay ahead.
_LATER: Final = "import_id > $last_import AND occurred_at < $as_of"
_DUE: Final = "occurred_at >= $before AND occurred_at < $as_of AND import_id <= $last_import"

# A superseded fact matters if none of its party's was earlier: then all of them are asked again.
_NEWS: Final = """
CREATE OR REPLACE TEMP TABLE resolve_news AS
SELECT party_id, bool_or(recount) AS recount
FROM (
    SELECT
        sighting.party_id,
        known.party_id IS NOT NULL AND coalesce(sighting.gone_at <= known.first_seen, false)
            AS recount
    FROM resolve_sighting AS sighting LEFT JOIN identity.party AS known USING (party_id)
    WHERE sighting.gone_at <= known.first_seen OR sighting.first_seen < known.first_seen
        OR (known.party_id IS NULL AND sighting.first_seen IS NOT NULL)
    UNION ALL
    SELECT party_id, false AS recount FROM resolve_fresh
    UNION ALL
    SELECT party_id, false AS recount FROM resolve_decided
)
GROUP BY party_id
"""

_COUNT: Final = """
SELECT count(*) AS parties, count(CASE WHEN recount THEN 1 END) AS recounts FROM resolve_news
"""

_DECIDED: Final = pa.schema([("party_id", pa.int64())])


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where the facts stand now: last import, latest moment of recording, visible decisions.

    ``since`` is the earliest moment of recording among the imports that are new, ``brought`` the
    kinds of which they may have stored or closed facts.
    """

    last_import: int
    newest: datetime | None
    since: datetime | None
    brought: Collection[str]
    decisions: Mapping[str, tuple[int, int]]

    def holds_back(self, moment: AsOf) -> bool:
        """Tell whether a moment may leave out something that is recorded."""
        return self.newest is not None and self.newest > moment.stored_known_at


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """How many parties something new is known of, and of how many all facts must be asked again."""

    parties: int
    recounts: int


def sources(engine: Engine, moment: AsOf, state: State | None) -> Sources:
    """Return where the facts stand."""
    last = state.last_import if state else 0
    asked = Statement(_BATCHES, {"last_import": last})
    batches: dict[str, Any] = engine.query(asked).to_pylist()[0]
    rows: list[dict[str, Any]] = engine.query(
        Statement(_DECISIONS, {"as_of": moment.stored_as_of})
    ).to_pylist()
    moments: list[datetime | None] = [row["recorded_at"] for row in rows]
    return Sources(
        last_import=batches["last_import"],
        newest=max(filter(None, [*moments, batches["newest"]]), default=None),
        since=batches["since"],
        brought=_brought(engine, last) if state and batches["last_import"] > last else (),
        decisions={row["decision_id"]: (row["party_a"], row["party_b"]) for row in rows},
    )


def reusable(
    engine: Engine, wanted: tuple[AsOf, str], state: State | None, *, now: Sources
) -> State | None:
    """Return the state if what it describes can be brought up to a moment by the same rules."""
    moment, by = wanted
    if state is None or not state.complete or now.holds_back(moment):
        return None
    same = state.rules == by and state.as_of <= moment.stored_as_of
    gone = state.decisions - now.decisions.keys()
    if not same or gone or observations(engine, state.last_import) != state.observations:
        return None
    return state


def look(engine: Engine, moment: AsOf, state: State, *, now: Sources) -> News:
    """Find the parties that something new is known of; builds ``resolve_news``."""
    decided = [now.decisions[one] for one in sorted(now.decisions.keys() - state.decisions)]
    later = now.last_import > state.last_import
    due = state.next_due is not None and state.next_due < moment.stored_as_of
    if not (decided or later or due):
        return News(parties=0, recounts=0)
    values: dict[str, Any] = {
        "last_import": state.last_import,
        "before": state.as_of,
        "as_of": moment.stored_as_of,
        "since": now.since,
    }
    conditions: dict[str, Collection[str]] = {}
    if later:
        conditions[_LATER] = now.brought
    if due:
        conditions[_DUE] = tuple(KINDS)
    _sightings(engine, conditions, values)
    parties = [party for pair in decided for party in pair]
    with engine.load("resolve_decided", pa.table({"party_id": parties}, schema=_DECIDED)):
        engine.run(Statement(_NEWS))
    found = engine.query(Statement(_COUNT)).to_pylist()[0]
    return News(parties=int(found["parties"]), recounts=int(found["recounts"]))


def next_due(
    engine: Engine, moment: AsOf, kinds: Collection[str] = tuple(KINDS), *, after: int = -1
) -> datetime | None:
    """Return when the first fact of some kinds becomes visible that is not yet.

    Only those of the imports after one are asked.
    """
    tables = ("identity.observation", *(f'event."{kind}"' for kind in kinds))
    ahead = " UNION ALL ".join(_AHEAD.format(table=table) for table in tables)
    values = {"as_of": moment.stored_as_of, "after": after}
    return engine.query(Statement(_NEXT_DUE.format(ahead=ahead), values)).to_pylist()[0]["next_due"]


def _brought(engine: Engine, after: int) -> Collection[str]:
    """Return the kinds of which the imports after one may have stored or closed facts.

    An import that does not tell may have touched all.
    """
    found: set[str] = set()
    for row in engine.query(Statement(_REPORTS, {"after": after})).to_pylist():
        tables: list[dict[str, Any]] = json.loads(row["report"] or "{}").get("tables", [])
        if not tables:
            return tuple(KINDS)
        found.update(kind for table in tables for kind in table["kinds"])
    if found & set(_TOGETHER):
        found.update(_TOGETHER)
    return [kind for kind in KINDS if kind in found]


def _sightings(
    engine: Engine, conditions: Mapping[str, Collection[str]], values: Mapping[str, Any]
) -> None:
    """Gather what is new of the parties, by condition and the kinds that it may hold of."""
    columns = "SELECT party_id, id_type, token, quality, occurred_at FROM identity.observation"
    observed = [f"{columns} WHERE {condition}" for condition in conditions or ("false",)]
    seen = [
        _SEEN.format(table=f'event."{kind}"', condition=condition)
        for condition, kinds in conditions.items()
        for kind in kinds
    ]
    gone = [_GONE.format(table=f'event."{kind}"') for kind in conditions.get(_LATER, ())]
    rows = _FRESH.format(key=KEY, rows=" UNION ALL ".join(observed))
    engine.run(_bound(rows, values))
    engine.run(_bound(_SIGHTING.format(rows=" UNION ALL ".join((_OBSERVED, *seen, *gone))), values))


def _bound(text: str, values: Mapping[str, Any]) -> Statement:
    return Statement(text, {name: value for name, value in values.items() if f"${name}" in text})
