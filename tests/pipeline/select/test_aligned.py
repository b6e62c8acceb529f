"""Questions are answered alike with a table of all tags, without one, and with that of another day."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.app.group import copy_of, moments, remembered_catalogues, shop

from zhiyan.app.workspace import Workspace
from zhiyan.core.snapshot import Manifest
from zhiyan.pipeline.select import align, count, matched
from zhiyan.pipeline.select.aligned import aligned_rows
from zhiyan.pipeline.stored import tag_rows


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A shop with a snapshot, that of the next minute, and one two months later."""
    folder = copy_of(shop(tmp_path_factory, worker_id), tmp_path_factory.mktemp("aligned") / "shop")
    with remembered_catalogues(), Workspace.open(folder) as workspace:
        first, _, last = moments(workspace)
        workspace.compute(first)
        workspace.refresh(first + timedelta(minutes=1))
        workspace.refresh(last)
    return folder


@pytest.fixture
def lived(made: Path, tmp_path: Path) -> Iterator[Workspace]:
    """A copy of that shop."""
    folder = copy_of(made, tmp_path / "shop")
    with remembered_catalogues(), Workspace.open(folder) as workspace:
        yield workspace


def in_order(workspace: Workspace) -> list[Manifest]:
    """Return the snapshots, oldest first."""
    return sorted(workspace.snapshots(), key=lambda one: one.as_of)


def check(workspace: Workspace) -> None:
    """Every tag of every customer, and every segment, is told alike off the table and without it."""
    catalogue = workspace.catalogue
    for snapshot in workspace.snapshots():
        asked = workspace.judgement("true", snapshot)
        plain = replace(asked, aligned=None)
        for codes in (sorted(catalogue.tags), *([code] for code in catalogue.tags)):
            ours, others = (matched(one, codes, limit=None) for one in (asked, plain))
            assert ours.num_rows
            assert ours.equals(others)
        for segment in catalogue.segments:
            found = workspace.judgement(segment, snapshot)
            assert count(found) == count(replace(found, aligned=None))


def names_of(workspace: Workspace, snapshot: Manifest, codes: set[str]) -> str:
    """Return the text of a question about some tags."""
    rows = aligned_rows(workspace.engine, workspace.catalogue, snapshot, codes=codes)
    return rows.sql(dialect="duckdb")


def test_small_bases_have_no_table(lived: Workspace):
    snapshot = in_order(lived)[0]
    plain = tag_rows(lived.engine, lived.catalogue, snapshot, codes=())
    assert names_of(lived, snapshot, set()) == plain.sql(dialect="duckdb")


def test_answers_are_the_same_off_the_table(lived: Workspace):
    first, minute, last = in_order(lived)
    assert align(lived.engine, first, lived.aligned, least=1)
    assert "whole_" in names_of(lived, first, {"net_spend"})
    check(lived)
    near = names_of(lived, minute, {"net_spend"})
    assert f"whole_{first.snapshot_id}" in near
    assert "ANTI JOIN" in near
    assert "whole_" not in names_of(lived, last, {"net_spend"})


def test_a_table_near_enough_is_not_made_again(lived: Workspace):
    first, minute, last = in_order(lived)
    assert align(lived.engine, first, lived.aligned, least=1)
    assert not align(lived.engine, first, lived.aligned, least=1)
    assert not align(lived.engine, minute, lived.aligned, least=1)
    assert align(lived.engine, last, lived.aligned, least=1)
    assert "whole_" not in names_of(lived, first, {"net_spend"})
    check(lived)


def test_customers_who_changed_are_read_anew(lived: Workspace, monkeypatch: pytest.MonkeyPatch):
    first, _, last = in_order(lived)
    monkeypatch.setattr("zhiyan.pipeline.select.aligned.MOST_CHANGED", 0)
    assert align(lived.engine, first, lived.aligned, least=1)
    assert "ANTI JOIN" in names_of(lived, last, {"net_spend"})
    asked = lived.judgement("true", first), lived.judgement("true", last)
    codes = sorted(lived.catalogue.tags)
    old, new = (matched(one, codes, limit=None) for one in asked)
    assert not old.equals(new)
    check(lived)
