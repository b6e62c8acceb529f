"""Rules in words."""

import pytest
from tools.docs.markdown import table
from tools.docs.tag_pages import measure_text, page, window_text

from zhiyan.app.settings import PACKS_FOLDER
from zhiyan.core.expression import Call, Literal, Ref, ValueType
from zhiyan.core.measure import Measure, Span, Unit, Window
from zhiyan.lang.load import load_catalogue


@pytest.mark.parametrize(
    ("window", "text"),
    [
        (Window(), "ever"),
        (Window(start=Span(365, Unit.DAY)), "in the last 365d"),
        (Window(start=Span(730, Unit.DAY), end=Span(365, Unit.DAY)), "from 730d to 365d ago"),
        (
            Window(start=Span(14, Unit.DAY), ahead=True, on="expire_at"),
            "in the next 14d on `expire_at`",
        ),
        (Window(ahead=True, on="appt_at"), "in the future on `appt_at`"),
    ],
)
def test_windows(window, text):
    assert window_text(window) == text


def test_a_measure_says_all_that_it_does():
    measure = Measure(
        name="shown", source="appointment", type=ValueType.INT, window=Window(start=Span(12, Unit.MONTH)),
        aggregate=Call("count", ()), empty=Literal(0, ValueType.INT),
        where=Call("=", (Ref("status"), Literal("arrived", ValueType.ENUM))),
    )  # fmt: skip
    assert measure_text(measure) == (
        "`count(*)` of `appointment`, where `status = 'arrived'`, in the last 12mo; 0 if there are none"
    )


def test_cells_cannot_break_a_table():
    assert table(("a",), [("x | y\nz",)]).splitlines()[-1] == "| x \\| y z |"


def test_a_page_tells_views_and_the_codes_of_items():
    text = page(load_catalogue([PACKS_FOLDER / "medical_aesthetics"]))
    views = text.partition("## Views")[2].partition("\n## ")[0]
    assert "`order_line` where `status in ('paid', 'partly_refunded')" in views
    assert "net_fen = net_fen" in views
    codes = text.partition("## Codes of items")[2].partition("\n## ")[0]
    assert "`item.category`" in codes
    assert "`energy`" in codes
