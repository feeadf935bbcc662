"""The norms of a check are kept with it, and read back only for the dataset that they were learned from."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.workspace import Workspace
from curation import actions, checking, norms
from curation.checks.base import chat
from curation.evidence.norms import LearnedNorm
from curation.runner import run_checks

STOP = LearnedNorm("format.norm", "final-punctuation", "all answers", "end with a full stop", 40, 41, 0.89, 1)
WE = LearnedNorm("tone.norm", "person", "all answers", "say “you”", 40, 41, 0.89, 1)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace.create(tmp_path / "w")
    file = tmp_path / "rows.csv"
    file.write_text("prompt,completion\nWhich code?,J20.9.\nWhich other?,J20.8.\n")
    actions.import_file(made, file, who="ann")
    return made


def test_norms_are_kept_by_check_and_dataset(workspace: Workspace) -> None:
    assert norms.load(workspace) is None
    norms.write(workspace, [STOP, WE], "old", ["format.norm", "tone.norm"])
    assert norms.load(workspace, current=False) == (STOP, WE)
    norms.write(workspace, [WE], "old", ["format.norm"])
    assert norms.load(workspace, current=False) == (WE, WE)
    norms.write(workspace, [STOP], "new", ["format.norm"])
    assert norms.load(workspace, current=False) == (STOP,)
    assert norms.load(workspace) is None


def test_a_check_of_the_workspace_writes_its_norms(workspace: Workspace) -> None:
    checking.check(workspace)
    assert norms.load(workspace) == ()


def test_a_damaged_file_of_norms_is_none(workspace: Workspace) -> None:
    norms.write(workspace, [STOP], "old", [])
    (workspace.path / "index" / norms.FILE).write_text('{"dataset_key": "old", "norms": [{"check": 1}]}')
    assert norms.load(workspace, current=False) is None


def test_the_report_holds_the_norms_of_its_checks() -> None:
    report = run_checks([chat("Which code?", "J20.9.")], ["format"])
    assert report.norms == ()
