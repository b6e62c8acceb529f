"""How a tag's values spread over a snapshot."""

from typing import Any

from sqlglot import exp

from zhiyan.app.reads import Bar, Bin, Distribution
from zhiyan.core.expression import ValueType
from zhiyan.core.snapshot import Manifest
from zhiyan.core.tag import Tag
from zhiyan.lang.catalogue import Catalogue
from zhiyan.lang.tag_sql import VALID
from zhiyan.ports import Engine, Statement

DIALECT = "duckdb"
MOST_BARS = 50
BINS = 20
NUMBERS = frozenset({ValueType.INT, ValueType.DECIMAL, ValueType.MONEY})
TIMES = frozenset({ValueType.DATE, ValueType.MOMENT})
#: Whole numbers with at most this many different values are shown one by one.
FEW = 12


def spread(engine: Engine, catalogue: Catalogue, snapshot: Manifest, *, tag: Tag) -> Distribution:
    """Return the distribution of a tag over the valid customers of a snapshot."""
    rows = valid_tags(catalogue, snapshot)
    value = exp.column(tag.code, quoted=True)
    sizes = _row(
        engine,
        exp.select(
            "count(*) AS total",
            exp.alias_(exp.Count(this=value.copy()), "known"),
            exp.alias_(exp.Count(this=exp.Distinct(expressions=[value.copy()])), "different"),
        ).from_(rows.subquery("customer")),
    )
    total, known = int(sizes["total"]), int(sizes["known"])
    binned = tag.type in TIMES or (tag.type in NUMBERS and sizes["different"] > FEW)
    if binned and known:
        return Distribution(total=total, known=known, bins=_bins(engine, rows, tag))
    bars = _bars(engine, rows, tag)
    return Distribution(
        total=total,
        known=known,
        bars=tuple(bars[:MOST_BARS]),
        other=sum(bar.customers for bar in bars[MOST_BARS:]),
    )


def valid_tags(catalogue: Catalogue, snapshot: Manifest) -> exp.Select:
    """Return the tags of the valid customers of a snapshot."""
    rows = exp.select("*").from_(exp.to_table(f"snapshot.t_{snapshot.snapshot_id}"))
    return rows.where(exp.column(VALID, quoted=True)) if VALID in catalogue.tags else rows


def coverage(engine: Engine, catalogue: Catalogue, snapshot: Manifest) -> dict[str, int]:
    """Return how many valid customers have a value of each tag, in one statement."""
    codes = [code for code in catalogue.tags if code in snapshot.tags]
    query = exp.select().from_(valid_tags(catalogue, snapshot).subquery("customer"))
    for code in codes:
        counted = exp.Count(this=exp.column(code, quoted=True))
        query = query.select(exp.alias_(counted, code, quoted=True))
    return {code: int(n) for code, n in _row(engine, query).items()} if codes else {}


def _bars(engine: Engine, rows: exp.Select, tag: Tag) -> list[Bar]:
    value: exp.Expr = exp.column(tag.code, quoted=True)
    if tag.type is ValueType.LIST:
        value = exp.func("unnest", value)
    listed = exp.select(exp.alias_(value, "value")).from_(rows.subquery("customer"))
    query = (
        exp.select("value", "count(*) AS customers")
        .from_(listed.subquery("listed"))
        .group_by("value")
        .order_by("customers DESC", "value")
    )
    found = engine.query(Statement(query.sql(dialect=DIALECT))).to_pylist()
    return [Bar(value=row["value"], customers=row["customers"]) for row in found]


def _bins(engine: Engine, rows: exp.Select, tag: Tag) -> tuple[Bin, ...]:
    """Return equal bins between the 1st and 99th of hundred values, the ends taken in."""
    value: exp.Expr = exp.column(tag.code, quoted=True)
    if tag.type in TIMES:
        epoch = exp.func("epoch", exp.cast(value, "TIMESTAMP"))
        value = exp.Div(this=epoch, expression=exp.Literal.number(86400))
    numbers = (
        exp.select(exp.alias_(exp.cast(value, "DOUBLE"), "value"))
        .from_(rows.subquery("customer"))
        .where(exp.column(tag.code, quoted=True).is_(exp.null()).not_())
    )
    text = numbers.sql(dialect=DIALECT)
    edges = engine.query(
        Statement(
            "SELECT quantile_disc(value, 0.01) AS low, quantile_disc(value, 0.99) AS high,"  # noqa: S608 - declared names
            f" min(value) AS first, max(value) AS last FROM ({text})"
        )
    ).to_pylist()[0]
    low, high = edges["low"], edges["high"]
    width = (high - low) / BINS or 1.0
    found = engine.query(
        Statement(
            "SELECT least(greatest(floor((value - $low) / $width), 0), $last)::INTEGER AS bin,"  # noqa: S608 - declared names
            f" count(*) AS customers FROM ({text}) GROUP BY bin ORDER BY bin",
            {"low": low, "width": width, "last": BINS - 1},
        )
    ).to_pylist()
    counts: dict[int, int] = {row["bin"]: row["customers"] for row in found}
    ends = {0: edges["first"], BINS: edges["last"]}

    def edge(number: int) -> float:
        return float(ends.get(number, low + number * width))

    return tuple(
        Bin(low=edge(n), high=edge(n + 1), customers=counts.get(n, 0)) for n in range(BINS)
    )


def _row(engine: Engine, query: exp.Select) -> dict[str, Any]:
    return engine.query(Statement(query.sql(dialect=DIALECT))).to_pylist()[0]
