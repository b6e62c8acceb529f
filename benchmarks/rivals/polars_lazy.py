"""Polars, lazy and streaming, from Parquet."""

from pathlib import Path
from typing import Any

from benchmarks.rivals.base import AS_OF, COLUMNS, TAGS, Tag
from benchmarks.rivals.child import Entry, Options, enter, missing

try:
    import polars as pl
except ImportError:
    missing("polars")

T = pl.lit(AS_OF).cast(pl.Datetime("us"))


def facts(data: Path, source: str) -> pl.LazyFrame:
    """Return the rows of a source that count, what became true later hidden."""
    rows = pl.scan_parquet(data / f"{source}.parquet")
    rows = rows.filter(pl.col("occurred_at") < T, pl.col("superseded_at").is_null())
    if source == "order_line":
        open_ = ~(pl.col("closed_at") < T).fill_null(value=False)
        rows = rows.filter(
            open_ | pl.col("status").is_in(["paid", "partly_refunded"]),
            ~pl.col("is_gift").fill_null(value=False),
            ~pl.col("is_test").fill_null(value=False),
        )
    if source == "appointment":
        passed = (pl.col("status_at") < T).fill_null(value=False)
        rows = rows.with_columns(
            status=pl.when(passed).then(pl.col("status")).otherwise(pl.lit("booked"))
        )
    party = pl.scan_parquet(data / "party.parquet").select("party_id", "customer_id")
    return rows.join(party, on="party_id").with_columns(
        day=(pl.col("occurred_at") + pl.duration(hours=8)).dt.date()
    )


def condition(tag: Tag) -> pl.Expr | None:
    """Return which rows a tag looks at."""
    on, parts = pl.col(tag.on), list[pl.Expr]()
    if tag.ahead:
        parts.append(on >= T)
    if tag.since:
        parts.append((on >= pl.lit(tag.since).cast(pl.Datetime("us"))) & (on < T))
    if tag.equals:
        parts.append(pl.col(tag.equals[0]) == tag.equals[1])
    return pl.all_horizontal(parts) if parts else None


def simple(tag: Tag) -> pl.Expr:
    """Return a count, sum, least or greatest value over some rows."""
    where = condition(tag)
    if tag.how == "count":
        value = pl.len() if where is None else where.fill_null(value=False).sum()
        return value.cast(pl.Int64).alias(tag.code)
    column = pl.col(tag.column) if where is None else pl.col(tag.column).filter(where)
    made: pl.Expr = getattr(column, tag.how)()
    return made.alias(tag.code)


def by_value(rows: pl.LazyFrame, tags: list[Tag]) -> pl.LazyFrame:
    """Return distinct counts and most frequent values of one column."""
    column = tags[0].column
    if all(tag.since for tag in tags):
        widest = condition(max(tags, key=lambda tag: tag.days or 0))
        rows = rows if widest is None else rows.filter(widest)
    numbers = {tag.days: f"n{tag.days or ''}" for tag in tags}
    counts = {
        name: pl.len() if days is None else condition(_window(tags, days)).sum()  # type: ignore[union-attr]
        for days, name in numbers.items()
    }
    groups = rows.filter(pl.col(column).is_not_null()).group_by("customer_id", column)
    groups = groups.agg(*(value.cast(pl.Int64).alias(name) for name, value in counts.items()))
    made: list[pl.Expr] = []
    for tag in tags:
        n = pl.col(numbers[tag.days])
        if tag.how == "distinct":
            made.append((n > 0).sum().cast(pl.Int64).alias(tag.code))
        else:
            best = pl.col(column).filter((n == n.max()) & (n > 0)).min()
            made.append(best.alias(tag.code))
    return groups.group_by("customer_id").agg(*made)


def _window(tags: list[Tag], days: int) -> Tag:
    return next(tag for tag in tags if tag.days == days)


def wide(data: Path) -> pl.LazyFrame:
    """Return all tags, a row per customer."""
    found = pl.scan_parquet(data / "party.parquet").select("customer_id").unique()
    for source in COLUMNS:
        rows, own = facts(data, source), [tag for tag in TAGS if tag.source == source]
        plain = [tag for tag in own if tag.how not in {"distinct", "mode"}]
        part = rows.group_by("customer_id").agg(*(simple(tag) for tag in plain))
        found = found.join(part, on="customer_id", how="left")
        for column in dict.fromkeys(tag.column for tag in own if tag not in plain):
            counted = [tag for tag in own if tag not in plain and tag.column == column]
            found = found.join(by_value(rows, counted), on="customer_id", how="left")
    zero = [pl.col(tag.code).fill_null(0) for tag in TAGS if tag.is_counted]
    return found.with_columns(*zero).select("customer_id", *(tag.code for tag in TAGS))


def entry(chosen: Options) -> Entry:
    """Compute the wide table into memory."""
    made: dict[str, Any] = {}

    def work() -> None:
        made["wide"] = wide(chosen.data).collect(engine="streaming")

    def write(out: Path) -> None:
        made["wide"].write_parquet(out)

    return Entry(work, write, pl.__version__)


if __name__ == "__main__":
    enter(entry)
