"""Dates: layouts, the vote of a column, placeholders, clocks and zones."""

# ruff: noqa: DTZ001 - cells and the warehouse hold naive moments

import datetime as dt

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.pipeline.ingest.clean.cases import one, parse, problems, values

DAY = dt.date(2024, 3, 5)


@pytest.mark.parametrize(
    "text",
    [
        "2024/3/5",
        "2024-03-05",
        "2024.3.5",
        "20240305",
        "45356",
        "45356.75",
        "24.3.5",
        "24.03.05",
        "2024年3月5日",
        "2024年03月05号",
        "２０２４－０３－０５",
        "2024-03-05 23:59:59",
        "2024/3/5 0:00",
        "2024-03-05T20:00:00",
        "2024年3月5日 星期二",
        "2024-03-05(周二)",
        "5-Mar-2024",
        "Mar 5, 2024",
        "`2024-03-05",
        "2024-03-05 24:00:00",
        "2024-03-04T17:00:00Z",
        "20240305235959",
    ],
)
def test_one_day_in_many_layouts(text):
    assert one("date", text) == (DAY, None)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("农历三月初五", "lunar_date"),
        ("腊月廿三", "lunar_date"),
        ("2024-02-30", "bad_date"),
        ("2024-13-01", "bad_date"),
        ("20240231", "bad_date"),
        ("2024-03", "incomplete_date"),
        ("2024", "incomplete_date"),
        ("3月5日", "incomplete_date"),
        ("202403", "incomplete_date"),
        ("昨天", "bad_date"),
        ("13812345679", "bad_date"),
        ("3024-01-01", "out_of_range"),
        ("03/05/2024", "ambiguous_date"),
        ("3/5/24", "ambiguous_date"),
        ("24/3/5", "ambiguous_date"),
    ],
)
def test_what_is_no_day_is_a_problem(text, problem):
    assert one("date", text) == (None, problem)


@pytest.mark.parametrize(
    "text",
    [
        "0000-00-00",
        "0000-00-00 00:00:00",
        "0000/0/0",
        "1900-01-00",
        "1900/1/0",
        "1900-01-01",
        "0",
        "00:00:00",
        "1899-12-30",
        "9999-12-31",
    ],
)
def test_dates_that_mean_nothing_are_null_and_counted(text):
    parsed = parse("date", [text, "2024-03-05"])
    assert parsed.values.to_pylist() == [None, DAY]
    assert parsed.problems.to_pylist() == [None, None]
    assert parsed.extra["placeholder"].to_pylist() == [True, False]


def test_serial_days_of_both_systems():
    assert values("date", ["45356", "43894"]) == [DAY, dt.date(2020, 3, 4)]
    assert one("date", "43894", date_1904=True) == (DAY, None)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["03/05/2024", "25/03/2024"], [dt.date(2024, 5, 3), dt.date(2024, 3, 25)]),
        (["03/05/2024", "03/25/2024"], [DAY, dt.date(2024, 3, 25)]),
        (["3/5/24", "12/31/23"], [DAY, dt.date(2023, 12, 31)]),
        (["24-3-5", "2023-12-31"], [DAY, dt.date(2023, 12, 31)]),
        (["5/3/24", "25/03/2024"], [DAY, dt.date(2024, 3, 25)]),
    ],
)
def test_other_rows_of_the_column_decide_the_order(texts, expected):
    assert values("date", texts) == expected
    assert values("date", texts[::-1]) == expected[::-1]


def test_rows_that_disagree_leave_only_the_ambiguous_ones_out():
    texts = ["03/05/2024", "13/05/2024", "05/13/2024", "04/04/2024"]
    assert problems("date", texts) == ["ambiguous_date", None, None, None]
    assert values("date", texts)[3] == dt.date(2024, 4, 4)


def test_declared_order_overrules():
    assert one("date", "03/05/2024", date_order="dmy") == (dt.date(2024, 5, 3), None)
    assert one("date", "03/25/2024", date_order="dmy") == (None, "bad_date")
    assert one("date", "24/3/5", date_order="ymd") == (DAY, None)


def test_latest_day_helps_with_short_years():
    latest = dt.date(2026, 1, 1)
    assert values("date", ["24/3/5", "23/12/31"], latest=latest) == [DAY, dt.date(2023, 12, 31)]
    assert values("date", ["05/03/24", "31/12/23"], latest=latest)[0] == DAY
    assert one("date", "85.3.5", latest=latest) == (dt.date(1985, 3, 5), None)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2024-03-05 10:00", dt.datetime(2024, 3, 5, 2)),
        ("2024-03-05 23:59:59", dt.datetime(2024, 3, 5, 15, 59, 59)),
        ("2024-03-05 24:00:00", dt.datetime(2024, 3, 5, 16)),
        ("2024/3/5 下午3:05:06", dt.datetime(2024, 3, 5, 7, 5, 6)),
        ("2024/3/5 上午12:05", dt.datetime(2024, 3, 4, 16, 5)),
        ("2024-03-05 12:30 AM", dt.datetime(2024, 3, 4, 16, 30)),
        ("2024-03-05 12:30 PM", dt.datetime(2024, 3, 5, 4, 30)),
        ("2024-03-05T10:00:00+08:00", dt.datetime(2024, 3, 5, 2)),
        ("2024-03-05T10:00:00.123Z", dt.datetime(2024, 3, 5, 10, 0, 0, 123000)),
        ("2024-03-05T10:00:00-0500", dt.datetime(2024, 3, 5, 15)),
        ("20240305103000", dt.datetime(2024, 3, 5, 2, 30)),
        ("45356.5", dt.datetime(2024, 3, 5, 4)),
        ("45356.4236111111", dt.datetime(2024, 3, 5, 2, 10)),
        ("2024年3月5日10时30分", dt.datetime(2024, 3, 5, 2, 30)),
        ("2024-03-05", dt.datetime(2024, 3, 4, 16)),
    ],
)
def test_moments_become_utc(text, utc):
    assert one("datetime", text) == (utc, None)


@pytest.mark.parametrize(
    "text", ["2024-03-05 25:00", "2024-03-05 10:60", "2024-03-05 24:01", "10:30"]
)
def test_impossible_clocks_are_problems(text):
    assert one("datetime", text) == (None, "bad_date")


def test_has_time_and_zone_option():
    parsed = parse("datetime", ["2024-03-05", "2024-03-05 00:00"], offset_minutes=0)
    assert parsed.extra["has_time"].to_pylist() == [False, True]
    assert parsed.values.to_pylist() == [dt.datetime(2024, 3, 5)] * 2
    assert parsed.values.type == pa.timestamp("us")


def test_epochs_only_where_declared():
    assert one("datetime", "1700000000", epoch="s") == (dt.datetime(2023, 11, 14, 22, 13, 20), None)
    assert one("datetime", "1700000000123", epoch="ms")[0].microsecond == 123000
    assert one("date", "1700000000", epoch="s") == (dt.date(2023, 11, 15), None)
    assert one("datetime", "1700000000") == (None, "bad_date")


days = st.dates(dt.date(1920, 1, 1), dt.date(2100, 1, 1)).filter(lambda d: d != dt.date(1970, 1, 1))


@settings(deadline=None, max_examples=40)
@given(
    st.lists(days, min_size=1, max_size=20),
    st.sampled_from(["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y年%m月%d日"]),
)
def test_days_written_are_days_read(dates, layout):
    assert values("date", [d.strftime(layout) for d in dates]) == dates


@settings(deadline=None, max_examples=40)
@given(st.dates(dt.date(1950, 1, 1), dt.date(2090, 1, 1)), st.booleans())
def test_serial_round_trip(day, odd):
    base = dt.date(1904, 1, 1) if odd else dt.date(1899, 12, 30)
    assert one("date", str((day - base).days), date_1904=odd)[0] in {
        day,
        None if (day - base).days < 10000 else day,
    }


@settings(deadline=None, max_examples=40)
@given(st.datetimes(dt.datetime(1950, 1, 1), dt.datetime(2090, 1, 1)))
def test_moment_round_trip(moment):
    assert one("datetime", moment.isoformat(), offset_minutes=480)[0] == moment - dt.timedelta(
        hours=8
    )


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(1, 12), st.integers(1, 28)), min_size=1, max_size=8))
def test_month_first_columns_are_never_read_as_day_first(pairs):
    texts = [f"{month:02}/{day:02}/2024" for month, day in pairs]
    for (month, day), value in zip(pairs, values("date", texts), strict=True):
        assert value in {None, dt.date(2024, month, day)} or all(d <= 12 for _, d in pairs)
