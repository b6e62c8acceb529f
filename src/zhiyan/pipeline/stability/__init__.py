"""What is kept of every tag with every snapshot: version, coverage, freshness, distribution, use."""

from zhiyan.pipeline.stability.kept import (
    TABLES,
    create_tables,
    keep_quality,
    keep_versions,
    note_uses,
    quality,
    uses,
    versions,
)

__all__ = [
    "TABLES", "create_tables", "keep_quality", "keep_versions", "note_uses", "quality", "uses",
    "versions",
]  # fmt: skip
