"""The app served as people use it, on a free port and a workspace of its own, and Chromium to drive it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from core.ids import new_action_id
from core.workspace import Workspace
from curation import actions, checking
from scripts.pictures import served

ROOT = Path(__file__).resolve().parent.parent.parent
DEMO = ROOT / "examples" / "icd10_coding.jsonl"
CHROMIUM = "/usr/bin/chromium"
SETTLE_MS = 700
"""Longer than the time in which a press counts as meant for the item before."""


@dataclass
class Visit:
    """A tab, the address of the app, and what the tab complained of or asked the outside for."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def open(self, path: str, **query: str) -> None:
        """Go to a page of the app and wait until it is drawn."""
        asked = "&".join(f"{name}={value}" for name, value in query.items())
        self.page.goto(f"{self.url}/{path}?{asked}" if asked else f"{self.url}/{path}")
        self.page.locator("h1").first.wait_for()
        self.settle()

    def settle(self) -> None:
        """Wait until nothing runs, and until a press is no longer taken for a hurried one."""
        self.page.locator('[data-test-script-state="notRunning"]').wait_for()
        self.page.wait_for_timeout(SETTLE_MS)

    def press(self, key: str) -> None:
        """Press one key and wait for what it does."""
        self.page.keyboard.press(key)
        self.settle()

    def move(self, key: str) -> None:
        """Press a key that leads to another item, and wait until it is there."""
        before = self.page.url
        self.page.keyboard.press(key)
        self.page.wait_for_url(lambda url: url != before)
        self.settle()

    def hurry(self, key: str) -> None:
        """Press a letter three times within a quarter of a second, as a hurried hand does, and wait for what follows.

        The presses are timed inside the page, so that a slow machine does not spread them.
        """
        before = self.page.url
        self.page.evaluate(
            """letter => [0, 110, 220].forEach(after => setTimeout(() => ["keydown", "keyup"].forEach(kind =>
            document.body.dispatchEvent(new KeyboardEvent(kind, {key: letter, code: "Key" + letter.toUpperCase(),
            keyCode: letter.toUpperCase().charCodeAt(0), which: letter.toUpperCase().charCodeAt(0), bubbles: true,
            cancelable: true}))), after))""",
            key,
        )
        self.page.wait_for_url(lambda url: url != before)
        self.settle()

    def sees(self, text: str) -> None:
        """Wait for a text."""
        self.page.get_by_text(text).first.wait_for()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    if not Path(CHROMIUM).exists():
        pytest.skip("Chromium is not installed: sudo apt-get install chromium")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def checked(tmp_path: Path) -> Workspace:
    """The demo dataset, imported and checked."""
    workspace = Workspace.create(tmp_path / "project")
    actions.import_file(workspace, DEMO, who="Ana")
    checking.check(workspace)
    return workspace


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Start the app on a workspace; returns its address. ``plain`` is Streamlit without our headers."""
    with ExitStack() as servers:

        def start(workspace: Path, *, plain: bool = False) -> str:
            return servers.enter_context(served(workspace, tmp_path / f"server-{new_action_id()}.log", plain=plain))

        yield start


@pytest.fixture(scope="module")
def beacon() -> Iterator[tuple[str, list[str]]]:
    """A web server that must never be asked for anything, and the list of what it was asked for."""
    asked: list[str] = []

    class Listening(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Listening)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[[str], Visit]]:
    """Open a tab on an app, watching what it asks for."""
    contexts = []

    def opened(url: str) -> Visit:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.set_default_timeout(30_000)
        contexts.append(context)
        made = Visit(context.new_page(), url)
        made.page.on("console", lambda m: made.complaints.append(m.text) if "Security Policy" in m.text else None)
        made.page.on("request", lambda r: None if _inside(r.url, url) else made.outside.append(r.url))
        return made

    yield opened
    for context in contexts:
        context.close()


def _inside(asked: str, url: str) -> bool:
    return asked.startswith((url, url.replace("http:", "ws:"), "data:", "blob:"))
