"""An import that dies (kill -9) leaves the workspace as before or as after, never between."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.pipeline.ingest.workshop import ORDER_HEAD, bench, order, write_csv

from zhiyan.pipeline.ingest.run import committed_imports

ROOT = Path(__file__).parents[3]
PHONE = "13798765432"
WORDS = {"bad_row": 0, "INSERT INTO event": 0, "INSERT INTO meta.import_batch": 0, "after": 40}
CHILD = """
import os, signal, sys
from pathlib import Path
from tests.pipeline.ingest.workshop import bench
from zhiyan.engines.duckdb import DuckDBEngine

root, file = Path(sys.argv[1]), Path(sys.argv[2])


def live_until(word, folder):
    class Mortal(DuckDBEngine):
        def run(self, statement):
            if word in statement.text:
                os.kill(os.getpid(), signal.SIGKILL)
            super().run(statement)

    bench(folder, engine=Mortal(folder / "warehouse.duckdb")).take(file)
    os.kill(os.getpid(), signal.SIGKILL)


for number, word in enumerate(sys.argv[3:]):
    child = os.fork()
    if child == 0:
        live_until(word, root / str(number))
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
"""


@pytest.fixture(scope="module")
def dead(tmp_path_factory):
    """The file, and one workspace per place where the import of it was killed."""
    root = tmp_path_factory.mktemp("dead")
    head = [*ORDER_HEAD, "手机号"]
    rows = [[*order(f"S{n}", file=f"{n:08d}"), PHONE if n == 7 else ""] for n in range(40)]
    path = write_csv(root / "开单.csv", [head, *rows])
    folders = {word: root / str(number) for number, word in enumerate(WORDS)}
    for folder in folders.values():
        folder.mkdir()
    subprocess.run(
        [sys.executable, "-c", CHILD, str(root), str(path), *WORDS],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": f"src{os.pathsep}."}, check=True,
    )  # fmt: skip
    return path, folders


@pytest.mark.parametrize(("word", "stored"), WORDS.items())
def test_killed_anywhere_it_is_before_or_after(dead, word, stored):
    path, folders = dead
    desk = bench(folders[word])
    desk.importer.vault.drop_imports_except(committed_imports(desk.importer.engine))
    counts = [
        desk.one(f"SELECT count(*) FROM {t}") for t in ("event.order_line", "meta.import_batch")
    ]
    assert counts == [stored, min(stored, 1)]
    assert (desk.kept() > 0) == (stored > 0)
    assert (desk.one("SELECT count(*) FROM identity.observation") > 0) == (stored > 0)
    report = desk.take(path)
    assert report.accepted == 40 - stored
    assert desk.one("SELECT count(*) FROM event.order_line") == 40
    assert "+86" + PHONE in desk.reveal("phone")
    desk.importer.engine.close()
    desk.vault_engine.close()
    assert_nothing_in_clear(folders[word], PHONE, "王芳")


def assert_nothing_in_clear(folder, *secrets):
    for file in folder.glob("*.duckdb*"):
        found = file.read_bytes()
        for secret in secrets:
            assert secret.encode() not in found, (file.name, secret)
