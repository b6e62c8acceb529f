"""What `zhiyan tags lint` prints: findings with their witness customer."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any

from zhiyan.cli.output import console
from zhiyan.errors import DefinitionError
from zhiyan.lang.chinese import chinese
from zhiyan.lang.lint import Finding, Report

_SEVERITY = {
    "zh": {"error": "错误", "warning": "提醒", "note": "说明"},
    "en": {"error": "error", "warning": "warning", "note": "note"},
}
_COLOURS = {"error": "red", "warning": "yellow", "note": "dim"}


@contextmanager
def told_in(language: str) -> Generator[None]:
    """Let what stops the loading of definitions be told in a language."""
    try:
        yield
    except DefinitionError as error:
        if language != "zh":
            raise
        problems = [
            replace(one, message=chinese(one.message), hint=chinese(one.hint))
            for one in error.problems
        ]
        raise DefinitionError(*problems) from error


def as_data(report: Report) -> dict[str, Any]:
    """Return a report as JSON shows it."""
    return {"failed": report.failed, **asdict(report)}


def show(report: Report, language: str) -> None:
    """Print a report for people, worst findings first."""
    order = list(_COLOURS)
    for finding in sorted(report.findings, key=lambda f: order.index(f.severity)):
        _show(finding, language)
    count = {s: sum(f.severity == s for f in report.findings) for s in order}
    words = _SEVERITY[language]
    found = "、".join(f"{words[s]} {n}" for s, n in count.items() if n)
    if language == "zh":
        head = (
            f"{report.tags} 个标签、{report.segments} 个人群、"
            f"{report.expectations} 条期望（其中 {len(report.proven)} 条已证明）"
        )
        console.print(
            f"{head}：{found if report.failed else _fine('没有错误', found)}", highlight=False
        )
        return
    head = (
        f"{report.tags} tags, {report.segments} segments, "
        f"{report.expectations} expectations ({len(report.proven)} proven)"
    )
    found = found.replace("、", ", ")
    console.print(
        f"{head}: {found if report.failed else _fine('no errors', found)}", highlight=False
    )


def _fine(words: str, found: str) -> str:
    return f"{words}, {found}" if found else words


def _show(finding: Finding, language: str) -> None:
    word = _SEVERITY[language][finding.severity]
    text = finding.zh if language == "zh" else finding.en
    subject = f"{finding.subject}: " if finding.subject else ""
    colour = _COLOURS[finding.severity]
    console.print(f"[{colour}]{word}[/] {finding.code} ", end="")
    console.print(f"{subject}{text}", markup=False, soft_wrap=True, highlight=False)
    if finding.where:
        console.print(f"  {finding.where}", markup=False, soft_wrap=True, style="dim")
    if finding.witness:
        title = "  见证客户" if language == "zh" else "  witness customer"
        values = ", ".join(f"{name} = {value}" for name, value in finding.witness.items())
        console.print(f"{title}: {values}", markup=False, soft_wrap=True, highlight=False)
    for event in finding.events:
        console.print(f"    {_event(event, language)}", markup=False, soft_wrap=True)


def _event(event: Mapping[str, Any], language: str) -> str:
    days = event["days_ago"]
    ago = f"{days:g} 天前" if language == "zh" else f"{days:g} days ago"
    own = ", ".join(f"{k}={v}" for k, v in event.items() if k not in {"kind", "days_ago"})
    return f"{event['kind']} {ago} {own}".rstrip()
