"""Commands about tags: list, show, lint."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from zhiyan.app.distribution import spread
from zhiyan.app.settings import PACKS_FOLDER, read_settings
from zhiyan.cli.options import JsonOption, WorkspaceOption, folder_of, reading
from zhiyan.cli.output import Shown, cell, console, errors, print_json, table
from zhiyan.core.tag import Tag
from zhiyan.errors import Problem, UsageError
from zhiyan.lang.catalogue import Catalogue, Category
from zhiyan.lang.load import load_catalogue
from zhiyan.lang.render import render
from zhiyan.lang.windows import window_text

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
        found = spread(ready.engine, ready.catalogue, known[0], tag=tag) if known else None
        used = ready.catalogue.used_by.get(code, ())
        shown = Shown(zone=ready.settings.zone, views=ready.catalogue.views)
    if json:
        print_json({"tag": tag, "distribution": found, "used_by": used})
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


def _show_definition(tag: Tag, used: Sequence[str]) -> None:
    console.print(f"[bold]{tag.name_zh}[/] {tag.name_en}（{tag.code}，版本 {tag.fingerprint[:8]}）")
    console.print(tag.description_zh, markup=False)
    facts = (
        ("种类", tag.kind), ("类型", tag.type), ("敏感级", tag.sensitivity), ("同意", tag.consent),
        ("营销用途", tag.marketing_use), ("刷新", tag.refresh), ("负责人", tag.owner),
        ("权重", tag.weight), ("优先级", tag.priority), ("示例", tag.example),
        ("读取标签", tag.depends_on), ("被使用于", used), ("定义位置", tag.where),
    )  # fmt: skip
    table("说明", ("项", "内容"), [(name, cell(value)) for name, value in facts if value])
    for measure in tag.measures:
        text = f"{measure.name} = {render(measure.aggregate)} ← {measure.source}，{window_text(measure.window)}"
        where = f"，条件 {render(measure.where)}" if measure.where else ""
        console.print(text + where, markup=False)
    rules = [(render(case.when), render(case.then)) for case in tag.cases]
    table("规则", ("条件", "值"), [*rules, ("其他", render(tag.otherwise))])
    if tag.values:
        table("值域", ("值", "含义", "说明"), [(v.value, v.zh, v.meaning) for v in tag.values])


@tags.command("lint")
def lint(
    workspace: WorkspaceOption = None,
    pack: Annotated[str | None, typer.Option(help="检查定义包 / check a pack instead")] = None,
    *,
    json: JsonOption = False,
) -> None:
    """检查全部定义 / Check all definitions, every mistake at once."""
    if pack:
        folders, params = [PACKS_FOLDER / pack], {}
    else:
        folder = folder_of(workspace)
        settings = read_settings(folder)
        folders, params = [PACKS_FOLDER / settings.pack, folder / "packs"], dict(settings.params)
    catalogue = load_catalogue(folders, params)
    if json:
        print_json({"tags": len(catalogue.tags), "warnings": catalogue.warnings})
        return
    for warning in catalogue.warnings:
        errors.print(str(warning), markup=False)
    console.print(f"{len(catalogue.tags)} 个标签、{len(catalogue.segments)} 个人群，没有错误")
