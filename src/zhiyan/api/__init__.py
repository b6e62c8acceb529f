"""The HTTP door over the workspace."""
