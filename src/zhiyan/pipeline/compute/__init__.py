"""Compute: events and catalogue to a snapshot, in full or brought up to date."""

from zhiyan.pipeline.compute.full import compute
from zhiyan.pipeline.compute.refresh import refresh
from zhiyan.pipeline.compute.store import create_tables, snapshots

__all__ = ["compute", "create_tables", "refresh", "snapshots"]
