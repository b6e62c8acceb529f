"""Explain: the same rules for one customer, showing rows and clauses instead of the sum."""

from zhiyan.pipeline.explain.card import explain

__all__ = ["explain"]
