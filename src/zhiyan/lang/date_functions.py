"""Functions that move dates, number them, or name a stretch of them."""

from zhiyan.core.expression import ValueType
from zhiyan.lang import calendar, dates_sql
from zhiyan.lang import signature as rules
from zhiyan.lang.function import Scalar, timeless

DATE, INT = ValueType.DATE, ValueType.INT
_DATES = frozenset({DATE})

DATE_FUNCTIONS = (
    Scalar(
        name="add_days",
        form="add_days(date, n int) -> date",
        doc="The date n days later, earlier for negative n; null beyond the years 1 to 9999.",
        least=2,
        most=2,
        rule=rules.takes(DATE, _DATES, rules.WHOLE),
        evaluate=timeless(calendar.add_days),
        write=dates_sql.add_days,
    ),
    Scalar(
        name="add_months",
        form="add_months(date, n int) -> date",
        doc="The date n calendar months later; a day that the month lacks becomes its last day; "
        "15 years are 180 months.",
        least=2,
        most=2,
        rule=rules.takes(DATE, _DATES, rules.WHOLE),
        evaluate=timeless(calendar.add_months),
        write=dates_sql.add_months,
    ),
    Scalar(
        name="date_range",
        form="date_range(first date, last date) -> text",
        doc="A stretch of days as text: 2026-12-01..2026-12-21.",
        least=2,
        most=2,
        rule=rules.takes(ValueType.TEXT, _DATES),
        evaluate=timeless(calendar.date_range),
        write=dates_sql.date_range,
    ),
    Scalar(
        name="day_number",
        form="day_number(date | moment) -> int",
        doc="A running number of the business day; neighbouring days differ by 1.",
        rule=rules.takes(INT, rules.TIMES),
        range=(0, None),
        evaluate=calendar.day_number,
        write=dates_sql.day_number,
    ),
    Scalar(
        name="landmark",
        form="landmark(days literal) -> int",
        doc="The number of the first day after T's stretch of so many days, which stays as it is for "
        "as many days: decay(landmark(30) - day_number(occurred_at), 30, 1) fades in relation to "
        "others, day by day, and is written anew every 30 days only. Compare such scores with each "
        "other, or with decay(landmark(30) - day_number(as_of), 30, 60), which is 60 of today.",
        rule=rules.constant(rules.takes(INT, rules.WHOLE), 0, "the stretch"),
        range=(0, None),
        evaluate=calendar.landmark,
        write=dates_sql.landmark,
    ),
    Scalar(
        name="week_number",
        form="week_number(date | moment) -> int",
        doc="A running number of the week, beginning on Mondays; neighbouring weeks differ by 1.",
        rule=rules.takes(INT, rules.TIMES),
        range=(0, None),
        evaluate=calendar.week_number,
        write=dates_sql.week_number,
    ),
    Scalar(
        name="month_number",
        form="month_number(date | moment) -> int",
        doc="A running number of the calendar month; neighbouring months differ by 1.",
        rule=rules.takes(INT, rules.TIMES),
        range=(0, None),
        evaluate=calendar.month_number,
        write=dates_sql.month_number,
    ),
)
