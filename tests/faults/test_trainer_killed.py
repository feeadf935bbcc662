"""A training run that is killed, amid its saves too, resumes and ends as if it had been left alone."""

from __future__ import annotations

from pathlib import Path

from benchmarks.faults_trainer import kill_and_resume
from core.workspace import Workspace
from tests.tiny_model import tiny
from tests.training.builders import conversations, frozen, tiny_config

KILLS = 10


def test_ten_kills_leave_the_weights_of_the_undisturbed_run(workspace: Workspace, tmp_path: Path) -> None:
    revision = frozen(workspace, conversations(16), conversations(4, start=100))
    config = tiny_config(
        tiny(tmp_path / "tiny"), epochs=6, dropout=0.1, eval_every=3, checkpoint_every=2, samples=1, sample_tokens=2
    )
    tally = kill_and_resume(workspace, revision, config, kills=KILLS, seed=7, tell=print)
    assert tally.wrong == []
    assert tally.kills == KILLS and tally.in_saves >= 3 and tally.runs >= 1
