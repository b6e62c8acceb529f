"""Commands about snapshots: compute, refresh, and what follows from them."""

from pathlib import Path
from typing import Annotated

import typer
import yaml

from zhiyan.app.catalogue_life import outdated_names
from zhiyan.app.files import write_rows
from zhiyan.app.lookup import tag_at, tag_named
from zhiyan.app.manual import entries_behind
from zhiyan.app.uses import note_uses, read_by
from zhiyan.app.workspace import Audience
from zhiyan.cli.card import show_card
from zhiyan.cli.manual import show_beside
from zhiyan.cli.options import (
    AsOfOption,
    JsonOption,
    SnapshotOption,
    WorkspaceOption,
    moment_of,
    opened,
    reading,
)
from zhiyan.cli.output import Shown, console, errors, plain, print_json, table, yuan
from zhiyan.core.difference import Difference
from zhiyan.core.expression import ValueType
from zhiyan.core.identity import public_id
from zhiyan.core.snapshot import Manifest
from zhiyan.core.tag import Tag
from zhiyan.core.time import aware
from zhiyan.lang.catalogue import Catalogue
from zhiyan.pipeline.compare import Comparison

#: How many moves and members the terminal shows; files and ``--json`` hold all.
MOVES, MEMBERS, EVERYONE = 40, 1000, 1 << 40

MembersOption = Annotated[
    str | None, typer.Option("--members", help="列出该标签变化的人 / who changes it")
]


def compute(
    workspace: WorkspaceOption = None,
    as_of: AsOfOption = None,
    known_at: Annotated[
        str | None, typer.Option("--known-at", help="只用当时已知 / only what was known")
    ] = None,
    *,
    json: JsonOption = False,
) -> None:
    """计算全部标签得到快照 / Compute all tags into a snapshot."""
    with opened(workspace) as ready:
        known = moment_of(ready, known_at) if known_at else None
        manifest = ready.compute(moment_of(ready, as_of), known)
    show_manifest(manifest, json=json)


def refresh(
    workspace: WorkspaceOption = None, as_of: AsOfOption = None, *, json: JsonOption = False
) -> None:
    """只重算受影响的客户 / Bring the snapshot up to date.

    结果与全量计算相同 / The result equals a full compute.
    """
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
    with reading(workspace) as ready:
        manifests = ready.snapshots()
        zone = ready.settings.zone
    if json:
        print_json(manifests)
        return
    rows = [
        (
            m.snapshot_id, zone.to_local(aware(m.as_of)),
            zone.to_local(aware(m.known_at)), m.customers, len(m.tags),
            (m.based_on or "")[:8],
        )
        for m in manifests
    ]  # fmt: skip
    columns = ("编号", "截至", "已知至", "客户", "标签", "基于")
    table(f"快照（时刻为 {zone.name}）", columns, rows, wide={"基于"})


def select(  # noqa: PLR0913 - one option each
    where: Annotated[str, typer.Argument(help="表达式或分群 / expression or segment")],
    *,
    workspace: WorkspaceOption = None,
    snapshot: SnapshotOption = None,
    columns: Annotated[str, typer.Option("--columns", help="列出的标签 / tags, by comma")] = "",
    limit: Annotated[int, typer.Option(help="预览人数 / how many to list", min=0)] = 10,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="写入 / write .csv .parquet .jsonl"),
    ] = None,
    json: JsonOption = False,
) -> None:
    """圈选人群并计数或导出 / Count, list or write an audience."""
    codes = [code.strip() for code in columns.split(",") if code.strip()]
    most = None if output else limit
    with reading(workspace) as ready:
        found = ready.select(where, snapshot=snapshot, columns=codes, limit=most)
        note_uses(ready, read_by(ready, where, codes), "select")
        for warning in outdated_names(ready, where):
            errors.print(str(warning), markup=False)
        tags = [ready.tag(code) for code in codes]
        shown = Shown(zone=ready.settings.zone, views=ready.catalogue.views)
    if output:
        money = [tag.code for tag in tags if tag.type is ValueType.MONEY]
        write_rows(found.rows, output, money=money)
    if json:
        rows = [] if output else found.rows
        print_json({"snapshot": found.snapshot.snapshot_id, "counts": found.counts, "rows": rows})
        return
    _show_audience(found, tags, shown, output=output)


def _show_audience(found: Audience, tags: list[Tag], shown: Shown, *, output: Path | None) -> None:
    counts = found.counts
    console.print(
        f"命中 [bold]{counts.matched:,}[/]，不符 {counts.not_matched:,}，未知 {counts.unknown:,}，"
        f"合计 {counts.total:,}（快照 {found.snapshot.snapshot_id}）"
    )
    if output:
        text = f"名单已写入 {output}：{found.rows.num_rows:,} 行"
        console.print(text, markup=False, soft_wrap=True)
    elif found.rows.num_rows:
        rows = [
            [public_id(r["customer_id"]), *(shown.tag(r[tag.code], tag) for tag in tags)]
            for r in found.rows.to_pylist()
        ]
        table(f"预览前 {len(rows)} 位", ("客户", *(tag.code for tag in tags)), rows)


def explain(
    customer: Annotated[str, typer.Argument(help="客户编号 / customer id")],
    tag: Annotated[str, typer.Argument(help="标签编码 / tag code")],
    *,
    workspace: WorkspaceOption = None,
    snapshot: SnapshotOption = None,
    json: JsonOption = False,
) -> None:
    """说明标签值的由来 / Show why a customer has a tag value.

    以及何时会变 / And on which day it changes if nothing happens.
    """
    with reading(workspace) as ready:
        card = ready.explain(customer, tag, snapshot=snapshot)
        note_uses(ready, [card.tag], "explain")
        entered = entries_behind(
            ready, ready.snapshot(snapshot), customer_id=card.customer_id, tag=card.tag
        )
        zone = ready.settings.zone
        catalogue = ready.catalogue
    if json:
        print_json({**plain(card), "entered": entered})
        return
    shown = Shown(zone=zone, views=catalogue.views)
    show_card(card, catalogue.tags[card.tag], shown)
    show_beside(entered, catalogue.tags[card.tag], shown=shown, catalogue=catalogue)


def diff(
    before: Annotated[str, typer.Argument(help="快照 A / snapshot")],
    after: Annotated[str, typer.Argument(help="快照 B / snapshot")],
    *,
    workspace: WorkspaceOption = None,
    members: MembersOption = None,
    json: JsonOption = False,
) -> None:
    """比较两个快照：谁变了 / Show what separates two snapshots."""
    with reading(workspace) as ready:
        if members is not None:
            later = ready.snapshot(after)
            tag_at(ready.catalogue, later, members, zone=ready.settings.zone)
        show_comparison(ready.diff(before, after), members, json=json)


def preview(
    file: Annotated[
        Path | None, typer.Argument(help="改动的定义 YAML / changed definitions")
    ] = None,
    *,
    param: Annotated[
        list[str] | None,
        typer.Option("--param", help="参数=新值 / NAME=VALUE, money in yuan"),
    ] = None,
    workspace: WorkspaceOption = None,
    members: MembersOption = None,
    json: JsonOption = False,
) -> None:
    """预演定义或参数的改动 / Show what a changed rule would do.

    谁进谁出、涉及多少消费 / Who enters, who leaves, and how much they spend.
    """
    values: dict[str, object] = {}
    for setting in param or ():
        name, _, value = setting.partition("=")
        values[name.strip()] = yaml.safe_load(value)
    with opened(workspace) as ready:
        if members is not None and file is None:
            ready.tag(members)
        show_comparison(ready.preview(file, values), members, json=json)


def forecast(
    days: Annotated[int, typer.Option(min=1, max=3650, help="天数 / days ahead")] = 30,
    *,
    workspace: WorkspaceOption = None,
    members: MembersOption = None,
    json: JsonOption = False,
) -> None:
    """若无新事件谁会变 / Show what changes if nothing happens."""
    with opened(workspace) as ready:
        if members is not None:
            ready.tag(members)
        show_comparison(ready.forecast(days), members, json=json)


def show_comparison(comparison: Comparison, code: str | None, *, json: bool) -> None:
    """Print what separates two sides, or who changes one tag."""
    if code is not None:
        _show_members(comparison, code, json=json)
        return
    found = comparison.difference()
    if json:
        print_json(found)
    else:
        _show_difference(found, comparison.after.catalogue)


def _show_members(comparison: Comparison, code: str, *, json: bool) -> None:
    tag_named(comparison.after.catalogue, code)
    rows = comparison.members(code, limit=EVERYONE if json else MEMBERS + 1)
    if json:
        print_json(rows)
        return
    listed = [
        (public_id(r["customer_id"]), r["before"], r["after"], yuan(r["worth_fen"]))
        for r in rows.to_pylist()
    ]
    more = f"（只列前 {MEMBERS:,} 位，全部见 --json）" if len(listed) > MEMBERS else ""
    columns = ("客户", "之前", "之后", "近12月净消费")
    table(f"{code} 的变化{more}", columns, listed[:MEMBERS])


def _show_difference(found: Difference, catalogue: Catalogue) -> None:
    console.print(
        f"{found.before} → {found.after}：{found.customers:,} 位客户，"
        f"新出现 {found.appeared:,}，消失 {found.gone:,}"
    )
    moves = sorted(found.moves, key=lambda move: -move.customers)
    rows = [(m.tag, m.before, m.after, m.customers, yuan(m.money_fen)) for m in moves[:MOVES]]
    more = f"（前 {MOVES} 种，共 {len(moves)} 种）" if len(moves) > MOVES else ""
    table(f"标签流转{more}", ("标签", "之前", "之后", "客户", "近12月净消费"), rows)
    segments = [
        (s.segment, catalogue.segments[s.segment].name_zh, s.before, s.after, s.entered, s.left,
         yuan(s.money_entered_fen), yuan(s.money_left_fen))
        for s in found.segments
    ]  # fmt: skip
    columns = ("人群", "名称", "之前", "之后", "进入", "离开", "进入消费", "离开消费")
    table("人群变化", columns, segments, wide={"名称"})
