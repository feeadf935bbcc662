"""Silent failures of a run on its way: resumed wrongly, torn, endless, learnt by heart, dead and called alive."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.failures_kit import Bench, Failure, Killed, Seen, rows
from core import general, jobs
from core.files import read_json, write_json
from core.types import Example
from core.workspace import Workspace
from tests.training.builders import conversation, conversations, frozen, tiny_config
from training import actions, checkpoints, queries, timeline

SETTINGS: dict[str, Any] = {"epochs": 1, "checkpoint_every": 3, "checkpoints_kept": 4, "eval_every": 3}


def lost_optimizer(bench: Bench) -> Seen:
    """The newest checkpoint has the optimiser of another step, and the one before it the weights of another."""
    whole, folder = bench.new("whole"), _killed(bench, 10)
    bench.run(folder=whole, **SETTINGS)
    newest, before, first = _complete(folder)[:3]
    shutil.copyfile(first / checkpoints.OPTIMIZER, newest / checkpoints.OPTIMIZER)
    shutil.copyfile(first / checkpoints.WEIGHTS, before / checkpoints.WEIGHTS)
    seen = bench.run(folder=folder, resume=True, **SETTINGS)
    return seen if _weights(folder) == _weights(whole) else Seen((), "never", "the resumed run has other weights")


def torn(bench: Bench) -> Seen:
    """A kill in the middle of a save: the newest folder is there, and half of it is missing."""
    whole, folder = bench.new("whole"), bench.new("run")
    bench.run(folder=whole, **SETTINGS)
    real = write_json
    saved = 0

    def dying(path: Path, value: Any) -> None:
        nonlocal saved
        saved += path.name == checkpoints.MANIFEST
        if saved == 3:
            raise Killed
        real(path, value)

    faulty = {"training.checkpoints.write_json": dying, "training.session.Session.end": lambda *args: None}
    bench.run(folder=folder, patches=faulty, **SETTINGS)
    seen = bench.run(folder=folder, resume=True, **SETTINGS)
    return seen if _weights(folder) == _weights(whole) else Seen((), "never", "the resumed run has other weights")


def patience_forgotten(bench: Bench) -> Seen:
    """Patience begins anew after a resume; and there is no hold-out loss at all that patience could look at."""
    settings: dict[str, Any] = {
        **{"epochs": 30, "learning_rate": 1e-2, "rank": 16, "patience": 2, "checkpoints_kept": 4},
        **{"eval_every": 5, "checkpoint_every": 5, "examples": riddles(0, 60, 7919)},
        "hold_out": riddles(900, 920, 104729),
    }
    whole, folder = bench.new("whole"), bench.new("run")
    bench.run(folder=whole, **settings)
    end = _steps(whole)
    bench.run(folder=folder, should_stop=_dies_after(folder, end - 3), patches=QUIET, **settings)
    newest = _complete(folder)[0]
    state = read_json(newest / checkpoints.STATE)
    write_json(newest / checkpoints.STATE, {**state, "course": {**state["course"], "watch": {}}})
    seen = bench.run(folder=folder, resume=True, **settings)
    same = ("ends at the same step",) if _steps(folder) == end < 30 * 15 else ()
    return Seen(seen.names + same, seen.when, f"{seen.said} (step {end})") + bench.look(rows(), hold_out=[])


def memory_after_resume(bench: Bench) -> Seen:
    """The optimiser's state does not fit beside the model when a run goes on."""
    import torch

    folder = _killed(bench, 7)

    def scarce(path: Path) -> Any:
        raise torch.OutOfMemoryError("out of memory")

    return bench.run(folder=folder, resume=True, patches={"training.checkpoints.load_optimizer": scarce}, **SETTINGS)


def by_heart(bench: Bench) -> Seen:
    """Answers at random to questions: they can only be learnt by heart, and the hold-out shows it."""
    settings: dict[str, Any] = {"epochs": 30, "learning_rate": 1e-2, "rank": 16, "eval_every": 15, "patience": None}
    return bench.run(examples=riddles(0, 60, 7919), hold_out=riddles(900, 920, 104729), **settings)


def forgotten(bench: Bench) -> Seen:
    """A base model that can answer general questions, tuned hard on one narrow habit."""
    folder = bench.new("general")
    general_rows = [question.example() for question in general.spread(40)]
    schooling: dict[str, Any] = {"method": "full", "epochs": 5, "learning_rate": 3e-3}
    bench.run(folder=folder, examples=general_rows, hold_out=[], **schooling)
    return bench.run(base=folder / "model", epochs=4, learning_rate=5e-3, general_questions=40)


def called_alive(bench: Bench) -> Seen:
    """A killed run, and its old process number taken by another process."""
    workspace = Workspace.create(bench.new("workspace"))
    revision = frozen(workspace, conversations(60), [])
    started = actions.start_run(workspace, revision, tiny_config(bench.base, epochs=900))
    job = queries.job_of(workspace, started.id)
    _wait(lambda: bool(queries.run(workspace, started.id).step))
    jobs.kill(job)
    _wait(lambda: queries.run(workspace, started.id).ended)
    status = queries.run(workspace, started.id).status
    state = read_json(job.folder / "state.json")
    write_json(job.folder / "state.json", {**state, "status": "running", "pid": os.getpid()})
    recycled = jobs.read(job).status
    said = f"killed: {status}; its process number taken by a live process: {recycled}"
    return Seen((status, f"recycled {recycled}"), "during", said)


RUN = (
    Failure(13, "a resume with another optimiser or other weights", ("torn-checkpoint",), lost_optimizer),
    Failure(14, "a checkpoint torn by a kill is taken for the newest", ("torn-checkpoint",), torn),
    Failure(
        15,
        "patience begins anew after a resume, or has nothing to look at",
        ("torn-checkpoint", "ends at the same step", "no-holdout"),
        patience_forgotten,
    ),
    Failure(18, "memory that ends only after a resume", ("out-of-memory",), memory_after_resume),
    Failure(27, "the examples are learnt by heart", ("overfitting",), by_heart),
    Failure(28, "the model forgets what it could do before", ("doctor: forgot its general skill",), forgotten),
    Failure(30, "a dead run is called running", ("lost", "recycled lost"), called_alive),
)


def riddles(start: int, end: int, factor: int) -> list[Example]:
    """Questions whose answers nothing tells."""
    return [
        conversation(f"What is the word for {k}?", f"word {(k * factor) % 1009} of {(k * 31) % 97}")
        for k in range(start, end)
    ]


QUIET = {"training.session.Session.end": lambda *args: None}
"""A killed process does not write how it ended."""


def _killed(bench: Bench, after: int) -> Path:
    """The folder of a run that was killed after so many steps."""
    folder = bench.new("run")
    bench.run(folder=folder, should_stop=_dies_after(folder, after), patches=QUIET, **SETTINGS)
    return folder


def _dies_after(folder: Path, steps: int) -> Callable[[], bool]:
    def look() -> bool:
        if _steps(folder) >= steps:
            raise Killed
        return False

    return look


def _steps(folder: Path) -> int:
    return max((event["step"] for event in timeline.fold(jobs.events(folder)) if event["type"] == "step"), default=0)


def _complete(folder: Path) -> list[Path]:
    return [one.folder for one in checkpoints.listing(folder) if one.complete]


def _weights(folder: Path) -> bytes:
    return (folder / "adapter" / "adapter_model.safetensors").read_bytes()


def _wait(done: Callable[[], bool], limit_s: float = 120) -> None:
    end = time.monotonic() + limit_s
    while not done():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.1)
