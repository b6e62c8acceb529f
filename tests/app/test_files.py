"""Audiences as files: safe in a spreadsheet, exact for programs, whole or not at all."""

import csv
import json
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from zhiyan.app.files import disarm, write_rows
from zhiyan.core.identity import public_id
from zhiyan.errors import UsageError

ROWS = pa.table(
    {
        "customer_id": [1, (1 << 63) - 1],
        "note": ["=HYPERLINK(\"http://x\")", "好,\n\"客\""],
        "spend": [-123_456_789_012_345_678, None],
        "items": [["+A", "B"], []],
        "day": [date(2026, 2, 28), None],
        "share": [0.1, None],
    }
)  # fmt: skip


@pytest.mark.parametrize("text", ["=1+1", "+8613", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_what_looks_like_a_formula_is_disarmed(text: str):
    assert disarm(text) == f"'{text}"
    assert disarm([text, "b"]) == f"'{text}、b"


@pytest.mark.parametrize("value", ["", "a=1", "好", 1, -1, 1.5, None, True, date(2026, 1, 1)])
def test_all_else_is_left_alone(value: object):
    assert disarm(value) is value


def test_csv(tmp_path: Path):
    path = tmp_path / "名单.CSV"
    write_rows(ROWS, path, money=["spend"])
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        first, second = csv.DictReader(file)
    assert first == {
        "customer": "C0000000000000001", "note": "'=HYPERLINK(\"http://x\")",
        "spend": "-1234567890123456.78", "items": "'+A、B", "day": "2026-02-28", "share": "0.1",
    }  # fmt: skip
    assert second["customer"] == public_id((1 << 63) - 1)
    assert second["note"] == '好,\n"客"'
    assert [second[name] for name in ("spend", "items", "day", "share")] == ["", "", "", ""]


def test_parquet_and_lines_keep_the_values(tmp_path: Path):
    write_rows(ROWS, tmp_path / "a.parquet", money=["spend"])
    write_rows(ROWS, tmp_path / "a.jsonl", money=["spend"])
    table = pq.read_table(tmp_path / "a.parquet")
    assert table.column_names == ["customer", *ROWS.column_names[1:]]
    assert table.drop_columns("customer").equals(ROWS.drop_columns("customer_id"))
    lines = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text("utf-8").splitlines()]
    assert lines[0]["note"] == ROWS.column("note")[0].as_py(), "no program runs formulas"
    assert lines[0]["spend"] == -123_456_789_012_345_678
    assert lines[1]["items"] == []


@pytest.mark.parametrize("name", ["a.xlsx", "a", "a.csv.txt", ".csv"])
def test_other_endings_are_refused(name: str, tmp_path: Path):
    with pytest.raises(UsageError) as error:
        write_rows(ROWS, tmp_path / name)
    assert error.value.code == "ZY505"
    assert ".parquet" in error.value.problems[0].hint
    assert list(tmp_path.iterdir()) == []


def test_file_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "a.csv"
    path.write_text("old")

    def broken(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", broken)
        with pytest.raises(OSError, match="No space"):
            write_rows(ROWS, path)
    assert path.read_text() == "old"
    write_rows(ROWS, path)
    assert path.read_text("utf-8-sig").startswith("customer,")


def test_nobody(tmp_path: Path):
    for ending in ("csv", "parquet", "jsonl"):
        write_rows(ROWS.slice(0, 0), tmp_path / f"a.{ending}", money=["spend"])
    assert (tmp_path / "a.csv").read_text("utf-8-sig").splitlines() == [
        "customer,note,spend,items,day,share"
    ]
    assert (tmp_path / "a.jsonl").read_text() == ""
    assert pq.read_table(tmp_path / "a.parquet").num_rows == 0
