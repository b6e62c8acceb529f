"""What the API reads while the same process takes events in: beside the writer, not in its way."""

from collections.abc import Generator
from contextlib import contextmanager

from zhiyan.app.live import Live
from zhiyan.app.reading import WorkspaceReads
from zhiyan.app.workspace import Workspace


class LiveReads(WorkspaceReads):
    """Reads the workspace that a live process holds; each answer is of one moment."""

    def __init__(self, live: Live) -> None:
        self._live = live
        super().__init__(live.workspace.folder)

    @contextmanager
    def _opened(self) -> Generator[Workspace]:
        with self._live.workspace.beside() as found, found.engine.transaction():
            yield found
