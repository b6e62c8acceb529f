import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhiyan.core.measure import Span, Unit, Window
from zhiyan.errors import DefinitionError
from zhiyan.lang.windows import parse_span, parse_window, window_text

SPANS = st.builds(Span, st.integers(1, 900), st.sampled_from(Unit))
COLUMNS = st.sampled_from(["occurred_at", "appt_at", "expire_at"])


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("lifetime", Window()),
        ("30d", Window(start=Span(30, Unit.DAY))),
        ("12mo", Window(start=Span(12, Unit.MONTH))),
        (" 24h ", Window(start=Span(24, Unit.HOUR))),
        ("730d..365d", Window(start=Span(730, Unit.DAY), end=Span(365, Unit.DAY))),
        ("365d on appt_at", Window(start=Span(365, Unit.DAY), on="appt_at")),
        ("next 14d on expire_at", Window(start=Span(14, Unit.DAY), ahead=True, on="expire_at")),
        ("future on appt_at", Window(ahead=True, on="appt_at")),
        ("lifetime on done_at", Window(on="done_at")),
    ],
)
def test_the_grammar(text, window):
    assert parse_window(text) == window


@given(SPANS, COLUMNS, st.booleans())
def test_what_is_written_is_read_back(span, column, ahead):
    window = Window(start=span, ahead=ahead, on="appt_at" if ahead else column)
    assert parse_window(window_text(window)) == window


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("30", "30d, 24h, 30min or 12mo"),
        ("30 days", "30d, 24h, 30min or 12mo"),
        ("0d", "at least 1"),
        ("-3d", "30d, 24h, 30min or 12mo"),
        ("30d..365d", "365d..30d"),
        ("365d..365d", "365d..365d"),
        ("next 14d", "next 14d on appt_at"),
        ("future", "future on appt_at"),
        ("99999d", "lifetime"),
        ("", "30d, 24h, 30min or 12mo"),
        ("30d on Appt", "30d, 24h, 30min or 12mo"),
    ],
)
def test_what_is_unclear_is_refused_with_a_way_out(text, hint):
    with pytest.raises(DefinitionError) as caught:
        parse_window(text, "f.yaml:3:5")
    problem = caught.value.problems[0]
    assert (problem.code, problem.where) == ("ZY227", "f.yaml:3:5")
    assert hint in problem.hint


def test_a_span_alone():
    assert parse_span("7d") == Span(7, Unit.DAY)
