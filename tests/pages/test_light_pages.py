"""The web process stays light: no page imports the libraries that only workers need."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from evaluation import study
from tests.pages.workspaces import ROOT, add_evaluation, add_run, frozen
from tests.test_architecture import HEAVY

PAGES = ("import_data", "review", "dataset", "plan", "train", "evaluate", "side_by_side", "results")
SCRIPT = """
import json, sys
from streamlit.testing.v1 import AppTest
for page in sys.argv[1:]:
    app = AppTest.from_file("app.py", default_timeout=120)
    app.session_state["who"] = "Ana"
    app.run()
    app.switch_page(f"pages/{page}.py")
    app.run()
    assert not app.exception, (page, app.exception)
print(json.dumps(sorted({name.split(".")[0] for name in sys.modules})))
"""


def test_no_page_imports_what_only_workers_need(tmp_path: Path) -> None:
    workspace, revision_id = frozen(tmp_path / "project")
    add_run(workspace, revision_id)
    made = study.create_study(workspace, add_evaluation(workspace, revision_id), n_items=12)
    study.close_study(workspace, made)
    environment = {**os.environ, "FINETOOTH_WORKSPACE": str(workspace.path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *PAGES], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    imported = set(json.loads(done.stdout.splitlines()[-1]))
    assert imported & HEAVY == set()
