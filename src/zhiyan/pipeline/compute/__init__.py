"""Compute: events and catalogue to a snapshot, in full or brought up to date."""

from zhiyan.pipeline.compute.full import Aside, compute, compute_aside
from zhiyan.pipeline.compute.refresh import refresh
from zhiyan.pipeline.compute.run import Job
from zhiyan.pipeline.compute.store import create_tables, snapshots

__all__ = ["Aside", "Job", "compute", "compute_aside", "create_tables", "refresh", "snapshots"]
