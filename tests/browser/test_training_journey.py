"""A training run from the browser: looked at first, watched to its end, found again after everything was restarted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from core.workspace import Workspace
from curation import actions, freeze
from tests.browser.conftest import ROOT, Visit
from tests.conftest import as_line, chat
from tests.pages.workspaces import RUN, add_run
from tests.tiny_model import tiny
from training import plans, queries
from training.config import TrainConfig, read_config

pytestmark = pytest.mark.browser
BACK_S = 10.0
"""A loaded machine of two cores gets this long; the bar is one second on an idle one, and the time is printed."""

Serve = Callable[..., str]
OpenTab = Callable[[str], Visit]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny seeded base model."""
    return tiny(tmp_path_factory.mktemp("base") / "tiny")


@pytest.fixture
def ready(tmp_path: Path) -> Workspace:
    """A frozen revision of sixty short chats."""
    path = tmp_path / "chats.jsonl"
    examples = [chat(f"Which code applies to case {k}?", f"Code {k % 5} is given in the table.") for k in range(60)]
    path.write_text("".join(as_line(example) + "\n" for example in examples), encoding="utf-8")
    workspace = Workspace.create(tmp_path / "project")
    actions.import_file(workspace, path, who="Ana")
    freeze.freeze(workspace, who="Ana", holdout_size=8)
    return workspace


def settings(base: Path, **more: Any) -> TrainConfig:
    chosen = {"base_model": str(base), "batch_size": 4, "learning_rate": 5e-3, "rank": 4, "alpha": 8, "eval_every": 10}
    return read_config({**chosen, **more})


def test_a_run_is_looked_at_launched_watched_and_there_after_a_reload(
    serve: Serve, visit: OpenTab, ready: Workspace, base: Path
) -> None:
    plans.keep(ready, settings(base, epochs=12), who="Ana")
    tab = visit(serve(ready.path))
    tab.page.set_default_timeout(120_000)
    tab.open("train", who="Ana")
    tab.page.get_by_role("button", name="Look first").click()
    tab.sees("Nothing forbids the run")
    tab.page.get_by_role("button", name="Start training").click()
    tab.page.get_by_text("steps · about").first.wait_for()
    tab.page.reload()
    tab.page.get_by_text("Took").first.wait_for()
    [run] = queries.runs(ready)
    assert run.status == "done" and run.step == run.total_steps
    assert f"run={run.id}" in tab.page.url
    numbers = [event["seq"] for event in queries.run_events(ready, run.id)]
    assert numbers == list(range(1, len(numbers) + 1))
    tab.page.locator("[data-testid=stVegaLiteChart]").first.wait_for()
    tab.page.reload()
    tab.page.locator("[data-testid=stVegaLiteChart]").first.wait_for()
    tab.page.get_by_role("link", name="Evaluate it on the hold-out").click()
    tab.page.get_by_role("button", name="Evaluate", exact=True).wait_for()
    assert tab.complaints == [] and tab.outside == []


def test_a_run_is_stopped_on_request_keeps_its_adapter_and_is_resumed_where_it_stood(
    serve: Serve, visit: OpenTab, ready: Workspace, base: Path
) -> None:
    plans.keep(ready, settings(base, epochs=900), who="Ana")
    tab = visit(serve(ready.path))
    tab.page.set_default_timeout(120_000)
    tab.open("train", who="Ana")
    tab.page.get_by_role("button", name="Start training").click()
    tab.page.get_by_text("steps · about").first.wait_for()
    tab.page.get_by_role("button", name="Stop", exact=True).click()
    tab.page.wait_for_timeout(2_500)  # the panel renews itself meanwhile; what was opened stays open
    tab.page.get_by_role("button", name="Stop and save").click()
    tab.sees("stopped on request")
    [run] = queries.runs(ready)
    assert run.status == "stopped" and run.adapter_hash and 0 < run.step < (run.total_steps or 0)
    tab.sees("Evaluate it on the hold-out")
    tab.page.get_by_role("button", name="Resume").click()
    tab.page.get_by_text("steps · about").first.wait_for()
    assert _wait_for_step(ready, run.id, run.step + 3) > run.step
    [event] = [event for event in queries.run_events(ready, run.id) if event["type"] == "resume"]
    assert event["from_step"] == run.step
    tab.page.get_by_role("button", name="Stop", exact=True).click()
    tab.page.get_by_role("button", name="Cancel the run").click()
    tab.sees("cancelled on request")
    assert tab.complaints == [] and tab.outside == []


def test_two_people_see_one_run_and_either_or_both_may_stop_it(
    serve: Serve, visit: OpenTab, ready: Workspace, base: Path
) -> None:
    plans.keep(ready, settings(base, epochs=900), who="Ana")
    url = serve(ready.path)
    ana, ben = visit(url), visit(url)
    for tab in (ana, ben):
        tab.page.set_default_timeout(120_000)
    ana.open("train", who="Ana")
    ana.page.get_by_role("button", name="Start training").click()
    ana.page.get_by_text("steps · about").first.wait_for()
    ben.open("train", who="Ben")  # without the run's name: the newest is shown
    ben.page.get_by_text("steps · about").first.wait_for()
    assert ben.page.get_by_role("button", name="Start training").count() == 0, "a second launch is asked for, not given"
    for tab in (ana, ben):
        tab.page.get_by_role("button", name="Stop", exact=True).click()
    stops = [tab.page.get_by_role("button", name="Stop and save") for tab in (ana, ben)]
    for stop in stops:
        stop.wait_for()
    stops[0].click()
    with suppress(PlaywrightTimeout):  # where his panel has heard of hers already, his button is gone
        stops[1].click(timeout=5_000)
    for tab in (ana, ben):
        tab.sees("stopped on request")
        assert tab.page.get_by_test_id("stException").count() == 0
    [run] = queries.runs(ready)
    ends = [event for event in queries.run_events(ready, run.id) if event["type"] == "end"]
    assert run.status == "stopped" and run.adapter_hash and [event["status"] for event in ends] == ["stopped"]
    asked = ready.ledger.entries("run.stopped")
    assert {entry.who for entry in asked} <= {"Ana", "Ben"} and asked
    for tab in (ana, ben):
        tab.page.get_by_role("button", name="Resume").wait_for()
        assert tab.complaints == [] and tab.outside == []


def test_a_run_outlives_the_server_and_the_next_server_shows_it(visit: OpenTab, ready: Workspace, base: Path) -> None:
    plans.keep(ready, settings(base, epochs=900), who="Ana")
    first, second = 0, 0
    try:
        first, url = _serve(ready.path, port=0)
        tab = visit(url)
        tab.page.set_default_timeout(120_000)
        tab.open("train", who="Ana")
        tab.page.get_by_role("button", name="Start training").click()
        tab.page.get_by_text("steps · about").first.wait_for()
        os.kill(first, signal.SIGKILL)
        [run] = queries.runs(ready)
        later = _wait_for_step(ready, run.id, run.step + 5)
        second, url = _serve(ready.path, port=0)
        again = visit(url)
        again.open("train", who="Ana")
        again.page.get_by_text("steps · about").first.wait_for()
        assert json.loads((ready.runs_dir / run.id / "events.jsonl").read_text().splitlines()[0])["seq"] == 1
        again.page.get_by_role("button", name="Stop", exact=True).click()
        again.page.get_by_role("button", name="Stop and save").click()
        again.sees("stopped on request")
        assert queries.run(ready, run.id).step >= later
    finally:
        for server in (first, second):
            if server:
                _end(server)


def test_the_whole_curve_of_a_long_run_is_back_within_a_second(serve: Serve, visit: OpenTab, ready: Workspace) -> None:
    revision = freeze.revisions(ready)[0].revision.id
    many = [
        {"type": "step", "step": k, "loss": 2.0 / k**0.2, "lr": 1e-4, "grad_norm": 1.0, "tokens_per_s": 300.0}
        for k in range(13, 10_001)
    ]
    add_run(ready, revision, extra=many)
    tab = visit(serve(ready.path))
    tab.open("train", who="Ana")
    tab.page.locator("[data-testid=stVegaLiteChart]").first.wait_for()
    began = time.monotonic()
    tab.page.reload(wait_until="commit")
    tab.page.locator("[data-testid=stVegaLiteChart]").first.wait_for()
    took = time.monotonic() - began
    print(f"the curve of 10,000 steps was back after {took:.2f} s")
    assert took < BACK_S
    assert queries.run(ready, RUN).step == 10_000


def _serve(workspace: Path, *, port: int) -> tuple[int, str]:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", port))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "ui.server", "--port", str(port), "--workspace", str(workspace)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1):
                return process.pid, url
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError("the server did not answer")


def _wait_for_step(workspace: Workspace, run_id: str, step: int) -> int:
    deadline = time.monotonic() + 150
    while time.monotonic() < deadline:
        now = queries.run(workspace, run_id).step
        if now >= step:
            return now
        time.sleep(0.2)
    raise AssertionError("the run did not go on without its server")


def _end(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    except (ProcessLookupError, ChildProcessError):
        return
