"""Windows as text: which rows a measure counts.

    lifetime                    all rows before T
    30d, 12mo, 24h              [T - 30d, T)
    730d..365d                  [T - 730d, T - 365d)
    next 14d on expire_at       [T, T + 14d) of a planned moment
    future on appt_at           [T, ...) of a planned moment

Any of them may end with ``on <moment column>``; without it the moment is ``occurred_at``.
"""

import re

from zhiyan.core.expression import Call, Node, Ref
from zhiyan.core.measure import Span, Unit, Window
from zhiyan.errors import DefinitionError, Problem

_SPAN = re.compile(r"([0-9]{1,6})\s*(min|h|d|mo)\Z")
_ON = re.compile(r"\s+on\s+([a-z_][a-z0-9_]*)\Z")
_HOURS = {Unit.MINUTE: 1 / 60, Unit.HOUR: 1, Unit.DAY: 24, Unit.MONTH: 24 * 30}
_LONGEST_HOURS = 24 * 366 * 100


def ahead_of_now(node: Node) -> str:
    """Return the name that a comparison wants at or after the as-of, an empty text for others."""
    later = {">": (0, 1), ">=": (0, 1), "<": (1, 0), "<=": (1, 0)}
    if not isinstance(node, Call) or node.op not in later:
        return ""
    moment, now = (node.args[place] for place in later[node.op])
    known = isinstance(moment, Ref) and isinstance(now, Ref) and now.name == "as_of"
    return moment.name if known and isinstance(moment, Ref) else ""


def parse_window(text: str, where: str = "") -> Window:
    """Read a window; raises DefinitionError ``ZY227`` that says what is unclear."""
    body, on = _split_column(text)
    if body == "lifetime":
        return Window(on=on or "occurred_at")
    ahead = body == "future" or body.startswith("next")
    if ahead and on is None:
        raise _unclear(
            text, "a window ahead needs a planned moment", where, hint=f"{body} on appt_at"
        )
    column = on or "occurred_at"
    if body == "future":
        return Window(ahead=True, on=column)
    if ahead:
        length = parse_span(body.removeprefix("next").strip(), where)
        return Window(start=length, ahead=True, on=column)
    if ".." in body:
        return _between(body, column, where)
    return Window(start=parse_span(body, where), on=column)


def parse_span(text: str, where: str = "") -> Span:
    """Read a length such as ``30d``, ``24h``, ``30min`` or ``12mo``; raises DefinitionError ``ZY227``."""
    match = _SPAN.match(text.strip())
    if match is None:
        raise _unclear(text, "not a length of time", where, hint="write 30d, 24h, 30min or 12mo")
    span = Span(int(match[1]), Unit(match[2]))
    if span.count == 0:
        raise _unclear(text, "a length of zero holds no rows", where, hint="write at least 1")
    if span.count * _HOURS[span.unit] > _LONGEST_HOURS:
        raise _unclear(text, "longer than a hundred years", where, hint="write lifetime")
    return span


def parse_elapsed(text: str, where: str = "") -> Span:
    """Read a length of elapsed time, which months are not (``ZY227``)."""
    span = parse_span(text, where)
    if span.unit is Unit.MONTH:
        hint = f"write {30 * span.count}d"
        raise _unclear(text, "months differ in length", where, hint=hint)
    return span


def window_text(window: Window) -> str:
    """Write a window in the form that ``parse_window`` reads."""
    if window.ahead:
        body = "future" if window.start is None else f"next {span_text(window.start)}"
    elif window.start is None:
        body = "lifetime"
    elif window.end is None:
        body = span_text(window.start)
    else:
        body = f"{span_text(window.start)}..{span_text(window.end)}"
    return body if window.on == "occurred_at" else f"{body} on {window.on}"


def span_text(span: Span) -> str:
    """Write a length in the form that ``parse_span`` reads."""
    return f"{span.count}{span.unit.value}"


def _split_column(text: str) -> tuple[str, str | None]:
    stripped = text.strip()
    match = _ON.search(stripped)
    if match is None:
        return stripped, None
    return stripped[: match.start()].strip(), match[1]


def _between(body: str, on: str, where: str) -> Window:
    far, _, near = body.partition("..")
    start, end = parse_span(far, where), parse_span(near, where)
    if start.count * _HOURS[start.unit] <= end.count * _HOURS[end.unit]:
        raise _unclear(
            body, "the first length must be the longer one", where, hint=f"write {near}..{far}"
        )
    return Window(start=start, end=end, on=on)


def _unclear(text: str, why: str, where: str, *, hint: str) -> DefinitionError:
    return DefinitionError(
        Problem(code="ZY227", message=f"window {text.strip()!r}: {why}", where=where, hint=hint)
    )
