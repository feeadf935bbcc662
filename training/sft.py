"""The work of a training job: supervised fine-tuning by QLoRA, LoRA or in full; however it ends, its folder says so."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.clock import utc_now
from core.errors import CancelledError, FinetoothError, InputError
from core.jobs import JobContext
from core.revisions import examples_of, places_of
from core.turns import turn
from core.types import Example
from core.workspace import Workspace
from training.config import read_config
from training.control import Control, StoppedError
from training.phases import during
from training.records import Run, RunLog, owned, read_run, write_run
from training.session import Session

QUEUE = "training"
"""What runs queue for: this machine's memory and its GPU hold one of them at a time."""

PACKAGES = ("torch", "transformers", "peft", "bitsandbytes", "tokenizers", "safetensors")


def run_training(context: JobContext) -> dict[str, Any]:
    """The work of a training job: its spec names the workspace and the run. Returns the run's facts."""
    workspace = Workspace.open(Path(context.spec["workspace"]))
    folder = workspace.runs_dir / context.spec["run_id"]
    run = read_run(folder)
    control = Control.of(context)
    with ExitStack() as held:
        held.enter_context(owned(folder))
        try:
            waiting = turn(
                QUEUE,
                f"run {run.id}",
                waiting=lambda ahead: context.waiting(f"Queued behind {ahead}."),
                check=control.check,
            )
            held.enter_context(waiting)
        except CancelledError:
            message = "It was taken out of the queue before it began."
            write_run(folder, replace(run, status="cancelled", message=message, ended_at=utc_now()))
            raise
        context.working()
        return train(
            folder,
            run,
            examples_of(workspace, run.revision_id, "train"),
            examples_of(workspace, run.revision_id, "holdout"),
            control,
            resume=bool(context.spec.get("resume", False)),
            places=places_of(workspace, run.revision_id),
        )


def train(
    folder: Path,
    run: Run,
    train_on: Sequence[Example],
    hold_out: Sequence[Example],
    control: Control,
    *,
    resume: bool = False,
    places: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Train in a run's folder; however it ends, the folder says so.

    Args:
        folder: The run's.
        run: Its record.
        train_on: The training split.
        hold_out: The hold-out split.
        control: How the outside watches and commands it.
        resume: Go on where an earlier process left off.
        places: Where each example stands, by its id, so that pre-flight names lines.

    Returns:
        The run's facts, named for people.

    Raises:
        StoppedError: It was stopped or cancelled on request.
        BlockedError: Pre-flight forbids it.
        FinetoothError: The loss or a gradient was not finite, or the model cannot be trained.
    """
    log = RunLog(folder)
    try:
        config = read_config(run.config)
    except InputError as error:
        write_run(folder, replace(run, status="failed", message=error.message, ended_at=utc_now()))
        raise InputError(
            f"{error.message} Run {run.id} was set up by another version of Finetooth.",
            "Start another run: finetooth train",
        ) from error
    run = replace(run, status="running", versions=_versions())
    write_run(folder, run)
    session = Session(folder, run, config, log, control)
    try:
        session.prepare(train_on, hold_out, places)
        if resume:
            session.resume()
        session.fit()
        session.finish()
    except StoppedError as stop:
        log.event("stopping", reason="request" if stop.saves else "cancel", step=session.step)
        _end(session, "stopped" if stop.saves else "cancelled", stop)
        raise
    except BaseException as error:
        known = _as_known(error, session.phase)
        if known is None:
            session.end("failed", error.message if isinstance(error, FinetoothError) else _named(error))
            raise
        log.event("warning", name="out-of-memory", message=known.message, count=0, step=session.step)
        session.end("failed", known.message)
        raise known from error
    session.end("done", session.course.watch.last_word(session.step, session.total_steps))
    return session.facts


def _end(session: Session, status: str, stop: StoppedError) -> None:
    """Save what is to be saved after a stop; where that fails, the run says so."""
    try:
        if stop.saves:
            session.stop()
    except FinetoothError as error:
        session.end("failed", error.message)
        raise
    session.end(status, stop.message)


def _as_known(error: BaseException, phase: str) -> FinetoothError | None:
    """An error for people where the memory ran out, which libraries say in different ways; None for any other."""
    words = str(error).lower()
    ran_out = isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and ("out of memory" in words or "can't allocate memory" in words)
    )
    if not ran_out:
        return None
    return FinetoothError(
        f"The memory ran out {during(phase)}.",
        "Halve batch_size and double gradient_accumulation, which trains the same, or turn gradient_checkpointing on.",
    )


def _named(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "absent"
    return found
