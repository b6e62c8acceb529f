"""The application as a whole: its schema, its documentation, its refusal to leave this machine."""

import json
import logging
import runpy
from pathlib import Path

import pytest
from tests.api.client import Client
from tests.api.clinic import Clinic

from zhiyan.api import create_app, serve
from zhiyan.api.docs import page
from zhiyan.errors import OutsideError, Problem, UsageError

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def whole(clinic) -> Client:
    """All routes of the console, with those that ask a workspace; none of these is called here."""
    return Client(create_app(clinic, static=None, people=object()))


def test_schema_of_the_console_is_the_schema_of_the_api(whole):
    committed = json.loads((ROOT / "ui" / "openapi.json").read_text(encoding="utf-8"))
    assert committed == whole.app.openapi(), "write it anew: python ui/tools/openapi.py"


def test_schema_is_written_by_the_tool():
    tool = runpy.run_path(str(ROOT / "ui" / "tools" / "openapi.py"))
    assert tool["schema_text"]().encode() == (ROOT / "ui" / "openapi.json").read_bytes()


def test_every_model_is_closed(whole):
    models = whole.app.openapi()["components"]["schemas"]
    open_ones = [
        name
        for name, model in models.items()
        if model.get("type") == "object" and model.get("additionalProperties") is not False
    ]
    assert open_ones == []


def test_every_answer_declares_its_model_and_every_failure(whole):
    for path, methods in whole.app.openapi()["paths"].items():
        for operation in methods.values():
            good = operation["responses"]["200"]["content"]["application/json"]["schema"]
            assert good, path
            assert set(operation["responses"]) == {"200", "400", "404", "422", "500", "503"}


def test_documentation_lists_every_route_without_scripts(whole):
    text = whole.get("/api/docs").text
    for path in whole.app.openapi()["paths"]:
        assert path in text
    assert "<script" not in text
    assert "http://" not in text
    assert "https://" not in text


def test_documentation_escapes_what_it_prints():
    schema = {
        "info": {"title": "<b>", "version": "1"}, "paths": {}, "components": {"schemas": {}},
    }  # fmt: skip
    assert "<b>" not in page(schema, "n")


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.0.4", "::", "example.com", ""])
def test_serve_refuses_other_hosts(host):
    with pytest.raises(UsageError) as caught:
        serve(None, host, 8000)
    assert caught.value.code == "ZY601"
    assert "127.0.0.1" in str(caught.value)


class Failing(Clinic):
    """A workspace whose overview fails as told."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def overview(self):
        raise self._error


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (OutsideError(Problem(code="ZY901", message="locked"), transient=True), 503, "ZY901"),
        (UsageError(Problem(code="ZY500", message="no snapshot", hint="compute")), 400, "ZY500"),
        (ZeroDivisionError("secret detail"), 500, "ZY609"),
    ],
)
def test_errors_of_the_workspace_become_answers(error, status, code, caplog):
    caplog.set_level(logging.CRITICAL)
    api = Client(create_app(Failing(error), static=None), raises=False)
    answer = api.get("/api/overview")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "secret detail" not in answer.text
