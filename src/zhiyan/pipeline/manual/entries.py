"""What people entered, as of a moment: every entry with its customer, its standing and its age."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import pyarrow as pa

from zhiyan.core.expression import ValueType
from zhiyan.core.tag import Tag
from zhiyan.ports import Engine, Statement

#: Temporary table: one row per entry visible at the moment asked for.
ENTRIES = "manual_entry"


class Status(StrEnum):
    """How an entry stands at a moment."""

    LIVE = "live"  # it gives the tag its value
    OVERRULED = "overruled"  # a later entry counts
    EXPIRED = "expired"
    REMOVED = "removed"  # somebody ended it
    REMOVAL = "removal"  # the record of ending others
    INVALID = "invalid"  # no value of the tag, or no tag of these definitions


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """At which moments (naive UTC), by which table of parties, and of which customer (None: all)."""

    as_of: datetime
    known_at: datetime
    parties: str = "identity.assignment"
    customer_id: int | None = None


class Rules:
    """What the definitions say about entries: closed domains, lists, half-lives."""

    def __init__(self, tags: Iterable[Tag]) -> None:
        self._tags = list(tags)

    def tags(self) -> pa.Table:
        """Return one row per tag that people may enter."""
        rows = [
            {
                "tag": tag.code,
                "many": tag.type is ValueType.LIST,
                "open": not tag.values and tag.type is not ValueType.BOOL,
                "half_life": tag.half_life_days,
                "due_after": tag.stale_after_days or tag.half_life_days,
            }
            for tag in self._tags
        ]
        schema = pa.schema(
            [
                ("tag", pa.string()), ("many", pa.bool_()), ("open", pa.bool_()),
                ("half_life", pa.int64()), ("due_after", pa.int64()),
            ]
        )  # fmt: skip
        return pa.Table.from_pylist(rows, schema=schema)

    def values(self) -> pa.Table:
        """Return one row per tag and allowed value."""
        rows = [{"tag": tag.code, "value": value} for tag in self._tags for value in _domain(tag)]
        schema = pa.schema([("tag", pa.string()), ("value", pa.string())])
        return pa.Table.from_pylist(rows, schema=schema)


def _domain(tag: Tag) -> tuple[str, ...]:
    return ("true", "false") if tag.type is ValueType.BOOL else tuple(v.value for v in tag.values)


def make_entries(engine: Engine, rules: Rules, look: Look) -> None:
    """Make the temporary table of entries; ``drop_entries`` takes it away.

    Columns: those of the event, ``customer_id``, ``way``, ``status``, ``age_days``,
    ``confidence_ppm`` (halves every half-life; null without one) and ``due_at`` (when it must be
    confirmed again; null if never).
    """
    values: dict[str, object] = {"as_of": look.as_of, "known_at": look.known_at}
    text = _ENTRIES.replace("{parties}", look.parties)
    text = text.replace("{whose}", "" if look.customer_id is None else _WHOSE)
    if look.customer_id is not None:
        values["customer"] = look.customer_id
    with engine.load("manual_rule", rules.tags()), engine.load("manual_value", rules.values()):
        engine.run(Statement(text, values))


def drop_entries(engine: Engine) -> None:
    """Drop the temporary table."""
    engine.run(Statement(f"DROP TABLE IF EXISTS {ENTRIES}"))


_WHOSE = " AND known.customer_id = $customer"
_ENTRIES = f"""
CREATE OR REPLACE TEMP TABLE {ENTRIES} AS
WITH seen AS (
  SELECT known.customer_id, e.party_id, e.event_id::VARCHAR AS event_id, e.entry_no, e.tag, e.value,
    e.author, e.reason, e.occurred_at, e.expires_at, e.recorded_at, e.source, e.import_id, e.row_no,
    CASE WHEN e.value IS NULL THEN 'remove' WHEN e.source <> 'manual' THEN 'import'
      WHEN starts_with(e.entry_no, 'confirm-') THEN 'confirm' ELSE 'set' END AS way,
    rule.many, rule.half_life, rule.due_after,
    rule.tag IS NOT NULL AND (rule.open OR allowed.value IS NOT NULL) AS valid
  FROM event.manual_tag AS e
  JOIN {{parties}} AS known USING (party_id)
  LEFT JOIN manual_rule AS rule ON rule.tag = e.tag
  LEFT JOIN manual_value AS allowed ON allowed.tag = e.tag AND allowed.value = e.value
  WHERE e.occurred_at < $as_of AND e.recorded_at <= $known_at
    AND (e.superseded_at IS NULL OR e.superseded_at > $known_at){{whose}}),
judged AS (
  SELECT *, CASE WHEN value IS NULL THEN 'removal' WHEN NOT valid THEN 'invalid'
      WHEN expires_at <= $as_of THEN CASE WHEN EXISTS (
          SELECT 1 FROM seen AS r WHERE r.value IS NULL AND r.customer_id = s.customer_id
            AND r.tag = s.tag AND r.occurred_at = s.expires_at) THEN 'removed' ELSE 'expired' END
      ELSE 'live' END AS standing
  FROM seen AS s),
ranked AS (
  SELECT *, row_number() OVER (
      PARTITION BY customer_id, tag, standing, CASE WHEN many THEN value END
      ORDER BY occurred_at DESC, value DESC, entry_no DESC) AS place,
    date_diff('second', occurred_at, $as_of::TIMESTAMP) // 86400 AS age_days
  FROM judged)
SELECT * EXCLUDE (many, valid, standing, place, half_life, due_after),
  CASE WHEN standing = 'live' AND place > 1 THEN 'overruled' ELSE standing END AS status,
  round(1000000 * pow(2.0, -age_days / half_life))::BIGINT AS confidence_ppm,
  least(expires_at, occurred_at + to_days(due_after::INTEGER)) AS due_at
FROM ranked
"""  # noqa: S608 - a name of ours


_LISTED = f"""
SELECT * FROM {ENTRIES}
WHERE ($customer IS NULL OR customer_id = $customer) AND ($tag IS NULL OR tag = $tag)
  AND ($author IS NULL OR author = $author) AND ($all OR status = 'live')
ORDER BY occurred_at DESC, tag, customer_id, value, entry_no
LIMIT $limit
"""  # noqa: S608 - a name of ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which entries are listed: None asks for all; ``everything`` also for those that count no more."""

    customer_id: int | None = None
    tag: str | None = None
    author: str | None = None
    everything: bool = False
    limit: int = 1 << 40


def listed(engine: Engine, wanted: Wanted) -> pa.Table:
    """Return entries, the newest first."""
    values = {
        "customer": wanted.customer_id,
        "tag": wanted.tag,
        "author": wanted.author,
        "all": wanted.everything,
        "limit": wanted.limit,
    }
    return engine.query(Statement(_LISTED, values))


def live(engine: Engine, customer_id: int, tag: str) -> pa.Table:
    """Return the entries of a tag of a customer that have neither expired nor been removed."""
    return engine.query(
        Statement(
            f"SELECT * FROM {ENTRIES} WHERE customer_id = $customer AND tag = $tag"  # noqa: S608 - a name of ours
            " AND status IN ('live', 'overruled') ORDER BY occurred_at DESC, value DESC",
            {"customer": customer_id, "tag": tag},
        )
    )
