"""The part of ``benchmarks.faults`` about training: kills of the trainer, and of the web server that started it."""

from __future__ import annotations

import os
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.faults_server import prepare, survive
from benchmarks.faults_trainer import kill_and_resume
from benchmarks.harness import Figure, say
from core.turns import QUEUE_VARIABLE
from tests.tiny_model import tiny
from training.config import TrainConfig

ATTACH_S = 2


def trainer_kills(folder: Path, kills: int, seed: int) -> list[Figure]:
    """Kill runs, half of the times amid a save, resume them, and compare their weights with an undisturbed run's."""
    config, workspace, revision = _made(folder, epochs=6, dropout=0.1, eval_every=3, checkpoint_every=2, samples=1)
    tally = kill_and_resume(workspace, revision, config, kills=kills, seed=seed, tell=say)
    note = f"{tally.in_saves} amid a save; {tally.torn} torn checkpoints passed over; {tally.runs} runs"
    return [
        Figure("kills of a training run, each resumed", tally.kills, kills, "=", 0, note),
        Figure("runs whose weights or events are not those of the undisturbed run", len(tally.wrong), 0, "=", 0),
    ]


def server_kills(folder: Path, kills: int, seed: int) -> list[Figure]:
    """Kill the server of a run again and again."""
    config, workspace, revision = _made(folder, epochs=1000, patience=None, samples=0)
    found = survive(workspace, revision, config, kills=kills, seed=seed, tell=say)
    for line in found.wrong:
        say(line)
    slow = sum(seconds > ATTACH_S for seconds in found.attach_s)
    note = f"median {median(found.attach_s):.2f} s, longest {max(found.attach_s):.2f} s, {slow} above {ATTACH_S} s"
    return [
        Figure("kills of the web server while a run trains", found.kills, kills, "=", 0, f"{found.steps:,} steps"),
        Figure("runs that stood still, events lost or doubled", len(found.wrong), 0, "=", 0),
        Figure("s until the page of the next server shows the run", median(found.attach_s), ATTACH_S, "<=", 2, note),
    ]


def _made(folder: Path, **settings: Any) -> tuple[TrainConfig, Any, str]:
    folder.mkdir(parents=True, exist_ok=True)
    os.environ[QUEUE_VARIABLE] = str(folder / "queue")  # not behind whatever else trains on this machine
    workspace, revision = prepare(folder)
    size: dict[str, Any] = {"batch_size": 4, "rank": 4, "alpha": 8, "learning_rate": 5e-3, "limit": 16}
    config = TrainConfig(base_model=str(tiny(folder / "tiny")), sample_tokens=2, **{**size, **settings})
    return config, workspace, revision
