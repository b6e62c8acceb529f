"""Select: whom a predicate over a snapshot matches."""

from zhiyan.pipeline.select.aligned import align, whole_table
from zhiyan.pipeline.select.ask import Judgement, count, matched, parts_of
from zhiyan.pipeline.select.counts import Counts

__all__ = ["Counts", "Judgement", "align", "count", "matched", "parts_of", "whole_table"]
