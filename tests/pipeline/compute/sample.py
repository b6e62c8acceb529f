"""A small pack with a tag for every shape that a plan knows."""

import json
from pathlib import Path

COMMON = {
    "category": ["basic", "all"], "owner": "测试", "population": "valid", "refresh": "daily",
    "weight": 0.1, "priority": "P2", "sensitivity": "S4", "consent": "care_record",
    "marketing_use": "exclude_only", "purposes": ["gate"], "example": "样例", "origin": ["seed0"],
}  # fmt: skip

FACTS = {
    "orders_90d": ("int", "order_line", "90d", "count(distinct order_no)", "not is_gift and net_fen > 0"),
    "spend_12mo": ("money", "payment", "12mo", "sum(amount_fen)", "tender <> 'stored_value'"),
    "spend_before": ("money", "payment", "730d..365d", "sum(amount_fen)", None),
    "last_visit": ("moment", "visit", "lifetime", "max(occurred_at)", "effective"),
    "next_appt": ("moment", "appointment", "future on appt_at", "min(appt_at)", "status = 'booked'"),
    "no_shows": ("int", "appointment", "365d on appt_at", "count(*)", "status = 'no_show'"),
    "coupon_soon": ("bool", "coupon", "next 14d on expire_at", "any(used_at is null)", None),
    "favourite": ("ref", "treatment", "lifetime", "mode(item_code)", None),
    "categories": ("list", "order_line", "730d", "set(item.category)", "not is_gift"),
    "city": ("text", "profile", "lifetime", "last(city)", None),
    "birth": ("date", "profile", "lifetime", "last(birthdate)", None),
    "last_reply_days": ("int", "wecom_event", "365d", "min(days_since(occurred_at))", "direction = 'in'"),
    "acts": ("int", "activity", "180d", "count(*)", None),
    "unanswered": ("int", "touch", "60d", "streak(replied_at is not null or clicked_at is not null)", "class = 'marketing'"),
    "gap": ("int", "order_line", "lifetime", "median_gap_days(on_day(occurred_at))", "not is_gift"),
    "returned": ("bool", "visit", "lifetime", "any(days_between(previous_at, occurred_at) > 100)", "effective"),
    "open_complaint": ("bool", "complaint", "lifetime", "any(status = 'open')", None),
    "test_account": ("bool", "profile", "lifetime", "any(is_test)", None),
}  # fmt: skip

RULES = [
    {"code": "valid_customer", "kind": "rule", "type": "bool", "population": "all",
     "value": "not coalesce(test_account, false)"},
    {"code": "due_ratio", "kind": "fact", "type": "decimal", "source": "treatment",
     "where": "item.interval_days is not null", "per": "item_code",
     "inner": {"last_at": "max(occurred_at)", "days": "max(item.interval_days)"},
     "aggregate": "min(days_since(last_at) / days)"},
    {"code": "cart_left", "kind": "fact", "type": "bool", "source": "web_event", "window": "30d",
     "where": "type = 'cart' and hours_since(occurred_at) >= 24",
     "follow": {"source": "order_line", "within": "24h"}, "aggregate": "any(not followed)"},
    {"code": "interests", "kind": "fact", "type": "list", "source": "web_event", "window": "30d",
     "per": "item_code",
     "inner": {"score": "sum(decay(days_since(occurred_at), 7, 1))"}, "having": "score > 1000",
     "aggregate": "top(item_code, 2, score)"},
    {"code": "warmth", "kind": "rule", "type": "enum",
     "values": {v: {"zh": v, "en": v} for v in ("warm", "cool", "cold")},
     "measures": {"score": {"source": "web_event", "window": "90d", "empty": 0, "aggregate":
                            "sum(decay(landmark(5) - day_number(occurred_at), 5, 10))"}},
     "cases": [{"when": "score >= decay(landmark(5) - day_number(as_of), 5, 8)", "then": "warm"},
               {"when": "score > 0", "then": "cool"}], "otherwise": "cold"},
    {"code": "level", "kind": "rule", "type": "enum",
     "values": {v: {"zh": v, "en": v} for v in ("high", "some", "none")},
     "cases": [{"when": "spend_12mo >= param.high", "then": "high"},
               {"when": "spend_12mo > 0", "then": "some"}], "otherwise": "none"},
    {"code": "active", "kind": "rule", "type": "enum",
     "values": {v: {"zh": v, "en": v} for v in ("active", "asleep", "never")},
     "cases": [{"when": "last_visit is null", "then": "never"},
               {"when": "days_since(last_visit) <= param.active_days", "then": "active"}],
     "otherwise": "asleep"},
    {"code": "rank", "kind": "rule", "type": "decimal", "value": "rank_share(spend_12mo, level)"},
    {"code": "age", "kind": "rule", "type": "int", "value": "years_since(birth)"},
    {"code": "missed_since_visit", "kind": "fact", "type": "int", "source": "appointment",
     "where": "status = 'no_show'", "since": {"source": "visit", "where": "effective"},
     "aggregate": "count(*)"},
    {"code": "bought_since_contact", "kind": "fact", "type": "money", "source": "order_line",
     "window": "730d", "since": {"source": "touch", "never": "none"}, "aggregate": "sum(net_fen)"},
    {"code": "last_three", "kind": "fact", "type": "list", "source": "treatment", "latest": 3,
     "aggregate": "set(item_code)"},
    {"code": "last_acts", "kind": "fact", "type": "int", "source": "activity", "latest": 4,
     "aggregate": "max(days_between(previous_at, occurred_at))"},
    {"code": "last_two_orders", "kind": "fact", "type": "money", "source": "order_line",
     "per": "order_no", "inner": {"spend": "sum(net_fen)", "occurred_at": "max(occurred_at)"},
     "having": "spend > yuan(100)", "latest": "param.orders", "aggregate": "min(spend)"},
    {"code": "sessions", "kind": "fact", "type": "int", "source": "web_event", "session": "24h",
     "inner": {"events": "count(*)"}, "having": "events > 1", "aggregate": "count(*)"},
    {"code": "last_session", "kind": "fact", "type": "list", "source": "web_event",
     "session": "40h", "latest": 1, "inner": {"seen": "set(item_code)"}, "aggregate": "last(seen)"},
    {"code": "cart_to_order", "kind": "fact", "type": "int", "source": "web_event",
     "where": "type = 'cart'",
     "follow": {"source": "order_line", "where": "net_fen > 0", "within": "90d",
                "without": {"source": "visit"}},
     "aggregate": "max(days_between(occurred_at, followed_at))"},
    {"code": "carts_lost", "kind": "fact", "type": "int", "source": "web_event",
     "where": "type = 'cart'",
     "follow": {"source": "order_line", "within": "30d",
                "without": {"source": "visit", "where": "effective"}},
     "aggregate": "count(case when not followed then 1 end)"},
    {"code": "months_in_a_row", "kind": "fact", "type": "int", "source": "activity",
     "aggregate": "longest_run(month_number(occurred_at))"},
    {"code": "paid_in_a_row", "kind": "fact", "type": "int", "source": "order_line",
     "aggregate": "longest_streak(net_fen > yuan(300))"},
    {"code": "spend_band", "kind": "rule", "type": "int", "value": "band(spend_12mo, param.bands)"},
    {"code": "city_peers", "kind": "rule", "type": "text",
     "value": "case when peers(city) >= 3 then left(city, 1) end"},
    {"code": "next_round", "kind": "rule", "type": "date",
     "value": "add_months(on_day(last_visit), 1)"},
]  # fmt: skip


def tags() -> list[dict]:
    made = []
    for code, (kind, source, window, aggregate, where) in FACTS.items():
        tag = {"code": code, "kind": "fact", "type": kind, "source": source, "window": window,
               "aggregate": aggregate}  # fmt: skip
        if where:
            tag["where"] = where
        if code in ("spend_12mo", "spend_before"):
            tag["empty"] = 0
        if code == "test_account":
            tag["population"] = "all"
        made.append(tag)
    named = {
        "name": {"zh": "样例", "en": "Sample"},
        "description": {"zh": "样例说明。", "en": "A sample."},
    }
    return [
        {**COMMON, **named, "name": {"zh": f"样例 {t['code']}", "en": t["code"]}, **t}
        for t in [*made, *RULES]
    ]


PACK = {
    "code": "sample",
    "name": {"zh": "样例包", "en": "Sample"},
    "version": "1.0.0",
    "description": {"zh": "测试用的小包", "en": "A small pack for tests"},
    "categories": {
        "basic": {"zh": "基础", "en": "Basic", "children": {"all": {"zh": "全部", "en": "All"}}}
    },
    "params": {
        "high": {"type": "money", "default": 1000, "zh": "高价值线", "en": "High value line"},
        "active_days": {"type": "int", "default": 60, "zh": "活跃天数", "en": "Active days"},
        "orders": {"type": "int", "default": 2, "zh": "订单数", "en": "Orders"},
        "bands": {"type": "int", "default": 4, "zh": "档数", "en": "Bands"},
    },
}
VIEWS = {
    "views": {
        "activity": {
            "zh": "有效行为",
            "en": "Activity",
            "union": [
                {"source": "visit", "where": "effective", "columns": {"what": "'visit'"}},
                {"source": "order_line", "where": "not is_gift", "columns": {"what": "'order'"}},
            ],
        }
    }
}
SEGMENTS = {
    "segments": [
        {
            "code": "sleeping_rich",
            "name": {"zh": "沉睡高价值", "en": "Sleeping rich"},
            "description": {"zh": "高价值但沉睡。", "en": "High value, asleep."},
            "where": "level = 'high' and active = 'asleep'",
            "owner": "测试",
        }
    ]
}


def write(folder: Path) -> Path:
    """Write the pack; JSON is YAML, so the loader reads it like any other file."""
    (folder / "tags").mkdir(parents=True)
    files = {"pack": PACK, "views": VIEWS, "segments": SEGMENTS, "tags/all": {"tags": tags()}}
    for name, content in files.items():
        text = json.dumps(content, ensure_ascii=False, indent=1)
        (folder / f"{name}.yaml").write_text(text, "utf-8")
    return folder
