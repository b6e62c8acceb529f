"""The HTTP door over the workspace."""

from zhiyan.api.main import create_app, serve

__all__ = ["create_app", "serve"]
