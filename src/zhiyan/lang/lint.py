"""What is wrong, or may be wrong, in a catalogue that loads: each finding with a witness customer."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from zhiyan.core.expectation import Expectation
from zhiyan.core.expression import Literal, Node, Value, ValueType
from zhiyan.core.measure import Measure
from zhiyan.core.tag import MarketingUse, Tag
from zhiyan.errors import Problem
from zhiyan.lang.bounds import window_spans
from zhiyan.lang.catalogue import Catalogue, Range
from zhiyan.lang.check import bind
from zhiyan.lang.chinese import chinese
from zhiyan.lang.codes import UnknownCode, unknown_codes
from zhiyan.lang.customers import History, histories, told
from zhiyan.lang.evaluate import evaluate
from zhiyan.lang.judge import Judge, Verdicts, read_tags
from zhiyan.lang.prove import is_proven
from zhiyan.lang.render import render
from zhiyan.lang.samples import MOMENT
from zhiyan.lang.volatile import compares, is_volatile, reads_clock

#: How many customers are imagined for one expectation, for one domain, and for the order of events.
TRIES, DOMAIN_TRIES, ORDER_TRIES = 400, 150, 15
#: Days within which a tag of each refresh is told anew.
PERIOD_DAYS = {
    "realtime": 1, "hourly": 1, "on_event": 1, "daily": 1, "weekly": 7, "monthly": 31,
    "yearly": 366,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to look at.

    ``severity`` is error, warning or note. ``witness`` are values of one customer that show it, by
    name; ``events`` are her events, each with its kind; both empty where nobody can show it.
    """

    code: str
    severity: str
    subject: str
    zh: str
    en: str
    where: str = ""
    witness: Mapping[str, str] | None = None
    events: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All findings, and what was looked at."""

    tags: int
    segments: int
    expectations: int
    proven: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def failed(self) -> bool:
        """True if any finding is an error."""
        return any(finding.severity == "error" for finding in self.findings)


#: Hears how far a long step has come: name, done, total.
Heard: TypeAlias = Callable[[str, int, int | None], None]


def read_only(catalogue: Catalogue) -> Report:
    """Report what reading the definitions told: nothing is tried out."""
    findings = [_known(problem) for problem in catalogue.warnings]
    restless = _restless(catalogue)
    for tag in catalogue.tags.values():
        findings += _staleness(catalogue, tag, restless=tag.code in restless)
    findings += [_unknown(found) for found in unknown_codes(catalogue)]
    return _report(catalogue, (), findings)


def lint(catalogue: Catalogue, *, heard: Heard | None = None) -> Report:
    """Look for what cannot be told by reading single definitions.

    Declared expectations are proven, refuted by a customer, or left open; values are held against
    declared domains; every tag is told again from the same events in another order; staleness is
    held against refresh.
    """
    findings = list(read_only(catalogue).findings)
    proven: list[str] = []
    hear = heard or _nobody
    for number, expectation in enumerate(catalogue.expectations):
        hear("expectations", number, len(catalogue.expectations))
        found = _expected(catalogue, expectation)
        if found is None:
            proven.append(expectation.code)
        else:
            findings.append(found)
    for number, tag in enumerate(catalogue.tags.values()):
        hear("tags", number, len(catalogue.tags))
        findings.extend(_told(catalogue, tag))
    hear("tags", len(catalogue.tags), len(catalogue.tags))
    return _report(catalogue, proven, findings)


def _nobody(name: str, done: int, total: int | None) -> None:
    """Hear nothing."""
    del name, done, total


def _report(catalogue: Catalogue, proven: Iterable[str], findings: Iterable[Finding]) -> Report:
    return Report(
        tags=len(catalogue.tags),
        segments=len(catalogue.segments),
        expectations=len(catalogue.expectations),
        proven=tuple(proven),
        findings=tuple(findings),
    )


_TITLES = {
    "ZY250": "没有客户能取到的值",
    "ZY251": "没有找到会命中的客户",
    "ZY252": "从未用到的度量",
    "ZY253": "度量与标签同名",
}


def _known(problem: Problem) -> Finding:
    """Turn a warning of the loading into a finding."""
    title = _TITLES.get(problem.code, "提示")
    hint = f"; {problem.hint}" if problem.hint else ""
    advice = f"；{chinese(problem.hint)}" if problem.hint else ""
    return Finding(
        code=problem.code,
        severity="warning",
        subject="",
        zh=f"{title}：{chinese(problem.message)}{advice}",
        en=f"{problem.message}{hint}",
        where=problem.where,
    )


_CODES = {"item_code": ("项目", "item"), "clinic": ("门店", "clinic")}


def _unknown(found: UnknownCode) -> Finding:
    """Turn a code that nobody has into a finding."""
    zh, en = _CODES[found.column]
    return Finding(
        code="ZY261",
        severity="note",
        subject=found.subject,
        zh=f"没有编码为 {found.code} 的{zh}，没有数据会带它；{chinese(found.hint)}",
        en=f"there is no {en} {found.code}, so nothing has it; {found.hint}",
        where=found.where,
    )


def _staleness(catalogue: Catalogue, tag: Tag, *, restless: bool) -> Iterator[Finding]:
    """Compare how long a value may stand with how often it is told."""
    period, limit = PERIOD_DAYS[tag.refresh], tag.stale_after_days
    if limit is not None and limit < period:
        yield _of(
            tag,
            "ZY254",
            zh=f"{limit} 天后即过期，但每 {period} 天才刷新一次，选人时会落空",
            en=f"stale after {limit} days, but told anew only every {period}: it cannot be relied on",
        )
    if limit is None and tag.marketing_use is MarketingUse.INCLUDE and restless:
        yield _of(
            tag,
            "ZY255",
            zh="没有新事件也会变化，且可用于营销选人，却没有写 stale_after_days",
            en="changes without new events and may select people, but has no stale_after_days",
        )
    for code in tag.depends_on:
        other = catalogue.tags[code]
        if limit is not None and PERIOD_DAYS[other.refresh] > limit:
            yield _of(
                tag,
                "ZY256",
                zh=f"要求 {limit} 天内新鲜，但所读的 {code} 每 {PERIOD_DAYS[other.refresh]} 天才刷新",
                en=f"must be fresh within {limit} days, but reads {code}, told every "
                f"{PERIOD_DAYS[other.refresh]}",
            )


def _restless(catalogue: Catalogue) -> set[str]:
    """Return the tags that can change although nothing happens to the customer.

    By the clock, a window, a planned moment that passes, how others move, or a tag that can.
    """
    found: set[str] = set()
    for tag in catalogue.tags.values():
        nodes = (tag.otherwise, *(part for case in tag.cases for part in (case.when, case.then)))
        if (
            any(reads_clock(node) or compares(node) for node in nodes)
            or any(is_volatile(measure) or _passes(measure) for measure in tag.measures)
            or not found.isdisjoint(tag.depends_on)
        ):
            found.add(tag.code)
    return found


def _passes(measure: Measure) -> bool:
    """Tell whether rows enter or leave the window of a measure as time passes."""
    window = measure.window
    return bool(window_spans(window)) or window.ahead or window.on != "occurred_at"


def _of(tag: Tag, code: str, *, zh: str, en: str) -> Finding:
    severity = "warning" if code == "ZY254" else "note"
    return Finding(code=code, severity=severity, subject=tag.code, zh=zh, en=en, where=tag.where)


def _expected(catalogue: Catalogue, expectation: Expectation) -> Finding | None:
    """Return None if an expectation is proven, else who breaks it, or that it stays open."""
    given, then = (bind(node, catalogue.literals) for node in (expectation.given, expectation.then))
    judge = Judge(catalogue, read_tags(catalogue, expectation.given, expectation.then))
    met = 0
    for number, history in enumerate(histories(judge.palette, seed=expectation.code, count=TRIES)):
        verdicts = judge.judge(history, seed=str(number))
        if verdicts is None or evaluate(given, verdicts.tags, MOMENT) is not True:
            continue
        met += 1
        if evaluate(then, verdicts.tags, MOMENT) is not True:
            return _broken(expectation, judge, (verdicts, history))
    if is_proven(catalogue, expectation):
        return None
    return Finding(
        code="ZY258",
        severity="note",
        subject=expectation.code,
        zh=f"“{expectation.name_zh}”未能证明，但试过的 {met} 位符合条件的客户都满足",
        en=f"{expectation.name_en!r} could not be proven; {met} customers tried all meet it",
        where=expectation.where,
    )


def _broken(expectation: Expectation, judge: Judge, seen: tuple[Verdicts, History]) -> Finding:
    verdicts, history = seen
    rule = f"{render(expectation.given)} => {render(expectation.then)}"
    read = sorted(read_tags(judge.catalogue, expectation.given, expectation.then))
    return Finding(
        code="ZY257",
        severity="error",
        subject=expectation.code,
        zh=f"“{expectation.name_zh}”不成立：{rule}",
        en=f"{expectation.name_en!r} does not hold: {rule}",
        where=expectation.where,
        witness=_witness(judge, verdicts, read),
        events=_events(history),
    )


def _told(catalogue: Catalogue, tag: Tag) -> Iterator[Finding]:
    """Hold the values of imagined customers against the declared domain, and against themselves."""
    judge = Judge(catalogue, frozenset({tag.code}))
    limits = catalogue.domains.get(tag.code)
    tries = ORDER_TRIES if limits is None else DOMAIN_TRIES
    for number, history in enumerate(histories(judge.palette, seed=tag.code, count=tries)):
        verdicts = judge.judge(history, seed=str(number))
        if verdicts is None:
            continue
        value = verdicts.tags[tag.code]
        seen = (verdicts, history)
        if limits is not None and _outside(value, limits):
            said = (f"取值 {value} 超出声明的范围", f"its value {value} is outside the domain")
            yield _witnessed((tag, judge), "ZY259", seen, said=said)
            return
        turned = {kind: list(reversed(rows)) for kind, rows in history.items()}
        again = judge.judge(turned, seed=str(number))
        if again is not None and again.tags[tag.code] != value:
            said = (
                "同样的事件换一种顺序，取值就不同",
                "other values for the same events, reordered",
            )
            yield _witnessed((tag, judge), "ZY260", seen, said=said)
            return


def _witnessed(
    about: tuple[Tag, Judge], code: str, seen: tuple[Verdicts, History], *, said: tuple[str, str]
) -> Finding:
    """Return an error about a tag, with the customer who shows it."""
    tag, judge = about
    verdicts, history = seen
    return Finding(
        code=code,
        severity="error",
        subject=tag.code,
        zh=said[0],
        en=said[1],
        where=tag.where,
        witness=_witness(judge, verdicts, [tag.code]),
        events=_events(history),
    )


def _outside(value: Value, limits: Range) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    low, high = limits.min, limits.max
    return (low is not None and value < low) or (high is not None and value > high)


def _witness(judge: Judge, verdicts: Verdicts, read: list[str]) -> dict[str, str]:
    """Return the values of some tags, and of the measures behind them that have one."""
    types = {tag.code: tag.type for tag in judge.tags}
    shown = {code: _text(verdicts.tags[code], types[code]) for code in read}
    for tag in judge.tags:
        for measure in tag.measures:
            name = f"{tag.code}.{measure.name}"
            if tag.code in read and verdicts.measures[name] is not None:
                shown[name] = _text(verdicts.measures[name], measure.type)
    return shown


def _text(value: Value, type_: ValueType) -> str:
    node: Node = Literal(value, type_)
    return render(node)


def _events(history: History) -> tuple[dict[str, Any], ...]:
    found = [{"kind": kind, **told(row)} for kind, rows in sorted(history.items()) for row in rows]
    return tuple(sorted(found, key=lambda row: -row["days_ago"]))
