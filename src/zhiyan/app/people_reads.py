"""What the API reads of a workspace beside tags and customers: the queue, and what people entered."""

from collections.abc import Callable
from typing import Any, TypeVar

from zhiyan.app.lookup import customer_row
from zhiyan.app.manual import entries_behind
from zhiyan.app.queueing import Ranking, Request, Sensitivity, Words, ranked, weights_tried
from zhiyan.app.reading import WorkspaceReads
from zhiyan.app.workspace import Workspace

Answer = TypeVar("Answer")


class WorkspacePeople:
    """Reads the queue and the entries of a workspace, opened for each question."""

    def __init__(self, reads: WorkspaceReads) -> None:
        self._reads = reads

    def ask(self, question: Callable[[Workspace], Answer]) -> Answer:
        """Return the answer of a question to the workspace, opened for reading."""
        return self._reads.ask(question)

    def entered(self, customer_id: int, code: str) -> list[dict[str, Any]] | None:
        """Return the entries of a tag of a customer, None if there is no such customer."""

        def told(workspace: Workspace) -> list[dict[str, Any]] | None:
            snapshot, tag = workspace.snapshot(), workspace.tag(code)
            if customer_row(workspace.engine, snapshot, customer_id) is None:
                return None
            rows = entries_behind(workspace, snapshot, customer_id=customer_id, tag=tag.code)
            return rows.to_pylist()

        return self.ask(told)

    def queue(self, request: Request) -> tuple[Ranking, Words]:
        """Return the queue that is asked for, and what says it in words."""
        return self.ask(lambda found: (ranked(found, request), Words(found.catalogue)))

    def queue_sensitivity(self, request: Request, size: int) -> tuple[Sensitivity, Words]:
        """Return which change of a weight reorders the first rows of the queue."""
        return self.ask(
            lambda found: (weights_tried(found, request, size=size), Words(found.catalogue))
        )
