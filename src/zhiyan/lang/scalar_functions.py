"""Functions of one row: of values and of times."""

from zhiyan.core.expression import ValueType
from zhiyan.lang import calendar, scalars, scalars_sql
from zhiyan.lang import signature as rules
from zhiyan.lang.decay import decay, decay_sql
from zhiyan.lang.function import Scalar, timeless

INT, DATE = ValueType.INT, ValueType.DATE
DATES, MOMENTS = frozenset({ValueType.DATE}), frozenset({ValueType.MOMENT})

VALUE_FUNCTIONS = (
    Scalar(
        name="coalesce",
        form="coalesce(x, y, ...) -> type of x",
        doc="The first value that is not null.",
        most=None,
        rule=rules.common(),
        keeps_domain=True,
        strict=False,
        evaluate=timeless(scalars.coalesce),
        write=scalars_sql.coalesce,
    ),
    Scalar(
        name="nullif",
        form="nullif(x, y) -> type of x",
        doc="x, but null if it equals y.",
        least=2,
        most=2,
        rule=rules.common(),
        shares_domain=True,
        keeps_domain=True,
        strict=False,
        evaluate=timeless(scalars.nullif),
        write=scalars_sql.nullif,
    ),
    Scalar(
        name="abs",
        form="abs(x int | decimal | money) -> type of x",
        doc="The distance of x from 0.",
        rule=rules.same_as_first(rules.AMOUNTS),
        range=(0, None),
        evaluate=timeless(scalars.absolute),
        write=scalars_sql.absolute,
    ),
    Scalar(
        name="least",
        form="least(x, y, ...) -> type of x",
        doc="The smallest value; null if any is null.",
        least=2,
        most=None,
        rule=rules.common(rules.ORDERED),
        evaluate=timeless(scalars.least),
        write=scalars_sql.extreme("least"),
    ),
    Scalar(
        name="greatest",
        form="greatest(x, y, ...) -> type of x",
        doc="The largest value; null if any is null.",
        least=2,
        most=None,
        rule=rules.common(rules.ORDERED),
        evaluate=timeless(scalars.greatest),
        write=scalars_sql.extreme("greatest"),
    ),
    Scalar(
        name="round_down",
        form="round_down(x decimal | int) -> int",
        doc="The greatest whole number that is not above x.",
        rule=rules.takes(INT, rules.NUMBERS),
        evaluate=timeless(scalars.round_down),
        write=scalars_sql.round_down,
    ),
    Scalar(
        name="fen",
        form="fen(x decimal | int) -> money",
        doc="A computed number of fen as an amount, rounded down: fen(spend / orders).",
        rule=rules.takes(ValueType.MONEY, rules.NUMBERS),
        evaluate=timeless(scalars.round_down),
        write=scalars_sql.round_down,
    ),
    Scalar(
        name="yuan",
        form="yuan(number) -> money",
        doc="An amount written out in yuan, with at most two decimals: yuan(99.50).",
        rule=rules.takes(ValueType.MONEY, frozenset({INT})),
        evaluate=timeless(scalars.yuan),
        write=scalars_sql.yuan,
    ),
    Scalar(
        name="decay",
        form="decay(age_days int, half_life_days literal, weight int) -> int",
        doc="weight in millionths that halve every half life, in whole numbers: weight * "
        "(round(1,000,000 * 2^(-(age mod half life) / half life)) / 2^(whole half lives), rounded). "
        "An age below 0 counts as 0.",
        least=3,
        most=3,
        rule=rules.constant(rules.takes(INT, rules.WHOLE), 1, "the half life"),
        evaluate=timeless(decay),
        write=decay_sql,
    ),
)

TIME_FUNCTIONS = (
    Scalar(
        name="days_since",
        form="days_since(moment | date) -> int",
        doc="Whole days of 24 hours before T, or calendar days from a date to T's business day.",
        rule=rules.takes(INT, rules.TIMES),
        evaluate=calendar.days_since,
        write=scalars_sql.days_since,
    ),
    Scalar(
        name="hours_since",
        form="hours_since(moment) -> int",
        doc="Whole hours before T, rounded down.",
        rule=rules.takes(INT, MOMENTS),
        evaluate=calendar.hours_since,
        write=scalars_sql.hours_since,
    ),
    Scalar(
        name="days_between",
        form="days_between(a, b) -> int",
        doc="Days from a to b: calendar days of two dates, whole days of 24 hours of two moments.",
        least=2,
        most=2,
        rule=rules.between_times,
        evaluate=calendar.days_between,
        write=scalars_sql.days_between,
    ),
    Scalar(
        name="on_day",
        form="on_day(moment) -> date",
        doc="The business day of a moment.",
        rule=rules.takes(DATE, MOMENTS),
        evaluate=calendar.on_day,
        write=scalars_sql.on_day,
    ),
    Scalar(
        name="month_of",
        form="month_of(date | moment) -> int",
        doc="The month of the business day, 1 to 12.",
        rule=rules.takes(INT, rules.TIMES),
        range=(1, 12),
        evaluate=calendar.month_of,
        write=scalars_sql.month_of,
    ),
    Scalar(
        name="hour_of",
        form="hour_of(moment) -> int",
        doc="The hour of the business zone, 0 to 23.",
        rule=rules.takes(INT, MOMENTS),
        range=(0, 23),
        evaluate=calendar.hour_of,
        write=scalars_sql.hour_of,
    ),
    Scalar(
        name="weekday_of",
        form="weekday_of(moment | date) -> int",
        doc="The day of the week of the business day, Monday 1 to Sunday 7.",
        rule=rules.takes(INT, rules.TIMES),
        range=(1, 7),
        evaluate=calendar.weekday_of,
        write=scalars_sql.weekday_of,
    ),
    Scalar(
        name="years_since",
        form="years_since(date) -> int",
        doc="Completed years at T's business day; a 29 Feb counts on 1 Mar in common years.",
        rule=rules.takes(INT, DATES),
        evaluate=calendar.years_since,
        write=scalars_sql.years_since,
    ),
    Scalar(
        name="days_until_anniversary",
        form="days_until_anniversary(date) -> int",
        doc="Days from T's business day to the next anniversary, 0 if it is today.",
        rule=rules.takes(INT, DATES),
        range=(0, 366),
        evaluate=calendar.days_until_anniversary,
        write=scalars_sql.days_until_anniversary,
    ),
)
