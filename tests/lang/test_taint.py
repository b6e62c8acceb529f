import pytest
from tests.lang.definitions import line_of, load, problems, tag

from zhiyan.core.event import Sensitivity
from zhiyan.lang.taint import inherited, too_low

P1, P2, S3, S4 = Sensitivity


def fact(source, aggregate, more="", *, type_="int", sensitivity="P1"):
    body = f"kind: fact\ntype: {type_}\nsource: {source}\naggregate: {aggregate}\n{more}"
    text = tag("t", body, sensitivity=sensitivity)
    return text.replace("purposes: [service]", "purposes: [service]\n  marketing_use: never")


SOURCES = [
    ("visit", "count(*)", "", "int", "P1", ""),
    ("payment", "count(*)", "", "int", "P1", ""),
    ("payment", "sum(amount_fen)", "", "money", "P2", "payment.amount_fen"),
    ("payment", "count(*)", "where: tender = 'cash'", "int", "P2", "payment.tender"),
    ("order_line", "count(distinct item_code)", "", "int", "S3", "order_line.item_code"),
    ("order_line", "count(*)", "where: item.medical", "int", "S3", "item.medical"),
    ("treatment", "count(*)", "", "int", "S3", "rows of treatment"),
    ("treatment", "max(occurred_at)", "", "moment", "S3", "treatment.occurred_at"),
    ("medical_flag", "any(present)", "", "bool", "S4", "medical_flag.present"),
    ("adverse_event", "count(*)", "", "int", "S4", "rows of adverse_event"),
    ("card", "count(*)", "window: next 30d on expire_at", "int", "P2", "card.expire_at"),
    ("card_txn", "count(*)", "per: card_no", "int", "P2", "card_txn.card_no"),
    (
        "visit",
        "any(followed)",
        "follow: {source: treatment, within: 7d}",
        "bool",
        "S3",
        "treatment",
    ),
    (
        "visit",
        "any(followed)",
        "follow: {source: payment, where: is_refund, within: 7d}",
        "bool",
        "P2",
        "payment.is_refund",
    ),
    (
        "card_txn",
        "count(*)",
        "per: clinic\ninner: {n: sum(sessions)}\nhaving: n > 0",
        "int",
        "P2",
        "card_txn.sessions",
    ),
    ("identifier", "count(*)", "", "int", "P1", ""),
    ("identifier", "count(*)", "where: id_type = 'phone'", "int", "P2", "identifier.id_type"),
]


@pytest.mark.parametrize(("source", "aggregate", "more", "type_", "needs", "cause"), SOURCES)
def test_a_tag_inherits_from_what_it_reads(tmp_path, source, aggregate, more, type_, needs, cause):
    load(tmp_path / "enough", fact(source, aggregate, more, type_=type_, sensitivity=needs))
    lower = {"P2": "P1", "S3": "P2", "S4": "S3"}.get(needs)
    if lower is None:
        return
    found = problems(
        tmp_path / "low", fact(source, aggregate, more, type_=type_, sensitivity=lower)
    )
    assert [problem.code for problem in found] == ["ZY236"]
    assert line_of(found[0]) == 9
    assert f"lower than {needs}" in found[0].message
    assert cause in found[0].message


def test_a_lower_class_needs_a_written_reason(tmp_path):
    text = fact("treatment", "count(*)", "declassified: 只含次数", sensitivity="P2")
    assert load(tmp_path, text).tags["t"].declassified == "只含次数"


def test_a_tag_inherits_from_tags(tmp_path):
    base = tag(
        "base", "kind: fact\ntype: int\nsource: treatment\naggregate: count(*)", sensitivity="S3"
    )
    reader = tag("reader", "kind: rule\ntype: bool\nvalue: base > 3")
    found = problems(tmp_path, base, reader)
    assert [(p.code, "tag base" in p.message) for p in found] == [("ZY236", True)]


def test_a_declassified_tag_is_read_with_its_declared_class(tmp_path):
    base = tag(
        "base",
        "kind: fact\ntype: int\nsource: treatment\naggregate: count(*)\ndeclassified: 只含次数",
    )
    load(tmp_path, base, tag("reader", "kind: rule\ntype: bool\nvalue: base > 3"))


def test_what_people_enter_has_the_declared_class(tmp_path):
    load(tmp_path, tag("m", "kind: manual\ntype: bool", sensitivity="P1"))


def test_the_highest_class_wins_and_names_its_causes():
    found = inherited([(P2, "a"), (S3, "b"), (S3, "c")], ["t"], {"t": P1})
    assert (found.level, found.causes) == (S3, ("b", "c"))
    assert too_low(S4, "", found) == ""
    assert too_low(P2, "why", found) == ""
    assert "b, c" in too_low(P2, "", found)
    assert inherited([], [], {}).level is P1
