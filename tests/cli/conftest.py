"""The shared clinic group: read as it is, or copied to be changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
import typer.testing
from tests.app.group import copy_of, group, remembered_catalogues, shop

from zhiyan.cli import output, tags
from zhiyan.lang.catalogue import Catalogue
from zhiyan.lang.lint import Heard, Report, lint


@pytest.fixture(scope="session", autouse=True)
def width_of_the_test() -> Iterator[None]:
    """Let COLUMNS of a test decide, not what the process had when the consoles were made."""
    with pytest.MonkeyPatch.context() as patch:
        for console in (output.console, output.errors):
            patch.setattr(console, "_width", None)
        yield


@pytest.fixture(scope="session", autouse=True)
def one_command() -> Iterator[None]:
    """Make the commands of click out of the application once, not for every call of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.testing, "_get_command", cache(typer.main.get_command))
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_definitions() -> Iterator[None]:
    with remembered_catalogues(), remembered_reports():
        yield


@contextmanager
def remembered_reports() -> Iterator[None]:
    """Lint the same definitions once only: it is a pure function, and takes many seconds."""
    known: dict[int, tuple[Catalogue, Report]] = {}  # the catalogue is kept, so its id is its own

    def remembered(catalogue: Catalogue, *, heard: Heard | None = None) -> Report:
        if id(catalogue) not in known:
            known[id(catalogue)] = catalogue, lint(catalogue, heard=heard)
        return known[id(catalogue)][1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tags, "run_lint", remembered)
        yield


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The finished demo; read only."""
    return group(tmp_path_factory, worker_id)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The shop, with nothing computed; read only."""
    return shop(tmp_path_factory, worker_id)


@pytest.fixture
def spare(demo: Path, tmp_path: Path) -> Path:
    """A copy of the finished demo that the test may change."""
    return copy_of(demo, tmp_path / "spare")


@pytest.fixture(scope="module")
def spare_group(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the finished demo for all tests of a module that leave it as it was."""
    return copy_of(demo, tmp_path_factory.mktemp("spare") / "group")
