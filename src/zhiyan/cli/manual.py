"""Tags by people: set, remove, confirm, import, list, and the quality of the labels."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import typer

from zhiyan.app.entering import Wish
from zhiyan.app.labelling import Quality, quality
from zhiyan.app.lookup import customer_named, tag_named
from zhiyan.app.manual import (
    Receipt,
    confirm_tag,
    entries,
    remove_tag,
    set_from_file,
    set_tag,
)
from zhiyan.app.session import Session
from zhiyan.cli.options import AsOfOption, JsonOption, WorkspaceOption, moment_of, opened, reading
from zhiyan.cli.output import Shown, cell, console, print_json, table
from zhiyan.cli.queue import Language, LanguageOption
from zhiyan.core.identity import public_id
from zhiyan.core.tag import Tag
from zhiyan.core.time import BusinessZone, aware
from zhiyan.lang.catalogue import Catalogue
from zhiyan.pipeline.manual import Wanted

tag = typer.Typer(help="人工标签 / tags by people", no_args_is_help=True)

CustomerArgument = Annotated[str, typer.Argument(help="客户编号 / customer id")]
CodeArgument = Annotated[str, typer.Argument(help="标签编码 / tag code")]
AuthorOption = Annotated[str, typer.Option(help="录入人 / who says so")]
ReasonOption = Annotated[str, typer.Option(help="理由 / why")]
UntilOption = Annotated[
    str, typer.Option(help="有效至该日(含)，默认长期 / last day on which it holds")
]

#: Names of how entries stand and came about, in both languages.
STATUSES = {
    "live": ("有效", "live"), "overruled": ("已被后来者取代", "overruled"),
    "expired": ("已过期", "expired"), "removed": ("已撤销", "removed"),
    "removal": ("撤销记录", "removal"), "invalid": ("值无效", "invalid"),
}  # fmt: skip
WAYS = {
    "set": ("录入", "set"), "confirm": ("复核", "confirmed"),
    "remove": ("撤销", "removed"), "import": ("导入", "imported"),
}  # fmt: skip


@tag.command("set")
def set_one(  # noqa: PLR0913 - one option each
    customer: CustomerArgument,
    code: CodeArgument,
    value: Annotated[str, typer.Argument(help="值或其名称 / value or its name")],
    *,
    author: AuthorOption,
    reason: ReasonOption,
    until: UntilOption = "",
    at: Annotated[str, typer.Option(help="何时得知，默认现在 / when learnt, default now")] = "",
    workspace: WorkspaceOption = None,
    lang: LanguageOption = Language.ZH,
    json: JsonOption = False,
) -> None:
    """录入一个人工标签 / Set a tag by hand; shows after the next compute or refresh."""
    wish = Wish(
        customer=customer, tag=code, value=value, author=author, reason=reason, until=until, at=at
    )
    _do(workspace, lambda ready: set_tag(ready, wish), lang, json=json)


@tag.command("confirm")
def confirm_one(  # noqa: PLR0913 - one option each
    customer: CustomerArgument,
    code: CodeArgument,
    value: Annotated[str, typer.Argument(help="列表标签的某个值 / one member of a list")] = "",
    *,
    author: AuthorOption,
    reason: ReasonOption,
    until: UntilOption = "",
    workspace: WorkspaceOption = None,
    lang: LanguageOption = Language.ZH,
    json: JsonOption = False,
) -> None:
    """确认人工标签仍然成立并续期 / Confirm that it still holds, which renews it."""
    wish = Wish(customer=customer, tag=code, value=value, author=author, reason=reason, until=until)
    _do(workspace, lambda ready: confirm_tag(ready, wish), lang, json=json)


@tag.command("remove")
def remove_one(  # noqa: PLR0913 - one option each
    customer: CustomerArgument,
    code: CodeArgument,
    value: Annotated[str, typer.Argument(help="列表标签的某个值 / one member of a list")] = "",
    *,
    author: AuthorOption,
    reason: ReasonOption,
    workspace: WorkspaceOption = None,
    lang: LanguageOption = Language.ZH,
    json: JsonOption = False,
) -> None:
    """撤销人工标签，历史保留 / End what was entered; history stays."""
    wish = Wish(customer=customer, tag=code, value=value, author=author, reason=reason)
    _do(workspace, lambda ready: remove_tag(ready, wish), lang, json=json)


@tag.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="CSV 或 Excel / file of tags")],
    workspace: WorkspaceOption = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只检查 / check only")] = False,
    lang: LanguageOption = Language.ZH,
    json: JsonOption = False,
) -> None:
    """批量录入：全部成功或全部不动 / Set tags from a file, all or nothing.

    列：客户、标签、值、录入人、理由、有效期至、得知时间 / customer, tag, value, author, reason,
    until, at
    """
    _do(workspace, lambda ready: set_from_file(ready, file, dry_run=dry_run), lang, json=json)


def _do(
    workspace: Path | None, deed: Callable[[Session], Receipt], lang: Language, *, json: bool
) -> None:
    with opened(workspace) as ready:
        receipt = deed(ready)
    if json:
        print_json(receipt)
        return
    chinese = lang is Language.ZH
    if receipt.dry_run:
        said = (
            f"检查通过：{receipt.stored} 条可录入" if chinese else f"{receipt.stored} entries fit"
        )
        said += f"，{receipt.duplicates} 条已有" if chinese else f", {receipt.duplicates} known"
    elif receipt.ended:
        said = f"已撤销 {receipt.ended} 条" if chinese else f"{receipt.ended} entries ended"
    else:
        said = f"已录入 {receipt.stored} 条" if chinese else f"{receipt.stored} entries stored"
        said += f"，{receipt.duplicates} 条此前已有" if chinese else f", {receipt.duplicates} known"
    after = "" if receipt.dry_run else (
        "；下次 compute / refresh 生效" if chinese else "; in force with the next compute or refresh"
    )  # fmt: skip
    console.print(said + after)


@tag.command("list")
def list_entries(  # noqa: PLR0913 - one option each
    workspace: WorkspaceOption = None,
    *,
    customer: Annotated[str, typer.Option(help="某位客户 / one customer")] = "",
    code: Annotated[str, typer.Option("--tag", help="某个标签 / one tag")] = "",
    author: Annotated[str, typer.Option(help="某位录入人 / one author")] = "",
    everything: Annotated[
        bool, typer.Option("--all", help="含失效与撤销 / also what counts no more")
    ] = False,
    as_of: AsOfOption = None,
    known_at: Annotated[
        str | None, typer.Option("--known-at", help="只看当时已知 / only what was known")
    ] = None,
    limit: Annotated[int, typer.Option(help="行数 / rows", min=1, metavar="N")] = 100,
    lang: LanguageOption = Language.ZH,
    json: JsonOption = False,
) -> None:
    """列出人工标签及其录入人 / List what people entered."""
    with reading(workspace) as ready:
        wanted = Wanted(
            customer_id=customer_named(customer) if customer else None,
            tag=tag_named(ready.catalogue, code).code if code else None,
            author=author or None,
            everything=everything,
            limit=limit,
        )
        known = moment_of(ready, known_at) if known_at else None
        rows = entries(ready, wanted, as_of=moment_of(ready, as_of), known_at=known)
        catalogue, zone = ready.catalogue, ready.settings.zone
    if json:
        print_json(rows)
        return
    show_entries(rows, catalogue, zone, lang=lang)


def show_entries(
    rows: pa.Table, catalogue: Catalogue, zone: BusinessZone, *, lang: Language = Language.ZH
) -> None:
    """Print entries, the newest first: whose, what, by whom, why and until when."""
    chinese = lang is Language.ZH
    lines = [
        (
            public_id(row["customer_id"]), row["tag"], value_of(row, catalogue, chinese=chinese),
            row["author"], row["reason"], _day(row["occurred_at"], zone),
            _day(row["expires_at"], zone) or ("长期" if chinese else "open"),
            _named(WAYS, row["way"], chinese=chinese), _named(STATUSES, row["status"], chinese=chinese),
            row["confidence_ppm"] / 1_000_000 if row["confidence_ppm"] is not None else None,
        )
        for row in rows.to_pylist()
    ]  # fmt: skip
    columns = (
        ("客户", "标签", "值", "录入人", "理由", "录入时刻", "失效时刻", "方式", "状态", "可信度")
        if chinese
        else ("customer", "tag", "value", "author", "reason", "at", "until", "how", "status",
              "confidence")
    )  # fmt: skip
    table(
        "人工录入" if chinese else "Entered by people",
        columns,
        lines,
        wide={columns[7], columns[9]},
    )


def value_of(row: dict[str, Any], catalogue: Catalogue, *, chinese: bool) -> str:
    """Return the value of an entry with its name."""
    found: Tag | None = catalogue.tags.get(row["tag"])
    value = row["value"]
    if value in ("true", "false") and found is not None and not found.values:
        return ("是", "否")[value == "false"] if chinese else value
    names = {one.value: one.zh if chinese else one.en for one in found.values} if found else {}
    return "-" if value is None else f"{value} {names[value]}" if value in names else value


def _named(names: dict[str, tuple[str, str]], code: str, *, chinese: bool) -> str:
    return names[code][0 if chinese else 1]


def _day(moment: datetime | None, zone: BusinessZone) -> str:
    return f"{zone.to_local(aware(moment)):%Y-%m-%d %H:%M}" if moment else ""


@tag.command("quality")
def show_quality(  # noqa: PLR0913 - one option each
    workspace: WorkspaceOption = None,
    *,
    as_of: AsOfOption = None,
    within: Annotated[
        int, typer.Option(help="也列出今后几天到期 / due within days", min=0, metavar="N")
    ] = 0,
    limit: Annotated[int, typer.Option(help="待复核行数 / rows due", min=1, metavar="N")] = 50,
    lang: LanguageOption = Language.ZH,
    json: JsonOption = False,
) -> None:
    """人工标签质量：一致性、批量复制、待复核 / Agreement, copy-paste, what is due."""
    with reading(workspace) as ready:
        found = quality(ready, as_of=moment_of(ready, as_of), within_days=within, limit=limit)
        catalogue, zone = ready.catalogue, ready.settings.zone
    if json:
        print_json(found)
        return
    _show_authors(found, zone, chinese=lang is Language.ZH)
    _show_agreement(found, chinese=lang is Language.ZH)
    _show_bursts(found, catalogue, zone, chinese=lang is Language.ZH)
    _show_due(found, catalogue, zone, chinese=lang is Language.ZH)


def _show_authors(found: Quality, zone: BusinessZone, *, chinese: bool) -> None:
    rows = [
        (
            row["author"], row["entries"], row["customers"],
            f"{row['customers'] / found.customers:.1%}" if found.customers else None,
            row["tags"], row["live"], row["expired"], row["removed"], row["confirmed"],
            row["by_file"], _day(row["last_at"], zone),
        )
        for row in found.authors.to_pylist()
    ]  # fmt: skip
    columns = (
        ("录入人", "条数", "客户", "覆盖", "标签", "有效", "过期", "撤销", "复核", "来自文件", "最近")
        if chinese
        else ("author", "entries", "customers", "coverage", "tags", "live", "expired", "removed",
              "confirmed", "by file", "last")
    )  # fmt: skip
    table("录入人" if chinese else "Authors", columns, rows)


def _show_agreement(found: Quality, *, chinese: bool) -> None:
    few = "样本不足或无差异" if chinese else "too few, or no variation"
    rows = [
        (
            one.tag, one.measure, "、".join(one.authors) if chinese else ", ".join(one.authors),
            one.units, one.same, few if one.value is None else f"{one.value:.3f}",
        )
        for one in found.agreement
    ]  # fmt: skip
    columns = ("标签", "指标", "录入人", "重复标注", "相同", "一致性") if chinese else (
        "tag", "measure", "authors", "double labels", "same", "agreement"
    )  # fmt: skip
    limits = found.limits
    title = (
        f"一致性（{limits.pair_days} 天内重复标注，至少 {limits.least_units} 位客户）"
        if chinese
        else f"Agreement (within {limits.pair_days} days, at least {limits.least_units} customers)"
    )
    table(title, columns, rows)


def _show_bursts(
    found: Quality, catalogue: Catalogue, zone: BusinessZone, *, chinese: bool
) -> None:
    rows = [
        (
            row["author"], row["tag"], value_of(row, catalogue, chinese=chinese), row["customers"],
            row["by_file"], _day(row["from_at"], zone), _day(row["until_at"], zone),
            row["median_gap_seconds"],
        )
        for row in found.bursts.to_pylist()
    ]  # fmt: skip
    limits = found.limits
    columns = (
        ("录入人", "标签", "值", "客户", "来自文件", "从", "到", "间隔中位(秒)")
        if chinese
        else ("author", "tag", "value", "customers", "by file", "from", "until", "median gap, s")
    )
    title = (
        f"疑似批量复制（{limits.burst_minutes} 分钟内给 {limits.burst_customers} 位以上客户同一值）"
        if chinese
        else f"Copy-paste bursts ({limits.burst_customers} or more customers,"
        f" same value, within {limits.burst_minutes} minutes)"
    )
    table(title, columns, rows)


def _show_due(found: Quality, catalogue: Catalogue, zone: BusinessZone, *, chinese: bool) -> None:
    rows = [
        (
            row["confirm_by"] or ("未定" if chinese else "nobody"), public_id(row["customer_id"]),
            row["tag"], value_of(row, catalogue, chinese=chinese), row["author"],
            row["age_days"], _percent(row["confidence_ppm"]), _day(row["due_at"], zone),
        )
        for row in found.due.to_pylist()
    ]  # fmt: skip
    columns: Sequence[str] = (
        ("由谁复核", "客户", "标签", "值", "录入人", "天数", "可信度", "应复核于")
        if chinese
        else ("by whom", "customer", "tag", "value", "author", "days old", "confidence", "due")
    )
    table("待复核" if chinese else "To be confirmed", columns, rows)


def _percent(ppm: int | None) -> str:
    return cell(None) if ppm is None else f"{ppm / 1_000_000:.0%}"


def show_beside(rows: pa.Table, found: Tag, *, shown: Shown, catalogue: Catalogue) -> None:
    """Print under an evidence card what people entered, and how it bears on the value."""
    if not rows.num_rows:
        return
    if found.manual:
        console.print("人工值与计算值并列，不改变计算值 / noted beside the computed value")
    show_entries(rows, catalogue, shown.zone)
