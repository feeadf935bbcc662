"""The whole stage, from a file of chats to a traced failure, with the network blocked and an empty hub cache."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.workspace import Workspace
from evaluation.metrics_loader import SHIPPED
from tests.conftest import as_line, chat
from tests.evaluation.test_judge import answer
from tests.fake_endpoint import serving
from tests.flows.test_walk import PLACES, TOPICS
from tests.tiny_model import tiny

ROOT = Path(__file__).resolve().parents[2]
GUARD = """
import os, socket
HERE = ("127.0.0.1", "::1", "localhost")

def note(kind, text):
    with open(os.path.join(os.environ["GUARD_FOLDER"], kind), "a") as file:
        file.write(text + "\\n")

def guarded(real, at):
    def call(*args, **kwargs):
        address = args[at]
        host = address[0] if isinstance(address, tuple) else address
        if host is not None and str(host) not in HERE and not (isinstance(address, str) and at == 1):
            note("refused", repr(address))
            raise OSError("the network is blocked")
        return real(*args, **kwargs)
    return call

socket.socket.connect = guarded(socket.socket.connect, 1)
socket.socket.connect_ex = guarded(socket.socket.connect_ex, 1)
socket.getaddrinfo = guarded(socket.getaddrinfo, 0)
note("processes", str(os.getpid()))
"""
"""Read by every Python process at its start: it refuses all but this machine, and notes what was tried."""
VERBS = """
import sys, json
from cli.main import main

def run(*words):
    sys.argv = ["finetooth", *words]
    try:
        main()
    except SystemExit as end:
        if end.code:
            raise SystemExit(f"{words}: {end.code}")
"""
CHECKS = """
from pathlib import Path
from core.workspace import Workspace
from curation import checking
checking.check(Workspace.open(Path("w")))
"""
VOTES = """
from pathlib import Path
from core.types import Rating
from core.workspace import Workspace
from evaluation import rating, study
space = Workspace.open(Path("w"))
made = space.objects.find("study")
items = study.load_study(space, made).items
for who in ("ann", "bob"):
    while (shown := rating.next_item(space, made, who)) is not None:
        side = "left" if shown.left == items[shown.item_id].tuned else "right"
        verdict = "both_bad" if list(items).index(shown.item_id) < 2 else side
        note = "Wrong ward." if verdict == "both_bad" else ""
        said = Rating(who + shown.item_id, shown.item_id, who, verdict, {f"{side}.accuracy": 4}, note)
        assert rating.record_rating(space, said).stored
"""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_whole_stage_needs_no_network_and_no_hub_cache(tmp_path: Path) -> None:
    rows = [
        chat(
            f"A case of {TOPICS[i % 10]} came from the {PLACES[i // 10]} gate after {i + 3} days. Which ward takes it?",
            f"Ward {PLACES[i // 10]} takes the {TOPICS[i % 10]} case.",
        )
        for i in range(80)
    ]
    (tmp_path / "chats.jsonl").write_text("".join(as_line(row) + "\n" for row in rows))
    tiny(tmp_path / "model")
    guard, cache = tmp_path / "guard", tmp_path / "cache"
    guard.mkdir()
    cache.mkdir()
    (guard / "sitecustomize.py").write_text(GUARD)
    known = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "TRANSFORMERS_"))}
    paths = os.pathsep.join([str(guard), str(ROOT)])
    with serving(lambda body: answer("A", 5, 1)) as (url, heard):
        words: list[list[str]] = [
            ["init", "w"],
            ["import", "chats.jsonl"],
            ["checks"],
            ["freeze", "--holdout-size", "12"],
            ["train", "--model", "model", "--epochs", "2", "--learning-rate", "5e-4", "--batch-size", "8"],
            ["evaluate", "--replies", "12", "--max-new-tokens", "8"],
            ["study", "--items", "12"],
            ["votes"],
            ["study", "--close", ""],
            ["judge", "--url", url, "--model", "judge"],
            ["results", "--sign", "inconclusive", "--folder", "out", "--slices", "--json"],
            ["report", "--out", "report.html"],
            ["report", "--out", "report.md"],
            ["export", "cleaned.jsonl"],
            ["trace", "--json"],
        ]
        own = {"checks": CHECKS, "votes": VOTES}
        program = (
            f"{VERBS}for words in {words!r}:\n    exec({own!r}[words[0]]) if words[0] in {own!r} else run(*words)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={**known, "HF_HOME": str(cache), "PYTHONPATH": paths, "GUARD_FOLDER": str(guard)}
            | {"FINETOOTH_WORKSPACE": str(tmp_path / "w")},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr[-3000:]
    assert not (guard / "refused").exists(), (guard / "refused").read_text()
    assert len((guard / "processes").read_text().split()) >= 3, "training and evaluation ran in guarded processes"
    assert heard, "the judge on this machine was asked"

    workspace = Workspace.open(tmp_path / "w")
    summary = workspace.objects.manifest(workspace.objects.find("evaluation"))["summary"]
    assert summary["metrics_not_run"] == {} and set(summary["metrics"]) == {one.name for one in SHIPPED}
    assert {"forgetting", "forgetting_loss", "grounding", "instructions"} <= set(summary["probes"])
    assert (tmp_path / "report.html").read_text().count("<html") == 1
    assert json.loads((tmp_path / "out" / "decision.json").read_text())["signed"][0]["decision"] == "inconclusive"
    kept = [file for file in cache.rglob("*") if file.is_file()]
    assert not [file for file in kept if file.suffix == ".arrow" or b"Which ward" in file.read_bytes()]
