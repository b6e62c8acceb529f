"""What a card replays and what it looks up; from when on rows are read."""

from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from tests.lang.definitions import load, tag

from zhiyan.core.snapshot import Manifest
from zhiyan.core.time import BusinessZone
from zhiyan.engines.duckdb import DuckDBEngine
from zhiyan.lang.catalogue import Catalogue
from zhiyan.pipeline.explain.inputs import inputs_of
from zhiyan.pipeline.explain.rows import Subject

NOW = datetime(2026, 9, 1, 16)  # noqa: DTZ001 - as stored
VISITS = "kind: fact\ntype: int\nsource: visit\naggregate: count(*)"
TAGS = {
    "ever": VISITS,
    "lately": f"{VISITS}\nwindow: 30d",
    "aged": "kind: fact\ntype: int\nsource: visit\naggregate: max(days_since(occurred_at))",
    "regular": "kind: rule\ntype: bool\nvalue: ever > 3",
    "best": "kind: rule\ntype: bool\nvalue: rank_share(ever) > 0.5",
    "summary": "kind: rule\ntype: bool\n"
    "value: regular or best or lately > 0 or coalesce(aged, 0) > 9",
}


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return load(tmp_path, *(tag(code, body) for code, body in TAGS.items()))


def subject(catalogue: Catalogue, **other: str) -> Subject:
    """A customer of a snapshot that has some tags by other definitions."""
    tags = {code: found.fingerprint for code, found in catalogue.tags.items()}
    manifest = Manifest(
        snapshot_id="s",
        as_of=NOW,
        known_at=NOW,
        created_at=NOW,
        catalogue=str(other),
        data="d",
        customers=1,
        tags={**tags, **other},
    )
    zone = BusinessZone("Asia/Shanghai", 480)
    with closing(DuckDBEngine(None)) as engine:  # nothing is asked of it
        return Subject(
            engine=engine, catalogue=catalogue, snapshot=manifest, customer_id=1, zone=zone
        )


def told(found: Subject, code: str) -> tuple[set[str], set[str]]:
    needed = inputs_of(found, code)
    assert needed.replayed[-1].code == code, "inputs come first"
    return {one.code for one in needed.replayed}, set(needed.stored)


def test_what_only_facts_can_change_is_looked_up(catalogue: Catalogue):
    """Time changes a window and an age, others a rank: these are replayed down to what stands."""
    found = subject(catalogue)
    assert told(found, "summary") == ({"lately", "aged", "best", "summary"}, {"regular", "ever"})
    assert told(found, "best") == ({"best"}, {"ever"})


def test_the_tag_itself_is_always_replayed(catalogue: Catalogue):
    found = subject(catalogue)
    assert told(found, "ever") == ({"ever"}, set())
    assert told(found, "regular") == ({"regular"}, {"ever"})


def test_what_the_snapshot_has_by_another_definition_is_replayed(catalogue: Catalogue):
    found = subject(catalogue, regular="another")
    assert told(found, "summary")[0] == {"lately", "aged", "regular", "best", "summary"}
    assert told(subject(catalogue, ever="another"), "regular") == ({"ever", "regular"}, set())
