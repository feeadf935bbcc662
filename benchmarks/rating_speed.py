"""How quick the rating desk is with 2,000 pairs while nine other raters vote: from a key press to the next pair.

``python -m benchmarks.rating_speed`` makes a study, serves it as people do, lets nine scripted sessions vote once in
five seconds each, and presses keys in Chromium until the next pair is drawn.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks import harness
from benchmarks.desk_speed import CHROMIUM, IDLE, LOOK_EVERY_MS, WAITED_MS, served
from benchmarks.harness import Figure
from core.types import Rating
from core.workspace import Workspace
from evaluation import rating, study

BAR_S = 0.5
WORDS = ("the code", "stands in", "the table", "of this chapter", "and applies", "to adults", "who come", "with fever")


def prepare(folder: Path, pairs: int, votes: int) -> tuple[Path, str]:
    """A workspace with a study of made answers; ``votes`` of a first rater are in the ledger already."""
    workspace = Workspace.create(folder / f"rating-{pairs}")
    rng = np.random.default_rng(0)

    def text(n: int) -> str:
        return " ".join(rng.choice(WORDS, n)).capitalize() + "."

    rows = [
        {
            "example_id": f"example-{k}",
            "prompt": json.dumps([{"role": "user", "content": f"Case {k}: {text(30)}"}]),
            "reference": text(60),
            "base_reply": f"First, {k}: {text(90)}",
            "tuned_reply": f"Second, {k}: {text(70)}",
        }
        for k in range(pairs)
    ]
    manifest = {"run_id": "made", "revision_id": "made", "base_model": "made", "summary": {}}
    evaluation_id = workspace.objects.put("evaluation", manifest, pl.DataFrame(rows), [pairs])
    study_id = study.create_study(workspace, evaluation_id, n_items=pairs, raters_per_item=3, n_repeats=pairs // 20)
    harness.say(f"recording {votes:,} votes")
    for k in range(votes):
        item = rating.next_item(workspace, study_id, "earlier")
        if item is None:
            break
        rating.record_rating(workspace, Rating(f"earlier-{k}", item.item_id, "earlier", "left"))
    return workspace.path, study_id


@contextlib.contextmanager
def scripted(url: str, study_id: str, raters: int, seconds: float) -> Iterator[subprocess.Popen[str]]:
    """The other raters, in a process of their own."""
    command = [sys.executable, "-m", "benchmarks.rating_sessions", url, study_id]
    command += ["--raters", str(raters), "--seconds", str(seconds)]
    process = subprocess.Popen(command, cwd=harness.ROOT, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(10)


def measure(url: str, study_id: str, presses: int, raters: int) -> Iterator[Figure]:
    """Press the four verdict keys in turn, each when the pair before has been looked at."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(60_000)
        page.goto(f"{url}/side_by_side?study={study_id}&who=Ana")
        page.get_by_role("button", name="Start rating").click()
        page.get_by_role("button", name="Left is better").wait_for()
        page.wait_for_function(IDLE, polling=LOOK_EVERY_MS)
        with scripted(url, study_id, raters, presses * 2.0 + 30) as others:
            page.wait_for_timeout(10_000)  # until all of them have the page
            waits: list[float] = []
            for k in range(presses):
                page.wait_for_timeout(WAITED_MS + 400)
                before = page.locator(".ft-text").last.inner_text()
                started = time.perf_counter()
                page.keyboard.press("1234"[k % 4])
                page.wait_for_function(
                    "before => [...document.querySelectorAll('.ft-text')].at(-1)?.innerText != before",
                    arg=before,
                    polling=LOOK_EVERY_MS,
                )
                page.wait_for_function(IDLE, polling=LOOK_EVERY_MS)
                waits.append(time.perf_counter() - started)
            others.terminate()
        browser.close()
    note = f"{presses} presses, median {harness.median(waits):.2f}, longest {max(waits):.2f}; {raters} others"
    yield Figure("key press to next pair, p95 in seconds", float(np.percentile(waits, 95)), BAR_S, "<=", 2, note)


def main() -> int:
    """Measure and print; 1 if the bar is missed."""
    parser = harness.options(__doc__ or "")
    parser.add_argument("--pairs", type=int, default=2_000, help="pairs in the study")
    parser.add_argument("--votes", type=int, default=1_000, help="votes in the ledger before it begins")
    parser.add_argument("--presses", type=int, default=40, help="key presses in the browser")
    parser.add_argument("--raters", type=int, default=9, help="scripted raters beside it")
    chosen = parser.parse_args()
    with harness.data_folder(chosen.data) as folder:
        workspace, study_id = prepare(folder, chosen.pairs, chosen.votes)
        with served(workspace) as url:
            figures = list(measure(url, study_id, chosen.presses, chosen.raters))
        made = rating.votes(Workspace.open(workspace), study_id)
        others = sum(who.startswith("scripted") for _, who in made.held)
        figures.append(Figure("votes of the scripted raters meanwhile", others, 1, ">=", 0))
        return harness.report("The rating desk in a browser", figures)


if __name__ == "__main__":
    harness.run_main(main)
