"""The benchmark itself: the smallest group runs every section, and all values agree."""

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from benchmarks.data import differences
from benchmarks.rivals.base import TAGS
from benchmarks.rivals.sql import Dialect, statements

from zhiyan.lang.load import load_catalogue

ROOT = Path(__file__).parents[2]
PACK = ROOT / "benchmarks" / "base_tags"


def test_both_lists_of_base_tags_are_the_same() -> None:
    assert set(load_catalogue([PACK]).tags) == {tag.code for tag in TAGS}


def test_every_tag_is_told_once_by_hand_written_statements() -> None:
    dialect = Dialect(moment=str, pick="min(v)")
    for apart in (False, True):
        parts = statements(dialect, apart=apart)
        told = [code for _, _, codes in parts for code in codes]
        assert sorted(told) == sorted(tag.code for tag in TAGS)
        assert len(parts) == (len(TAGS) if apart else 11)


def _table(path: Path, counts: list[int | None], customers: list[int]) -> Path:
    pq.write_table(pa.table({"customer_id": customers, "line_cnt": counts}), path)
    return path


def test_differences_are_found(tmp_path: Path) -> None:
    ours = _table(tmp_path / "a.parquet", [1, 2, None], [10, 20, 21])
    same = _table(tmp_path / "b.parquet", [None, 2, 1], [21, 20, 10])
    other = _table(tmp_path / "c.parquet", [1, 3, 0], [10, 20, 21])
    fewer = _table(tmp_path / "d.parquet", [1, 2], [10, 20])
    assert differences(ours, same, ("line_cnt",)) == {}
    assert differences(ours, other, ("line_cnt",)) == {"line_cnt": 2}
    assert differences(ours, fewer, ("line_cnt",)) == {"customer_id": 1}
    assert differences(ours, fewer, ("line_cnt",), tenth=True) == {}


@pytest.mark.slow
def test_the_smallest_group_runs_every_section(tmp_path: Path) -> None:
    words = ["--customers", "2000", "--cache", str(tmp_path), "--runs", "1"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *words],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line.split("|")[1:-1] for line in done.stdout.splitlines() if line.startswith("| ")]
    table = {(one.strip(), two.strip()): rest for one, two, *rest in lines}
    for name in ("DuckDB by hand, fused", "DuckDB, a query per tag, one join"):
        assert "all 64 equal" in table["base", name][-1]
    assert {section for section, _ in table} >= {
        "base", "library", "segments", "evidence", "past", "refresh",
    }  # fmt: skip
