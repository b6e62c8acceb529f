"""A snapshot that was computed before some tags were written says so, whoever asks."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.app.group import reading, rows

from zhiyan.app.workspace import Workspace
from zhiyan.core.expression import names
from zhiyan.core.identity import public_id
from zhiyan.core.snapshot import Manifest
from zhiyan.errors import DefinitionError, UsageError


def segment(workspace: Workspace) -> str:
    return next(iter(workspace.catalogue.segments))


def read(workspace: Workspace) -> list[str]:
    """Return the tags that the segment reads."""
    catalogue = workspace.catalogue
    return sorted(names(catalogue.segments[segment(workspace)].where) & set(catalogue.tags))


@pytest.fixture(scope="module")
def older(demo: Path) -> Iterator[Workspace]:
    """The demo, whose newest snapshot is taken for one without some tags."""
    with reading(demo) as workspace, pytest.MonkeyPatch.context() as patch:
        lost = {"net_spend_12m", *read(workspace)}
        kept = {c: f for c, f in workspace.snapshot().tags.items() if c not in lost}
        found: list[Manifest] = [replace(workspace.snapshot(), tags=kept)]
        patch.setattr(workspace, "snapshots", lambda: found)
        yield workspace


ASKED: dict[str, Callable[[Workspace, str], object]] = {
    "select": lambda w, _: w.select("net_spend_12m > yuan(1)"),
    "column": lambda w, _: w.select("true", columns=["net_spend_12m"]),
    "segment": lambda w, _: w.select(segment(w)),
    "explain": lambda w, person: w.explain(person, "net_spend_12m"),
}


@pytest.mark.parametrize("question", ASKED)
def test_the_snapshot_is_named_and_what_to_do(older: Workspace, question: str):
    snapshot = older.snapshot()
    view = f"snapshot.t_{snapshot.snapshot_id}"
    person = public_id(rows(older, f"SELECT customer_id FROM {view} LIMIT 1")[0]["customer_id"])
    with pytest.raises(UsageError) as refused:
        ASKED[question](older, person)
    (problem,) = refused.value.problems
    assert problem.code == "ZY513"
    lacking = ", ".join(read(older)) if question == "segment" else "net_spend_12m"
    told = f"snapshot {snapshot.snapshot_id} as of 2026-09-01 has no tag {lacking}"
    assert problem.message == told
    assert "zhiyan compute --as-of 2026-09-01" in problem.hint
    assert "--snapshot" in problem.hint


def test_the_moment_is_one_that_compute_reads(older: Workspace, monkeypatch: pytest.MonkeyPatch):
    later = replace(older.snapshot(), as_of=older.snapshot().as_of + timedelta(minutes=90))
    monkeypatch.setattr(older, "snapshots", lambda: [later])
    with pytest.raises(UsageError, match="as of 2026-09-01T01:30:00 has"):
        older.select("net_spend_12m > yuan(1)")
    assert older.settings.zone.parse_moment("2026-09-01T01:30:00").replace(tzinfo=None)


def test_what_nobody_ever_defined_is_still_no_name(older: Workspace):
    with pytest.raises(DefinitionError, match="there is no name net_spnd_12m"):
        older.select("net_spnd_12m > yuan(1)")
    assert older.select("age > 30").counts.total
