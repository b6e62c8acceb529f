import pytest
from tests.lang.definitions import line_of, load, problems

from zhiyan.core.event import Sensitivity
from zhiyan.core.expression import ValueType
from zhiyan.core.kinds import KINDS
from zhiyan.lang.sources import IDENTIFIER, plain_views

VIEWS = """\
views:
  live:
    zh: 活动
    en: Activity
    union:
    - {source: visit, where: effective, columns: {what: "'visit'", amount: "null"}}
    - {source: payment, where: not is_refund, columns: {what: "'paid'", amount: amount_fen}}
"""


def view(folder, text=VIEWS):
    return load(folder, files={"views.yaml": text}).views["live"]


def test_every_kind_is_a_source_with_its_columns():
    views = plain_views()
    assert set(views) == {*KINDS, IDENTIFIER}
    for kind in KINDS.values():
        found = views[kind.name]
        assert not found.is_union
        assert {c.name for c in kind.columns} <= set(found.columns)
        assert {"source", "clinic", "occurred_at"} <= set(found.columns)
        assert all(not (column.sensitivity < kind.sensitivity) for column in found.columns.values())


def test_columns_have_the_types_of_the_language():
    columns = plain_views()["order_line"].columns
    assert columns["net_fen"].type is ValueType.MONEY
    assert columns["status"].type is ValueType.ENUM
    assert "refunded" in columns["status"].values
    assert columns["item_code"].type is ValueType.REF
    assert plain_views()["survey"].columns["interests"].type is ValueType.LIST
    assert plain_views()["appointment"].columns["appt_at"].plan


def test_items_can_be_read_where_rows_carry_one():
    columns = plain_views()["treatment"].columns
    assert columns["item.interval_days"].type is ValueType.INT
    assert columns["item.price_low_fen"].type is ValueType.MONEY
    assert columns["item.contraindications"].type is ValueType.LIST
    assert columns["item.category"].sensitivity is Sensitivity.S3
    assert not any(name.startswith("item.") for name in plain_views()["visit"].columns)


def test_a_union_carries_shared_columns_and_its_own(tmp_path):
    found = view(tmp_path)
    assert found.is_union
    assert [part.kind for part in found.parts] == ["visit", "payment"]
    assert set(found.columns) == {"source", "clinic", "occurred_at", "what", "amount"}
    assert found.columns["what"].type is ValueType.ENUM
    assert found.columns["what"].values == ("visit", "paid")
    assert found.columns["amount"].type is ValueType.MONEY
    assert found.columns["amount"].sensitivity is Sensitivity.P2
    assert found.sensitivity is Sensitivity.P2


def test_a_union_with_item_codes_reads_items(tmp_path):
    text = """\
views:
  live:
    zh: 活动
    union:
    - {source: treatment, columns: {item_code: item_code}}
    - {source: order_line, where: item.medical, columns: {item_code: item_code}}
"""
    found = view(tmp_path, text)
    assert found.columns["item.category"].sensitivity is Sensitivity.S3
    assert found.sensitivity is Sensitivity.S3


@pytest.mark.parametrize(
    ("old", "new", "code", "line", "hint"),
    [
        ("source: payment", "source: payments", "ZY228", 7, "payment"),
        ("source: payment", "source: live", "ZY228", 7, ""),
        ("where: effective", "where: efective", "ZY205", 6, "effective"),
        ("where: effective", "where: visit_type", "ZY232", 6, "compare"),
        ("amount: amount_fen", "amount: is_refund, x: amount_fen", "ZY238", 2, "every member"),
        ('amount: "null"', "amount: visit_type", "ZY238", 2, "one type"),
        ('amount: "null"', "clinic: visit_type", "ZY229", 6, ""),
        ("    zh: 活动\n", "", "ZY223", 3, ""),
        ("  live:", "  visit:", "ZY229", 2, ""),
        ("  live:", "  Live:", "ZY230", 2, ""),
        ("union:", "unions:", "ZY222", 5, "union"),
    ],
)
def test_mistakes_in_a_view(tmp_path, old, new, code, line, hint):
    assert old in VIEWS
    found = [
        p
        for p in problems(tmp_path, files={"views.yaml": VIEWS.replace(old, new)})
        if p.code == code
    ]
    assert [line_of(problem) for problem in found] == [line]
    assert hint in found[0].hint


def test_the_items_of_a_pack_close_what_can_be_said_of_them(tmp_path):
    items = "categories:\n  skin: {zh: 皮肤, en: Skin}\n  hair: {zh: 毛发, en: Hair}\nitems: []\n"
    text = VIEWS.replace(
        "{source: visit, where: effective,", "{source: treatment, where: item.category = 'skn',"
    )
    files = {"views.yaml": text, "items.yaml": items}
    found = problems(tmp_path, files=files)
    assert [(p.code, line_of(p), "skin" in p.hint) for p in found] == [("ZY208", 6, True)]
    load(tmp_path, files={**files, "views.yaml": text.replace("skn", "skin")})
