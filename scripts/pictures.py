"""Takes the pictures of the docs: every page of a workspace, in Chromium, wide and narrow, light and dark.

`python -m scripts.pictures WORKSPACE [OUT]`
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import typer

from core.errors import FinetoothError

ROOT = Path(__file__).resolve().parent.parent
PAGES = (
    "",
    "import_data",
    "duplicates",
    "consistency",
    "contradictions",
    "review",
    "dataset",
    "plan",
    "train",
    "evaluate",
    "side_by_side",
    "results",
)
VIEWS = {"disagreements": "review?queue=disagreements", "threshold": "duplicates?view=Threshold"}
"""Further views of a page that can be named."""
SIZES = ((1280, 900), (1920, 1080))
START_S = 60
DRAWN = "!document.querySelector('[data-testid=stSkeleton]')"
"""Whether all parts of a page have taken the place of the grey blocks that stand for them while they load."""


@contextmanager
def served(workspace: Path, log: Path | None = None, *, plain: bool = False) -> Iterator[str]:
    """The app on a free port, as people run it.

    Args:
        workspace: The workspace that opens.
        log: Where the server writes what it has to say; None = nowhere.
        plain: Streamlit without our headers.

    Yields:
        The address.

    Raises:
        FinetoothError: The app does not answer within a minute.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "ui.server", "--port", str(port), "--workspace", str(workspace.resolve())]
    if plain:
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    environment = {**os.environ, "FINETOOTH_WORKSPACE": str(workspace.resolve())}
    with open(log or os.devnull, "wb") as out:
        server = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out, env=environment)
    try:
        yield _answering(f"http://127.0.0.1:{port}", log)
    finally:
        server.terminate()
        server.wait(10)


def _answering(url: str, log: Path | None) -> str:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1):
                return url
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise FinetoothError(f"The app did not answer within {START_S} s.", log.read_text() if log else "Start it by hand.")


def main(
    workspace: Path,
    out: Path = ROOT / "docs" / "pictures",
    only: str = "",
    everything: bool = typer.Option(False, "--all", help="Both sizes, light and dark; else 1280 wide and light."),
) -> None:
    """Take a picture of each page (or of those pages and views that are named, separated by commas)."""
    from playwright.sync_api import sync_playwright

    out.mkdir(parents=True, exist_ok=True)
    names = only.split(",") if only else PAGES
    sizes = SIZES if everything else SIZES[:1]
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark") if everything else ("light",)
    with served(workspace) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for width, height in sizes:
            for scheme in schemes:
                context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
                page = context.new_page()
                for name in names:
                    path = VIEWS.get(name, name)
                    page.goto(f"{url}/{path}{'&' if '?' in path else '?'}who=Ada")
                    page.locator("h1").first.wait_for(timeout=60_000)
                    page.locator('[data-test-script-state="notRunning"]').wait_for(timeout=60_000)
                    page.wait_for_function(DRAWN, timeout=60_000)
                    page.wait_for_timeout(1200)
                    suffix = "" if not everything else f"-{width}-{scheme}"
                    page.screenshot(path=out / f"{name or 'home'}{suffix}.png")
        browser.close()


if __name__ == "__main__":
    typer.run(main)
