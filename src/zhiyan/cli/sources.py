"""Commands about who may send live events: add, list, remove."""

from typing import Annotated

import typer
from rich.markup import escape

from zhiyan.app.clock import SystemClock
from zhiyan.app.event_sources import USER_IDS, add_source, read_sources, remove_source
from zhiyan.app.settings import read_settings
from zhiyan.cli.options import JsonOption, WorkspaceOption, folder_of
from zhiyan.cli.output import console, print_json, table

source = typer.Typer(help="实时事件来源 / sources of live events", no_args_is_help=True)
NameArgument = Annotated[str, typer.Argument(help="名称，如 mini_program / name")]


@source.command()
def add(
    name: NameArgument,
    *,
    workspace: WorkspaceOption = None,
    user_id: Annotated[
        str, typer.Option(help=f"userId 是哪种编号 / what userId is: {'、'.join(USER_IDS)}")
    ] = "platform_uid",
    shared_devices: Annotated[
        bool,
        typer.Option("--shared-devices", help="设备多人共用，不凭设备认人 / devices are shared"),
    ] = False,
    json: JsonOption = False,
) -> None:
    """新增来源并生成写入密钥；已有的来源换新密钥 / Add a source, or give it a new write key."""
    folder = folder_of(workspace)
    read_settings(folder)
    now = SystemClock().now()
    key = add_source(folder, name, now, user_id=user_id, shared_devices=shared_devices)
    if json:
        print_json({"name": name, "write_key": key})
        return
    console.print(f"来源 {escape(name)} 的写入密钥（只显示这一次）：")
    console.out(key)


@source.command("list")
def list_sources(workspace: WorkspaceOption = None, *, json: JsonOption = False) -> None:
    """列出来源 / List the sources."""
    found = read_sources(folder_of(workspace))
    rows = [(one.name, str(one.user_id), one.shared_devices, one.created_at) for one in found]
    if json:
        names = ("name", "user_id", "shared_devices", "created_at")
        print_json([dict(zip(names, row, strict=True)) for row in rows])
        return
    table("实时事件来源", ("来源", "userId", "共用设备", "建立于"), rows)


@source.command()
def remove(name: NameArgument, workspace: WorkspaceOption = None) -> None:
    """作废来源的密钥；它送来的数据不变 / Take the key from a source; what it sent stays."""
    remove_source(folder_of(workspace), name)
    console.print(f"来源 {escape(name)} 的密钥已作废")
