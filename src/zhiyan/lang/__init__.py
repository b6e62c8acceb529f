"""Definitions and expressions: text to checked catalogue to plan to SQL. Pure."""
