"""A served console and a real Chromium for the browser tests."""

import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import sync_playwright
from tests.api.clinic import Clinic

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


@pytest.fixture(scope="session")
def served(ready) -> Iterator[str]:
    """Serve the console over the clinic group; gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = create_app(Clinic(), static=WEB)
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
    page = browser.new_page()
    page.add_init_script(
        "localStorage.getItem('zhiyan.lang') || localStorage.setItem('zhiyan.lang', 'zh')"
    )
    opened = Tab(page, served)
    yield opened
    if not page.is_closed():
        page.evaluate("localStorage.clear()")
        page.close()
