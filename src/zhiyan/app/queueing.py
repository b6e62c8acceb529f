"""The queue of a workspace, and what it says in words, Chinese and English."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from zhiyan.app.lookup import seen_by
from zhiyan.app.reads import Label
from zhiyan.app.workspace import Workspace
from zhiyan.core.action import WEIGHT_UNIT, Action, Purpose
from zhiyan.core.expression import Value, ValueType
from zhiyan.core.snapshot import Manifest
from zhiyan.core.tag import Tag
from zhiyan.lang.catalogue import Catalogue
from zhiyan.pipeline.queue import (
    Contribution,
    Entry,
    Held,
    Ranking,
    Request,
    Sensitivity,
    rank,
    run_of,
    sensitivity,
)
from zhiyan.pipeline.queue.sql import Run
from zhiyan.ports import Statement

#: How long the head of the queue is that the sensitivity report watches.
HEAD = 50

PURPOSES = {
    Purpose.SERVICE: Label("服务", "service"),
    Purpose.MARKETING: Label("营销", "marketing"),
    Purpose.MEDICAL_MARKETING: Label("医疗营销", "medical marketing"),
}


class QueueReads(Protocol):
    """What the API asks about the queue, at the newest snapshot."""

    def queue(self, request: Request) -> tuple[Ranking, "Words"]:
        """Return the queue that is asked for, and what says it in words."""
        ...

    def queue_choices(self) -> tuple["Choices", "Words"]:
        """Return by what the queue can be narrowed."""
        ...

    def queue_sensitivity(self, request: Request, size: int) -> tuple[Sensitivity, "Words"]:
        """Return which change of a weight reorders the first ``size`` rows."""
        ...


def ranked(workspace: Workspace, request: Request, *, snapshot: str | None = None) -> Ranking:
    """Return the queue at a snapshot; raises as ``pipeline.queue.run_of`` and ``rank`` do."""
    return rank(_run(workspace, snapshot), request)


def weights_tried(
    workspace: Workspace, request: Request, *, size: int = HEAD, snapshot: str | None = None
) -> Sensitivity:
    """Return which change of a weight reorders the head of the queue."""
    return sensitivity(_run(workspace, snapshot), request, size=size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """By what the queue can be narrowed: clinics and consultants with their customers, actions.

    ``clinics`` and ``owners`` map codes to customers at the newest snapshot, most first.
    """

    clinics: Mapping[str, int]
    owners: Mapping[str, int]
    actions: tuple[Action, ...]


def choices(workspace: Workspace) -> Choices:
    """Return by what the queue can be narrowed; raises UsageError ``ZY501`` without a snapshot."""
    manifest = workspace.snapshot(None)
    playbook = workspace.catalogue.playbook

    def customers(code: str) -> dict[str, int]:
        if code not in manifest.tags:
            return {}
        counted = Statement(
            f'SELECT "{code}"::VARCHAR AS code, count(*) AS n FROM snapshot.t_{manifest.snapshot_id}'  # noqa: S608 - declared names
            f' WHERE "{code}" IS NOT NULL GROUP BY ALL ORDER BY n DESC, code LIMIT 1000'
        )
        return {row["code"]: row["n"] for row in workspace.engine.query(counted).to_pylist()}

    return Choices(
        clinics=customers(playbook.clinic_tag),
        owners=customers(playbook.owner_tag),
        actions=tuple(playbook.actions.values()),
    )


def _run(workspace: Workspace, name: str | None) -> Run:
    manifest: Manifest = workspace.snapshot(name)
    catalogue = seen_by(workspace.catalogue, manifest)
    offset = workspace.settings.zone.offset_minutes
    return run_of(workspace.engine, catalogue, manifest, offset=offset)


def points(score: int) -> str:
    """Return a score as people read it: ``62.5``; full strength of weight 1 is 100.

    Example:
        >>> points(62_500_000)
        '62.5'
    """
    whole, rest = divmod(score, WEIGHT_UNIT)
    return f"{whole}.{rest:06d}".rstrip("0").rstrip(".")


def weight_text(weight: int) -> str:
    """Return a weight in millionths as it is declared: ``0.15``."""
    return points(weight)


def _no_names(_tag: str) -> Mapping[str, Label]:
    return {}


@dataclass(frozen=True, slots=True)
class Words:
    """Says the rows of the queue in both languages; ``names`` gives names of a tag's values."""

    catalogue: Catalogue
    names: Callable[[str], Mapping[str, Label]] = _no_names

    def action(self, code: str) -> Action:
        """Return an action of the pack."""
        return self.catalogue.playbook.actions[code]

    def tag(self, code: str) -> Label:
        """Return the name of a tag."""
        tag = self.catalogue.tags[code]
        return Label(tag.name_zh, tag.name_en)

    def name(self, code: str) -> Label:
        """Return the name of an action."""
        action = self.action(code)
        return Label(action.name_zh, action.name_en)

    def level(self, code: str) -> Label:
        """Return where an action stands whatever its score: first, or its priority."""
        action = self.action(code)
        if action.first:
            return Label("最先", "first")
        return Label(action.priority, action.priority)

    def held(self, held: Held) -> Label:
        """Return the name of a suppression; one that holds for want of knowledge says so."""
        one = self.catalogue.playbook.suppressions[held.code]
        if held.known:
            return Label(one.name_zh, one.name_en)
        return Label(f"{one.name_zh}（不明，按有处理）", f"{one.name_en} (unknown, taken as yes)")

    def contribution(self, one: Contribution) -> Label:
        """Return what a tag adds, and how: ``客户价值等级 高价值 +50（权重 0.5 × 强度 100）``."""
        tag = self.catalogue.tags[one.tag]
        value, added = self.value(one), points(one.points)
        weight = weight_text(one.weight)
        return Label(
            f"{tag.name_zh} {value.zh} +{added}（权重 {weight} × 强度 {one.strength}）",
            f"{tag.name_en} {value.en} +{added} (weight {weight} x strength {one.strength})",
        )

    def value(self, one: Contribution) -> Label:
        """Return the value of the tag that adds, in words."""
        return shown(self.catalogue.tags[one.tag], one.value, self.names(one.tag))

    def code(self, tag: str, code: str | None) -> Label:
        """Return the name of a code that a tag holds, such as that of a clinic."""
        return self.names(tag).get(code or "", Label(code or "", code or ""))

    def because(self, entry: Entry) -> Label:
        """Return why a row stands where it does: level, purpose, and every tag that adds."""
        level, purpose = self.level(entry.action), PURPOSES[self.action(entry.action).purpose]
        adding = [self.contribution(one) for one in entry.contributions if one.points]
        none = Label("没有标签加分", "no tag adds")
        parts = adding or [none]
        return Label(
            f"{level.zh}·{purpose.zh}；" + "；".join(part.zh for part in parts),
            f"{level.en}, {purpose.en}; " + "; ".join(part.en for part in parts),
        )

    def short(self, entry: Entry) -> Label:
        """Return the tags that add, with what they add: ``客户价值等级 高价值 +50``."""
        parts = [(self.catalogue.tags[one.tag], one) for one in entry.contributions if one.points]
        return Label(
            "；".join(f"{t.name_zh} {self.value(c).zh} +{points(c.points)}" for t, c in parts),
            "; ".join(f"{t.name_en} {self.value(c).en} +{points(c.points)}" for t, c in parts),
        )


def shown(tag: Tag, value: Value, more: Mapping[str, Label] | None = None) -> Label:
    """Return a value of a tag in words: names of codes (``more`` beside its own), yes and no, yuan."""
    if value is None:
        return Label("未知", "unknown")
    if isinstance(value, bool):
        return Label("是", "yes") if value else Label("否", "no")
    names = {**(more or {}), **{one.value: Label(one.zh, one.en) for one in tag.values}}
    if isinstance(value, tuple):
        labels = [names.get(member, Label(member, member)) for member in value]
        return Label("、".join(one.zh for one in labels), ", ".join(one.en for one in labels))
    if isinstance(value, str):
        return names.get(value, Label(value, value))
    if tag.type is ValueType.MONEY and isinstance(value, int):
        text = f"¥{value // 100:,}.{value % 100:02d}" if value >= 0 else f"-¥{-value / 100:,.2f}"
    elif isinstance(value, float):
        text = f"{value:.3f}".rstrip("0").rstrip(".")
    else:
        text = f"{value:,}" if isinstance(value, int) else value.isoformat()
    return Label(text, text)
