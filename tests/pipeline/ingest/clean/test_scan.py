"""What must not land is found in free text; what is shown is masked."""

import pyarrow as pa
import pytest
from tests.pipeline.ingest.clean.cases import parse, values

from zhiyan.pipeline.ingest.clean import mask, scan_sensitive


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("身份证11010519491231002X谢谢", "id_card"),
        ("证件 110105 19491231 002x", "id_card"),
        ("旧证110105491231002", "id_card"),
        ("卡号6222021234567890128", "bank_card"),
        ("卡号6222 0212 3456 7890 128", "bank_card"),
        ("回电13812345679", "phone"),
        ("回电138-1234-5679", "phone"),
        ("回电１３８１２３４５６７９", "phone"),
        ("客户要求下午来", None),
        ("单号 20240305123456", None),
        ("卡号6222021234567890129", None),
        ("身份证110105194912310021", None),
        ("2024-03-05 10:00", None),
    ],
)
def test_sensitive_numbers_in_remarks(text, kind):
    assert scan_sensitive(pa.array([text, None])).to_pylist() == [kind, None]
    parsed = parse("free_text", [text])
    assert (parsed.values[0].as_py() is None) == (kind is not None)
    assert parsed.extra["dropped"].to_pylist() == [kind]
    assert parsed.problems.to_pylist() == [None]


def test_text_is_tidied_but_not_scanned():
    assert values("text", ["  a　 b ", "13812345679", "ＡＢ"]) == ["a b", "13812345679", "AB"]


@pytest.mark.parametrize(
    "secret", ["13812345679", "王小明", "11010519491231002X", "a.b@example.com", "欧阳"]
)
def test_mask_hides_most(secret):
    shown = mask(secret, "phone")
    assert "*" in shown
    assert shown != secret
    assert len(set(secret) & set(shown[1:-2])) <= 2


def test_mask_keeps_impersonal_cells_readable():
    assert mask("2024/13/45", "date") == "2024/13/45"
    assert mask("12.345", "money") == "12.345"
    assert "13812345679" not in mask("13812345679", "money")
    assert mask("", "name") == ""
    assert mask("王", "name") == "*"
