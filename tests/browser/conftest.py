"""A served console and a real Chromium for the browser tests."""

import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse
from playwright.sync_api import sync_playwright
from starlette.routing import BaseRoute
from tests.api.clinic import Clinic
from tests.api.lived import lived_workspace

from zhiyan.api import create_app

ROOT = Path(__file__).parents[2]
WEB = ROOT / "src" / "zhiyan" / "web"
AXE = ROOT / "ui" / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


def chromium() -> str | None:
    """Return the path of a Chromium that is installed, None if there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = (shutil.which(name) for name in names)
    return os.environ.get("CDP_CHROMIUM") or next((path for path in found if path), None)


def lacking() -> str:
    """Say what is missing for browser tests, an empty text if nothing is."""
    if chromium() is None:
        return "no Chromium is installed (apt install chromium)"
    if not (WEB / "index.html").is_file():
        return "the console is not built (cd ui && npm ci && npm run build)"
    return "" if AXE.is_file() else "axe-core is not installed (cd ui && npm ci)"


@pytest.fixture(scope="session")
def ready(request: pytest.FixtureRequest) -> None:
    """Skip with a sentence where something is missing; fail instead under --require-browser."""
    reason = lacking()
    if reason and request.config.getoption("--require-browser"):
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)


#: What the routes over time tell of the clinic group in memory, which has no past.
NOTHING = {
    "/api/health/tags": [],
    "/api/health/shelved": [],
    "/api/tags/{code}/versions": [],
    "/api/tags/{code}/quality": [],
    "/api/tags/{code}/readers": {"direct": [], "indirect": [], "names": {}},
}


def _timeless() -> list[BaseRoute]:
    routes = APIRouter()
    for path, answer in NOTHING.items():
        routes.get(path)(lambda answer=answer: JSONResponse(answer))
    return routes.routes


@pytest.fixture(scope="session")
def served(ready) -> Iterator[str]:
    """Serve the console over the clinic group in memory; gives its address."""
    app = create_app(Clinic(), static=WEB)
    app.router.routes[:0] = _timeless()
    with serving(app) as address:
        yield address


@pytest.fixture(scope="session")
def lived(ready, tmp_path_factory, worker_id) -> Iterator[tuple[str, str]]:
    """Serve a workspace with a past; gives its address, and who has a tag that people entered."""
    with (
        lived_workspace(tmp_path_factory, worker_id) as (reads, people, _, customer),
        serving(create_app(reads, static=WEB, people=people)) as address,
    ):
        yield address, customer


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """Serve an application on a free port while the context lasts; gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(timeout=10)


@pytest.fixture(scope="session")
def browser(ready, tmp_path_factory) -> Iterator:
    """Run Chromium with a user-data folder of its own."""
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            str(tmp_path_factory.mktemp("chromium")),
            executable_path=chromium(),
            headless=True,
            args=list(FLAGS),
            viewport={"width": 1440, "height": 900},
        )
        yield context
        context.close()


class Tab:
    """A page that remembers what its console complained about."""

    def __init__(self, page, address: str) -> None:
        self.page, self._address, self.complaints = page, address, []
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._hear)

    def _hear(self, message) -> None:
        # a refused expression is an answer, yet Chromium reports every 422 as an error
        if message.type in ("error", "warning") and "status of 422" not in message.text:
            self.complaints.append(message.text)

    def open(self, path: str) -> None:
        self.page.goto(self._address + path)
        self.page.get_by_role("heading").first.wait_for()

    def violations(self) -> list[str]:
        """Return what axe finds against WCAG 2.0 to 2.2, A and AA."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text(encoding="utf-8") + ";0")
        tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
        found = self.page.evaluate(
            "tags => axe.run(document, {runOnly: tags}).then(r => r.violations"
            ".map(v => `${v.id}: ${v.nodes.map(n => n.html).join(' ')}`))",
            tags,
        )
        return [str(one) for one in found]


@pytest.fixture
def tab(browser, served) -> Iterator[Tab]:
    with tab_on(browser, served) as opened:
        yield opened


@pytest.fixture
def past(browser, lived) -> Iterator[Tab]:
    """A tab on the workspace with a past."""
    with tab_on(browser, lived[0]) as opened:
        yield opened


@contextmanager
def tab_on(browser, address: str) -> Iterator[Tab]:
    """Open a tab on an address in Chinese; forgets the language when it closes."""
    page = browser.new_page()
    page.add_init_script(
        "localStorage.getItem('zhiyan.lang') || localStorage.setItem('zhiyan.lang', 'zh')"
    )
    opened = Tab(page, address)
    yield opened
    if not page.is_closed():
        page.evaluate("localStorage.clear()")
        page.close()
