"""One module per rule; each has ``NAME`` and ``findings(...)`` that works on the repository."""
