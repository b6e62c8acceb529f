"""Explain: the same rules for one customer, showing rows and clauses instead of the sum."""

from zhiyan.pipeline.explain.card import explain
from zhiyan.pipeline.explain.rows import Subject

__all__ = ["Subject", "explain"]
