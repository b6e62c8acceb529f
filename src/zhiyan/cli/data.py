"""Commands that bring data in: init, import, mapping, imports, quarantine."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, count
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from zhiyan.app import records
from zhiyan.app.settings import available_packs
from zhiyan.app.workspace import Workspace
from zhiyan.cli.options import JsonOption, WorkspaceOption, folder_of, opened, reading
from zhiyan.cli.output import console, print_json, table, yuan
from zhiyan.core.time import DEFAULT_ZONE
from zhiyan.errors import DataError, Problem
from zhiyan.pipeline.ingest.clean import REASON_ZH
from zhiyan.pipeline.ingest.faults import REASONS
from zhiyan.pipeline.ingest.html import render_html
from zhiyan.pipeline.ingest.report import ImportReport

#: What the reasons of quarantine mean.
REASON_NAMES = {**{str(reason): text for reason, text in REASON_ZH.items()}, **REASONS}
#: What becomes of rows, and how the columns are called.
OUTCOMES = ("rows_read", "accepted", "corrections", "duplicates", "quarantined", "dropped")
COLUMNS = ("读入", "接收", "更正", "重复", "隔离", "剔除")

mapping = typer.Typer(help="列映射 / column mappings", no_args_is_help=True)


def init(
    workspace: WorkspaceOption = None,
    pack: Annotated[
        str, typer.Option(help=f"{'、'.join(available_packs())}")
    ] = "medical_aesthetics",
    zone: Annotated[str, typer.Option(help="营业时区 / business time zone")] = DEFAULT_ZONE,
) -> None:
    """建立工作区：设置与密钥 / Make a workspace: settings and key."""
    folder = folder_of(workspace)
    Workspace.create(folder, pack=pack, zone=zone)
    console.print(f"工作区已建立：{folder}")
    console.print("密钥在 keys/workspace.key，请立即另存一份；丢失后姓名与手机号无法还原。")


def import_files(  # noqa: PLR0913 - one option each
    files: Annotated[
        list[Path], typer.Argument(help="导出文件 / export files", show_default=False)
    ],
    *,
    workspace: WorkspaceOption = None,
    kind: Annotated[
        str | None, typer.Option("--as", help="来源或事件种类 / source or event")
    ] = None,
    mapping: Annotated[Path | None, typer.Option(help="映射文件 / mapping file")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只检查不入库 / check only")] = False,
    allow_unmapped: Annotated[
        bool,
        typer.Option("--allow-unmapped", help="允许未识别的项目名 / allow unknown items"),
    ] = False,
    report: Annotated[Path | None, typer.Option(help="质量报告 / quality report (HTML)")] = None,
    json: JsonOption = False,
) -> None:
    """导入文件，逐个成败 / Import files, each all or nothing.

    同一文件再导入不会有任何变化 / A file imported again changes nothing.
    """
    with opened(workspace) as ready:
        options = replace(
            ready.import_options(), kind=kind, dry_run=dry_run, allow_unmapped=allow_unmapped
        )
        failed: list[Problem] = []
        reports = ready.ingest(files, options=options, mapping=mapping, failed=failed)
        path = report or _report_path(ready)
    if reports:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(render_html(reports), "utf-8")
    if json:
        print_json({"reports": reports, "failed": failed})
    elif reports:
        show_reports(reports)
        console.print(f"数据质量报告：{path}", markup=False, soft_wrap=True)
    if failed:
        raise DataError(*failed)


def _report_path(workspace: Workspace) -> Path:
    """Return a new file under ``reports/``, named by the local minute."""
    now = workspace.settings.zone.to_local(workspace.clock.now())
    first = workspace.folder / "reports" / f"import-{now:%Y%m%d-%H%M%S}.html"
    others = (first.with_stem(f"{first.stem}-{number}") for number in count(2))
    return next(path for path in chain((first,), others) if not path.exists())


def show_reports(reports: Sequence[ImportReport]) -> None:
    """Print what became of every row and every fen of some imports."""
    counts = [[getattr(found, name) for name in OUTCOMES] for found in reports]
    rows = [
        (found.file_name, _title(found), *row) for found, row in zip(reports, counts, strict=True)
    ]
    total = ("合计", "", *(sum(column) for column in zip(*counts, strict=True)))
    title = "导入结果：读入 = 接收 + 更正 + 重复 + 隔离 + 剔除"
    table(title, ("文件", "识别为", *COLUMNS), rows, wide={"识别为"}, total=total)
    lines = [line for found in reports for line in found.money]
    read, stored, duplicate, covered, bad = (
        yuan(sum(getattr(line, part) for line in lines))
        for part in ("read", "stored", "duplicate", "covered", "quarantined")
    )
    console.print(
        f"全部金额列合计：读入 {read} = 入库 {stored} + 重复 {duplicate}"
        f" + 他表已计 {covered} + 隔离 {bad}",
        markup=False,
    )
    for found in reports:
        for warning in found.warnings:
            console.print(f"[yellow]![/] {escape(found.file_name)}：{escape(warning)}")


def _title(report: ImportReport) -> str:
    if report.known_as is not None:
        return f"第 {report.known_as} 次导入过"
    return "、".join(dict.fromkeys(table.title for table in report.tables if table.source))


@mapping.command("suggest")
def suggest(
    file: Annotated[Path, typer.Argument(help="导出文件 / export file")],
    workspace: WorkspaceOption = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="写入文件 / write to")
    ] = None,
) -> None:
    """为未识别的文件起草映射 / Draft a mapping for a new file."""
    with reading(workspace) as ready:
        text = ready.suggest_mapping(file)
    if output:
        output.write_text(text, "utf-8")
        console.print(f"映射草稿已写入 {output}")
    else:
        console.print(text, markup=False, soft_wrap=True)


def imports(workspace: WorkspaceOption = None, *, json: JsonOption = False) -> None:
    """列出历次导入 / List the imports."""
    with reading(workspace) as ready:
        rows = records.imports(ready.engine)
    if json:
        print_json(rows)
        return
    names = ("import_id", "file_name", "source", *OUTCOMES)
    columns = ("编号", "文件", "来源", *COLUMNS)
    listed = [[row[name] for name in names] for row in rows.to_pylist()]
    table("导入", columns, listed, wide={"来源"})


def quarantine(
    workspace: WorkspaceOption = None,
    limit: Annotated[int, typer.Option(help="最多行数 / at most")] = 50,
    *,
    json: JsonOption = False,
) -> None:
    """列出隔离的行与原因 / List rows that could not be read."""
    with reading(workspace) as ready:
        rows = records.quarantine(ready.engine, limit)
    if json:
        print_json(rows)
        return
    columns = ("文件", "工作表", "行", "列", "值（脱敏）", "原因", "说明")
    listed = [
        (
            row["file_name"], row["sheet"], row["row_no"], row["column_name"].rpartition("/")[2],
            row["value_masked"], REASON_NAMES.get(row["reason"], row["reason"]), row["detail"],
        )
        for row in rows.to_pylist()
    ]  # fmt: skip
    table("隔离区", columns, listed, wide={"工作表", "说明"})
