"""Workbooks: headers, merges, totals, dates, numbers, error cells, and hostile files."""

# ruff: noqa: DTZ001 - cells and the warehouse hold naive moments

import datetime as dt
import io
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from zhiyan.errors import DataError
from zhiyan.pipeline.ingest.read import ReadOptions, fill_down, read_tables

DATA = Path(__file__).parent / "data"


def build(path, fill, **options):
    book = xlsxwriter.Workbook(path, options)
    fill(book, book.add_worksheet("收费"))
    book.close()
    return path


def values(table):
    return [tuple(row.values()) for row in table.rows.to_pylist()]


def his(book, sheet):
    sheet.merge_range(0, 0, 0, 6, "收费明细表")
    sheet.write(1, 0, "导出时间:2024-01-01")
    sheet.merge_range(2, 0, 3, 0, "病历号")
    sheet.merge_range(2, 1, 2, 2, "客户信息")
    sheet.merge_range(2, 3, 2, 5, "消费")
    sheet.merge_range(2, 6, 3, 6, "备注")
    sheet.write_row(3, 1, ["姓名", "手机", "项目", "数量", "金额"])
    sheet.merge_range(4, 0, 5, 0, "000123")
    sheet.merge_range(4, 1, 5, 1, "王伟")
    sheet.write_row(4, 2, [13812345679, "光子", 1, 1999.9])
    sheet.write_row(5, 3, ["水光", 2, -10.25])
    sheet.write(6, 1, "小计")
    sheet.write(6, 5, 1989.65)
    sheet.write_row(8, 0, ["000124", "李娜", "139", "x", 1])
    sheet.write_formula(8, 5, "=1/0", None, "#DIV/0!")
    sheet.write(9, 0, "合 计")
    sheet.write(9, 5, 1989.65)


def test_his_export_with_two_header_rows_merges_and_totals(tmp_path):
    (table,) = read_tables(build(tmp_path / "his.xlsx", his))
    assert table.headers == (
        "病历号", "客户信息/姓名", "客户信息/手机", "消费/项目", "消费/数量", "消费/金额", "备注",
    )  # fmt: skip
    assert (table.sheet, table.header_rows) == ("收费", (3, 4))
    assert values(table) == [
        ("000123", "王伟", "13812345679", "光子", "1", "1999.9", None),
        (None, None, None, "水光", "2", "-10.25", None),
    ]
    assert table.row_no.to_pylist() == [5, 6]
    assert [(d.row_no, d.reason) for d in table.dropped] == [
        (1, "title"), (2, "title"), (7, "total_row"), (8, "blank_row"), (10, "total_row"),
    ]  # fmt: skip
    (bad,) = table.rejected
    assert (bad.row_no, bad.reason, bad.text, bad.column) == (
        9,
        "cell_error",
        "#DIV/0!",
        "消费/金额",
    )
    assert bad.cells[:2] == ("000124", "李娜")


def test_fill_down_only_declared_columns_and_only_inside_merges(tmp_path):
    (table,) = read_tables(build(tmp_path / "his.xlsx", his))
    filled = fill_down(table, ["病历号", "no such"])
    assert filled.rows.column("病历号").to_pylist() == ["000123", "000123"]
    assert filled.rows.column("客户信息/姓名").to_pylist() == ["王伟", None]
    assert table.rows.column("病历号").to_pylist() == ["000123", None]


def test_fill_down_fills_every_gap_where_no_merges_are_known(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("号,项目\n1,a\n,b\n2,c\n,d\n", encoding="utf-8")
    (table,) = read_tables(path)
    assert fill_down(table, ["号"]).rows.column("号").to_pylist() == ["1", "1", "2", "2"]


@pytest.mark.parametrize("odd_dates", [False, True])
def test_cells_become_text_without_loss(tmp_path, odd_dates):
    def fill(book, sheet):
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        sheet.write_row(
            0, 0, ["手机", "日期", "时刻", "小数", "是", "公式", "序列", "编号", "文本"]
        )
        sheet.write(1, 0, 13812345679)
        sheet.write_datetime(1, 1, dt.datetime(2024, 3, 5), book.add_format({"num_format": "d"}))
        sheet.write_datetime(1, 2, dt.datetime(2024, 3, 5, 23, 59, 59), moment)
        sheet.write(1, 3, 0.1 + 0.2)
        sheet.write(1, 4, True)
        sheet.write_formula(1, 5, "=A2+1", None, 13812345680)
        sheet.write(1, 6, 45356)
        sheet.write(1, 7, 330106199001011234)
        sheet.write_string(1, 8, "00123")

    (table,) = read_tables(build(tmp_path / "x.xlsx", fill, date_1904=odd_dates))
    assert values(table) == [
        ("13812345679", "2024-03-05", "2024-03-05 23:59:59", "0.3", "TRUE", "13812345680",
         "45356", "3.30106199001011e+17", "00123"),
    ]  # fmt: skip
    assert table.date_1904 is odd_dates


def test_all_sheets_and_named_sheets(tmp_path):
    def fill(book, sheet):
        sheet.write_row(0, 0, ["姓名", "金额"])
        sheet.write_row(1, 0, ["王伟", 5])
        book.add_worksheet("空")
        other = book.add_worksheet("退款")
        other.write_row(3, 2, ["姓名", "金额"])
        other.write_row(4, 2, ["李娜", -5])

    path = build(tmp_path / "x.xlsx", fill)
    first, second = read_tables(path)
    assert (first.sheet, second.sheet) == ("收费", "退款")
    assert (second.row_no.to_pylist(), values(second)) == ([5], [("李娜", "-5")])
    assert [t.sheet for t in read_tables(path, ReadOptions(sheets=("退款",)))] == ["退款"]
    with pytest.raises(DataError) as caught:
        read_tables(path, ReadOptions(sheets=("没有",)))
    assert caught.value.code == "ZY317"


def test_known_labels_find_the_header_below_a_busy_title_block(tmp_path):
    def fill(book, sheet):
        sheet.write_row(0, 0, ["机构", "甲院", "制表", "小李", "审核", "小王"])
        sheet.write_row(1, 0, ["客户姓名", "手机号", "金额(元)"])
        sheet.write_row(2, 0, ["王伟", "139", 5])

    known = frozenset({"客户姓名", "手机号", "金额"})
    (table,) = read_tables(build(tmp_path / "x.xlsx", fill), ReadOptions(known_labels=known))
    assert table.headers == ("客户姓名", "手机号", "金额(元)")


@pytest.mark.parametrize(("name", "odd"), [("his_1900.xls", False), ("his_1904.xls", True)])
def test_real_old_workbooks(name, odd):
    (table,) = read_tables(DATA / name)
    assert values(table) == [
        ("000123", "13812345679", "2024-03-05", "1999.9"),
        ("000124", "13900001234", "45356", "-10.25"),
    ]
    assert (table.kind, table.date_1904) == ("xls", odd)
    assert [d.reason for d in table.dropped] == ["title", "total_row"]


def code_of(path, options=None):
    with pytest.raises(DataError) as caught:
        read_tables(path, options or ReadOptions())
    return caught.value.code


def plain_book(tmp_path):
    def fill(book, sheet):
        sheet.write_row(0, 0, ["姓名", "金额"])
        sheet.write_row(1, 0, ["王伟", 5])

    return build(tmp_path / "plain.xlsx", fill)


def repacked(source, target, **parts):
    """Copy a package, replacing or adding parts."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        held = {name: old.read(name) for name in old.namelist()} | parts
        for name, content in held.items():
            new.writestr(name, content)
    return target


def test_encrypted_macro_damaged_and_foreign_packages_are_refused(tmp_path):
    assert code_of(DATA / "password.xlsx") == "ZY308"
    plain = plain_book(tmp_path)
    assert code_of(repacked(plain, tmp_path / "m.xlsm", **{"xl/vbaProject.bin": b"x"})) == "ZY309"
    cut = tmp_path / "cut.xlsx"
    cut.write_bytes(plain.read_bytes()[:-200])
    assert code_of(cut) == "ZY307"
    broken = repacked(
        plain, tmp_path / "b.xlsx", **{"xl/worksheets/sheet1.xml": b"<worksheet><sheetData><row"}
    )
    assert code_of(broken) in {"ZY307", "ZY312"}
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as package:
        package.writestr("readme.txt", "hello")
    (tmp_path / "z.xlsx").write_bytes(other.getvalue())
    assert code_of(tmp_path / "z.xlsx") == "ZY311"


def test_bombs_are_refused(tmp_path):
    plain = plain_book(tmp_path)
    filler = b"<!--" + b" " * (80 << 20) + b"-->"
    assert code_of(repacked(plain, tmp_path / "b.xlsx", **{"xl/media/a.bin": filler})) == "ZY310"
    far = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        b'<row r="1"><c r="A1"><v>1</v></c></row>'
        b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
    )
    path = repacked(plain, tmp_path / "far.xlsx", **{"xl/worksheets/sheet1.xml": far})
    assert code_of(path) == "ZY306"
    assert code_of(plain, ReadOptions(max_unpacked_bytes=100)) == "ZY310"
    assert code_of(plain, ReadOptions(max_columns=1)) == "ZY306"
    assert code_of(plain, ReadOptions(max_bytes=10)) == "ZY302"


def test_a_part_longer_than_it_claims_is_refused(tmp_path):
    plain = plain_book(tmp_path)
    data = bytearray(plain.read_bytes())
    with zipfile.ZipFile(plain) as package:
        size = package.getinfo("xl/worksheets/sheet1.xml").file_size
    claim = size.to_bytes(4, "little")
    assert data.count(claim) >= 1
    lied = bytes(data).replace(claim, (10).to_bytes(4, "little"))
    path = tmp_path / "lie.xlsx"
    path.write_bytes(lied)
    assert code_of(path) in {"ZY310", "ZY307"}
