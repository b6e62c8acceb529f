"""Encodings are decided strictly; ruined text is refused with its place."""

from pathlib import Path

import pytest

from zhiyan.errors import DataError
from zhiyan.pipeline.ingest.read.encoding import decode

TEXT = "姓名,手机号,金额\n王伟,13812345679,￥1.5\n李娜,139,备注一下\n"
PATH = Path("x.csv")


@pytest.mark.parametrize(
    ("codec", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("gbk", "gb18030"),
        ("gb18030", "gb18030"),
        ("utf-16", "utf-16"),
        ("utf-32", "utf-32"),
    ],
)
def test_encoding_is_found(codec, found):
    text = TEXT
    decoded = decode(text.encode(codec), PATH)
    assert (decoded.utf8.decode(), decoded.encoding) == (text, found)


def test_utf16_big_endian_by_its_mark():
    assert decode(b"\xfe\xff" + TEXT.encode("utf-16-be"), PATH).utf8.decode() == TEXT


def test_gb18030_beyond_gbk_survives():
    text = TEXT + "𠮷,㐀,😊\n"
    assert decode(text.encode("gb18030"), PATH).utf8.decode() == text


def test_accents_in_utf8_are_not_taken_for_gbk():
    assert decode("name,x\nRenée,£5\n".encode(), PATH).encoding == "utf-8"


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        (TEXT.encode() + b"\xff\xfe,1,2\n", "ZY303", "line 4"),
        (TEXT.encode("gbk") + b"\xff\xff\n", "ZY303", "line 4"),
        ("名,x\n王�伟,1\n".encode(), "ZY304", "line 2"),
        ("名,x\n锟斤拷,1\n".encode(), "ZY304", "line 2"),
        (b"a,b\n1,\0\n", "ZY305", "line 2"),
        ("a,b\n1,\0\n".encode("utf-8-sig"), "ZY305", "line 2"),
        ("client,café René\n".encode("latin-1"), "ZY303", "line 1"),
        (TEXT.encode("utf-16-le"), "ZY305", "line 1"),
        (b"\xff\xfea\x00b", "ZY303", "line 1"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(data, code, line):
    with pytest.raises(DataError) as caught:
        decode(data, PATH)
    assert caught.value.code == code
    assert line in caught.value.problems[0].where
    assert "byte" in caught.value.problems[0].message


@pytest.mark.parametrize("wrong", ["gb18030", "latin-1"])
def test_utf8_once_read_wrongly_is_refused(wrong):
    line = "姓名电话地址备注"
    ruined = line.encode().decode(wrong)
    with pytest.raises(DataError) as caught:
        decode(f"id,x\n1,ok\n2,{ruined}\n".encode(), PATH)
    assert caught.value.code == "ZY304"
    assert "line 3" in caught.value.problems[0].where


def test_unknown_encoding_name_is_refused():
    with pytest.raises(DataError):
        decode(b"a,b\n", PATH, "klingon")
