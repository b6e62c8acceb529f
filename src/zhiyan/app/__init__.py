"""Settings and the workspace: the composition root."""
