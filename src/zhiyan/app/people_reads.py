"""What the API reads of a workspace beside tags and customers: the queue, and what people entered."""

from collections.abc import Callable
from typing import Any, TypeVar

from zhiyan.app.lookup import customer_row
from zhiyan.app.manual import entries_behind
from zhiyan.app.queueing import (
    Choices,
    Ranking,
    Request,
    Sensitivity,
    Words,
    choices,
    ranked,
    weights_tried,
)
from zhiyan.app.reading import WorkspaceReads
from zhiyan.app.workspace import Workspace
from zhiyan.core.tag import Tag

Answer = TypeVar("Answer")


class WorkspacePeople:
    """Reads the queue and the entries of a workspace, opened for each question."""

    def __init__(self, reads: WorkspaceReads) -> None:
        self._reads = reads

    def ask(self, question: Callable[[Workspace], Answer]) -> Answer:
        """Return the answer of a question to the workspace, opened for reading."""
        return self._reads.ask(question)

    def shelved(self) -> list[tuple[Tag, int]]:
        """Return the tags that are not live, each with its number of readers."""
        return self._reads.shelved()

    def entered(self, customer_id: int, code: str | None = None) -> list[dict[str, Any]] | None:
        """Return the entries of a customer, for one tag or for all; None if there is no such one."""

        def told(workspace: Workspace) -> list[dict[str, Any]] | None:
            snapshot = workspace.snapshot()
            tag = None if code is None else workspace.tag(code).code
            if customer_row(workspace.engine, snapshot, customer_id) is None:
                return None
            rows = entries_behind(workspace, snapshot, customer_id=customer_id, tag=tag)
            return rows.to_pylist()

        return self.ask(told)

    def queue(self, request: Request) -> tuple[Ranking, Words]:
        """Return the queue that is asked for, and what says it in words."""
        return self.ask(lambda found: (ranked(found, request), self._words(found)))

    def queue_choices(self) -> tuple[Choices, Words]:
        """Return by what the queue can be narrowed."""
        return self.ask(lambda found: (choices(found), self._words(found)))

    def _words(self, workspace: Workspace) -> Words:
        return Words(workspace.catalogue, self._reads.labels)

    def queue_sensitivity(self, request: Request, size: int) -> tuple[Sensitivity, Words]:
        """Return which change of a weight reorders the first rows of the queue."""
        return self.ask(
            lambda found: (weights_tried(found, request, size=size), self._words(found))
        )
