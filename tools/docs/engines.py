"""The page of engines: how each construct of the language is written for each of them.

The examples are the ones that the tests of engines compute on both, value by value.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from sqlglot import exp

from tools.docs.markdown import code, table
from zhiyan.core.expression import ValueType
from zhiyan.engines.spark.support import REFUSED
from zhiyan.engines.spark.translate import parse as parse_sql
from zhiyan.engines.spark.translate import spark_sql
from zhiyan.lang.check import Name, Scope
from zhiyan.lang.functions import REGISTRY, Aggregate
from zhiyan.lang.moment import Moment
from zhiyan.lang.parse import parse
from zhiyan.lang.sql import aggregate_sql, scalar_sql
from zhiyan.ports import Statement

HEAD = """# Engines

`engine: duckdb` (the default) or `engine: spark` in [zhiyan.yaml](settings.md) says what runs
resolve, compute, refresh and select. Both give the same values, to the last digit, and so the same
snapshot id. What an engine cannot answer so is refused when definitions are loaded
([ZY289](errors.md)), with the reason.

The table follows from the code: for an example of every construct it names the functions that each
engine is given (none where operators do). `tests/engines` computes these examples, and random ones, on both.
"""

#: Expressions over the scope below; every construct has at least one.
EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "and": ("ok and vip",),
    "or": ("ok or vip",),
    "not": ("not ok",),
    "=": ("word = note",),
    "<>": ("spend <> paid",),
    "<": ("word < note",),
    "<=": ("born <= due",),
    ">": ("at > occurred_at",),
    ">=": ("r >= q",),
    "is_null": ("tags is null",),
    "in": ("word in ('a', 'it''s')",),
    "+": ("n + m", "r + n"),
    "-": ("spend - paid",),
    "*": ("n * m", "spend * n", "r * q"),
    "/": ("n / m", "spend / paid", "r / q"),
    "negate": ("-n", "-r"),
    "coalesce": ("coalesce(word, note)",),
    "nullif": ("nullif(n, m)",),
    "abs": ("abs(n)", "abs(r)"),
    "least": ("least(n, m)",),
    "greatest": ("greatest(born, due)",),
    "round_down": ("round_down(r)", "round_down(r * 3.7)", "round_down(n / m)"),
    "fen": ("fen(spend / n)",),
    "yuan": ("spend > yuan(300)",),
    "decay": ("decay(n, 30, m)", "decay(n, 7, 1000)"),
    "left": ("left(word, 2)",),
    "without_end": ("without_end(word, note)",),
    "contains": ("contains(tags, word)",),
    "overlaps": ("overlaps(tags, codes)",),
    "size": ("size(tags)",),
    "list_of": ("list_of(word, note, 'a')", "list_of()"),
    "list_union": ("list_union(tags, codes)",),
    "list_common": ("list_common(tags, codes)",),
    "list_minus": ("list_minus(tags, codes)",),
    "value_of": ("value_of(tags, 'a')",),
    "days_since": ("days_since(at)", "days_since(born)"),
    "hours_since": ("hours_since(at)",),
    "days_between": ("days_between(at, occurred_at)", "days_between(born, due)"),
    "on_day": ("on_day(at)",),
    "month_of": ("month_of(at)", "month_of(born)"),
    "hour_of": ("hour_of(at)",),
    "weekday_of": ("weekday_of(at)", "weekday_of(born)"),
    "years_since": ("years_since(born)",),
    "days_until_anniversary": ("days_until_anniversary(born)",),
    "add_days": ("add_days(born, n)",),
    "add_months": ("add_months(born, n)", "add_months(due, 1)"),
    "date_range": ("date_range(born, due)",),
    "day_number": ("day_number(at)", "day_number(born)"),
    "week_number": ("week_number(born)",),
    "month_number": ("month_number(at)",),
    "landmark": ("landmark(30)",),
    "rank_share": ("rank_share(n)", "rank_share(spend, word)"),
    "band": ("band(n, 5)", "band(spend, 4, word)"),
    "peers": ("peers(word)",),
    "count": ("count(*)", "count(word)"),
    "count_distinct": ("count(distinct word)", "count(distinct born)"),
    "sum": ("sum(n)", "sum(spend)"),
    "min": ("min(at)", "min(word)"),
    "max": ("max(born)", "max(r)"),
    "any": ("any(ok)",),
    "median_gap_days": ("median_gap_days(born)",),
    "max_share": ("max_share(word)",),
    "streak": ("streak(ok)",),
    "longest_streak": ("longest_streak(ok)",),
    "longest_run": ("longest_run(n)",),
    "latest_run": ("latest_run(n)",),
    "first": ("first(word)", "first(tags)"),
    "last": ("last(n)", "last(ok)"),
    "mode": ("mode(word)", "mode(n)"),
    "top": ("top(word, 2)", "top(word, 2, n)"),
    "top1": ("top1(word, n)",),
    "set": ("set(word)", "set(tags)"),
    "latest_by": ("latest_by(word, note)", "latest_by(word, n)"),
}

SCOPE = Scope(
    {
        **dict.fromkeys(("n", "m"), Name(ValueType.INT)),
        **dict.fromkeys(("r", "q"), Name(ValueType.DECIMAL)),
        **dict.fromkeys(("spend", "paid"), Name(ValueType.MONEY)),
        **dict.fromkeys(("ok", "vip"), Name(ValueType.BOOL)),
        **dict.fromkeys(("word", "note"), Name(ValueType.TEXT)),
        **dict.fromkeys(("born", "due"), Name(ValueType.DATE)),
        **dict.fromkeys(("at", "occurred_at"), Name(ValueType.MOMENT)),
        **dict.fromkeys(("tags", "codes"), Name(ValueType.LIST)),
    },
    aggregates=True,
    population=True,
)
_CLOCK = Moment(datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None), 480)
_WORD = re.compile(r"\b[A-Za-z_]\w*(?=\()|(?<= )(?://|DIV)(?= )")
#: Where parentheses follow a word of SQL that is no function.
_NO_FUNCTION = frozenset(
    [
        "AND",
        "AS",
        "BY",
        "CASE",
        "CAST",
        "ELSE",
        "IN",
        "IS",
        "NOT",
        "OR",
        "OVER",
        "SELECT",
        "THEN",
        "VARCHAR",
        "WHEN",
        "WHERE",
    ]
)


def page() -> str:
    """Return the page: a line per construct, and what is refused."""
    rows = [_row(name) for name in REGISTRY]
    refused = [(code(name), reason) for name, reason in REFUSED.items()]
    ending = (
        f"\n## Refused on Spark\n\n{table(('Construct', 'Why'), refused)}"
        if refused
        else "\nNothing of the language is refused on Spark today.\n"
    )
    return f"{HEAD}\n{table(('Construct', 'DuckDB is given', 'Spark is given'), rows)}{ending}"


def _row(name: str) -> tuple[str, str, str]:
    form = code(REGISTRY[name].form.split(" ->")[0])
    if name in REFUSED:
        return form, "", f"refused: {REFUSED[name]}"
    texts = [sql_of(name, example) for example in EXAMPLES[name]]
    queries = [f"SELECT {text} FROM row GROUP BY customer" for text in texts]
    spark = [spark_sql(parse_sql(Statement(query, {"as_of": 0}))) for query in queries]
    return form, _words(texts), _words(spark)


def sql_of(name: str, example: str) -> str:
    """Return the warehouse's SQL of an example."""
    node, entry = parse(example), REGISTRY[name]
    write = aggregate_sql if isinstance(entry, Aggregate) else scalar_sql
    return write(node, SCOPE, _column, _CLOCK).sql(dialect="duckdb")


def _column(name: str) -> exp.Expr:
    return exp.column(name, quoted=True)


def _words(texts: list[str]) -> str:
    found = {word for text in texts for word in _WORD.findall(text)}
    names = sorted({word.lower() for word in found} - {word.lower() for word in _NO_FUNCTION})
    return " ".join(code(word) for word in names)
