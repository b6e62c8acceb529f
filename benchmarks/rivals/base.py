"""The 64 base tags, as a list that every rival writes in its own way; values must equal ours.

All windows are ``[T - days, T)``; days of the calendar are those of Shanghai (UTC+8, no summer time).
Counts, sums and distinct counts over nothing are 0, all else is null. Of equally frequent values the
smallest is the most frequent one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

#: The as-of: the end of the group's last day, UTC.
AS_OF = datetime(2025, 12, 31, 16)  # noqa: DTZ001 - as stored
SOURCES = ("web_event", "order_line", "appointment")
#: Which columns of a source the tags read.
COLUMNS = {
    "web_event": ("app", "type", "item_code", "topic", "session", "seconds"),
    "order_line": (
        "clinic", "order_no", "item_code", "qty", "list_fen", "net_fen", "is_gift", "is_test",
        "closed_at", "status",
    ),
    "appointment": ("appt_at", "channel", "status_at", "status"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """One tag: ``how`` is count, sum, min, max, distinct or mode of a column, over some rows.

    ``equals`` is a column and its value; ``days`` the window on ``on``, None for all; ``ahead`` asks
    for rows after T instead.
    """

    code: str
    source: str
    how: str
    column: str = ""
    days: int | None = None
    equals: tuple[str, str] | None = None
    on: str = "occurred_at"
    ahead: bool = False

    @property
    def since(self) -> datetime | None:
        """The begin of the window."""
        return AS_OF - timedelta(days=self.days) if self.days else None

    @property
    def is_counted(self) -> bool:
        """Tell whether the value over nothing is 0."""
        return self.how in {"count", "sum", "distinct"}


def _web() -> list[Tag]:
    """33 simple tags of behaviour: counts by kind of action, sums, first and last moments."""
    kinds = ("view", "video", "search", "favorite", "cart", "share", "book")
    counts = [
        Tag(
            code=f"{kind}_cnt_{days}d",
            source="web_event",
            how="count",
            days=days,
            equals=("type", kind),
        )
        for kind in kinds
        for days in (30, 365)
    ]
    counts += [
        Tag(
            code=f"event_cnt_{days}d" if days else "event_cnt",
            source="web_event",
            how="count",
            days=days,
        )
        for days in (7, 30, 90, 180, 365, None)
    ]
    counts += [
        Tag(code=f"{app}_cnt_90d", source="web_event", how="count", days=90, equals=("app", app))
        for app in ("mini_program", "web")
    ]
    seconds = [
        Tag(
            code=f"seconds_{days}d" if days else "seconds_all",
            source="web_event",
            how="sum",
            column="seconds",
            days=days,
        )
        for days in (30, 365, None)
    ]
    longest = Tag(code="longest_90d", source="web_event", how="max", column="seconds", days=90)
    last = [
        Tag(
            code=f"last_{kind}_at",
            source="web_event",
            how="max",
            column="occurred_at",
            equals=("type", kind),
        )
        for kind in ("view", "video", "search", "cart", "book")
    ]
    edges = [
        Tag(code="last_event_at", source="web_event", how="max", column="occurred_at"),
        Tag(code="first_event_at", source="web_event", how="min", column="occurred_at"),
    ]
    return [*counts, *seconds, longest, *last, *edges]


def _orders() -> list[Tag]:
    """12 tags of paid order lines."""
    spend = [
        Tag(
            code=f"net_{days}d" if days else "net_all",
            source="order_line",
            how="sum",
            column="net_fen",
            days=days,
        )
        for days in (30, 90, 365, None)
    ]
    lines = [
        Tag(
            code=f"line_cnt_{days}d" if days else "line_cnt",
            source="order_line",
            how="count",
            days=days,
        )
        for days in (90, 365, None)
    ]
    more = [
        Tag(code="net_max", source="order_line", how="max", column="net_fen"),
        Tag(code="qty_365d", source="order_line", how="sum", column="qty", days=365),
        Tag(code="list_365d", source="order_line", how="sum", column="list_fen", days=365),
        Tag(code="first_paid_at", source="order_line", how="min", column="occurred_at"),
        Tag(code="last_paid_at", source="order_line", how="max", column="occurred_at"),
    ]
    return [*spend, *lines, *more]


def _appointments() -> list[Tag]:
    """7 tags of appointments."""
    by_status = [
        Tag(
            code=f"{status}_cnt_365d",
            source="appointment",
            how="count",
            days=365,
            equals=("status", status),
            on="appt_at",
        )
        for status in ("arrived", "no_show", "cancelled")
    ]
    return [
        *by_status,
        Tag(code="booking_cnt", source="appointment", how="count"),
        Tag(code="booking_cnt_365d", source="appointment", how="count", days=365),
        Tag(code="ahead_cnt", source="appointment", how="count", on="appt_at", ahead=True),
        Tag(code="last_booked_at", source="appointment", how="max", column="occurred_at"),
    ]


#: 7 distinct counts.
_DISTINCT = [
    Tag(code="item_cnt_90d", source="web_event", how="distinct", column="item_code", days=90),
    Tag(code="item_cnt", source="web_event", how="distinct", column="item_code"),
    Tag(code="topic_cnt", source="web_event", how="distinct", column="topic"),
    Tag(code="session_cnt_30d", source="web_event", how="distinct", column="session", days=30),
    Tag(code="day_cnt_365d", source="web_event", how="distinct", column="day", days=365),
    Tag(code="order_cnt", source="order_line", how="distinct", column="order_no"),
    Tag(code="bought_cnt_365d", source="order_line", how="distinct", column="item_code", days=365),
]  # fmt: skip
#: 5 most frequent values.
_MODES = [
    Tag(code="top_item", source="web_event", how="mode", column="item_code"),
    Tag(code="top_item_90d", source="web_event", how="mode", column="item_code", days=90),
    Tag(code="top_topic", source="web_event", how="mode", column="topic"),
    Tag(code="top_clinic", source="order_line", how="mode", column="clinic"),
    Tag(code="top_channel", source="appointment", how="mode", column="channel"),
]  # fmt: skip
SIMPLE = (*_web(), *_orders(), *_appointments())
TAGS = (*SIMPLE, *_DISTINCT, *_MODES)
assert len(_web()) == 33
assert len(TAGS) == 64
