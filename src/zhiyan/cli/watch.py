"""The command that prints changes as they happen."""

import json as jsons
from pathlib import Path
from threading import Event, Thread
from typing import Annotated, Any

import typer

from zhiyan.app.live import Live, log_of
from zhiyan.app.live_changes import Following, beside, followed, wanted
from zhiyan.app.settings import read_settings
from zhiyan.cli.options import JsonOption, WorkspaceOption, folder_of
from zhiyan.cli.output import console, errors
from zhiyan.cli.serving import serve_live
from zhiyan.core.time import BusinessZone
from zhiyan.errors import OutsideError

#: Seconds between two looks at a list that another process writes.
PAUSE = 0.1
IN_USE = "ZY901"


class Printer:
    """Prints changes, those of some tags and segments or all."""

    def __init__(self, zone: BusinessZone, chosen: tuple[list[str], list[str]], json: bool) -> None:  # noqa: FBT001 - the command's switch
        self._zone = zone
        self._tags, self._segments = (frozenset(one) for one in chosen)
        self._json = json

    def follow(self, log: Following, after: int | None, stop: Event) -> None:
        """Print until stopped."""

        def pause() -> bool:
            return not stop.wait(PAUSE)

        for one in followed(log, after, pause):
            body = wanted(one.body, self._tags, self._segments)
            if body is None:
                continue
            told = {"id": one.id, "snapshot_id": one.snapshot_id, **jsons.loads(body)}
            console.out(
                jsons.dumps(told, ensure_ascii=False) if self._json else self._line(told),
                highlight=False,
            )

    def _line(self, told: dict[str, Any]) -> str:
        """Return a change as people read it: when, who, what before and after."""
        moment = self._zone.to_local(self._zone.parse_moment(told["at"]))
        parts = [f"{code}: {_shown(a)} → {_shown(b)}" for code, (a, b) in told["tags"].items()]
        parts += [f"+{code}" for code in told["entered"]]
        parts += [f"-{code}" for code in told["left"]]
        return f"{moment:%H:%M:%S} {told['customer_id']}  {'；'.join(parts)}"


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return "、".join(map(str, value))
    return "-" if value is None else str(value)


def watch(  # noqa: PLR0913 - one option each
    *,
    workspace: WorkspaceOption = None,
    tag: Annotated[list[str] | None, typer.Option(help="只看这些标签 / these tags only")] = None,
    segment: Annotated[
        list[str] | None, typer.Option(help="只看进出这些人群 / these segments only")
    ] = None,
    after: Annotated[int | None, typer.Option(help="从此编号之后 / from behind this id")] = None,
    port: Annotated[int, typer.Option(help="接收事件的端口 / port", min=1, max=65535)] = 8000,
    follow: Annotated[
        bool, typer.Option("--follow", help="只跟随正在运行的服务 / only follow a server")
    ] = False,
    once: Annotated[
        bool, typer.Option("--once", help="打印已有的变化后结束 / print what is there and end")
    ] = False,
    json: JsonOption = False,
) -> None:
    """接收实时事件，打印变化 / Take live events, print what changes.

    已有服务在运行时改为跟随它 / Where a live server runs already, follow that.
    """
    folder = folder_of(workspace)
    printer = Printer(read_settings(folder).zone, (tag or [], segment or []), json)
    stop = Event()
    if once:
        stop.set()
    live = None if follow or once else _opened(folder)
    if live is None:
        _follow(printer, folder, (after, stop))
        return
    with live:
        printing = Thread(target=printer.follow, args=(live.feed, after, stop), daemon=True)
        printing.start()
        try:
            serve_live(live, "127.0.0.1", port)
        finally:
            stop.set()
            printing.join()


def _opened(folder: Path) -> Live | None:
    """Return the workspace, taken; None if another process has it."""
    try:
        return Live(folder)
    except OutsideError as error:
        if error.code != IN_USE or not log_of(folder).is_file():
            raise
        errors.print("工作区由另一进程使用，跟随其变化 / in use, following")
        return None


def _follow(printer: Printer, folder: Path, how: tuple[int | None, Event]) -> None:
    log = beside(log_of(folder))
    try:
        printer.follow(log, *how)
    except KeyboardInterrupt:
        return
    finally:
        log.close()
