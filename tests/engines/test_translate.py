"""Statements of the warehouse as Spark is given them; nothing here needs Spark."""

from datetime import date, datetime

import pytest

from zhiyan.engines.spark.translate import Name, parse, point_to_views, spark_sql, tables_of
from zhiyan.errors import InternalError
from zhiyan.ports import Statement


def told(text, **values):
    return spark_sql(parse(Statement(text, values)))


def test_values_are_constants_never_text():
    nasty = "it's \\ $x '; DROP TABLE a; --"
    sql = told("SELECT $a AS v", a=nasty)
    assert sql == r"SELECT 'it\'s \\ $x \'; DROP TABLE a; --' AS v"


@pytest.mark.parametrize(
    ("value", "sql"),
    [
        (None, "NULL"),
        (True, "TRUE"),
        (7, "CAST(7 AS BIGINT)"),
        (date(2026, 1, 2), "CAST('2026-01-02' AS DATE)"),
        (
            datetime.fromisoformat("2026-01-02T03:04:05.000006"),
            "CAST('2026-01-02 03:04:05.000006' AS TIMESTAMP_NTZ)",
        ),
        (["a", "b"], "ARRAY('a', 'b')"),
    ],
)
def test_values_have_types(value, sql):
    assert told("SELECT $a AS v", a=value) == f"SELECT {sql} AS v"


def test_a_value_of_an_unknown_kind_is_refused():
    with pytest.raises(InternalError, match="ZY995"):
        told("SELECT $a", a={1, 2})


@pytest.mark.parametrize(
    ("ours", "sparks"),
    [
        ("a // b", "a DIV b"),
        ("len(a)", "CAST(size(a) AS BIGINT)"),
        ("length(a)", "LENGTH(a)"),
        ("list_distinct(a)", "array_compact(array_distinct(a))"),
        ("list_transform(v, lambda x, i: x - i)", "TRANSFORM(v, (x, i) -> x - (i + 1))"),
        ("struct_extract(e, 'n')", "e.`n`"),
        ("date_diff('day', a, b)", "datediff(b, a)"),
        ("list_extract(a, n)", "get(a, CAST((n) AS INT) - 1)"),
        ("d + INTERVAL (n) MONTH", "d + make_interval(0, (n))"),
        ("arg_min(a, row(b))", "MIN_BY(a, struct(isnull(b), b))"),
        ("a + INTERVAL '480' MINUTE", "a + INTERVAL '480' MINUTE"),
        ("count(DISTINCT a)", "COUNT(DISTINCT a)"),
    ],
)
def test_what_spark_writes_otherwise(ours, sparks):
    assert told(f"SELECT {ours} FROM t") == f"SELECT {sparks} FROM t"


def test_lists_of_nothing_are_null():
    sql = told("SELECT list(a) FILTER (WHERE b) FROM t")
    gathered = "collect_list(a) FILTER(WHERE b)"
    assert sql == f"SELECT CASE WHEN size({gathered}) > 0 THEN {gathered} END FROM t"


def test_distinct_values_of_a_group_do_not_multiply_its_rows():
    sql = told("SELECT c, count(DISTINCT a) FROM t GROUP BY c")
    assert sql == "SELECT c, CAST(size(collect_set(a)) AS BIGINT) FROM t GROUP BY c"


@pytest.mark.parametrize(
    "ours",
    [
        "jaro_similarity(a, b)",
        "to_hex(a)",
        "d + INTERVAL (n) HOUR",
        "approx_quantile(a, 0.5)",
        "mode(a)",
        "median(a)",
        "strftime(a, '%Y')",
    ],
)
def test_what_has_no_rule_is_refused(ours):
    with pytest.raises(InternalError, match="ZY995"):
        told(f"SELECT {ours} FROM t")


def test_tables_become_views():
    tree = parse(
        Statement(
            "WITH fact AS (SELECT * FROM event.visit) SELECT * FROM fact JOIN identity.link AS l"
            " ON l.x = fact.x JOIN temp.part ON part.x = l.x"
        )
    )
    places = tables_of(tree)
    assert set(places) == {
        Name(schema="event", table="visit"),
        Name(schema="identity", table="link"),
        Name(schema="", table="part"),
    }
    point_to_views(places)
    assert spark_sql(tree) == (
        "WITH fact AS (SELECT * FROM `event__visit` AS visit) SELECT * FROM fact"
        " JOIN `identity__link` AS l ON l.x = fact.x JOIN `part` AS part ON part.x = l.x"
    )
