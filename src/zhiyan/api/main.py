"""The application and the server."""

from pathlib import Path
from typing import Any, Protocol

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from zhiyan.api import changes, collect, console, docs, failures, manual, over_time, queue
from zhiyan.api.guard import LOCAL_HOSTS, Guard
from zhiyan.api.routes import router
from zhiyan.app.live import Live
from zhiyan.app.manual import EntryReads
from zhiyan.app.queueing import QueueReads
from zhiyan.app.reads import Reads
from zhiyan.errors import Problem, UsageError

VERSION = "1"
#: How long open answers, such as streams of changes, may keep the server from ending.
GRACE_SECONDS = 2


class PeopleReads(QueueReads, EntryReads, over_time.Asking, Protocol):
    """What the API asks beside ``Reads``: the queue, what people entered, what was."""


def create_app(
    workspace: Reads,
    *,
    static: Path | None,
    people: PeopleReads | None = None,
    live: Live | None = None,
) -> FastAPI:
    """Return the application over a workspace; ``static`` is the built console, None for the API alone.

    ``people`` answers the routes of the queue, of what people entered and of what was; left out
    without it. ``live`` takes events in and streams changes; left out without it.

    Raises DataError ``ZY605`` if ``static`` holds no built console.
    """
    app = FastAPI(
        title="Zhiyan",
        version=VERSION,
        description="Read-only API over the newest snapshot of a workspace.",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    failures.install(app)
    app.include_router(router(workspace))
    if people is not None:
        app.include_router(queue.router(people))
        app.include_router(manual.router(people, workspace))
        app.include_router(over_time.router(people, workspace))
    if live is not None:
        collect.mount(app, live.intake, workspace.now)
        app.include_router(changes.router(live, workspace))

    @app.get("/api/docs", include_in_schema=False)
    def describe(request: Request) -> HTMLResponse:
        return HTMLResponse(docs.page(app.openapi(), request.scope["nonce"]))

    if static is not None:
        console.mount(app, static)
    app.add_middleware(Guard)
    return app


def serve(app: Any, host: str, port: int) -> None:
    """Serve until interrupted; raises UsageError ``ZY601`` for any host but this machine."""
    if host not in LOCAL_HOSTS:
        raise UsageError(
            Problem(
                code="ZY601",
                message=f"refuses to listen on {host!r}: there is no access control yet",
                hint="use 127.0.0.1, ::1 or localhost",
            )
        )
    uvicorn.run(
        app,
        host=host,
        port=port,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
