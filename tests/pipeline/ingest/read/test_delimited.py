"""Delimited text: dialects, line numbers, lines that do not fit, notes and totals."""

import csv
import gzip
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.effort import examples

from zhiyan.errors import DataError
from zhiyan.pipeline.ingest.read import ReadOptions, read_tables


def read(tmp_path, data, name="x.csv", **options):
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    tables = read_tables(path, ReadOptions(**options))
    assert len(tables) == 1
    return tables[0]


def rows_of(table):
    return [tuple(row.values()) for row in table.rows.to_pylist()]


def reasons(entries):
    return [(entry.row_no, str(entry.reason)) for entry in entries]


def test_rows_and_line_numbers_with_quoted_newlines_blank_lines_and_totals(tmp_path):
    table = read(
        tmp_path,
        '姓名,手机,金额\n王伟,13812345679,1.5\n\n李娜,"139\n138",2\n合计,,3.5\n赵敏,1,4\n'.encode(
            "gb18030"
        ),
    )
    assert table.headers == ("姓名", "手机", "金额")
    assert table.encoding == "gb18030"
    assert table.delimiter == ","
    assert rows_of(table) == [
        ("王伟", "13812345679", "1.5"),
        ("李娜", "139\n138", "2"),
        ("赵敏", "1", "4"),
    ]
    assert table.row_no.to_pylist() == [2, 4, 7]
    assert reasons(table.dropped) == [(3, "blank_row"), (6, "total_row")]
    assert table.rejected == ()


def test_ragged_lines_are_set_aside_with_their_text_not_lost(tmp_path):
    table = read(tmp_path, "a,b,c\n1,2,3\nshort,2\nlong,2,3,4\n5,6,7\nok,2,3,,\n")
    assert rows_of(table) == [("1", "2", "3"), ("5", "6", "7"), ("ok", "2", "3")]
    assert table.row_no.to_pylist() == [2, 5, 6]
    assert reasons(table.rejected) == [(3, "too_few_cells"), (4, "too_many_cells")]
    assert [r.text for r in table.rejected] == ["short,2", "long,2,3,4"]
    assert table.rejected[1].cells == ("long", "2", "3", "4")


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ('4,"x,5\n5,6,7\n8,9,10\n11,"y",z\n', ["1", "5", "8", "11", "12"]),
        ('4,"x\n5,6,7\n', ["1", "5", "12"]),
    ],
)
def test_an_unclosed_quote_costs_one_line_only(tmp_path, line, kept):
    table = read(tmp_path, f"a,b,c\n1,2,3\n{line}12,13,14\n")
    assert table.rows.column("a").to_pylist() == kept
    assert reasons(table.rejected) == [(3, "unclosed_quote")]
    lines = (f"a,b,c\n1,2,3\n{line}12,13,14\n").split("\n")
    for number, first in zip(table.row_no.to_pylist(), kept, strict=True):
        assert lines[number - 1].startswith(first)


def test_a_file_cut_off_inside_quotes_loses_nothing_silently(tmp_path):
    table = read(tmp_path, 'a,b\n1,2\n3,"half a rem')
    assert rows_of(table) == [("1", "2")]
    assert reasons(table.rejected) == [(3, "unclosed_quote")]


def test_payment_bill_with_comments_backticks_and_summary(tmp_path):
    bill = (
        "#微信支付账单\n#起始时间,[2024-03-01]\n交易单号,时间,金额,备注\n"
        "`1001,`2024-03-05 10:00:00,`5.00,`好\n`0002,`2024-03-05 11:00:00,`-6.00,\n"
        "总交易单数,总金额\n`2,`-1.00\n"
    )
    table = read(tmp_path, bill)
    assert rows_of(table) == [
        ("1001", "2024-03-05 10:00:00", "5.00", "好"),
        ("0002", "2024-03-05 11:00:00", "-6.00", None),
    ]
    assert table.header_rows == (3,)
    assert reasons(table.dropped) == [(1, "comment"), (2, "comment"), (6, "note"), (7, "note")]


def test_bill_with_title_ruler_padding_and_trailing_commas(tmp_path):
    bill = (
        "交易记录明细查询\n账号:[a@b.cn]\n------明细列表------\n交易号   ,订单号 ,金额,\n"
        "0001\t,2\t,3,\n0004\t,5\t,6,\n----------\n共2笔记录\n#导出时间:[2024]\n"
    )
    table = read(tmp_path, bill.encode("gbk"))
    assert table.headers == ("交易号", "订单号", "金额")
    assert table.rows.num_rows == 2
    assert [d.reason for d in table.dropped] == ["title"] * 3 + ["note"] * 3


def test_duplicate_and_empty_header_names_are_made_unique_with_a_note(tmp_path):
    table = read(tmp_path, "金额,金额,,金额_2\n1,2,3,4\n")
    assert table.headers == ("金额", "金额_3", "column_3", "金额_2")
    assert len(table.notes) == 2


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_delimiter_is_found(tmp_path, delimiter):
    text = f"姓名{delimiter}备注{delimiter}金额\n王伟{delimiter}a b{delimiter}1.5\n李娜{delimiter}c{delimiter}2\n"
    table = read(tmp_path, text)
    assert table.delimiter == delimiter
    assert table.rows.num_columns == 3


def test_text_kept_from_excel_by_formula_or_apostrophe(tmp_path):
    table = read(tmp_path, '卡号,金额\n"=""00123""",1\n')
    assert rows_of(table) == [("00123", "1")]


def test_formula_cells_are_only_text(tmp_path):
    table = read(tmp_path, 'a,b\n"=HYPERLINK(""http://x"")",@x\n+1,-2\n')
    assert rows_of(table) == [('=HYPERLINK("http://x")', "@x"), ("+1", "-2")]


def test_file_without_header_gets_numbered_columns(tmp_path):
    table = read(tmp_path, "13812345679,2024-03-05,1.5\n13900001234,2024-03-06,2\n")
    assert table.headers == ("column_1", "column_2", "column_3")
    assert table.rows.num_rows == 2


def test_header_named_by_options(tmp_path):
    table = read(tmp_path, "x,y\na,b\n1,2\n", header_at=2)
    assert table.headers == ("a", "b")
    with pytest.raises(DataError) as caught:
        read(tmp_path, "x,y\na,b\n1,2\n", header_at=9)
    assert caught.value.code == "ZY317"


def test_two_header_rows_with_repeated_column_names_are_joined(tmp_path):
    table = read(tmp_path, "客户,现金,,储值,\n姓名,次数,金额,次数,金额\n王伟,1,2,3,4\n")
    assert table.headers == ("客户/姓名", "现金/次数", "现金/金额", "储值/次数", "储值/金额")


def test_comment_like_order_numbers_are_data(tmp_path):
    table = read(tmp_path, "订单号,金额\n#1001,5\n#1002,6\n")
    assert table.rows.column("订单号").to_pylist() == ["#1001", "#1002"]


def test_a_row_that_only_mentions_a_total_is_data(tmp_path):
    table = read(tmp_path, "姓名,手机,金额,备注\n王伟,139,5,合计\n李娜,,6,小计\n")
    assert table.rows.num_rows == 2


def test_subtotals_with_names_and_spaces_are_dropped(tmp_path):
    table = read(tmp_path, "姓名,项目,金额\n王伟,光子,5\n王伟小计,,5\n,小 计,5\n合　计,,5\n")
    assert table.rows.num_rows == 1
    assert [d.reason for d in table.dropped] == ["total_row"] * 3


def test_gzip_and_old_mac_and_windows_line_ends(tmp_path):
    table = read(tmp_path, gzip.compress(b"a,b\r\n1,2\r\n\r\n3,4"), name="x.csv.gz")
    assert table.row_no.to_pylist() == [2, 4]
    assert read(tmp_path, b"a,b\r1,2\r3,4\r").row_no.to_pylist() == [2, 3]


cells = st.text(
    alphabet=st.characters(codec="gb18030", exclude_categories=["Cs", "Cc", "Co", "Cn"]),
    max_size=6,
).map(lambda text: text.replace("`", "").replace("=", "").replace("�", ""))
lines = st.lists(
    st.tuples(
        st.just("k"), cells, st.sampled_from(["", "x\ny", 'say "hi"', "a,b", "c\td", "\r\n"])
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=examples(15), deadline=None)
@given(
    rows=lines,
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]),
    delimiter=st.sampled_from([",", "\t", ";", "|"]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_what_is_written_is_read_back_exactly(tmp_path_factory, rows, encoding, delimiter, end):
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end)
    writer.writerow(["编号编号编号编号", "名称名称名称名称", "备注备注备注备注"])
    writer.writerows(rows)
    tmp_path = tmp_path_factory.mktemp("csv")
    table = read(tmp_path, text.getvalue().encode(encoding), encoding=None, delimiter=delimiter)
    assert rows_of(table) == [tuple(cell or None for cell in row) for row in rows]
    starts = []
    line = 2
    for row in rows:
        starts.append(line)
        line += 1 + sum(cell.count("\n") for cell in row)
    assert table.row_no.to_pylist() == starts
