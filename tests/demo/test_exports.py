"""Exports: same bytes for the same seed, every trap really in the files, nothing miscounted."""

import csv
import hashlib
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import lxml.html
import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook

from zhiyan.demo.exports.write import write_exports
from zhiyan.demo.names import bank_card, id_card
from zhiyan.demo.world import build_world

GBK_FILES = {
    "gb18030": "gb18030",
    "utf-8-sig": "utf-8-sig",
    "utf-8": "utf-8",
    "utf-16-le": "utf-16",
}


def truth(folder: Path, name: str) -> list[dict[str, Any]]:
    return pq.read_table(folder / "truth" / name).to_pylist()


def read_rows(path: Path, encoding: str) -> list[list[str]]:
    """Read the physical rows of any of the forms, independently of the writer."""
    if encoding == "html":
        page = lxml.html.fromstring(path.read_text(encoding="utf-8"))
        return [[cell.text or "" for cell in row] for row in page.iter("tr")]
    if encoding == "xlsx":
        sheet = CalamineWorkbook.from_path(path).get_sheet_by_index(0)
        return [[str(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    text = path.read_bytes().decode(GBK_FILES[encoding])
    if path.suffix == ".json":
        return [[line] for line in text.splitlines()]
    comma = "\t" if path.suffix == ".txt" else ","
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=comma))


@pytest.fixture(scope="session")
def files(exported: Path) -> dict[str, list[list[str]]]:
    return {
        row["file"]: read_rows(exported / "exports" / row["file"], row["encoding"])
        for row in truth(exported, "files")
        if row["kinds"]
    }


def digest(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_same_seed_same_bytes(tmp_path: Path):
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        write_exports(build_world(150, seed=seed), tmp_path / name)
    first, again, other = (digest(tmp_path / name) for name in "abc")
    assert first == again
    assert first != other
    assert len(first) > 50


def test_every_line_of_the_table_occurs(exported: Path):
    assert {row["line"] for row in truth(exported, "mess")} == set(range(1, 25))


def header_of(row: dict[str, Any], rows: list[list[str]]) -> list[str]:
    """Return the column names; of two header rows the lower one counts where it has a name."""
    if row["encoding"] == "html":  # cells over both rows stand in the upper one only
        spanning = [name for name in rows[1] if name in {"门店", "备注"}]
        return [spanning[0], *rows[2], *spanning[1:]]
    lower = rows[row["first_row"] - 2]
    if row["header_rows"] == 2:
        return [low or up for low, up in zip(lower, rows[1], strict=True)]
    return lower


def test_planted_cells_are_really_in_the_files(exported: Path, files: dict[str, list[list[str]]]):
    checked = 0
    headers = {
        row["file"]: header_of(row, files[row["file"]])
        for row in truth(exported, "files")
        if row["header_rows"] and row["kinds"]
    }
    for mark in truth(exported, "mess"):
        if not (mark["raw"] and mark["column"] and mark["row"]):
            continue
        place = headers[mark["file"]].index(mark["column"])
        cell = files[mark["file"]][mark["row"] - 1][place]
        # digits typed as a number come back as a float
        assert cell in {mark["raw"], f"{mark['raw']}.0"}, mark
        checked += 1
    assert checked > 300


def test_rows_in_the_files_are_what_the_ledger_says(
    exported: Path, files: dict[str, list[list[str]]]
):
    for row in truth(exported, "files"):
        if not row["kinds"]:
            continue
        physical = len(files[row["file"]])
        assert physical == row["header_rows"] + row["data_rows"] + row["dropped"], row["file"]
        outcomes = row["stored"] + row["duplicates"] + row["quarantined"]
        assert outcomes == row["data_rows"], row["file"]


def amount(cell: str) -> Decimal:
    """Read the plain and the planted spellings of money."""
    text = cell.translate(str.maketrans("０１２３４５６７８９．－", "0123456789.-"))
    text = text.replace("¥", "").replace(",", "").replace("`", "")
    if text.startswith("("):
        return -Decimal(text[1:-1])
    return Decimal(text[:-1]) * 10_000 if text.endswith("万") else Decimal(text or "0")


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("HIS收款流水_01.csv", "金额"),
        ("HIS收款流水_补充_01.csv", "金额"),
        ("HIS执行划扣_01.csv", "消耗金额"),
        ("HIS卡流水_01.csv", "本金变动"),
        ("美团订单_01.csv", "实付金额"),
        ("微信支付账单_01.csv", "退款金额"),
        ("小程序优惠券_01.csv", "面值"),
    ],
)
def test_money_in_the_files_adds_up(
    exported: Path, files: dict[str, list[list[str]]], name: str, column: str
):
    known = next(row for row in truth(exported, "files") if row["file"] == name)
    money = next(
        row for row in truth(exported, "money") if (row["file"], row["column"]) == (name, column)
    )
    first = known["first_row"]
    place = files[name][first - 2].index(column)
    body = [row for row in files[name][first - 1 :] if len(row) > place and row[0] != "合计"]
    if name.startswith("微信"):
        body = [row for row in body if row[0].startswith("`20")]
    assert len(body) == known["data_rows"]
    unreadable = [row for row in body if row[place] == "待定"]
    read = sum((amount(row[place]) for row in body if row[place] != "待定"), Decimal(0))
    planted = sum(
        Decimal(mark["clean"])
        for mark in truth(exported, "mess")
        if mark["file"] == name and mark["column"] == column and mark["raw"] == "待定"
    )
    assert int((read + planted) * 100) == money["all_fen"]
    assert (unreadable != []) == (planted != 0)


def test_the_total_row_is_the_sum_of_all_rows(exported: Path, files: dict[str, list[list[str]]]):
    money = {(row["file"], row["column"]): row["all_fen"] for row in truth(exported, "money")}
    last = files["HIS收款流水_01.csv"][-1]
    assert last[0] == "合计"
    assert int(Decimal(last[8]) * 100) == money["HIS收款流水_01.csv", "金额"]


def test_package_lines_have_no_price_but_a_total(files: dict[str, list[list[str]]]):
    header, *rows = files["HIS开单明细_01.csv"]
    name, total, price = (header.index(c) for c in ("套餐名称", "套餐总价", "成交金额"))
    packed = [row for row in rows if len(row) > name and row[name]]
    assert packed
    assert all(row[price] == "" and Decimal(row[total]) > 0 for row in packed)


def test_damaged_files_cannot_be_decoded_or_hold_replacements(exported: Path):
    folder = exported / "exports" / "damaged"
    cut = (folder / "截断_预约.csv").read_bytes()
    for encoding in ("utf-8", "gb18030"):
        with pytest.raises(UnicodeDecodeError):
            cut.decode(encoding)
    assert "\ufffd" in (folder / "乱码_客户.csv").read_text(encoding="utf-8")


def test_forms_carry_their_marks(exported: Path):
    folder = exported / "exports"
    assert (folder / "小程序用户_01.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert (folder / "短信触达_01.txt").read_bytes().startswith(b"\xff\xfe")
    assert (folder / "HIS客户档案_01.xls").read_bytes().startswith(b"<html>")
    assert (folder / "HIS客户档案_新院_01.xlsx").read_bytes().startswith(b"PK")
    bill = (folder / "微信支付账单_01.csv").read_bytes().decode("gb18030").splitlines()
    assert bill[0].startswith("#")
    assert bill[4].startswith("`20")
    for line in (folder / "企微客户_01.json").read_text(encoding="utf-8").splitlines():
        contact = json.loads(line)
        assert contact["external_contact"]["external_userid"].startswith("wm")
        assert contact["follow_info"]["createtime"] > 1_690_000_000


def test_the_newest_clinic_has_merged_cells_over_its_rows(exported: Path):
    sheet = CalamineWorkbook.from_path(
        exported / "exports" / "HIS开单明细_新院_01.xlsx"
    ).get_sheet_by_index(0)
    merged = sheet.merged_cell_ranges or []
    assert any(start[1] == 0 and end[0] - start[0] > 3 for start, end in merged)
    assert any(start == (0, 0) and end[1] > 10 for start, end in merged)


def test_records_tell_who_is_who(exported: Path, files: dict[str, list[list[str]]]):
    records = truth(exported, "records")
    clinics = {row[1]: row[0] for row in files["参考_门店_01.csv"][1:]}
    known = {(row["source"], row["clinic"], row["id_value"]) for row in records}
    header, *rows = files["HIS到店_01.csv"]
    place = header.index("病历号")
    seen = {("his", clinics[row[0]], row[place]) for row in rows if len(row) > place}
    assert seen <= known
    assert len({row["party_id"] for row in records}) == len(records)
    persons: dict[tuple[str, str, str], set[int]] = {}
    for row in records:
        if row["id_type"] != "phone":
            key = (row["source"], row["clinic"] or "", row["id_value"])
            persons.setdefault(key, set()).add(row["person"])
    assert all(len(who) == 1 for who in persons.values())
    twice = {row["person"] for row in records if row["source"] == "his"}
    assert len(twice) < sum(row["source"] == "his" for row in records)


def test_shared_phones_lie_in_the_files(exported: Path, files: dict[str, list[list[str]]]):
    rows = [row for row in files["HIS客户档案_01.xls"] if len(row) > 6 and row[6].isdigit()]
    owners: dict[str, set[str]] = {}
    for row in rows:
        owners.setdefault(row[6], set()).add(row[0] + row[1])
    marks = [m for m in truth(exported, "mess") if m["file"] == "HIS客户档案_01.xls"]
    family = {files["HIS客户档案_01.xls"][m["row"] - 1][6] for m in marks if m["line"] == 4}
    assert sum(len(owners.get(phone, ())) == 2 for phone in family) >= 3
    desk = {
        files["HIS客户档案_01.xls"][m["row"] - 1][6] for m in marks if m["problem"] == "staff_phone"
    }
    assert max(len(owners.get(phone, ())) for phone in desk) > 3


def test_synthetic_numbers_pass_their_checks_and_belong_to_nobody():
    card = id_card("19900305", 7)
    weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
    total = sum(int(d) * w for d, w in zip(card[:17], weights, strict=True))
    assert "10X98765432"[total % 11] == card[17]
    assert card.startswith("990000")
    digits = [int(d) for d in reversed(bank_card(12_345))]
    doubled = [d if i % 2 == 0 else sum(divmod(2 * d, 10)) for i, d in enumerate(digits)]
    assert sum(doubled) % 10 == 0
