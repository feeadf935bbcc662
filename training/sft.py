"""The work of a training job: supervised fine-tuning by QLoRA, LoRA or in full; however it ends, its folder says so."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.errors import CancelledError, FinetoothError
from core.jobs import JobContext
from core.revisions import examples_of
from core.types import Example
from core.workspace import Workspace
from training.config import read_config
from training.control import Control, StoppedError
from training.records import Run, RunLog, read_run, write_run
from training.session import Session

PACKAGES = ("torch", "transformers", "peft", "bitsandbytes", "tokenizers", "safetensors")


def run_training(context: JobContext) -> dict[str, Any]:
    """The work of a training job: its spec names the workspace and the run. Returns the run's facts."""
    workspace = Workspace.open(Path(context.spec["workspace"]))
    folder = workspace.runs_dir / context.spec["run_id"]
    run = read_run(folder)
    train_on = examples_of(workspace, run.revision_id, "train")
    hold_out = examples_of(workspace, run.revision_id, "holdout")
    return train(folder, run, train_on, hold_out, Control.of(context), resume=bool(context.spec.get("resume", False)))


def train(
    folder: Path,
    run: Run,
    train_on: Sequence[Example],
    hold_out: Sequence[Example],
    control: Control,
    *,
    resume: bool = False,
) -> dict[str, Any]:
    """Train in a run's folder; however it ends, the folder says so.

    Args:
        folder: The run's.
        run: Its record.
        train_on: The training split.
        hold_out: The hold-out split.
        control: How the outside watches and commands it.
        resume: Go on where an earlier process left off.

    Returns:
        The run's facts, named for people.

    Raises:
        StoppedError: It was stopped or cancelled on request.
        BlockedError: Pre-flight forbids it.
        FinetoothError: The loss or a gradient was not finite, or the model cannot be trained.
    """
    log = RunLog(folder)
    run = replace(run, status="running", versions=_versions())
    write_run(folder, run)
    session = Session(folder, run, read_config(run.config), log, control)
    try:
        session.prepare(train_on, hold_out)
        if resume:
            log.event("resume", from_step=0, checkpoint=None)
        session.fit()
        session.finish()
    except BaseException as error:
        status = "failed"
        if isinstance(error, CancelledError):
            status = "stopped" if not isinstance(error, StoppedError) or error.saves else "cancelled"
            log.event("stopping", reason="request")
        message = error.message if isinstance(error, FinetoothError) else f"{type(error).__name__}: {error}"
        if status == "stopped" and session.step > 0:
            session.save()
        session.end(status, message)
        raise
    session.end("done", "")
    return session.facts


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "absent"
    return found
