"""Read files into raw tables: text cells, row numbers, and an account of every other line."""

from zhiyan.pipeline.ingest.read.files import fill_down, read_tables
from zhiyan.pipeline.ingest.read.header import label_key
from zhiyan.pipeline.ingest.read.table import (
    DroppedRow,
    DropReason,
    RawTable,
    ReadOptions,
    RejectedRow,
    RejectReason,
    Span,
)

__all__ = [
    "DropReason",
    "DroppedRow",
    "RawTable",
    "ReadOptions",
    "RejectReason",
    "RejectedRow",
    "Span",
    "fill_down",
    "label_key",
    "read_tables",
]
