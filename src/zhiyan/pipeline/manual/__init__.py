"""Manual tags: what people enter, kept as events, and how good their labels are."""

from zhiyan.pipeline.manual.entries import (
    ENTRIES,
    Look,
    Rules,
    Status,
    Wanted,
    drop_entries,
    listed,
    live,
    make_entries,
)
from zhiyan.pipeline.manual.quality import (
    Bursts,
    bursts,
    by_author,
    double_labels,
    to_confirm,
)
from zhiyan.pipeline.manual.write import Batch, Mark, Way, known_file, record

__all__ = [
    "ENTRIES",
    "Batch",
    "Bursts",
    "Look",
    "Mark",
    "Rules",
    "Status",
    "Wanted",
    "Way",
    "bursts",
    "by_author",
    "double_labels",
    "drop_entries",
    "known_file",
    "listed",
    "live",
    "make_entries",
    "record",
    "to_confirm",
]
