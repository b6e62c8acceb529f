"""A small workbook to damage."""

import io

import pytest
import xlsxwriter


@pytest.fixture(scope="session")
def workbook_bytes():
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    sheet = book.add_worksheet("收费")
    sheet.write_row(0, 0, ["姓名", "金额"])
    sheet.write_row(1, 0, ["王伟", 5])
    sheet.write_formula(2, 0, "=1/0", None, "#DIV/0!")
    book.close()
    return out.getvalue()
