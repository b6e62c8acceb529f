"""The routes over time on the shop with three snapshots."""

from datetime import timedelta
from typing import Any

import pytest
from tests.api.client import Client
from tests.app.group import lived_shop, moments, remembered_catalogues

from zhiyan.api import create_app
from zhiyan.app.people_reads import WorkspacePeople
from zhiyan.app.reading import WorkspaceReads
from zhiyan.app.workspace import Workspace


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, worker_id: str):
    with remembered_catalogues():
        folder = lived_shop(tmp_path_factory, worker_id)
        reads = WorkspaceReads(folder)
        with Workspace.reading(folder) as workspace:
            first = moments(workspace)[0]
        yield (
            Client(create_app(reads, static=None, people=WorkspacePeople(reads))),
            first,
        )


def test_movements_history_and_life_of_tags(client: tuple[Client, Any]):
    web, first = client
    asked = {
        "where": "lifecycle_stage = 'silent'",
        "first": (first + timedelta(days=30)).isoformat(),
        "last": (first + timedelta(days=60)).isoformat(),
    }
    found = web.get("/api/movements", params=asked).json()
    before, after = found["periods"]
    assert after["size"] == before["size"] + after["entered"] - after["left"]
    assert found["total"] == after["entered"] + after["left"] > 0
    mover = found["moves"][0]
    path = f"/api/customers/{mover['customer_id']}/history"
    told = web.get(path, params={"tag": "lifecycle_stage"}).json()
    values = [s["value"] for s in told["stretches"] if s["tag"] != "*" and s["known_to"] is None]
    assert values[-2:] == [mover["before"], mover["after"]]
    (version,) = web.get("/api/tags/lifecycle_stage/versions").json()[-1:]
    assert version["status"] == "live"
    assert "segment:win_back" in web.get("/api/tags/lifecycle_stage/readers").json()["direct"]
    health = {one["code"]: one for one in web.get("/api/health/tags").json()}
    assert health["valid_customer"]["coverage"] == 1


def test_what_is_wrong_is_told(client: tuple[Client, Any]):
    web, _ = client
    wrong = {"where": "nothing_like_it", "first": "2026-01-01", "last": "2026-01-02"}
    assert web.get("/api/movements", params=wrong).status_code in (400, 422)
    early = {"where": "valid_customer", "first": "2001-01-01", "last": "2001-01-02"}
    assert web.get("/api/movements", params=early).status_code == 400
    assert web.get("/api/tags/no_such_tag/versions").status_code in (400, 404)
