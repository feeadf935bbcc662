"""The automatic part passes with the network blocked and an empty hub cache, and leaves no text behind in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from core.workspace import Workspace
from tests.evaluation.workspace_with_run import examples, revision, run_with_adapter
from tests.tiny_model import tiny

PROGRAM = """
import json, socket, sys
from pathlib import Path

def refuse(*_, **__):
    raise AssertionError("a connection was tried")

socket.socket.connect = socket.getaddrinfo = refuse
from core.jobs import InlineContext
from flows.probing import run_evaluation
done = run_evaluation(InlineContext(json.loads(sys.argv[1]), Path(sys.argv[2])))
print(json.dumps(done["summary"]["metrics"]["exact_match"]["n"]))
"""


def test_an_evaluation_needs_no_network_and_no_hub_cache(tmp_path: Path) -> None:
    space = Workspace.create(tmp_path / "w")
    run_id = run_with_adapter(space, tiny(tmp_path / "base"), revision(space, examples(4)))
    cache = tmp_path / "cache"
    cache.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "TRANSFORMERS_"))}
    spec = {"workspace": str(space.path), "run_id": run_id, "n_replies": 4, "max_new_tokens": 4}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(spec), str(tmp_path / "job")],
        env={**kept, "HF_HOME": str(cache)},
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "4"
    left = [file for file in cache.rglob("*") if file.is_file()]
    assert not [file for file in left if file.suffix == ".arrow" or b"Which code applies" in file.read_bytes()]
