"""The command that serves the page."""

from pathlib import Path
from typing import Annotated

import typer

import zhiyan
from zhiyan.cli.options import WorkspaceOption, folder_of
from zhiyan.cli.output import console

WEB = Path(zhiyan.__file__).parent / "web"


def serve(
    workspace: WorkspaceOption = None,
    host: Annotated[str, typer.Option(help="仅限本机 / this machine only")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="端口 / port", min=1, max=65535)] = 8000,
) -> None:
    """在本机浏览器里查看 / Serve the page and API on this machine."""
    serve_folder(folder_of(workspace), host, port)


def serve_folder(folder: Path, host: str, port: int) -> None:
    """Serve a workspace until interrupted; without a built page, the API alone."""
    from zhiyan.api import create_app  # noqa: PLC0415 - the web framework is heavy
    from zhiyan.api import serve as run  # noqa: PLC0415 - the web framework is heavy
    from zhiyan.app.people_reads import (  # noqa: PLC0415 - the web framework is heavy
        WorkspacePeople,
    )
    from zhiyan.app.reading import WorkspaceReads  # noqa: PLC0415 - the web framework is heavy

    static = WEB if (WEB / "index.html").is_file() else None
    reads = WorkspaceReads(folder)
    app = create_app(reads, static=static, people=WorkspacePeople(reads))
    console.print(f"知颜已启动：http://{host}:{port}/ （Ctrl+C 结束）")
    if static is None:
        console.print("页面尚未构建（python3 run.py setup），只提供接口 /api/docs")
    run(app, host, port)
