"""History: tag values as intervals in two times, kept from snapshot to snapshot.

A kept snapshot is one *sighting*: what is true at its as-of T, as believed from its known_at K on.
Nothing else is known, so all answers are told at sightings: what was it on day X is what the last
sighting at or before X says. The intervals are a pure function of the set of sightings.
"""

from zhiyan.pipeline.history.changed import kept_columns
from zhiyan.pipeline.history.keep import keep
from zhiyan.pipeline.history.movements import Ledger, Migration, Span, ledger, members, migration
from zhiyan.pipeline.history.read import Stretch, at, customer_at, stretches, timeline
from zhiyan.pipeline.history.state import replayed, state, text_of, value_of
from zhiyan.pipeline.history.tables import (
    CUSTOMER,
    OPEN,
    TABLES,
    Sighting,
    create_tables,
    exists,
    sightings,
)

__all__ = [
    "CUSTOMER", "OPEN", "TABLES", "Ledger", "Migration", "Sighting", "Span", "Stretch", "at",
    "create_tables", "customer_at", "exists", "keep", "kept_columns", "ledger", "members", "migration", "replayed",
    "sightings", "state", "stretches", "text_of", "timeline", "value_of",
]  # fmt: skip
