"""One small table of awkward rows, the scope over it, and ways to run expressions on DuckDB."""
# ruff: noqa: DTZ001 - moments are naive UTC, as the warehouse stores them

import random
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

import pyarrow as pa
from sqlglot import exp

from zhiyan.core.expression import Node, Value, ValueType
from zhiyan.lang.check import Name, Scope
from zhiyan.lang.evaluate import evaluate
from zhiyan.lang.fused_sql import aggregated, worked_out
from zhiyan.lang.moment import Moment
from zhiyan.lang.rows import Frame
from zhiyan.lang.sql import aggregate_sql, scalar_sql
from zhiyan.lang.term import SQL_TYPES, literal_sql
from zhiyan.lang.value_counts_sql import Asked
from zhiyan.ports import Statement

STATUS = ("arrived", "booked", "no_show")
SCOPE = Scope(
    {
        "n": Name(ValueType.INT),
        "m": Name(ValueType.INT),
        "r": Name(ValueType.DECIMAL),
        "q": Name(ValueType.DECIMAL),
        "spend": Name(ValueType.MONEY),
        "paid": Name(ValueType.MONEY),
        "ok": Name(ValueType.BOOL),
        "vip": Name(ValueType.BOOL),
        "word": Name(ValueType.TEXT),
        "note": Name(ValueType.TEXT),
        "status": Name(ValueType.ENUM, STATUS),
        "item.category": Name(ValueType.REF),
        "born": Name(ValueType.DATE),
        "due": Name(ValueType.DATE),
        "at": Name(ValueType.MOMENT),
        "occurred_at": Name(ValueType.MOMENT),
        "tags": Name(ValueType.LIST),
        "codes": Name(ValueType.LIST, ("a", "b", "c")),
    }
)
AGGREGATES = Scope(SCOPE.names, aggregates=True)
POPULATION = Scope(SCOPE.names, population=True)

#: Midnight in Shanghai, a leap day, the day after one in a common year, New Year, mid-afternoon.
MOMENTS = tuple(
    Moment(at, 480)
    for at in (
        datetime(2026, 3, 1, 16),
        datetime(2024, 2, 28, 20, 0, 1),
        datetime(2025, 2, 28, 16),
        datetime(2025, 12, 31, 15, 59, 59, 999_999),
        datetime(2026, 11, 22, 7, 30),
    )
)
WORDS = (
    "",
    "a",
    "A",
    "a=b",
    "no_show",
    "it's",
    "热玛吉",
    "热玛吉 ",
    "水光针",
    "𝕫",
    "\\",
    "%",
    "$as_of",
)
DAYS = (
    date(2024, 2, 29),
    date(2024, 2, 28),
    date(2024, 3, 1),
    date(2025, 3, 1),
    date(2026, 3, 2),
    date(2025, 12, 31),
    date(2026, 1, 1),
    date(1992, 2, 29),
    date(1960, 7, 31),
    date(2027, 1, 1),
)


def _moments(choose: random.Random) -> datetime:
    base = choose.choice([moment.as_of for moment in MOMENTS])
    step = choose.choice([0, 1, -1, 86_400_000_000, -86_400_000_000, -3_600_000_000])
    return base + timedelta(microseconds=step, days=-choose.randrange(3) * 7)


def _row(choose: random.Random) -> dict[str, Value]:
    def some(values: Sequence[Value]) -> Value:
        return choose.choice(values) if choose.random() < 0.8 else None

    def texts(values: Sequence[str]) -> Value:
        return tuple(sorted(set(choose.choices(values, k=choose.randrange(4)))))

    whole = (0, 1, -1, 2, 3, 7, -7, 30, 365, 1000)
    fen = (0, 1, -1, 99, 100, -10_000, 3_000_000, 599_999)
    return {
        "n": some(whole),
        "m": some(whole),
        "r": some((0.0, 0.1, 0.3, -0.5, 2.5, 1e9)),
        "q": some((0.0, 0.2, 1.0, -2.5, 1e-9)),
        "spend": some(fen),
        "paid": some(fen),
        "ok": some((True, False)),
        "vip": some((True, False)),
        "word": some(WORDS),
        "note": some(WORDS),
        "status": some(STATUS),
        "item.category": some(("skin", "energy", "injection")),
        "born": some(DAYS),
        "due": some(DAYS),
        "at": some([_moments(choose)]),
        "occurred_at": choose.choice([moment.as_of for moment in MOMENTS])
        - timedelta(hours=choose.randrange(4)),
        "tags": some([texts(WORDS)]),
        "codes": some([texts(("a", "b", "c"))]),
    }


def make_rows(count: int, seed: int) -> list[dict[str, Value]]:
    choose = random.Random(seed)
    empty: dict[str, Value] = dict.fromkeys(SCOPE.names, None)
    rows = [_row(choose) for _ in range(count - 1)]
    return [*rows, {**empty, "occurred_at": datetime(2020, 1, 1)}]


ROWS = make_rows(60, seed=7)
CUSTOMERS = 9

_ARROW = {
    "BOOLEAN": pa.bool_(),
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "VARCHAR": pa.string(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
    "VARCHAR[]": pa.list_(pa.string()),
}


def arrow_rows(rows: Sequence[Mapping[str, Value]]) -> pa.Table:
    columns = {
        name: pa.array(
            [list(v) if isinstance(v := row[name], tuple) else v for row in rows],
            _ARROW[SQL_TYPES[known.type]],
        )
        for name, known in SCOPE.names.items()
    }
    order = pa.array(range(len(rows)), pa.int64())
    customer = pa.array([number % CUSTOMERS for number in range(len(rows))], pa.int64())
    return pa.table({"row_order": order, "customer_id": customer, **columns})


def column(name: str) -> exp.Expr:
    return exp.column(name, quoted=True)


def plain(value):
    return tuple(value) if isinstance(value, list) else value


def statement(query: exp.Expr, moment: Moment) -> Statement:
    bound = query.find(exp.Placeholder) is not None
    return Statement(query.sql("duckdb"), {"as_of": moment.as_of} if bound else {})


def scalar_columns(engine, nodes: Sequence[Node], moment: Moment, rows=ROWS) -> list[list[Value]]:
    """Return the values that DuckDB gives for each expression, row by row."""
    query = exp.select("row_order").from_("sample").order_by("row_order")
    for number, node in enumerate(nodes):
        query = query.select(exp.alias_(scalar_sql(node, POPULATION, column, moment), f"v{number}"))
    with engine.load("sample", arrow_rows(rows)):
        table = engine.query(statement(query, moment))
    return [[plain(v) for v in table[f"v{n}"].to_pylist()] for n in range(len(nodes))]


def aggregate_columns(
    engine, nodes: Sequence[Node], moment: Moment, where: Node | None
) -> list[list[Value]]:
    """Return the values that DuckDB gives for each aggregate, customer by customer."""
    condition = scalar_sql(where, SCOPE, column, moment) if where else None
    query = exp.select("customer_id").from_("sample").group_by("customer_id")
    for number, node in enumerate(nodes):
        value = aggregate_sql(node, AGGREGATES, column, moment, where=condition)
        query = query.select(exp.alias_(value, f"v{number}"))
    with engine.load("sample", arrow_rows(ROWS)):
        table = engine.query(statement(query.order_by("customer_id"), moment))
    return [[plain(v) for v in table[f"v{n}"].to_pylist()] for n in range(len(nodes))]


def fused_columns(
    engine, asked: Sequence[tuple[Node, Node | None]], moment: Moment
) -> list[list[Value]]:
    """Return what one statement gives for aggregates with conditions of their own, by customer."""
    frame = Frame(catalogue=None, moment=moment)
    columns = [
        Asked(name=f"v{n}", node=node, where=where and frame.scalar(where, SCOPE))
        for n, (node, where) in enumerate(asked)
    ]
    rows = exp.select("*", exp.alias_(column("item.category"), "item__category")).from_("sample")
    rows, scope, columns = worked_out(frame, AGGREGATES, columns, rows=rows)
    query = aggregated(frame, scope, columns, table="fact").with_("fact", as_=rows)
    with engine.load("sample", arrow_rows(ROWS)):
        table = engine.query(statement(query.order_by("customer_id"), moment))
    assert table["customer_id"].to_pylist() == list(range(CUSTOMERS))
    return [[plain(v) for v in table[f"v{n}"].to_pylist()] for n in range(len(asked))]


def rows_of(customer: int, moment: Moment, where: Node | None) -> list[dict[str, Value]]:
    own = [row for number, row in enumerate(ROWS) if number % CUSTOMERS == customer]
    return [row for row in own if where is None or evaluate(where, row, moment) is True]


def single_value(engine, node: Node, row: Mapping[str, Value], moment: Moment) -> Value:
    """Return the value that DuckDB gives for one row, written into the SQL as literals."""
    sql = scalar_sql(
        node, SCOPE, lambda name: literal_sql(row[name], SCOPE.names[name].type), moment
    )
    table = engine.query(statement(exp.select(exp.alias_(sql, "v")), moment))
    return plain(table["v"].to_pylist()[0])
