"""How quick the pages are at 100,000 examples, measured in Chromium: opening each, and from a press to the next item.

``python -m benchmarks.desk_speed`` makes a workspace (or takes the one named by ``--workspace``), serves it as people
do, and times what they wait for: until nothing runs any more and the page is drawn.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks import harness, made
from benchmarks.harness import Figure
from core.workspace import Workspace
from curation import actions, checking

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = "/usr/bin/chromium"
PAGES = ("", "import_data", "duplicates", "consistency", "contradictions", "review", "dataset")
OPEN_BAR_S, NEXT_BAR_S = 1.5, 0.5
WAITED_MS = 600
"""Between two presses: one within half a second of an item being drawn is meant for the item before."""

IDLE = """() => document.querySelector('[data-test-script-state="notRunning"]') && document.querySelector("h1")"""
LOOK_EVERY_MS = 10  # the driver's own waiting looks every half second after a while


def prepare(folder: Path, rows: int) -> Path:
    """A workspace of made rows, imported and checked."""
    place = folder / f"desk-{rows}"
    if (place / "workspace.json").exists():
        return place
    file = folder / f"desk-{rows}.jsonl"
    made.write(file, made.Recipe(rows))
    workspace = Workspace.create(place)
    harness.say(f"importing {rows:,} rows")
    actions.import_file(workspace, file, who="Ana")
    harness.say("checking")
    checking.check(workspace, only=("duplicates", "contradictions", "format", "privacy"))
    return place


@contextlib.contextmanager
def served(workspace: Path) -> Iterator[str]:
    """The app on a free port; gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "ui.server", "--port", str(port), "--workspace", str(workspace)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 120
        while True:
            with contextlib.suppress(urllib.error.URLError, OSError), urllib.request.urlopen(f"{url}/_stcore/health"):
                break
            if time.monotonic() > deadline:
                raise TimeoutError("the app did not start within two minutes")
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def measure(url: str, presses: int) -> Iterator[Figure]:
    """Open each page in a tab that has been open before; then decide and step through the review queue."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(60_000)

        def opened(name: str) -> float:
            started = time.perf_counter()
            page.goto(f"{url}/{name}?who=Ana")
            page.wait_for_function(IDLE, polling=LOOK_EVERY_MS)
            return time.perf_counter() - started

        for name in PAGES:
            first = opened(name)
            again = [opened(name) for _ in range(3)]
            title = f"page {name or 'home'}: seconds to open"
            yield Figure(title, harness.median(again), OPEN_BAR_S, "<=", 2, f"the first time {first:.2f}")
        for key, what in (("s", "skip"), ("k", "keep"), ("ArrowRight", "next")):
            opened("review")
            waits: list[float] = []
            for _ in range(presses):
                page.wait_for_timeout(WAITED_MS)
                before = page.url
                started = time.perf_counter()
                page.keyboard.press(key)
                page.wait_for_function("before => location.href != before", arg=before, polling=LOOK_EVERY_MS)
                page.wait_for_function(IDLE, polling=LOOK_EVERY_MS)
                waits.append(time.perf_counter() - started)
            p95 = float(np.percentile(waits, 95))
            note = f"{presses} presses, median {harness.median(waits):.2f}, longest {max(waits):.2f}"
            yield Figure(f"review, {what}: press to next item, p95 in seconds", p95, NEXT_BAR_S, "<=", 2, note)
        browser.close()


def main() -> int:
    """Measure and print; 1 if a bar is missed."""
    parser = harness.options(__doc__ or "")
    parser.add_argument("--rows", type=int, default=100_000, help="examples in the workspace")
    parser.add_argument("--workspace", type=Path, help="a workspace that exists; keeps are recorded in it")
    parser.add_argument("--presses", type=int, default=40, help="presses of each key")
    chosen = parser.parse_args()
    with harness.data_folder(chosen.data) as folder:
        workspace = chosen.workspace or prepare(folder, chosen.rows)
        with served(workspace) as url:
            return harness.report("The desk in a browser", list(measure(url, chosen.presses)))


if __name__ == "__main__":
    harness.run_main(main)
