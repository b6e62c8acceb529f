"""One small world and its exports, shared by the tests of the demo."""

from pathlib import Path

import pytest

from zhiyan.demo.exports.write import write_exports
from zhiyan.demo.world import Chunk, build_world


@pytest.fixture(scope="session")
def chunk() -> Chunk:
    return build_world(4_000, seed=7).chunk(0)


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Exports and truth of a thousand customers."""
    folder = tmp_path_factory.mktemp("demo")
    write_exports(build_world(1_000, seed=11), folder)
    return folder
