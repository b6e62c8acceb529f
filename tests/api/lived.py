"""A workspace with a past: two snapshots, and a tag that somebody entered between them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.app.group import copy_of, group, once, remembered_catalogues

from zhiyan.app.manual import Wish, set_tag
from zhiyan.app.people_reads import WorkspacePeople
from zhiyan.app.reading import WorkspaceReads
from zhiyan.app.workspace import Workspace
from zhiyan.core.identity import public_id

#: The file that says who has the entered tag.
CUSTOMER = "customer.txt"


@contextmanager
def lived_workspace(
    factory: pytest.TempPathFactory, worker: str
) -> Iterator[tuple[WorkspaceReads, WorkspacePeople, datetime, str]]:
    """Give the reads of a copy of the group, its first as-of, and who has the entered tag."""
    with remembered_catalogues():
        demo = group(factory, worker)
        lived = once(factory, worker, name="lived-group", build=lambda at: _live(demo, at))
        spare = copy_of(lived, factory.mktemp("lived") / "group")
        with Workspace.reading(spare) as workspace:
            first = workspace.snapshots()[-1].as_of.replace(tzinfo=UTC)
        reads = WorkspaceReads(spare)
        yield reads, WorkspacePeople(reads), first, (lived / CUSTOMER).read_text("utf-8")


def _live(demo: Path, folder: Path) -> None:
    """Enter a tag of a customer in a copy of the group, and refresh it."""
    with Workspace.open(copy_of(demo, folder)) as workspace:
        member = workspace.select("consent_general = 'granted'", limit=1).rows.to_pylist()[0]
        customer = public_id(member["customer_id"])
        wish = Wish(customer=customer, tag="intent_level", value="b", author="王", reason="面谈")
        set_tag(workspace, wish)
        workspace.refresh(workspace.clock.now() + timedelta(days=1))
    (folder / CUSTOMER).write_text(customer, "utf-8")
