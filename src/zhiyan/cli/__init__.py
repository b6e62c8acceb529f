"""The command line door over the workspace."""
