"""The command that shows the main job on a synthetic clinic group."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zhiyan.app.settings import called_as
from zhiyan.cli.data import show_reports
from zhiyan.cli.options import JsonOption
from zhiyan.cli.output import bars, console, print_json, table
from zhiyan.cli.serving import serve_folder
from zhiyan.cli.snapshots import show_manifest

if TYPE_CHECKING:
    from zhiyan.app.demo import DemoResult


def demo(  # noqa: PLR0913 - one option each
    *,
    workspace: Annotated[
        Path, typer.Option("--workspace", "-w", help="演示工作区 / demo folder")
    ] = Path("demo-workspace"),
    customers: Annotated[int, typer.Option(help="客户数 / customers")] = 20_000,
    seed: Annotated[int, typer.Option(help="随机种子 / seed")] = 1,
    serve: Annotated[bool, typer.Option(help="完成后打开服务 / then serve")] = True,
    port: Annotated[int, typer.Option(help="端口 / port", min=1, max=65535)] = 8000,
    json: JsonOption = False,
) -> None:
    """用合成机构跑通全流程 / Run the main job on a made-up group."""
    from zhiyan.app.demo import run_demo  # noqa: PLC0415 - the generator is heavy

    with bars() as progress:
        result = run_demo(workspace, customers, seed, progress=progress)
    if json:
        print_json(
            {
                "reports": result.reports,
                "manifest": result.manifest,
                "audiences": {code: found.counts for code, found in result.audiences.items()},
            }
        )
    else:
        _show(result)
    if serve:
        serve_folder(workspace, "127.0.0.1", port)


def _show(result: "DemoResult") -> None:
    show_reports(list(result.reports))
    show_manifest(result.manifest, json=False)
    rows = [
        (code, found.counts.matched, found.counts.not_matched, found.counts.unknown)
        for code, found in result.audiences.items()
    ]
    table("人群", ("人群", "命中", "不符", "未知"), rows)
    asked = f"{called_as()} select \"customer_value_level = 'high'\" -w {result.folder}"
    console.print(f"工作区：{result.folder}；试试 {asked}", soft_wrap=True)
