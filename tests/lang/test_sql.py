"""SQL of every construct against golden files, on DuckDB against the reference, and injection."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp
from tests.lang.world import (
    AGGREGATES,
    CUSTOMERS,
    MOMENTS,
    POPULATION,
    ROWS,
    SCOPE,
    aggregate_columns,
    column,
    rows_of,
    scalar_columns,
    single_value,
    statement,
)

from zhiyan.core.expression import Call, Literal, Ref, ValueType, walk
from zhiyan.errors import InternalError
from zhiyan.lang.check import Name, Scope, check
from zhiyan.lang.evaluate import aggregate, evaluate_all
from zhiyan.lang.functions import REGISTRY, Kind
from zhiyan.lang.parse import parse
from zhiyan.lang.sql import aggregate_sql, scalar_sql
from zhiyan.lang.term import SQL_TYPES, literal_sql

GOLDEN = Path(__file__).parent / "golden"
MOMENT = MOMENTS[0]

SCALARS = (
    "ok and vip and n > 1",
    "ok or vip and not ok",
    "n = 1",
    "status <> 'no_show'",
    "n < r",
    "n <= m",
    "n > 0.5",
    "spend >= yuan(300)",
    "at < as_of",
    "word is null",
    "word is not null",
    "n in (1, 2)",
    "r not in (1, 2.5)",
    "born between date '2024-02-28' and date '2024-03-01'",
    "n + m - 1",
    "n - (m - 1)",
    "n * m + r",
    "spend * n",
    "n / m",
    "spend / paid > 0.3",
    "-(n - 1)",
    "case when n > 1 then spend when ok then paid else 0 end",
    "case when ok then n else 0.5 end",
    "coalesce(n, m, 0)",
    "nullif(n, 0)",
    "abs(n - m)",
    "least(n, m, 3)",
    "greatest(n, r)",
    "round_down(spend / 3)",
    "fen(spend / n)",
    "days_since(at)",
    "days_since(due)",
    "hours_since(at)",
    "days_between(at, as_of)",
    "days_between(born, on_day(at))",
    "month_of(at)",
    "month_of(born)",
    "hour_of(at)",
    "weekday_of(at)",
    "weekday_of(born)",
    "years_since(born)",
    "days_until_anniversary(born)",
    "contains(tags, word)",
    "overlaps(tags, list_of('a', word))",
    "size(codes)",
    "tags = list_of()",
    "decay(n, 30, m)",
    "left(word, 2)",
    "without_end(word, note)",
    "list_union(tags, codes)",
    "list_common(tags, list_of('a', word))",
    "list_minus(codes, tags)",
    "value_of(tags, left(word, 1))",
    "add_days(born, n)",
    "add_months(born, n)",
    "date_range(born, due)",
    "day_number(at)",
    "week_number(born)",
    "month_number(at)",
    "landmark(30) - day_number(at)",
    "band(n, 4)",
    "band(n + m, 3, status)",
    "peers(status)",
    "peers(left(word, 1))",
    "rank_share(n)",
    "rank_share(n + m, status)",
    "rank_share(n, status, word)",
    "n + null",
)
AGGREGATED = (
    "count(*)",
    "count(n)",
    "count(distinct word)",
    "sum(spend)",
    "sum(decay(days_since(at), 90, n))",
    "min(at)",
    "max(word)",
    "any(n > m)",
    "first(status)",
    "last(tags)",
    "mode(word)",
    "mode(n)",
    "top(word, 2)",
    "top(word, 2, n)",
    "top(word, 2, spend)",
    "top1(word, n)",
    "set(word)",
    "set(tags)",
    "median_gap_days(due)",
    "median_gap_days(on_day(at))",
    "max_share(word)",
    "latest_by(word, n)",
    "latest_by(item.category, status)",
    "streak(ok)",
    "streak(n > 1)",
    "longest_streak(ok)",
    "longest_streak(n > 1)",
    "longest_run(n)",
    "longest_run(month_number(occurred_at))",
    "latest_run(n)",
    "latest_run(day_number(at))",
)
CONDITION = parse("n > 0 or ok")


def write(source, where=None):
    scope = AGGREGATES if source in AGGREGATED else POPULATION
    if scope is AGGREGATES:
        return aggregate_sql(parse(source), scope, column, MOMENT, where=where).sql("duckdb")
    return scalar_sql(parse(source), scope, column, MOMENT).sql("duckdb")


def golden_text(sources):
    where = scalar_sql(CONDITION, SCOPE, column, MOMENT)
    blocks = []
    for source in sources:
        lines = [f"-- {source}", write(source)]
        if source in AGGREGATED:
            lines.append(write(source, where))
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


@pytest.mark.parametrize(("name", "sources"), [("scalars", SCALARS), ("aggregates", AGGREGATED)])
def test_golden(name, sources, update_golden):
    path = GOLDEN / f"{name}.sql"
    if update_golden:
        path.write_text(golden_text(sources), encoding="utf-8")
    assert golden_text(sources) == path.read_text(encoding="utf-8")


def test_golden_covers_every_entry():
    nodes = [parse(source) for source in (*SCALARS, *AGGREGATED)]
    used = {part.op for node in nodes for part in walk(node) if isinstance(part, Call)}
    assert used >= set(REGISTRY) - {"yuan"}


@pytest.mark.parametrize("moment", MOMENTS)
def test_samples_on_duckdb(moment, scratch_engine):
    nodes = [parse(source) for source in SCALARS]
    found = scalar_columns(scratch_engine, nodes, moment)
    for source, node, values in zip(SCALARS, nodes, found, strict=True):
        assert values == evaluate_all(node, ROWS, moment), source


@pytest.mark.parametrize("where", [None, CONDITION, parse("n = 12345")])
def test_aggregates_on_duckdb(where, scratch_engine):
    nodes = [parse(source) for source in AGGREGATED]
    found = aggregate_columns(scratch_engine, nodes, MOMENT, where)
    for source, node, values in zip(AGGREGATED, nodes, found, strict=True):
        expected = [aggregate(node, rows_of(c, MOMENT, where), MOMENT) for c in range(CUSTOMERS)]
        assert values == expected, source


@pytest.mark.parametrize("source", [*SCALARS, *AGGREGATED])
def test_results_have_the_declared_sql_type(source, scratch_engine):
    scope = AGGREGATES if source in AGGREGATED else POPULATION
    node = parse(source)
    kind, problems = check(node, scope)
    assert problems == []
    writer = aggregate_sql if scope is AGGREGATES else scalar_sql
    value = writer(node, scope, lambda n: literal_sql(None, SCOPE.names[n].type), MOMENT)
    query = exp.select(exp.func("typeof", value, dialect="duckdb").as_("t"))
    assert scratch_engine.query(statement(query, MOMENT))["t"].to_pylist() == [SQL_TYPES[kind]]


@settings(derandomize=True, max_examples=150, deadline=None)
@given(
    st.one_of(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30),
        st.lists(
            st.sampled_from(
                ["'", '"', "\\", "--", ";", "$as_of", "?", "/*", "\n", "热", "{}", "$$"]
            )
        ).map("".join),
    )
)
def test_texts_stay_texts(scratch_engine, value):
    node = Call("coalesce", (Ref("word"), Literal(value, ValueType.TEXT)))
    row = dict.fromkeys(SCOPE.names)
    sql = scalar_sql(node, SCOPE, lambda name: literal_sql(row[name], ValueType.TEXT), MOMENT)
    found = scratch_engine.query(statement(exp.select(exp.alias_(sql, "v")), MOMENT))
    assert found["v"].to_pylist() == [value]


def test_texts_of_authors_are_quoted(scratch_engine):
    source = "word = '''; drop table sample; --'"
    assert write(source).count("drop") == 1
    assert re.search(r"'''; drop table sample; --'$", write(source))
    row = {**dict.fromkeys(SCOPE.names), "word": "'; drop table sample; --"}
    assert single_value(scratch_engine, parse(source), row, MOMENT) is True


def test_names_are_quoted_by_the_caller_and_as_of_is_bound():
    text = write("days_since(at) > 3")
    assert '"at"' in text
    assert "$as_of" in text
    own = Scope({"as_of": Name(ValueType.MOMENT), "at": Name(ValueType.MOMENT)})
    assert "$as_of" not in scalar_sql(parse("at = as_of"), own, column, MOMENT).sql("duckdb")


def test_occurred_at_is_asked_for_only_where_order_matters():
    asked = []

    def spy(name):
        asked.append(name)
        return column(name)

    aggregate_sql(parse("sum(n)"), AGGREGATES, spy, MOMENT)
    assert asked == ["n"]
    aggregate_sql(parse("last(n)"), AGGREGATES, spy, MOMENT)
    assert asked == ["n", "n", "occurred_at"]


def test_what_was_not_checked_is_our_bug():
    for source in ("unknown", "count(*)", "case when ok then 1 else 'a' end", "n + word"):
        with pytest.raises(InternalError):
            scalar_sql(parse(source), SCOPE, column, MOMENT)
    for source in ("n", "n + 1", "sum(word)"):
        with pytest.raises(InternalError):
            aggregate_sql(parse(source), AGGREGATES, column, MOMENT)
    with pytest.raises(InternalError):
        scalar_sql(Call("sinh", (Ref("n"),)), SCOPE, column, MOMENT)
    assert REGISTRY["rank_share"].kind is Kind.POPULATION
