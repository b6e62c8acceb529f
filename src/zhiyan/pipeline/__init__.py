"""The verbs: one stage each, meeting only in tables."""
