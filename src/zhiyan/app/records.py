"""What a workspace remembers of its imports: batches, quarantine, review lists."""

from datetime import datetime

import pyarrow as pa

from zhiyan.core.kinds import KINDS
from zhiyan.ports import Engine, Statement


def imports(engine: Engine) -> pa.Table:
    """Return one row per import, newest first, without the stored report."""
    return engine.query(
        Statement("SELECT * EXCLUDE (report) FROM meta.import_batch ORDER BY import_id DESC")
    )


def quarantine(engine: Engine, limit: int) -> pa.Table:
    """Return one row per open cell at fault, newest import first; values are masked.

    Rows that a later import brought in after all are no longer open.
    """
    return engine.query(
        Statement(
            "SELECT * EXCLUDE (row_key, resolved_by) FROM meta.quarantine WHERE resolved_by IS NULL"
            " ORDER BY import_id DESC, row_no LIMIT $limit",
            {"limit": limit},
        )
    )


def unmapped_items(engine: Engine) -> pa.Table:
    """Return one row per item name that no alias knows: name, source, rows."""
    return engine.query(
        Statement(
            "SELECT name, source, sum(rows)::BIGINT AS rows FROM meta.unmapped_item"
            " GROUP BY name, source ORDER BY rows DESC, name, source"
        )
    )


def newest_fact(engine: Engine) -> datetime | None:
    """Return when the last recorded fact occurred, naive UTC; None without facts.

    Facts dated later than they were recorded (a slip of the pen) do not count.
    """
    each = " UNION ALL ".join(
        f"SELECT max(occurred_at) AS newest FROM event.{kind} WHERE occurred_at <= recorded_at"  # noqa: S608 - declared names
        for kind in KINDS
    )
    return (
        engine.query(Statement(f"SELECT max(newest) AS newest FROM ({each})"))  # noqa: S608 - declared names
        .column("newest")[0]
        .as_py()
    )
