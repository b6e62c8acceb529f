"""When an export was made, where the file says so: in its name or in the lines above the header."""

import re
from datetime import datetime, timedelta
from pathlib import PurePath

from zhiyan.pipeline.ingest.read import RawTable

#: Words before a moment of export; a range of the facts ends no later than its export.
_MADE = re.compile(r"(?:导出|生成|下载|打印|制表)(?:时间|日期)?")
_SPAN = re.compile(r"统计|区间|期间|周期|查询|范围|起止|时间段|账期|日期")
_DAY = r"(20\d{2})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?"
_MOMENT = re.compile(_DAY + r"(?:\s*T?\s*(\d{1,2})[::](\d{2})(?:[::](\d{2}))?)?")
_IN_NAME = re.compile(
    r"(?<!\d)(20\d{2})[-_.年]?(0[1-9]|1[0-2])[-_.月]?(0[1-9]|[12]\d|3[01])日?(?!\d)"
)
_END_OF_DAY = timedelta(days=1) - timedelta(seconds=1)


def exported_at(table: RawTable, offset_minutes: int) -> datetime | None:
    """Return the moment of export in naive UTC, None if the file does not tell it.

    A line above the header that speaks of the export comes first, then the end of the span that the
    export covers, then the last date in the file's or sheet's name. A bare day counts to its end.
    """
    found = (
        _last([text for text in table.titles if _MADE.search(text)])
        or _last([text for text in table.titles if _SPAN.search(text)])
        or _in_name(f"{PurePath(table.file).stem} {table.sheet or ''}")
    )
    return None if found is None else found - timedelta(minutes=offset_minutes)


def _last(texts: list[str]) -> datetime | None:
    found = [_moment(match) for text in texts for match in _MOMENT.finditer(text)]
    return max((one for one in found if one is not None), default=None)


def _in_name(name: str) -> datetime | None:
    found = [_day(*match.groups()) for match in _IN_NAME.finditer(name)]
    return max((one + _END_OF_DAY for one in found if one is not None), default=None)


def _moment(match: re.Match[str]) -> datetime | None:
    year, month, number, hour, minute, second = match.groups()
    day = _day(year, month, number)
    if day is None or hour is None:
        return None if day is None else day + _END_OF_DAY
    if int(hour) > 23 or int(minute) > 59 or int(second or 0) > 59:
        return None
    return day + timedelta(hours=int(hour), minutes=int(minute), seconds=int(second or 0))


def _day(year: str, month: str, number: str) -> datetime | None:
    try:
        return datetime(int(year), int(month), int(number))  # noqa: DTZ001 - a local day
    except ValueError:
        return None
