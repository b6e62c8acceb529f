"""Commands about snapshots: compute, refresh, and what follows from them."""

from datetime import UTC
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from zhiyan.app.files import write_rows
from zhiyan.cli.options import (
    AsOfOption,
    JsonOption,
    SnapshotOption,
    WorkspaceOption,
    moment_of,
    opened,
)
from zhiyan.cli.output import Shown, console, print_json, table, yuan
from zhiyan.core.difference import Difference
from zhiyan.core.evidence import Evidence
from zhiyan.core.identity import public_id
from zhiyan.core.snapshot import Manifest
from zhiyan.core.tag import Tag
from zhiyan.lang.render import render
from zhiyan.pipeline.compare import Comparison

MembersOption = Annotated[
    str | None, typer.Option("--members", help="逐人列出该标签的变化 / list who changes a tag")
]


def compute(
    workspace: WorkspaceOption = None,
    as_of: AsOfOption = None,
    known_at: Annotated[
        str | None, typer.Option("--known-at", help="只用当时已知的数据 / only what was known then")
    ] = None,
    *,
    json: JsonOption = False,
) -> None:
    """计算全部标签，得到不可变快照 / Compute all tags as of a moment into a snapshot."""
    with opened(workspace) as ready:
        known = moment_of(ready, known_at) if known_at else None
        manifest = ready.compute(moment_of(ready, as_of), known)
    show_manifest(manifest, json=json)


def refresh(
    workspace: WorkspaceOption = None, as_of: AsOfOption = None, *, json: JsonOption = False
) -> None:
    """只重算受影响的客户，结果与全量相同 / Bring the newest snapshot up to date."""
    with opened(workspace) as ready:
        manifest = ready.refresh(moment_of(ready, as_of))
    show_manifest(manifest, json=json)


def show_manifest(manifest: Manifest, *, json: bool) -> None:
    """Print what a snapshot is and how long it took."""
    if json:
        print_json(manifest)
        return
    seconds = sum(manifest.timings.values())
    console.print(
        f"快照 [bold]{manifest.snapshot_id}[/]：{manifest.customers:,} 位客户，"
        f"{len(manifest.tags)} 个标签，{sum(manifest.events.values()):,} 条事实，{seconds:.1f} 秒"
    )


def list_snapshots(workspace: WorkspaceOption = None, *, json: JsonOption = False) -> None:
    """列出快照 / List snapshots."""
    with opened(workspace) as ready:
        manifests = ready.snapshots()
    if json:
        print_json(manifests)
        return
    rows = [
        (m.snapshot_id, m.as_of, m.known_at, m.customers, len(m.tags), m.based_on or "")
        for m in manifests
    ]
    columns = ("编号", "截至 (UTC)", "已知至 (UTC)", "客户", "标签", "基于")
    table("快照", columns, rows)


def select(  # noqa: PLR0913 - one option each
    where: Annotated[str, typer.Argument(help="表达式或分群编码 / expression or segment code")],
    *,
    workspace: WorkspaceOption = None,
    snapshot: SnapshotOption = None,
    columns: Annotated[
        str, typer.Option("--columns", help="随名单列出的标签，逗号分隔 / tags to list, by comma")
    ] = "",
    limit: Annotated[int, typer.Option(help="预览人数 / how many to list")] = 10,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="全部写入 .csv .parquet .jsonl / write all to a file"),
    ] = None,
    json: JsonOption = False,
) -> None:
    """圈选人群：计数、预览或写入文件 / Count, preview or write whom an expression matches."""
    codes = [code.strip() for code in columns.split(",") if code.strip()]
    with opened(workspace) as ready:
        found = ready.select(
            where, snapshot=snapshot, columns=codes, limit=None if output else limit
        )
    if output:
        write_rows(found.rows, output)
    if json:
        print_json({"snapshot": found.snapshot.snapshot_id, "counts": found.counts,
                    "rows": [] if output else found.rows})  # fmt: skip
        return
    counts = found.counts
    console.print(
        f"命中 [bold]{counts.matched:,}[/]，不符 {counts.not_matched:,}，未知 {counts.unknown:,}，"
        f"合计 {counts.total:,}（快照 {found.snapshot.snapshot_id}）"
    )
    if output:
        console.print(f"名单已写入 {output}：{found.rows.num_rows:,} 行")
    elif found.rows.num_rows:
        rows = [
            [public_id(r["customer_id"]), *(r[c] for c in codes)] for r in found.rows.to_pylist()
        ]
        table("预览", ("客户", *codes), rows)


def explain(
    customer: Annotated[str, typer.Argument(help="客户编号 / customer id")],
    tag: Annotated[str, typer.Argument(help="标签编码 / tag code")],
    *,
    workspace: WorkspaceOption = None,
    snapshot: SnapshotOption = None,
    json: JsonOption = False,
) -> None:
    """说明客户为何有此标签值、何时会变 / Show why a customer has a tag value, and when it flips."""
    with opened(workspace) as ready:
        card = ready.explain(customer, tag, snapshot=snapshot)
        zone = ready.settings.zone
        catalogue = ready.catalogue
    if json:
        print_json(card)
        return
    _show_card(card, catalogue.tags[card.tag], Shown(zone=zone, views=catalogue.views))


def _show_card(card: Evidence, tag: Tag, shown: Shown) -> None:
    value = shown.value(card.value, tag.type)
    console.print(f"[bold]{tag.name_zh}[/]（{tag.code}，版本 {card.fingerprint[:8]}）= {value}")
    table("规则", ("", "条件", "取值", "成立", "结果"), _clauses(card, shown, tag))
    for counted in card.counted:
        told = shown.value(counted.value, counted.type)
        title = f"{counted.measure} = {told}：{counted.source} 计入 {counted.row_count} 行"
        table(title, counted.columns, shown.rows(counted))
    if card.flip:
        day = shown.zone.day(card.flip.at.replace(tzinfo=UTC))
        after = shown.value(card.flip.value, tag.type)
        console.print(f"若无新事件，{day} 起变为 [bold]{after}[/]")
    else:
        console.print(f"若无新事件，{card.horizon_days} 天内不变")


def _clauses(card: Evidence, shown: Shown, tag: Tag) -> list[tuple[Any, ...]]:
    marks = {True: "是", False: "否", None: "未知"}
    rows: list[tuple[Any, ...]] = []
    for clause in card.clauses:
        values = "，".join(f"{i.name}={shown.value(i.value, i.type)}" for i in clause.inputs)
        text = render(clause.when) if clause.when else "其他 / otherwise"
        verdict = marks[clause.holds] if clause.when else ""
        rows.append(
            (
                "→" if clause.chosen else "",
                text,
                values,
                verdict,
                shown.value(clause.then, tag.type),
            )
        )
    return rows


def diff(
    before: Annotated[str, typer.Argument(help="快照 A / snapshot")],
    after: Annotated[str, typer.Argument(help="快照 B / snapshot")],
    *,
    workspace: WorkspaceOption = None,
    members: MembersOption = None,
    json: JsonOption = False,
) -> None:
    """比较两个快照：谁变了 / Show what separates two snapshots."""
    with opened(workspace) as ready:
        _show(ready.diff(before, after), members, json=json)


def preview(
    file: Annotated[
        Path | None, typer.Argument(help="改动的定义 YAML / changed definitions")
    ] = None,
    *,
    param: Annotated[
        list[str] | None,
        typer.Option("--param", help="参数=新值，金额用元 / PARAMETER=VALUE, money in yuan"),
    ] = None,
    workspace: WorkspaceOption = None,
    members: MembersOption = None,
    json: JsonOption = False,
) -> None:
    """预演定义或参数改动：谁进谁出、涉及多少消费 / Show what changed definitions would do."""
    values: dict[str, object] = {}
    for setting in param or ():
        name, _, value = setting.partition("=")
        values[name.strip()] = yaml.safe_load(value)
    with opened(workspace) as ready:
        _show(ready.preview(file, values), members, json=json)


def forecast(
    days: Annotated[int, typer.Option(min=1, max=3650, help="天数 / days ahead")] = 30,
    *,
    workspace: WorkspaceOption = None,
    members: MembersOption = None,
    json: JsonOption = False,
) -> None:
    """若无新事件，N 天后谁会变 / Show what changes in N days if nobody does anything."""
    with opened(workspace) as ready:
        _show(ready.forecast(days), members, json=json)


def _show(comparison: Comparison, code: str | None, *, json: bool) -> None:
    if code is not None:
        rows = comparison.members(code, limit=1000)
        if json:
            print_json(rows)
            return
        listed = [
            (public_id(r["customer_id"]), r["before"], r["after"], yuan(r["worth_fen"]))
            for r in rows.to_pylist()
        ]
        table(f"{code} 的变化", ("客户", "之前", "之后", "近12月净消费"), listed)
        return
    found = comparison.difference()
    if json:
        print_json(found)
    else:
        _show_difference(found)


def _show_difference(found: Difference) -> None:
    console.print(
        f"{found.before} → {found.after}：{found.customers:,} 位客户，"
        f"新出现 {found.appeared:,}，消失 {found.gone:,}"
    )
    moves = sorted(found.moves, key=lambda move: -move.customers)[:40]
    rows = [(m.tag, m.before, m.after, m.customers, yuan(m.money_fen)) for m in moves]
    table("标签流转", ("标签", "之前", "之后", "客户", "近12月净消费"), rows)
    segments = [
        (s.segment, s.before, s.after, s.entered, s.left, yuan(s.money_entered_fen), yuan(s.money_left_fen))
        for s in found.segments
    ]  # fmt: skip
    table("人群", ("人群", "之前", "之后", "进入", "离开", "进入消费", "离开消费"), segments)
