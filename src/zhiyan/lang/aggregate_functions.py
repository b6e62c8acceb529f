"""Aggregates over the rows of one customer."""

from zhiyan.core.expression import ValueType
from zhiyan.lang import aggregates, aggregates_sql
from zhiyan.lang import signature as rules
from zhiyan.lang.function import Aggregate

BOOL, INT, LIST = ValueType.BOOL, ValueType.INT, ValueType.LIST

COUNTS = (
    Aggregate(
        name="count",
        form="count(*) or count(x) -> int",
        doc="Number of rows, or of rows with a value.",
        least=0,
        rule=rules.takes(INT, rules.ANY),
        range=(0, None),
        reduce=aggregates.count,
        gather=aggregates_sql.count,
    ),
    Aggregate(
        name="count_distinct",
        form="count(distinct x) -> int",
        doc="Number of different values.",
        rule=rules.takes(INT, rules.SCALARS),
        range=(0, None),
        reduce=aggregates.count_distinct,
        gather=aggregates_sql.count_distinct,
    ),
    Aggregate(
        name="sum",
        form="sum(x int | money) -> type of x",
        doc="Sum of the values; beyond 64 bits is an error.",
        rule=rules.same_as_first(frozenset({INT, ValueType.MONEY})),
        reduce=aggregates.total,
        gather=aggregates_sql.total,
    ),
    Aggregate(
        name="min",
        form="min(x) -> type of x",
        doc="Smallest value.",
        rule=rules.same_as_first(rules.ORDERED),
        reduce=aggregates.smallest,
        gather=aggregates_sql.smallest,
    ),
    Aggregate(
        name="max",
        form="max(x) -> type of x",
        doc="Largest value.",
        rule=rules.same_as_first(rules.ORDERED),
        reduce=aggregates.largest,
        gather=aggregates_sql.largest,
    ),
    Aggregate(
        name="any",
        form="any(condition) -> bool",
        doc="Says whether the condition is true in any row; never null.",
        rule=rules.takes(BOOL, rules.CONDITION),
        reduce=aggregates.is_any,
        gather=aggregates_sql.is_any,
    ),
    Aggregate(
        name="median_gap_days",
        form="median_gap_days(date) -> int",
        doc="Lower median of the days between consecutive distinct dates; null below two dates.",
        rule=rules.takes(INT, frozenset({ValueType.DATE})),
        range=(1, None),
        reduce=aggregates.median_gap_days,
        gather=aggregates_sql.median_gap_days,
    ),
    Aggregate(
        name="max_share",
        form="max_share(x) -> decimal",
        doc="Rows of the most frequent value / rows with a value.",
        rule=rules.takes(ValueType.DECIMAL, rules.SCALARS),
        range=(0, 1),
        reduce=aggregates.max_share,
        gather=aggregates_sql.max_share,
    ),
    Aggregate(
        name="streak",
        form="streak(condition) -> int",
        doc="Number of rows later than the last one with a true condition; all rows if never.",
        rule=rules.takes(INT, rules.CONDITION),
        ordered=True,
        range=(0, None),
        reduce=aggregates.streak,
        gather=aggregates_sql.streak,
    ),
    Aggregate(
        name="longest_streak",
        form="longest_streak(condition) -> int",
        doc="Length of the longest run of rows with a true condition, in order of time; of rows of "
        "one moment those without come first. 0 without rows.",
        rule=rules.takes(INT, rules.CONDITION),
        ordered=True,
        range=(0, None),
        reduce=aggregates.longest_streak,
        gather=aggregates_sql.longest_streak,
    ),
    Aggregate(
        name="longest_run",
        form="longest_run(x int) -> int",
        doc="Length of the longest run of neighbouring whole numbers among the values: "
        "longest_run(month_number(occurred_at)) is the most months in a row. 0 without values.",
        rule=rules.takes(INT, rules.WHOLE),
        range=(0, None),
        reduce=aggregates.longest_run,
        gather=aggregates_sql.longest_run,
    ),
    Aggregate(
        name="latest_run",
        form="latest_run(x int) -> int",
        doc="Length of the run of neighbouring whole numbers that ends with the greatest value. "
        "0 without values.",
        rule=rules.takes(INT, rules.WHOLE),
        range=(0, None),
        reduce=aggregates.latest_run,
        gather=aggregates_sql.latest_run,
    ),
)

CHOICES = (
    Aggregate(
        name="first",
        form="first(x) -> type of x",
        doc="Earliest value; of equally early ones the smallest.",
        rule=rules.same_as_first(rules.ANY),
        keeps_domain=True,
        ordered=True,
        reduce=aggregates.first,
        gather=aggregates_sql.first,
    ),
    Aggregate(
        name="last",
        form="last(x) -> type of x",
        doc="Latest value; of equally late ones the largest.",
        rule=rules.same_as_first(rules.ANY),
        keeps_domain=True,
        ordered=True,
        reduce=aggregates.last,
        gather=aggregates_sql.last,
    ),
    Aggregate(
        name="mode",
        form="mode(x) -> type of x",
        doc="Most frequent value; of equally frequent ones the smallest.",
        rule=rules.same_as_first(rules.SCALARS),
        keeps_domain=True,
        reduce=aggregates.mode,
        gather=aggregates_sql.mode,
    ),
    Aggregate(
        name="top",
        form="top(x text, n literal [, score int | money]) -> list",
        doc="At most n most frequent values, or those with the largest sums of scores; of equal ones "
        "the smaller values. The list is sorted by value.",
        least=2,
        most=3,
        rule=rules.constant(
            rules.takes(LIST, rules.TEXTS, rules.WHOLE, rules.SCORES), 1, "the number"
        ),
        keeps_domain=True,
        reduce=aggregates.top,
        gather=aggregates_sql.top,
    ),
    Aggregate(
        name="top1",
        form="top1(x, score int | money) -> type of x",
        doc="Value with the largest sum of scores; of equal ones the smallest.",
        least=2,
        most=2,
        rule=rules.same_as_first(rules.SCALARS, rules.SCORES),
        keeps_domain=True,
        reduce=aggregates.top1,
        gather=aggregates_sql.top1,
    ),
    Aggregate(
        name="set",
        form="set(x text | list) -> list",
        doc="Sorted distinct values; lists count member by member.",
        rule=rules.takes(LIST, rules.TEXTS | rules.LISTS),
        keeps_domain=True,
        reduce=aggregates.members,
        gather=aggregates_sql.members,
    ),
    Aggregate(
        name="latest_by",
        form="latest_by(key text, value) -> list",
        doc="key=value with the last value of every key, sorted.",
        least=2,
        most=2,
        rule=rules.takes(LIST, rules.TEXTS, rules.TEXTS | {INT, BOOL}),
        ordered=True,
        reduce=aggregates.latest_by,
        gather=aggregates_sql.latest_by,
    ),
)
