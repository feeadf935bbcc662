"""The web server is killed again and again while a run it started trains: the run goes on, each new server shows it."""

from __future__ import annotations

from pathlib import Path

from benchmarks.faults_server import prepare, survive
from tests.tiny_model import tiny
from tests.training.builders import tiny_config

KILLS = 20


def test_twenty_kills_of_the_server_cost_a_run_nothing(tmp_path: Path) -> None:
    workspace, revision = prepare(tmp_path)
    config = tiny_config(tiny(tmp_path / "tiny"), epochs=900, patience=None)
    found = survive(workspace, revision, config, kills=KILLS, seed=3, tell=print)
    assert found.wrong == []
    assert found.kills == KILLS and found.steps > KILLS
    assert sorted(found.attach_s)[KILLS // 2] < 2, "on a machine with other work a single one may be late"
