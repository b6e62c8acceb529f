"""Select: whom a predicate over a snapshot matches."""

from zhiyan.pipeline.select.aligned import align, whole_table
from zhiyan.pipeline.select.ask import Counts, Judgement, count, matched, parts_of

__all__ = ["Counts", "Judgement", "align", "count", "matched", "parts_of", "whole_table"]
