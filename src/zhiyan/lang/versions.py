"""Versions of tags told in parts that people can compare, and what a change breaks."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from zhiyan.core.expression import Node, names
from zhiyan.core.measure import Measure
from zhiyan.core.tag import Tag
from zhiyan.lang.catalogue import Catalogue
from zhiyan.lang.render import render
from zhiyan.lang.usage import measure_nodes
from zhiyan.lang.windows import span_text, window_text

#: What a change of a part means: values may be others, use may be another, or words only.
BREAKING, POLICY, WORDS = "breaking", "policy", "words"
_POLICY_PARTS = ("sensitivity", "consent", "marketing_use", "purposes", "declassified")
_WORD_PARTS = (
    "name_zh", "name_en", "description_zh", "description_en", "category", "owner", "weight",
    "priority", "refresh", "stale_after_days", "example", "history",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One part of a tag that differs; ``before`` None: the part is new, ``after`` None: it is gone.

    ``part`` is ``tag`` where the whole tag is new or gone. ``kind`` is breaking, policy or words.
    """

    tag: str
    part: str
    kind: str
    before: str | None
    after: str | None


def semantic_parts(tag: Tag, catalogue: Catalogue) -> dict[str, str]:
    """Return everything that can change a value of a tag, as text by part."""
    read = {name for node in _nodes(tag) for name in names(node)}
    parts = {"type": tag.type.value, "kind": tag.kind.value, "population": tag.population}
    if tag.values:
        parts["values"] = json.dumps(sorted(value.value for value in tag.values))
    for measure in tag.measures:
        parts |= {f"{measure.name}.{key}": text for key, text in _measure(measure).items()}
    for number, case in enumerate(tag.cases, 1):
        parts[f"case {number}"] = f"{render(case.when)} -> {render(case.then)}"
    parts["otherwise"] = render(tag.otherwise)
    for code, param in catalogue.params.items():
        if f"param.{code}" in read:
            parts[f"param.{code}"] = str(param.literal.value)
    for code in tag.depends_on:
        if code in catalogue.tags:
            parts[f"input {code}"] = catalogue.tags[code].fingerprint
    parts["fingerprint"] = tag.fingerprint
    return parts


def described_parts(tag: Tag) -> dict[str, str]:
    """Return everything else that a definition says, as text by part."""
    plain = {name: getattr(tag, name) for name in (*_POLICY_PARTS, *_WORD_PARTS)}
    values = {f"value {v.value}": f"{v.zh} / {v.en} / {v.meaning}" for v in tag.values}
    return {name: _text(value) for name, value in plain.items()} | values


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, cast("tuple[object, ...]", value)))
    return "" if value is None else str(value)


def _nodes(tag: Tag) -> list[Node]:
    cases = [part for case in tag.cases for part in (case.when, case.then)]
    return [tag.otherwise, *cases, *(n for m in tag.measures for n in measure_nodes(m))]


def _measure(measure: Measure) -> dict[str, str]:
    follow = measure.follow
    found = {
        "source": measure.source,
        "where": render(measure.where) if measure.where else "",
        "window": window_text(measure.window),
        "aggregate": render(measure.aggregate),
        "per": ", ".join(measure.per),
        "inner": ", ".join(f"{name} = {render(node)}" for name, node in measure.inner),
        "having": render(measure.having) if measure.having else "",
        "follow": f"{follow.source} {span_text(follow.within)}" if follow else "",
        "empty": _text(measure.empty.value),
    }
    return {key: text for key, text in found.items() if text}


def changes(
    code: str, before: Mapping[str, str] | None, after: Mapping[str, str] | None
) -> list[Change]:
    """Return what differs between two versions of a tag (all parts together); None: no such tag.

    A new tag breaks nothing, a tag that is gone does. The fingerprint alone differs where a source
    or an input of an input changed: the part is then called ``inherited``.
    """
    if before is None or after is None:
        kind = BREAKING if after is None else WORDS
        texts = {
            "before": None if before is None else code,
            "after": None if after is None else code,
        }
        return [] if before is after else [Change(tag=code, part="tag", kind=kind, **texts)]
    found = [
        Change(tag=code, part=part, kind=_kind(part, before, after),
               before=before.get(part), after=after.get(part))
        for part in dict.fromkeys([*before, *after])
        if part != "fingerprint" and before.get(part) != after.get(part)
    ]  # fmt: skip
    if before["fingerprint"] != after["fingerprint"] and not any(c.kind == BREAKING for c in found):
        texts = {"before": before["fingerprint"][:8], "after": after["fingerprint"][:8]}
        found.append(Change(tag=code, part="inherited", kind=BREAKING, **texts))
    return found


def _kind(part: str, before: Mapping[str, str], after: Mapping[str, str]) -> str:
    if part in _POLICY_PARTS:
        return POLICY
    if part in _WORD_PARTS or part.startswith("value "):
        return WORDS
    if part == "values" and part in before and part in after:
        lost = set(json.loads(before[part])) - set(json.loads(after[part]))
        return BREAKING if lost else WORDS
    if part == "population":
        return BREAKING if after.get(part) == "valid" else WORDS
    return BREAKING
