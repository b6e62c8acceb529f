"""Fixtures for the tests of the API."""

import pytest
from tests.api.client import Client
from tests.api.clinic import Clinic

from zhiyan.api import create_app


@pytest.fixture(scope="session")
def clinic() -> Clinic:
    return Clinic()


@pytest.fixture(scope="session")
def api(clinic) -> Client:
    return Client(create_app(clinic, static=None))
