"""Commands about the life of tags: versions, changes, uses, status, health."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from zhiyan.analytics.stability import SHIFTED
from zhiyan.app import catalogue_life as app
from zhiyan.cli.options import JsonOption, WorkspaceOption, opened, reading
from zhiyan.cli.output import Amount, console, print_json, table
from zhiyan.cli.queue import Language, LanguageOption
from zhiyan.cli.snapshots import MembersOption, show_comparison
from zhiyan.core.time import aware
from zhiyan.lang.lifecycle import RETIRED
from zhiyan.lang.versions import BREAKING, POLICY, WORDS, Change

CodeArgument = Annotated[str, typer.Argument(help="标签编码 / tag code")]
KINDS = {
    BREAKING: ("破坏性", "breaking"), POLICY: ("使用政策", "policy"), WORDS: ("无碍", "harmless"),
}  # fmt: skip
PROPOSALS = {
    "coverage": ("覆盖不足 1%", "covered under 1 %"),
    "unused": ("180 天无人使用", "unused"),
}


def _pick(lang: Language, pair: tuple[str, str]) -> str:
    return pair[0] if lang is Language.ZH else pair[1]


def _columns(lang: Language, chinese: str, english: str) -> list[str]:
    return _pick(lang, (chinese, english)).split(",")


def versions(
    code: CodeArgument,
    workspace: WorkspaceOption = None,
    *,
    lang: LanguageOption = Language.ZH,
    json: JsonOption = False,
) -> None:
    """列出标签的各版本与改动 / List a tag's versions."""
    with reading(workspace) as ready:
        found = app.tag_versions(ready, code)
        zone = ready.settings.zone
    if json:
        print_json([{"version": one, "changes": changed} for one, changed in found])
        return
    rows = [
        (one.short, one.status, zone.to_local(aware(one.first_as_of)), one.first_snapshot[:8],
         _pick(lang, KINDS[_worst(changed)]) if changed else "-",
         "、".join(dict.fromkeys(c.part for c in changed)))
        for one, changed in found
    ]  # fmt: skip
    columns = _columns(
        lang,
        "版本,状态,首见截至,首见快照,改动,部分",
        "Version,Status,First as of,Snapshot,Change,Parts",
    )
    table(_pick(lang, (f"{code} 的版本", f"Versions of {code}")), columns, rows)


def _worst(changed: Sequence[Change]) -> str:
    kinds = {one.kind for one in changed}
    return next(kind for kind in (BREAKING, POLICY, WORDS) if kind in kinds)


def changes(  # noqa: PLR0913 - one option each
    before: Annotated[
        str | None, typer.Argument(help="快照 A，默认最新 / snapshot, default newest")
    ] = None,
    after: Annotated[
        str, typer.Argument(help="快照 B 或 working / snapshot or working")
    ] = "working",
    *,
    preview: Annotated[
        bool, typer.Option("--preview", help="预演现有定义的影响 / preview the files")
    ] = False,
    members: MembersOption = None,
    workspace: WorkspaceOption = None,
    lang: LanguageOption = Language.ZH,
    json: JsonOption = False,
) -> None:
    """两份定义之间改了什么、是否破坏性 / What changed in meaning.

    --preview 另示谁进谁出 / --preview also shows who enters and who leaves.
    """
    old, new = (None, before) if before == app.WORKING else (before, after)
    if preview or members:
        with opened(workspace) as ready:
            show_comparison(app.preview_working(ready), members, json=json)
        return
    with reading(workspace) as ready:
        found = app.tag_changes(ready, old, new)
    if json:
        print_json({"breaking": any(c.kind == BREAKING for c in found), "changes": found})
        return
    rows = [(c.tag, c.part, _pick(lang, KINDS[c.kind]), c.before, c.after) for c in found]
    columns = _columns(lang, "标签,部分,性质,之前,之后", "Tag,Part,Kind,Before,After")
    table(_pick(lang, ("定义的改动", "Changed definitions")), columns, rows)
    broken = len({c.tag for c in found if c.kind == BREAKING})
    text = (f"{broken} 个标签有破坏性改动", f"{broken} tags changed in a breaking way")
    console.print(_pick(lang, text))


def uses(
    code: CodeArgument,
    workspace: WorkspaceOption = None,
    *,
    lang: LanguageOption = Language.ZH,
    json: JsonOption = False,
) -> None:
    """谁在使用该标签 / Who reads a tag: tags, segments, actions."""
    with reading(workspace) as ready:
        found = app.tag_users(ready, code)
    if json:
        print_json(found)
        return
    names = {
        "": ("标签", "tag"), "segment": ("人群", "segment"), "action": ("行动", "action"),
        "suppression": ("暂停规则", "suppression"),
    }  # fmt: skip
    rows = [
        (_pick(lang, names.get(kind, (kind, kind))), name, how)
        for readers, how in (
            (found.direct, _pick(lang, ("直接", "directly"))),
            (found.indirect, _pick(lang, ("间接", "through others"))),
        )
        for reader in readers
        for kind, _, name in [reader.rpartition(":")]
    ]
    rows += [(_pick(lang, ("分类", "taxonomy")), name, "") for name in found.taxonomies]
    columns = _columns(lang, "种类,使用者,方式", "Kind,Reader,How")
    table(_pick(lang, (f"{code} 的使用者", f"Readers of {code}")), columns, rows)


def retire(code: CodeArgument, workspace: WorkspaceOption = None) -> None:
    """停用标签；仍被使用时拒绝 / Retire a tag that nobody uses.

    只写入工作区的 packs/lifecycle.yaml / Writes only into the workspace's own file.
    """
    status(code, RETIRED, workspace)


def status(
    code: CodeArgument,
    new: Annotated[
        str, typer.Argument(metavar="STATUS", help="draft, review, live, retired / 新状态")
    ],
    workspace: WorkspaceOption = None,
) -> None:
    """改变标签状态 / Give a tag another status."""
    with reading(workspace) as ready:
        path = app.set_status(ready, code, new)
    console.print(f"{code}: {new} → {path}", markup=False, soft_wrap=True)


def health(
    workspace: WorkspaceOption = None,
    *,
    lang: LanguageOption = Language.ZH,
    every: Annotated[bool, typer.Option("--all", help="列出全部 / list all")] = False,
    json: JsonOption = False,
) -> None:
    """标签的覆盖、时效、稳定、使用与停用建议 / How tags do.

    PSI 0.1 以下稳定，0.25 以上请查原因 / PSI under 0.1 is steady, from 0.25 on look why.
    """
    with reading(workspace) as ready:
        found = app.tags_health(ready)
    if json:
        print_json(found)
        return
    shown = found if every else [one for one in found if _worth_a_look(one)]
    rows: list[tuple[Any, ...]] = [
        (one.code, _pick(lang, (one.name_zh, one.name_en)), Amount(f"{one.coverage:.1%}"),
         one.fact_age_days, one.psi_previous, one.psi_30d, one.uses, one.readers, _advice(one, lang))
        for one in shown
    ]  # fmt: skip
    columns = _columns(
        lang,
        "编码,名称,覆盖,事实天龄,PSI 前次,PSI 30天,使用,读者,建议",
        "Code,Name,Coverage,Fact age,PSI last,PSI 30d,Uses,Readers,Advice",
    )
    title = (
        f"标签健康：{len(found)} 个，{len(shown)} 个值得一看",
        f"{len(shown)} of {len(found)} tags",
    )
    table(_pick(lang, title), columns, rows, wide={columns[1], columns[3]})


def _worth_a_look(one: app.Health) -> bool:
    shifted = max(one.psi_previous or 0, one.psi_30d or 0) >= SHIFTED
    return bool(one.proposals) or one.stale or shifted


def _advice(one: app.Health, lang: Language) -> str:
    said = [_pick(lang, PROPOSALS[reason]) for reason in one.proposals]
    if said:
        said = [_pick(lang, ("建议停用：", "retire: ")) + "、".join(said)]
    if one.stale:
        said.append(_pick(lang, ("数据陈旧", "stale")))
    if max(one.psi_previous or 0, one.psi_30d or 0) >= SHIFTED:
        said.append(_pick(lang, ("分布漂移", "shifted")))
    return "；".join(said)


def add_to(tags: typer.Typer) -> None:
    """Put the commands below ``zhiyan tags``."""
    for name, command in (
        ("versions", versions), ("changes", changes), ("uses", uses), ("status", status),
        ("retire", retire), ("health", health),
    ):  # fmt: skip
        tags.command(name)(command)
