"""Commands about tags: list, show, lint."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal

import typer

from zhiyan.app.catalogue_life import has_quality, quality_history
from zhiyan.app.distribution import spread
from zhiyan.app.reference import clinics_of
from zhiyan.app.session import WAREHOUSE
from zhiyan.app.settings import PACKS_FOLDER, Settings, available_packs, read_settings
from zhiyan.app.workspace import Workspace
from zhiyan.cli import linting
from zhiyan.cli.options import JsonOption, WorkspaceOption, folder_of, reading
from zhiyan.cli.output import Amount, Shown, bars, cell, console, print_json, table
from zhiyan.core.tag import Tag
from zhiyan.core.time import aware
from zhiyan.errors import OutsideError, Problem, UsageError
from zhiyan.lang.catalogue import Catalogue, Category
from zhiyan.lang.clinics import ClinicSettings
from zhiyan.lang.lint import lint as run_lint
from zhiyan.lang.lint import read_only
from zhiyan.lang.load import load_catalogue
from zhiyan.lang.narrowed import narrowing
from zhiyan.lang.nearest import nearest
from zhiyan.lang.render import render
from zhiyan.lang.windows import window_text

#: How many snapshots `tags show` looks back.
POINTS = 12

tags = typer.Typer(help="标签目录 / tag catalogue", no_args_is_help=True)


@tags.command("list")
def list_tags(
    workspace: WorkspaceOption = None,
    taxonomy: Annotated[str | None, typer.Option(help="分类视角，如 a、c / taxonomy")] = None,
    *,
    json: JsonOption = False,
) -> None:
    """列出标签 / List tags by category."""
    with reading(workspace) as ready:
        catalogue = ready.catalogue
    if json:
        print_json(list(catalogue.tags.values()))
        return
    place = _places(catalogue, taxonomy)
    rows = sorted(
        (place[tag.code], tag.code, tag.name_zh, tag.kind, tag.type, tag.sensitivity)
        for tag in catalogue.tags.values()
        if tag.code in place
    )
    title = f"{catalogue.name_zh}：{len(rows)} 个标签"
    columns = ("类目", "编码", "名称", "种类", "类型", "敏感级")
    table(title, columns, rows, wide={"种类", "敏感级"})


def _places(catalogue: Catalogue, taxonomy: str | None) -> dict[str, str]:
    """Return the name of the group in which each tag hangs; tags without one are left out.

    Raises UsageError ``ZY106`` if there is no such taxonomy.
    """
    if taxonomy is None:
        return {tag.code: _category(tag, catalogue.categories) for tag in catalogue.tags.values()}
    chosen = catalogue.taxonomies.get(taxonomy)
    if chosen is None:
        hint = f"taxonomies are {', '.join(catalogue.taxonomies)}"
        message = f"there is no taxonomy {taxonomy!r}"
        raise UsageError(Problem(code="ZY106", message=message, hint=hint))
    groups = {code: chosen.group_of(code) for code in catalogue.tags}
    return {code: group.name_zh for code, group in groups.items() if group}


def _category(tag: Tag, categories: Mapping[str, Category]) -> str:
    found = categories.get("/".join(tag.category))
    return found.name_zh if found else "/".join(tag.category)


@tags.command("show")
def show(
    code: Annotated[str, typer.Argument(help="标签编码 / tag code")],
    workspace: WorkspaceOption = None,
    *,
    json: JsonOption = False,
) -> None:
    """显示标签口径与分布 / Show a tag's definition and spread."""
    with reading(workspace) as ready:
        tag = ready.tag(code)
        known = ready.snapshots()
        computed = bool(known) and tag.code in known[0].tags
        found = spread(ready.engine, ready.catalogue, known[0], tag=tag) if computed else None
        used = ready.catalogue.used_by.get(tag.code, ())
        past = quality_history(ready, tag.code) if has_quality(ready) else []
        zone = ready.settings.zone
        shown = Shown(zone=ready.settings.zone, views=ready.catalogue.views)
    if json:
        print_json({"tag": tag, "distribution": found, "used_by": used, "quality": past})
        return
    _show_definition(tag, used)
    if found:
        bars = [(shown.tag(bar.value, tag), bar.customers) for bar in found.bars]
        bins = [
            (f"{shown.edge(b.low, tag)} ~ {shown.edge(b.high, tag)}", b.customers)
            for b in found.bins
        ]
        rest = [("其他", found.other)] if found.other else []
        title = f"分布：{found.known:,} 位有值，共 {found.total:,} 位"
        table(title, ("值", "客户"), [*(bars or bins), *rest])
    if past:
        rows = [
            (zone.to_local(aware(p.as_of)), Amount(f"{p.coverage:.1%}"), p.psi_previous, p.psi_30d)
            for p in past[:POINTS]
        ]
        table("历次快照", ("截至", "覆盖", "PSI 前次", "PSI 30天"), rows)


def _show_definition(tag: Tag, used: Sequence[str]) -> None:
    console.print(f"[bold]{tag.name_zh}[/] {tag.name_en}（{tag.code}，版本 {tag.fingerprint[:8]}）")
    console.print(tag.description_zh, markup=False, soft_wrap=True)
    facts = (
        ("状态", tag.status), ("种类", tag.kind), ("类型", tag.type), ("敏感级", tag.sensitivity), ("同意", tag.consent),
        ("营销用途", tag.marketing_use), ("刷新", tag.refresh), ("负责人", tag.owner),
        ("权重", tag.weight), ("优先级", tag.priority), ("示例", tag.example),
        ("读取标签", tag.depends_on), ("被使用于", used), ("定义位置", tag.where),
    )  # fmt: skip
    table("说明", ("项", "内容"), [(name, cell(value)) for name, value in facts if value])
    for measure in tag.measures:
        text = f"{measure.name} = {render(measure.aggregate)} ← {measure.source}，{window_text(measure.window)}"
        where = f"，条件 {render(measure.where)}" if measure.where else ""
        more = "".join(f"，{field} {said}" for field, said in narrowing(measure))
        console.print(text + where + more, markup=False, soft_wrap=True)
    rules = [(render(case.when), render(case.then)) for case in tag.cases]
    table("规则", ("条件", "值"), [*rules, ("其他", render(tag.otherwise))])
    if tag.values:
        table("值域", ("值", "含义", "说明"), [(v.value, v.zh, v.meaning) for v in tag.values])


@tags.command("lint")
def lint(  # noqa: PLR0913, PLR0917 - one parameter per option
    workspace: WorkspaceOption = None,
    pack: Annotated[str | None, typer.Option(help="检查定义包 / check a pack instead")] = None,
    output: Annotated[
        Literal["text", "json"], typer.Option("--format", help="输出形式 / output form")
    ] = "text",
    language: Annotated[
        Literal["zh", "en"], typer.Option(help="说明文字的语言 / language of the findings")
    ] = "zh",
    *,
    quick: Annotated[
        bool, typer.Option("--quick", help="只检查定义，不找反例 / definitions only, no witnesses")
    ] = False,
    json: JsonOption = False,
) -> None:
    """检查全部定义并给出反例客户 / Check all definitions; findings show a witness customer.

    退出码：0 没有错误，1 有错误，2 定义写错 / exit code: 0 no errors, 1 errors, 2 wrong definitions.
    """
    with linting.told_in(language):
        catalogue = _definitions(workspace, pack)
    with bars() as progress:
        report = read_only(catalogue) if quick else run_lint(catalogue, heard=progress.step)
    if json or output == "json":
        print_json(linting.as_data(report))
    else:
        linting.show(report, language)
    if report.failed:
        raise typer.Exit(1)


def _definitions(workspace: Path | None, pack: str | None) -> Catalogue:
    """Load a pack, or the pack and the own definitions of a workspace."""
    if pack:
        known = available_packs()
        if pack not in known:
            hint = nearest(pack, known) or f"packs are {', '.join(known)}"
            raise UsageError(Problem(code="ZY104", message=f"there is no pack {pack!r}", hint=hint))
        return load_catalogue([PACKS_FOLDER / pack])
    folder = folder_of(workspace)
    settings = read_settings(folder)
    folders = [PACKS_FOLDER / settings.pack, folder / "packs"]
    return load_catalogue(folders, settings.params, clinics=_clinics(folder, settings))


def _clinics(folder: Path, settings: Settings) -> Sequence[ClinicSettings]:
    """Return all clinics; those of the settings alone while the warehouse cannot be read."""
    if (folder / WAREHOUSE).is_file():
        with suppress(OutsideError), Workspace.reading(folder) as ready:
            return ready.clinics
    return clinics_of(settings)
