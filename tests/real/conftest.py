"""Real data that nobody here made: where it lies, and a workspace of the retail pack."""

from pathlib import Path

import pytest

#: Beside the repository, never inside it: the data sets may not be shipped.
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.fixture(scope="session")
def data():
    """The path of a data set by its file name; skips the test where it is absent."""

    def path(name):
        found = DATA / name
        if not found.is_file():
            pytest.skip(f"the public data set {name} is not beside the repository")
        return found

    return path
