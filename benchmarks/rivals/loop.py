"""The physical limit: one compiled pass over arrays sorted by customer, for 33 of the tags.

Sorting and loading are told as the time to make ready; a warehouse has neither for free.
"""

from pathlib import Path
from typing import Any

from benchmarks.rivals.base import AS_OF, SIMPLE
from benchmarks.rivals.child import Entry, Options, enter, missing

try:
    import numba
    import numpy as np
    import polars as pl
except ImportError:
    missing("numba, numpy or polars")

DAYS = (7, 30, 90, 180, 365)
TYPES = ("view", "video", "search", "favorite", "cart", "share", "book")
APPS = ("mini_program", "web")
LAST = (0, 1, 2, 4, 6)
DAY = 86_400_000_000
TAGS = tuple(tag.code for tag in SIMPLE if tag.source == "web_event")


def entry(chosen: Options) -> Entry:
    """Load and sort, then pass once."""
    arrays = _arrays(chosen.data)
    columns = _columns(int(arrays["customer_id"].size))
    now = np.int64(pl.Series([AS_OF]).cast(pl.Datetime("us")).to_physical()[0])
    _pass(arrays["first"][:2], *arrays["event"], columns, now)
    made: dict[str, Any] = {}

    def work() -> None:
        made["out"] = _columns(int(arrays["customer_id"].size))
        _pass(arrays["first"], *arrays["event"], made["out"], now)

    def write(out: Path) -> None:
        _frame(arrays["customer_id"], made["out"]).write_parquet(out)

    return Entry(work, write, f"numba {numba.__version__}")


def _columns(customers: int) -> Any:
    return np.zeros((customers, len(TAGS)), np.int64)


def _arrays(data: Path) -> dict[str, Any]:
    """Return customers, where the events of each begin, and the events: time, type, app, seconds."""
    party = pl.scan_parquet(data / "party.parquet").select("party_id", "customer_id")
    codes = {"type": TYPES, "app": APPS}
    rows = (
        pl.scan_parquet(data / "web_event.parquet")
        .filter(pl.col("occurred_at") < AS_OF, pl.col("superseded_at").is_null())
        .join(party, on="party_id")
        .select(
            "customer_id",
            pl.col("occurred_at").cast(pl.Datetime("us")).to_physical(),
            *(
                pl.col(name).replace_strict(
                    list(known), list(range(len(known))), default=-1, return_dtype=pl.Int8
                )
                for name, known in codes.items()
            ),
            "seconds",
        )
        .sort("customer_id")
        .collect()
    )
    customers = (
        party.select("customer_id").unique().sort("customer_id").collect()["customer_id"].to_numpy()
    )
    first = np.append(np.searchsorted(rows["customer_id"].to_numpy(), customers), rows.height)
    event = [rows[name].to_numpy() for name in ("occurred_at", "type", "app", "seconds")]
    return {"customer_id": customers, "first": first, "event": event}


@numba.njit(cache=False)
def _pass(first: Any, at: Any, kind: Any, app: Any, seconds: Any, out: Any, now: Any) -> None:  # noqa: C901, PLR0912, PLR0913, PLR0917 - one loop is the point
    """Fill a row per customer; columns in the order of ``TAGS``."""
    for customer in range(first.size - 1):
        for row in range(first[customer], first[customer + 1]):
            age = now - at[row]
            k = kind[row]
            if age <= 30 * DAY:
                out[customer, 2 * k] += 1
                out[customer, 22] += seconds[row]
            if age <= 365 * DAY:
                out[customer, 2 * k + 1] += 1
                out[customer, 23] += seconds[row]
            for number in range(5):
                if age <= DAYS[number] * DAY:
                    out[customer, 14 + number] += 1
            out[customer, 19] += 1
            if age <= 90 * DAY:
                if app[row] >= 0:
                    out[customer, 20 + app[row]] += 1
                out[customer, 25] = max(out[customer, 25], seconds[row])
            out[customer, 24] += seconds[row]
            for number in range(5):
                if LAST[number] == k:
                    out[customer, 26 + number] = max(out[customer, 26 + number], at[row])
            out[customer, 31] = max(out[customer, 31], at[row])
            if out[customer, 32] == 0 or at[row] < out[customer, 32]:
                out[customer, 32] = at[row]


def _frame(customers: Any, out: Any) -> Any:
    """Return the columns as values; 0 stands for null where nothing is counted."""
    frame = pl.DataFrame(
        {"customer_id": customers, **{code: out[:, n] for n, code in enumerate(TAGS)}}
    )
    nothing = [
        pl.when(pl.col(code) != 0).then(pl.col(code)).alias(code)
        for code in TAGS
        if code.endswith("_at") or code == "longest_90d"
    ]
    frame = frame.with_columns(nothing)
    return frame.with_columns(pl.col(c).cast(pl.Datetime("us")) for c in TAGS if c.endswith("_at"))


if __name__ == "__main__":
    enter(entry)
