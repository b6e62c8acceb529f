"""Ingest: files become raw tables, cells become typed values, rows become events."""
