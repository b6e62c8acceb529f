"""What a file is follows from its content; rubbish never raises anything but DataError."""

# ruff: noqa: DTZ001 - cells and the warehouse hold naive moments

import datetime as dt
import decimal
import json

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet
from tests.effort import examples

from zhiyan.errors import DataError
from zhiyan.pipeline.ingest.read import ReadOptions, read_tables


def put(tmp_path, data, name="x.bin"):
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def values(table):
    return [tuple(row.values()) for row in table.rows.to_pylist()]


HTML = (
    "<html><head><meta charset=gb2312><style>td{x}</style></head><body><table border=1>"
    "<tr><td rowspan=2>病历号</td><td colspan=2>消费</td></tr><tr><td>项目</td><td>金额</td></tr>"
    "<tr><td rowspan=2>001</td><td>光子<br>嫩肤</td><td>1,200.00</td></tr>"
    "<tr><td>水光</td><td>&nbsp;</td></tr><tr><td colspan=2>合计</td><td>3</td></tr></table>"
)


@pytest.mark.parametrize("codec", ["gbk", "utf-8", "utf-8-sig"])
def test_html_named_xls(tmp_path, codec):
    (table,) = read_tables(put(tmp_path, HTML.encode(codec), "h.xls"))
    assert table.kind == "html"
    assert table.headers == ("病历号", "消费/项目", "消费/金额")
    assert values(table) == [("001", "光子\n嫩肤", "1,200.00"), (None, "水光", None)]
    assert table.row_no.to_pylist() == [3, 4]
    assert [d.reason for d in table.dropped] == ["total_row"]
    assert [(s.header, s.first_row, s.last_row) for s in table.spans] == [("病历号", 3, 4)]


def test_html_with_several_tables_inside_a_layout_table(tmp_path):
    inner = "<table><tr><th>姓名</th><th>金额</th></tr><tr><td>{}</td><td>1</td></tr></table>"
    page = f"<table><tr><td>{inner.format('王伟')}</td><td>{inner.format('李娜')}</td></tr></table>"
    tables = read_tables(put(tmp_path, page, "h.xls"))
    assert [(t.sheet, values(t)) for t in tables] == [
        ("table 1", [("王伟", "1")]),
        ("table 2", [("李娜", "1")]),
    ]


def test_html_neither_reads_files_nor_expands_entities(tmp_path):
    secret = put(tmp_path, "secret words", "secret.txt")
    page = (
        f'<?xml version="1.0"?><!DOCTYPE html [<!ENTITY x SYSTEM "file://{secret}">]>'
        "<html><table><tr><th>姓名</th><th>备注</th></tr><tr><td>&x;</td><td>a</td></tr></table>"
    )
    tables = read_tables(put(tmp_path, page, "h.xls"))
    assert "secret" not in str([values(t) for t in tables])


def test_a_colspan_of_a_million_is_refused(tmp_path):
    page = "<table><tr><td colspan=999999>a</td></tr><tr><td>b</td></tr></table>"
    with pytest.raises(DataError) as caught:
        read_tables(put(tmp_path, page))
    assert caught.value.code == "ZY306"


def test_csv_named_xls(tmp_path):
    (table,) = read_tables(put(tmp_path, "姓名\t金额\n王伟\t5\n".encode("gbk"), "x.xls"))
    assert (table.kind, values(table)) == ("csv", [("王伟", "5")])


SHEET = """<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"
 xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="收费"><Table>
<Row><Cell ss:MergeAcross="2"><Data ss:Type="String">标题</Data></Cell></Row>
<Row ss:Index="3"><Cell><Data ss:Type="String">姓名</Data></Cell><Cell><Data ss:Type="String">日期</Data></Cell>
<Cell><Data ss:Type="String">金额</Data></Cell></Row>
<Row><Cell><Data ss:Type="String">王伟</Data></Cell>
<Cell><Data ss:Type="DateTime">2024-03-05T00:00:00.000</Data></Cell>
<Cell ss:Index="3"><Data ss:Type="Number">5.0</Data></Cell></Row></Table></Worksheet></Workbook>"""


def test_excel_2003_xml(tmp_path):
    (table,) = read_tables(put(tmp_path, SHEET, "x.xls"))
    assert (table.sheet, table.row_no.to_pylist()) == ("收费", [4])
    assert values(table) == [("王伟", "2024-03-05", "5")]


def test_excel_2003_xml_with_entities_is_refused(tmp_path):
    bomb = SHEET.replace("<Workbook", '<!DOCTYPE x [<!ENTITY a "b">]><Workbook', 1)
    with pytest.raises(DataError) as caught:
        read_tables(put(tmp_path, bomb, "x.xls"))
    assert caught.value.code == "ZY316"


def test_wecom_answer_is_unwrapped_and_flattened(tmp_path):
    answer = {
        "errcode": 0,
        "errmsg": "ok",
        "external_contact_list": [
            {
                "external_contact": {"external_userid": "wm1", "name": "王"},
                "follow_info": {"createtime": 1700000000, "tag_id": ["a", "b"], "odd": ["x、y"]},
            },
            {"external_contact": {"external_userid": "wm2"}, "follow_info": {"n": [{"k": 1}]}},
        ],
    }
    text = json.dumps(answer, ensure_ascii=False).replace("1700000000", "12345678901234567890.10")
    (table,) = read_tables(put(tmp_path, text, "w.json"))
    rows = table.rows.to_pylist()
    assert rows[0]["external_contact.external_userid"] == "wm1"
    assert rows[0]["follow_info.createtime"] == "12345678901234567890.10"
    assert rows[0]["follow_info.tag_id"] == "a、b"
    assert rows[0]["follow_info.odd"] == '["x、y"]'
    assert rows[1]["follow_info.n"] == '[{"k": 1}]'
    assert rows[1]["external_contact.name"] is None
    assert table.kind == "json"


def test_an_object_with_more_than_a_list_is_one_row(tmp_path):
    one = {
        "errcode": 0,
        "external_contact": {"external_userid": "wm1"},
        "follow_user": [{"u": "a"}],
    }
    (table,) = read_tables(put(tmp_path, json.dumps(one), "w.json"))
    assert table.rows.to_pylist() == [
        {"errcode": "0", "external_contact.external_userid": "wm1", "follow_user": '[{"u": "a"}]'}
    ]
    wrapped = {"code": 0, "data": {"total": 1, "list": [{"a": 1}, {}]}}
    (table,) = read_tables(put(tmp_path, json.dumps(wrapped), "w.json"))
    assert table.rows.to_pylist() == [{"a": "1"}]
    assert [(d.row_no, d.reason) for d in table.dropped] == [(2, "blank_row")]


def test_json_lines_reject_bad_lines_with_their_number(tmp_path):
    text = '{"a":1,"b":"x"}\n{"a":2,\n\n[1]\n{"a":3,"a":4}\n{"a":NaN}\n{"c":true}\n'
    (table,) = read_tables(put(tmp_path, text, "w.jsonl"))
    assert table.kind == "jsonl"
    assert values(table) == [("1", "x", None), (None, None, "true")]
    assert table.row_no.to_pylist() == [1, 7]
    assert [(r.row_no, r.reason, r.text) for r in table.rejected] == [
        (2, "bad_json", '{"a":2,'),
        (4, "not_an_object", "[1]"),
        (5, "bad_json", '{"a":3,"a":4}'),
        (6, "bad_json", '{"a":NaN}'),
    ]
    assert [(d.row_no, d.reason) for d in table.dropped] == [(3, "blank_row")]


def test_deeply_nested_json_is_refused_or_rejected(tmp_path):
    with pytest.raises(DataError):
        read_tables(put(tmp_path, '{"a":' * 100_000, "x.json"))
    deep = '{"a":' * 60 + "1" + "}" * 60
    (table,) = read_tables(put(tmp_path, '{"b":1}\n' + deep + "\n", "x.jsonl"))
    assert [r.reason for r in table.rejected] == ["bad_json"]


def test_parquet_to_text_without_loss(tmp_path):
    table = pa.table(
        {
            "whole": [1.0, None],
            "part": [2.55, 0.1],
            "decimal": [decimal.Decimal("1.10"), decimal.Decimal("-3.00")],
            "moment": [dt.datetime(2024, 3, 5, 8, 30), dt.datetime(2024, 3, 5, 8, 30, 0, 1500)],
            "zoned": pa.array(
                [dt.datetime(2024, 3, 5, 8)] * 2, pa.timestamp("ms", "Asia/Shanghai")
            ),
            "day": [dt.date(2024, 3, 5), None],
            "struct": [{"a": 1, "b": ["x", "y"]}] * 2,
            "large": pa.array(["", "z"], pa.large_string()),
            "code": pa.array(["p", "q"]).dictionary_encode(),
        }
    )
    parquet.write_table(table, tmp_path / "x.parquet")
    (read,) = read_tables(tmp_path / "x.parquet")
    assert values(read) == [
        ("1", "2.55", "1.10", "2024-03-05 08:30:00", "2024-03-05 08:00:00+00:00", "2024-03-05",
         "1", "x、y", None, "p"),
        (None, "0.1", "-3.00", "2024-03-05 08:30:00.001500", "2024-03-05 08:00:00+00:00", None,
         "1", "x、y", "z", "q"),
    ]  # fmt: skip
    assert read.row_no.to_pylist() == [1, 2]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "ZY301"),
        (b"  \n\n", "ZY301"),
        (b"%PDF-1.4", "ZY311"),
        (b"PAR1 not really PAR1", "ZY314"),
        (b"\x1f\x8b\x08broken", "ZY315"),
        (b"PK\x03\x04 broken", "ZY307"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "ZY307"),
        (b"[1, 2, 3]", "ZY313"),
        (b'{"a": [{"x": 1}], "b": [{"y": 1}]}', "ZY313"),
        (b"<html><body>no table</body></html>", "ZY312"),
    ],
)
def test_what_is_no_table_is_refused_with_its_code(tmp_path, data, code):
    with pytest.raises(DataError) as caught:
        read_tables(put(tmp_path, data))
    assert caught.value.code == code


def test_missing_file_and_limits(tmp_path):
    with pytest.raises(DataError) as caught:
        read_tables(tmp_path / "none.csv")
    assert caught.value.code == "ZY301"
    with pytest.raises(DataError) as caught:
        read_tables(put(tmp_path, "a,b\n" + "1,2\n" * 100), ReadOptions(max_rows=50))
    assert caught.value.code == "ZY306"


starts = st.sampled_from(
    [
        b"",
        b"PK\x03\x04",
        b"PAR1",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"<html><table>",
        b"{",
        b"[",
        b"\x1f\x8b\x08\x00",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"<table><tr><td>",
        b'a,b\n1,"',
        b"<?xml?>",
    ]
)


def tables_or_refusal(path):
    """Read; anything raised but a DataError fails the test that calls."""
    try:
        tables = read_tables(path)
    except DataError as error:
        refusal = error.code
    else:
        assert tables
        return tables
    assert refusal.startswith("ZY3")
    return []


@settings(
    max_examples=examples(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    start=starts,
    rest=st.one_of(
        st.binary(max_size=80), st.text(alphabet='a,"\n\t<>/td{}[]:1=`#合计', max_size=60)
    ),
)
def test_rubbish_raises_nothing_but_data_error(tmp_path, start, rest):
    path = put(tmp_path, start + (rest if isinstance(rest, bytes) else rest.encode()))
    for table in tables_or_refusal(path):
        assert table.rows.num_rows == len(table.row_no)
        assert tuple(table.rows.column_names) == table.headers


@settings(
    max_examples=examples(20),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(place=st.integers(0, 10_000), byte=st.integers(0, 255), cut=st.integers(0, 10_000))
def test_damaged_workbooks_raise_nothing_but_data_error(tmp_path, workbook_bytes, place, byte, cut):
    data = bytearray(workbook_bytes)
    data[place % len(data)] = byte
    path = put(tmp_path, bytes(data[: len(data) - cut % 3 * (cut % len(data))]), "x.xlsx")
    tables_or_refusal(path)
