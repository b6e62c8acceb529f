"""Guard: only this machine's names, and the headers that keep a page to itself."""

import pytest
from tests.api.client import Client

from zhiyan.api.guard import host_name


@pytest.mark.parametrize(
    "host", ["http://127.0.0.1:8000", "http://localhost", "http://[::1]:9", "http://LocalHost:1"]
)
def test_names_of_this_machine_are_answered(api, host):
    assert Client(api.app, host=host).get("/api/health").status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "http://evil.example",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example:8000",
        "http://192.168.1.7:8000",
        "http://[fe80::1]",
    ],
)
def test_other_names_are_refused(api, host):
    answer = Client(api.app, host=host).get("/api/overview")
    assert (answer.status_code, answer.json()["code"]) == (421, "ZY604")
    assert "customers" not in answer.text


@pytest.mark.parametrize(
    ("header", "name"),
    [("[::1]:80", "::1"), ("LOCALHOST:8000", "localhost"), ("", ""), ("127.0.0.1", "127.0.0.1")],
)
def test_host_name_is_read_from_the_header(header, name):
    assert host_name(header) == name


def test_policy_allows_nothing_from_elsewhere(api):
    headers = api.get("/api/health").headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert headers["x-frame-options"] == "DENY"
    assert headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in headers


def test_each_answer_has_its_own_nonce(api):
    policies = {api.get("/api/health").headers["content-security-policy"] for _ in range(3)}
    assert len(policies) == 3
