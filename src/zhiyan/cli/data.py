"""Commands that bring data in: init, import, mapping, imports, quarantine."""

from pathlib import Path
from typing import Annotated

import typer

from zhiyan.app import records
from zhiyan.app.settings import available_packs
from zhiyan.app.workspace import Workspace
from zhiyan.cli.options import JsonOption, WorkspaceOption, folder_of, opened
from zhiyan.cli.output import console, print_json, table, yuan
from zhiyan.core.time import DEFAULT_ZONE
from zhiyan.errors import DataError, Problem
from zhiyan.pipeline.ingest.context import ImportOptions
from zhiyan.pipeline.ingest.html import render_html
from zhiyan.pipeline.ingest.report import ImportReport

mapping = typer.Typer(help="列映射 / column mappings", no_args_is_help=True)


def init(
    workspace: WorkspaceOption = None,
    pack: Annotated[
        str, typer.Option(help=f"定义包 / pack: {', '.join(available_packs())}")
    ] = "medical_aesthetics",
    zone: Annotated[str, typer.Option(help="营业时区 / business time zone")] = DEFAULT_ZONE,
) -> None:
    """建立工作区：设置、密钥与空库 / Make a workspace: settings, key, empty warehouse."""
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
        str | None, typer.Option("--as", help="来源或事件种类 / source or event kind")
    ] = None,
    mapping: Annotated[Path | None, typer.Option(help="映射文件 / mapping file")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只检查不入库 / check only")] = False,
    allow_unmapped: Annotated[
        bool,
        typer.Option("--allow-unmapped", help="项目名未识别过多也入库 / allow unknown item names"),
    ] = False,
    report: Annotated[
        Path | None, typer.Option(help="质量报告 HTML，默认写入 reports/ / quality report")
    ] = None,
    json: JsonOption = False,
) -> None:
    """导入导出文件；同一文件再导入不会有任何变化 / Import export files, each all or nothing."""
    with opened(workspace) as ready:
        options = ImportOptions(
            kind=kind,
            dry_run=dry_run,
            allow_unmapped=allow_unmapped,
            offset_minutes=ready.settings.zone.offset_minutes,
        )
        failed: list[Problem] = []
        reports = ready.ingest(files, options=options, mapping=mapping, failed=failed)
        path = report or ready.folder / "reports" / f"import-{ready.clock.now():%Y%m%d-%H%M%S}.html"
        path.write_text(render_html(reports), "utf-8")
    if json:
        print_json({"reports": reports, "failed": failed})
    else:
        show_reports(reports)
        console.print(f"数据质量报告：{path}")
    if failed:
        raise DataError(*failed)


def show_reports(reports: list[ImportReport]) -> None:
    """Print what became of every row and every fen of some imports."""
    rows = [
        (
            found.file_name,
            "、".join(dict.fromkeys(t.title for t in found.tables if t.source)) or "（已导入过）",
            found.rows_read,
            found.accepted,
            found.corrections,
            found.duplicates,
            found.quarantined,
            found.dropped,
            yuan(found.money_read),
        )
        for found in reports
    ]
    columns = ("文件", "识别为", "读入", "接收", "更正", "重复", "隔离", "剔除", "金额")
    table("导入结果（读入 = 接收 + 更正 + 重复 + 隔离 + 剔除）", columns, rows)
    for found in reports:
        for warning in found.warnings:
            console.print(f"[yellow]![/] {found.file_name}: ", end="")
            console.print(warning, markup=False)


@mapping.command("suggest")
def suggest(
    file: Annotated[Path, typer.Argument(help="导出文件 / export file")],
    workspace: WorkspaceOption = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="写入文件 / write to")
    ] = None,
) -> None:
    """为未识别的文件起草映射 / Draft a mapping for a file that is not recognised."""
    with opened(workspace) as ready:
        text = ready.suggest_mapping(file)
    if output:
        output.write_text(text, "utf-8")
        console.print(f"映射草稿已写入 {output}")
    else:
        console.print(text, markup=False, soft_wrap=True)


def imports(workspace: WorkspaceOption = None, *, json: JsonOption = False) -> None:
    """列出历次导入 / List the imports."""
    with opened(workspace) as ready:
        rows = records.imports(ready.engine)
    if json:
        print_json(rows)
        return
    names = ("import_id", "file_name", "source", "rows_read", "accepted", "corrections", "duplicates",
             "quarantined", "dropped")  # fmt: skip
    columns = ("编号", "文件", "来源", "读入", "接收", "更正", "重复", "隔离", "剔除")
    table("导入", columns, [[row[name] for name in names] for row in rows.to_pylist()])


def quarantine(
    workspace: WorkspaceOption = None,
    limit: Annotated[int, typer.Option(help="最多行数 / at most")] = 50,
    *,
    json: JsonOption = False,
) -> None:
    """列出隔离的行与原因 / List rows that could not be read, and why."""
    with opened(workspace) as ready:
        rows = records.quarantine(ready.engine, limit)
    if json:
        print_json(rows)
        return
    columns = ("文件", "工作表", "行", "列", "值（脱敏）", "原因", "说明")
    names = ("file_name", "sheet", "row_no", "column_name", "value_masked", "reason", "detail")
    table("隔离区", columns, [[row[name] for name in names] for row in rows.to_pylist()])
