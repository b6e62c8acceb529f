"""The shared clinic group: read as it is, or copied to be changed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.app.group import copy_of, group, remembered_catalogues

from zhiyan.cli import output


@pytest.fixture(scope="session", autouse=True)
def width_of_the_test() -> Iterator[None]:
    """Let COLUMNS of a test decide, not what the process had when the consoles were made."""
    with pytest.MonkeyPatch.context() as patch:
        for console in (output.console, output.errors):
            patch.setattr(console, "_width", None)
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_definitions() -> Iterator[None]:
    with remembered_catalogues():
        yield


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The finished demo; read only."""
    return group(tmp_path_factory, worker_id)


@pytest.fixture
def spare(demo: Path, tmp_path: Path) -> Path:
    """A copy of the finished demo that the test may change."""
    return copy_of(demo, tmp_path / "spare")


@pytest.fixture(scope="module")
def spare_group(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the finished demo for all tests of a module that leave it as it was."""
    return copy_of(demo, tmp_path_factory.mktemp("spare") / "group")
