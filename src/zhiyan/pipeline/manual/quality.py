"""How good the labels of people are: who covers what, double labels, bursts, what is due.

All functions read the temporary table that ``make_entries`` makes.
"""

from dataclasses import dataclass

import pyarrow as pa

from zhiyan.pipeline.manual.entries import ENTRIES
from zhiyan.ports import Engine, Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Bursts:
    """When entering looks like copying: that many customers, same value, within so many minutes."""

    customers: int
    minutes: int


def by_author(engine: Engine) -> pa.Table:
    """Return one row per author: entries by way, customers, tags, how they stand, first and last."""
    return engine.query(
        Statement(
            f"""SELECT author, count(*) FILTER (WHERE value IS NOT NULL) AS entries,
              count(DISTINCT customer_id) FILTER (WHERE value IS NOT NULL) AS customers,
              count(DISTINCT tag) FILTER (WHERE value IS NOT NULL) AS tags,
              count(*) FILTER (WHERE status = 'live') AS live,
              count(*) FILTER (WHERE status = 'expired') AS expired,
              count(*) FILTER (WHERE status = 'removed') AS removed,
              count(*) FILTER (WHERE status = 'invalid') AS invalid,
              count(*) FILTER (WHERE way = 'confirm') AS confirmed,
              count(*) FILTER (WHERE way = 'import' OR row_no IS NOT NULL) AS by_file,
              min(occurred_at) AS first_at, max(occurred_at) AS last_at
            FROM {ENTRIES} GROUP BY author ORDER BY entries DESC, author"""  # noqa: S608 - a name of ours
        )
    )


def bursts(engine: Engine, limits: Bursts) -> pa.Table:
    """Return runs of entries of one author, tag and value that are denser than the limits.

    One row per run: author, tag, value, from, until, customers, by_file (entries out of files) and
    the median of the seconds between two entries.
    """
    values = {"customers": limits.customers, "minutes": limits.minutes}
    return engine.query(Statement(_BURSTS, values))


_BURSTS = f"""
WITH first AS (
  SELECT author, tag, value, customer_id, min(occurred_at) AS entered_at,
    count(*) FILTER (WHERE row_no IS NOT NULL) AS by_file
  FROM {ENTRIES} WHERE value IS NOT NULL AND way <> 'confirm'
  GROUP BY author, tag, value, customer_id),
ahead AS (
  SELECT *, count(*) OVER (PARTITION BY author, tag, value ORDER BY entered_at
      RANGE BETWEEN CURRENT ROW AND to_minutes($minutes) FOLLOWING) AS dense
  FROM first),
marked AS (
  SELECT *, max(CASE WHEN dense >= $customers THEN 1 ELSE 0 END) OVER (
      PARTITION BY author, tag, value ORDER BY entered_at
      RANGE BETWEEN to_minutes($minutes) PRECEDING AND CURRENT ROW) AS inside
  FROM ahead),
stepped AS (
  SELECT *, date_diff('second', lag(entered_at) OVER run, entered_at) AS gap
  FROM marked WHERE inside = 1 WINDOW run AS (PARTITION BY author, tag, value ORDER BY entered_at)),
numbered AS (
  SELECT *, sum(CASE WHEN gap IS NULL OR gap > $minutes * 60 THEN 1 ELSE 0 END) OVER (
      PARTITION BY author, tag, value ORDER BY entered_at, customer_id
      ROWS UNBOUNDED PRECEDING) AS run
  FROM stepped)
SELECT author, tag, value, min(entered_at) AS from_at, max(entered_at) AS until_at,
  count(*) AS customers, sum(by_file)::BIGINT AS by_file,
  (median(gap) FILTER (WHERE gap <= $minutes * 60))::BIGINT AS median_gap_seconds
FROM numbered GROUP BY author, tag, value, run
HAVING count(*) >= $customers
ORDER BY customers DESC, author, tag, value, from_at
"""  # noqa: S608 - a name of ours


def double_labels(engine: Engine) -> pa.Table:
    """Return the last label of every author for each customer and tag that several labelled.

    Confirmations are left out: who confirms has seen the answer. Of list tags the label is the set
    of members. One row per tag, customer and author: tag, customer_id, author, label, entered_at.
    """
    return engine.query(Statement(_DOUBLE))


_DOUBLE = f"""
WITH own AS (
  SELECT tag, customer_id, author, value, occurred_at FROM {ENTRIES}
  WHERE value IS NOT NULL AND status <> 'invalid' AND way <> 'confirm'),
newest AS (
  SELECT *, max(occurred_at) OVER (PARTITION BY tag, customer_id, author) AS entered_at FROM own),
label AS (
  SELECT tag, customer_id, author, entered_at, string_agg(DISTINCT value, ',' ORDER BY value) AS label
  FROM newest WHERE occurred_at = entered_at GROUP BY tag, customer_id, author, entered_at)
SELECT * FROM label
QUALIFY count(*) OVER (PARTITION BY tag, customer_id) > 1
ORDER BY tag, customer_id, author
"""  # noqa: S608 - a name of ours


def to_confirm(engine: Engine, *, within_days: int, owner: str | None, limit: int) -> pa.Table:
    """Return entries that count and must be confirmed: due already, or within some days.

    ``owner`` is the SQL of a table (customer_id, owner) that names each customer's consultant. By
    whom: the author, or the consultant where the author has left. Most overdue first.
    """
    text = _DUE.replace("{owner}", owner or "(SELECT NULL::BIGINT AS customer_id, '' AS owner)")
    return engine.query(Statement(text, {"within": within_days, "limit": limit}))


_DUE = f"""
SELECT e.customer_id, e.tag, e.value, e.author, e.occurred_at, e.expires_at, e.due_at, e.age_days,
  e.confidence_ppm, CASE WHEN gone.code IS NULL THEN e.author
    ELSE coalesce(nullif(mate.owner, ''), '') END AS confirm_by
FROM {ENTRIES} AS e
LEFT JOIN (SELECT DISTINCT code FROM ref.staff WHERE left_at IS NOT NULL) AS gone
  ON gone.code = e.author
LEFT JOIN {{owner}} AS mate USING (customer_id)
WHERE e.status = 'live' AND e.due_at < e.occurred_at + to_days((e.age_days + $within)::INTEGER)
ORDER BY e.due_at, e.tag, e.customer_id, e.value
LIMIT $limit
"""  # noqa: S608 - a name of ours
