"""Resolve: from records of persons to customers (OneID)."""

from zhiyan.pipeline.resolve.decisions import Action, Decision, decide
from zhiyan.pipeline.resolve.records import Reason
from zhiyan.pipeline.resolve.review import conflicts, evidence, history
from zhiyan.pipeline.resolve.stage import Extent, ResolveReport, resolve

__all__ = [
    "Action",
    "Decision",
    "Extent",
    "Reason",
    "ResolveReport",
    "conflicts",
    "decide",
    "evidence",
    "history",
    "resolve",
]
