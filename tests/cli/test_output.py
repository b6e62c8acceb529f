"""Tables in narrow terminals: texts fold, while ids, days and numbers stay whole."""

import pytest

from zhiyan.cli import output

CUSTOMER, SNAPSHOT, PARTY = "C0061119341F92AA5", "3b2f13ba6472b908", "27322396905646757"


def printed(width: int, columns: tuple[str, ...], *rows: tuple[object, ...]) -> list[str]:
    with pytest.MonkeyPatch.context() as patch, output.console.capture() as told:
        patch.setattr(output.console, "_width", width)
        output.table("表", columns, rows)
    return told.get().splitlines()


@pytest.mark.parametrize("whole", [CUSTOMER, SNAPSHOT, PARTY, "2026-04-22", "2026-04-22 10:30"])
def test_what_is_copied_is_not_broken(whole: str):
    text = "一段很长的说明文字" * 6
    lines = printed(40, ("编号", "说明"), (whole, text), ("-", "短"))
    assert sum(whole in line for line in lines) == 1
    assert "".join(line.split()[-1] for line in lines if "说明文字" in line).count("说明") >= 5
    assert not any("…" in line for line in lines)
    assert all(sign in "".join(lines) for sign in "一段很长的说明文字")


def test_amounts_are_not_broken():
    amount = output.yuan(123_456_789_00)
    lines = printed(30, ("net_spend_12m", "a_rather_long_name"), (amount, "a_rather_long_value"))
    assert sum("¥123,456,789.00" in line for line in lines) == 1
    assert "a_rather_long_value" in "".join(line.split()[-1] for line in lines[4:])


def test_lines_run_on_where_nothing_can_give_way():
    lines = printed(30, ("a", "b", "c"), (CUSTOMER, SNAPSHOT, PARTY))
    assert [name in line for line in lines[-1:] for name in (CUSTOMER, SNAPSHOT, PARTY)] == [
        True
    ] * 3


def test_texts_fold_and_nothing_is_lost():
    text = "客户" * 40
    lines = printed(40, ("说明",), (text,))
    assert "".join(line.strip() for line in lines[4:]) == text
    assert all(len(line) <= 40 for line in lines)
