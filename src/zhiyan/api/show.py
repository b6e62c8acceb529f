"""Values as text, in Chinese and English."""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from zhiyan.api.models import Raw, Shown, Text
from zhiyan.app.reads import Label
from zhiyan.core.expression import Value, ValueType
from zhiyan.core.time import aware

UNKNOWN = ("未知", "Unknown")
EPOCH = date(1970, 1, 1)
_DAYS = re.compile(r"\d{4}-\d{2}-\d{2}\.\.\d{4}-\d{2}-\d{2}")
NO_LABELS: Mapping[str, Label] = {}


def show(
    value: Value, kind: ValueType, labels: Mapping[str, Label] = NO_LABELS, *, offset: int = 0
) -> Shown:
    """Return a value with its text; ``offset`` minutes lead from UTC to the business zone."""
    if value is None:
        return Shown(value=None, zh=UNKNOWN[0], en=UNKNOWN[1])
    if isinstance(value, tuple):
        return _show_list(value, labels)
    if isinstance(value, bool):
        return Shown(value=value, zh="是" if value else "否", en="Yes" if value else "No")
    if isinstance(value, str):
        name = labels.get(value) or _range(value)
        return Shown(value=value, zh=name.zh, en=name.en)
    text = _plain(value, kind, offset)
    return Shown(value=raw(value), zh=text, en=text)


def _range(value: str) -> Label:
    """Return a text as it stands, a range of days (``2026-09-01..2026-09-07``) in words."""
    if _DAYS.fullmatch(value) is None:
        return Label(value, value)
    first, last = value.split("..")
    return Label(f"{first} 至 {last}", f"{first} to {last}")


def _show_list(values: tuple[str, ...], labels: Mapping[str, Label]) -> Shown:
    names = [labels.get(value, Label(value, value)) for value in values]
    if not names:
        return Shown(value=[], zh="无", en="None")
    return Shown(
        value=list(values),
        zh="、".join(name.zh for name in names),
        en=", ".join(name.en for name in names),
    )


def _plain(value: float | date, kind: ValueType, offset: int) -> str:
    if isinstance(value, datetime):
        return f"{value + timedelta(minutes=offset):%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    if kind is ValueType.MONEY:
        return money(value)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.4f}".rstrip("0").rstrip(".") or "0"


def money(fen: float) -> str:
    """Return fen as yuan: ``¥1,234.50``, without decimals where they are zero."""
    sign = "-" if fen < 0 else ""
    text = f"{abs(fen) / 100:,.2f}"
    return f"{sign}¥{text.removesuffix('.00')}"


def raw(value: Value) -> Raw:
    """Return a value as JSON takes it: dates and moments as ISO text, lists as lists."""
    if isinstance(value, datetime):
        return aware(value).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def edge(number: float, kind: ValueType) -> Shown:
    """Return the edge of a histogram bin; rounded in print.

    Dates and moments come as days since 1970, money as fen.
    """
    if kind in (ValueType.DATE, ValueType.MOMENT):
        return show(EPOCH + timedelta(days=int(number)), ValueType.DATE)
    if kind is ValueType.MONEY:
        said = money(round(number / 100) * 100)
        return Shown(value=number, zh=said, en=said)
    if kind is ValueType.INT and number == int(number):
        return show(int(number), kind)
    said = f"{float(f'{number:.3g}'):,.10g}"
    return Shown(value=number, zh=said, en=said)


def text(label: Label) -> Text:
    """Return a label as an answer."""
    return Text(zh=label.zh, en=label.en)
