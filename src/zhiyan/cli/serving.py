"""The command that serves the page."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import zhiyan
from zhiyan.cli.options import WorkspaceOption, folder_of
from zhiyan.cli.output import console, errors

if TYPE_CHECKING:
    from zhiyan.app.live import Live
    from zhiyan.app.reading import WorkspaceReads

WEB = Path(zhiyan.__file__).parent / "web"


def serve(
    workspace: WorkspaceOption = None,
    host: Annotated[str, typer.Option(help="仅限本机 / this machine only")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="端口 / port", min=1, max=65535)] = 8000,
    *,
    live: Annotated[bool, typer.Option("--live", help="接收实时事件 / live events")] = False,
) -> None:
    """在本机浏览器里查看 / Serve the page and API on this machine.

    加 --live 后接收实时事件并即时刷新标签 / With --live events come in and tags follow at once.
    """
    if not live:
        serve_folder(folder_of(workspace), host, port)
        return
    from zhiyan.app.live import Live  # noqa: PLC0415 - opens what only a live server needs

    with Live(folder_of(workspace)) as opened:
        serve_live(opened, host, port)


def serve_folder(folder: Path, host: str, port: int) -> None:
    """Serve a workspace until interrupted; without a built page, the API alone."""
    from zhiyan.app.reading import WorkspaceReads  # noqa: PLC0415 - the web framework is heavy

    _serve(WorkspaceReads(folder), None, (host, port))


def serve_live(live: "Live", host: str, port: int) -> None:
    """Serve a live workspace until interrupted."""
    from zhiyan.app.live_reads import LiveReads  # noqa: PLC0415 - the web framework is heavy

    _serve(LiveReads(live), live, (host, port))


def _serve(reads: "WorkspaceReads", live: "Live | None", at: tuple[str, int]) -> None:
    from zhiyan.api import create_app  # noqa: PLC0415 - the web framework is heavy
    from zhiyan.api import serve as run  # noqa: PLC0415 - the web framework is heavy
    from zhiyan.app.people_reads import (  # noqa: PLC0415 - the web framework is heavy
        WorkspacePeople,
    )

    host, port = at
    static = WEB if (WEB / "index.html").is_file() else None
    app = create_app(reads, static=static, people=WorkspacePeople(reads), live=live)
    told = console if live is None else errors  # what is watched is printed on standard output
    told.print(f"知颜已启动：http://{host}:{port}/ （Ctrl+C 结束）")
    if live is not None:
        told.print(f"实时事件送往 http://{host}:{port}/v1/… ，密钥用 zhiyan source add 生成")
    if static is None:
        told.print("页面尚未构建（python3 run.py setup），只提供接口 /api/docs")
    run(app, host, port)
