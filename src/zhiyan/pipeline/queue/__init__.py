"""Queue: what to do next for whom, ranked by declared priorities and weights."""

from zhiyan.pipeline.queue.rank import (
    Contribution,
    Entry,
    Held,
    Ranking,
    Request,
    Totals,
    rank,
    run_of,
)
from zhiyan.pipeline.queue.sensitive import Sensitivity, WeightEffect, sensitivity

__all__ = [
    "Contribution",
    "Entry",
    "Held",
    "Ranking",
    "Request",
    "Sensitivity",
    "Totals",
    "WeightEffect",
    "rank",
    "run_of",
    "sensitivity",
]
