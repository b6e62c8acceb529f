"""The retail tags once more, in pandas from plain tables: written apart from the product.

It reads nothing of the product. Two tables go in: ``lines`` (customer, order, at, good, qty, pence;
one row per order line) and ``cash`` (customer, at, pence; refunds negative). All moments are UTC.
"""

import numpy as np
import pandas as pd


def tags(lines, cash, as_of):
    """Return one row per customer who has any row before the moment."""
    now = pd.Timestamp(as_of)
    lines, cash = lines[lines["at"] < now], cash[cash["at"] < now]
    people = pd.Index(sorted({*lines["customer"], *cash["customer"]}), name="number")
    bought = lines[lines["pence"] > 0].assign(day=lambda f: f["at"].dt.normalize())
    out = pd.DataFrame(index=people)
    _purchases(out, bought, now)
    _money(out, cash, now)
    _goods(out, bought)
    _habits(out, bought)
    _stage(out, bought, now)
    _scores(out)
    return out


def _since(rows, now, days):
    return rows[rows["at"] >= now - pd.Timedelta(days=days)]


def _count(out, series):
    return series.reindex(out.index).fillna(0).astype("int64")


def _purchases(out, bought, now):
    by = bought.groupby("customer")
    first, last = by["at"].min().reindex(out.index), by["at"].max().reindex(out.index)
    out["first_purchase_date"] = first.dt.date
    out["last_purchase_date"] = last.dt.date
    out["recency_days"] = (now - last).dt.days.astype("Int64")
    out["order_cnt"] = _count(out, by["order"].nunique())
    for name, days in (("order_cnt_12m", 365), ("order_cnt_90d", 90)):
        out[name] = _count(out, _since(bought, now, days).groupby("customer")["order"].nunique())
    levels = [out["order_cnt_12m"] >= 10, out["order_cnt_12m"] >= 4, out["order_cnt_12m"] >= 1]
    out["purchase_freq_level"] = np.select(levels, ["high", "mid", "low"], "none")
    days = _count(out, by["day"].nunique())
    out["repeat_buyer"] = np.select([days >= 2, days == 1], ["returning", "first_time"], "none")


def _money(out, cash, now):
    out["net_spend"] = _count(out, cash.groupby("customer")["pence"].sum())
    year = _since(cash, now, 365)
    out["net_spend_12m"] = _count(out, year.groupby("customer")["pence"].sum())
    two = _since(cash, now, 730)
    prior = _count(out, two[~two.index.isin(year.index)].groupby("customer")["pence"].sum())
    recent = out["net_spend_12m"]
    out["spend_trend"] = np.select(
        [prior <= 0, recent * 10 >= prior * 13, recent * 10 >= prior * 7],
        ["na", "up", "flat"],
        "down",
    )
    out["customer_value_level"] = np.select(
        [recent >= 500_000, recent >= 100_000, recent > 0], ["high", "mid", "low"], "none"
    )
    orders = out["order_cnt"].astype("Int64").replace(0, pd.NA)
    out["avg_order_value"] = out["net_spend"].astype("Int64") // orders
    received = _count(out, cash[cash["pence"] > 0].groupby("customer")["pence"].sum())
    returned = -_count(out, cash[cash["pence"] < 0].groupby("customer")["pence"].sum())
    rate = returned.astype("Float64") / received.astype("Float64").replace(0, pd.NA)
    out["refund_rate"] = rate.clip(upper=1.0)


def _goods(out, bought):
    known = bought[bought["good"].notna()]
    by = known.groupby(["customer", "good"])
    ranked = by.agg(pence=("pence", "sum"), rows=("pence", "size")).reset_index()
    best = ranked.sort_values(["customer", "pence", "good"], ascending=[True, False, True])
    out["top_item"] = (
        best.drop_duplicates("customer").set_index("customer")["good"].reindex(out.index)
    )
    often = ranked.sort_values(["customer", "rows", "good"], ascending=[True, False, True])
    lists = often.groupby("customer").head(5).groupby("customer")["good"].agg(sorted)
    out["top_items"] = lists.reindex(out.index)
    out["item_variety"] = _count(out, known.groupby("customer")["good"].nunique())
    out["units_bought"] = _count(out, bought.groupby("customer")["qty"].sum())
    lines = _count(out, bought.groupby("customer").size()).astype("Float64")
    out["basket_size"] = lines / out["order_cnt"].astype("Float64").replace(0, pd.NA)


def _habits(out, bought):
    days = bought[["customer", "day"]].drop_duplicates().sort_values(["customer", "day"])
    gaps = days.groupby("customer")["day"].diff().dt.days
    found = days.assign(gap=gaps).dropna().groupby("customer")["gap"].agg(_lower_median)
    out["repurchase_cycle_days"] = found.reindex(out.index).astype("Int64")
    ratio = out["recency_days"].astype("Float64") / out["repurchase_cycle_days"].astype("Float64")
    out["repurchase_overdue_ratio"] = ratio
    orders = bought.groupby(["customer", "order"])["at"].min().reset_index()
    late = np.where(orders["at"].dt.hour >= 18, "weekday_eve", "weekday_day")
    orders["slot"] = np.where(orders["at"].dt.day_of_week >= 5, "weekend", late)
    counts = orders.groupby(["customer", "slot"]).size().rename("n").reset_index()
    counts = counts.sort_values(["customer", "n", "slot"], ascending=[True, False, True])
    slot = counts.drop_duplicates("customer").set_index("customer")["slot"].reindex(out.index)
    out["purchase_time_pref"] = slot.where(out["order_cnt"] >= 3, "unknown").fillna("unknown")


def _lower_median(gaps):
    return sorted(gaps)[(len(gaps) - 1) // 2]


def _stage(out, bought, now):
    late = bought["at"] >= now - pd.Timedelta(days=60)
    back = bought[late].groupby("customer")["at"].min().reindex(out.index)
    before = bought[~late].groupby("customer")["at"].max().reindex(out.index)
    first = bought.groupby("customer")["at"].min().reindex(out.index)
    gap, age = (back - before).dt.days, (now - first).dt.days
    recency = out["recency_days"].astype("Float64").fillna(10**6).astype("int64")
    out["lifecycle_stage"] = np.select(
        [
            out["recency_days"].isna().to_numpy(dtype=bool),
            (gap > 180).to_numpy(),
            (age <= 60).to_numpy(),
            *((recency <= days).to_numpy() for days in (90, 180, 365)),
        ],
        ["prospect", "reactivated", "new", "active", "silent", "dormant"],
        "lost",
    )
    stage, ratio = out["lifecycle_stage"], out["repurchase_overdue_ratio"].fillna(0)
    out["next_action"] = np.select(
        [
            stage == "prospect",
            stage.isin(["silent", "dormant", "lost"]),
            out["repeat_buyer"] == "first_time",
            (ratio >= 0.8).to_numpy(dtype=bool),
        ],
        ["to_convert", "to_wake", "to_second", "to_repurchase"],
        "keep",
    )


def _fifth(values):
    """Return 0 to 4: which fifth of the ranks a value lies in, ties lowest."""
    known = values.dropna().astype("int64")
    place = known.rank(method="min").astype("int64") - 1
    return (place * 5 // max(len(known), 1)).reindex(values.index).astype("Int64")


def _scores(out):
    buyers = out["order_cnt"] > 0
    out["rfm_r"] = 5 - _fifth(out["recency_days"])
    out["rfm_f"] = 1 + _fifth(out["order_cnt"].astype("Int64").where(buyers))
    out["rfm_m"] = 1 + _fifth(out["net_spend"].astype("Int64").where(buyers))
    r, f, m = (out[name].fillna(0).astype("int64") for name in ("rfm_r", "rfm_f", "rfm_m"))
    out["rfm_segment"] = np.select(
        [
            f == 0,
            (r >= 4) & (f >= 4) & (m >= 4),
            (r >= 3) & (f <= 3) & (m >= 4),
            (r >= 3) & (f >= 4),
            (r <= 2) & (m >= 4),
            r >= 4,
            r == 3,
            f >= 2,
        ],
        ["na", "champion", "big_spender", "loyal", "at_risk", "promising", "need_attention", "hibernating"],
        "lost_low",
    )  # fmt: skip


def segments(out):
    """Return segment code -> how many customers of the frame it must hold."""
    stage, overdue = out["lifecycle_stage"], out["repurchase_overdue_ratio"].fillna(0) >= 1
    refunds = out["refund_rate"].fillna(0) < 0.5
    chosen = {
        "champions": out["rfm_segment"] == "champion",
        "at_risk": out["rfm_segment"] == "at_risk",
        "second_order": (out["repeat_buyer"] == "first_time")
        & stage.isin(["new", "active"])
        & (out["recency_days"].fillna(0) >= 14),
        "due_again": overdue & stage.isin(["new", "active", "silent"]),
        "win_back": stage.isin(["silent", "dormant"]) & refunds,
        "promo_event": pd.Series(data=False, index=out.index),
        "cart_reminder": pd.Series(data=False, index=out.index),
    }
    return {code: int(mask.sum()) for code, mask in chosen.items()}
