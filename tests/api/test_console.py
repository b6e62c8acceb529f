"""Console: only files that were there at start, compressed where accepted, one page for all routes."""

import gzip

import pytest
from tests.api.client import Client

from zhiyan.api import create_app
from zhiyan.errors import DataError


@pytest.fixture
def web(tmp_path, clinic):
    root = tmp_path / "web"
    (root / "assets").mkdir(parents=True)
    (root / "index.html").write_text('<script nonce="__CSP_NONCE__"></script>', encoding="utf-8")
    script = root / "assets" / "app.js"
    script.write_bytes(b"let a = 1;")
    script.with_name("app.js.gz").write_bytes(gzip.compress(b"let a = 1;"))
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    return Client(create_app(clinic, static=root))


def test_every_route_of_the_console_gets_the_page_with_the_nonce_of_its_policy(web):
    for path in ("/", "/tags/age", "/customers"):
        answer = web.get(path)
        nonce = answer.text.partition('nonce="')[2].partition('"')[0]
        assert len(nonce) > 16
        assert f"'nonce-{nonce}'" in answer.headers["content-security-policy"]


def test_assets_come_compressed_where_accepted_and_may_be_kept(web):
    answer = web.get("/assets/app.js", headers={"accept-encoding": "gzip, br"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.text == "let a = 1;"
    assert "immutable" in answer.headers["cache-control"]
    plain = web.get("/assets/app.js", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.text == "let a = 1;"


@pytest.mark.parametrize("path", ["/assets/none.js", "/api/none", "/assets/../../secret.txt"])
def test_what_is_not_there_is_not_the_page(web, path):
    answer = web.get(path)
    assert answer.status_code == 404 or "secret" not in answer.text
    if ".." not in path:
        assert answer.status_code == 404


def test_api_still_answers_beside_the_console(web):
    assert web.get("/api/health").json()["status"] == "ok"


def test_missing_build_says_how_to_build(tmp_path, clinic):
    with pytest.raises(DataError) as caught:
        create_app(clinic, static=tmp_path)
    assert caught.value.code == "ZY605"
    assert "npm run build" in str(caught.value)
