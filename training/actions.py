"""Starting, commanding and resuming training runs: what a page's button and a command both call."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from core import ending, jobs
from core.errors import FinetoothError, InputError
from core.files import write_json
from core.ids import new_action_id
from core.workspace import Workspace
from training import queries
from training.config import TrainConfig
from training.records import JOB_FILE, Run, read_run, write_run

TARGET = "training.sft:run_training"


def start_run(workspace: Workspace, revision_id: str, config: TrainConfig, who: str = "") -> Run:
    """Start training on a frozen revision, in a process that outlives this one.

    Raises:
        InputError: The revision has no example to train on.
        FinetoothError: There is no such revision.
    """
    run, spec = prepare_run(workspace, revision_id, config, who)
    job = jobs.submit(workspace.jobs_dir, "train", TARGET, spec)
    folder = workspace.runs_dir / run.id
    write_json(folder / JOB_FILE, {"job_id": job.id})
    return read_run(folder)


def prepare_run(
    workspace: Workspace, revision_id: str, config: TrainConfig, who: str = ""
) -> tuple[Run, dict[str, Any]]:
    """Make a run's folder without starting it. Returns the run and the job's spec."""
    manifest = workspace.objects.manifest(revision_id)
    n_train = int(manifest.get("splits", {}).get("train", 1))
    if n_train == 0:
        raise InputError("This revision holds no example to train on.", "Freeze again after keeping some examples.")
    at = workspace.clock()
    run_id = f"{at[:19].replace('-', '').replace(':', '').replace('T', '-')}-{new_action_id()[:6]}"
    folder = workspace.runs_dir / run_id
    run = Run(
        id=run_id,
        revision_id=revision_id,
        base_model=config.base_model,
        config=config.to_dict(),
        seed=config.seed,
        who=who,
        created_at=at,
    )
    write_json(folder / "config.json", config.to_dict())
    write_run(folder, run)
    workspace.ledger.append(
        "run.started", run_id, {"revision_id": revision_id, "config": config.to_dict()}, who=who or "unknown"
    )
    return run, _spec(workspace, run_id)


def resume_run(workspace: Workspace, run_id: str, who: str = "") -> Run:
    """Go on with a run that ended before its last step, from its newest complete checkpoint, in the same folder.

    Where there is no complete checkpoint, it begins again.

    Raises:
        FinetoothError: There is no such run, it is still at work, or it has come to its end.
    """
    view = queries.run(workspace, run_id)
    if not view.ended:
        raise FinetoothError(f"Run {view.id} is {view.status}.", "It need not be resumed.")
    if view.status == "done":
        raise FinetoothError(f"Run {view.id} has come to its end.", "Start another one: finetooth train")
    folder = workspace.runs_dir / view.id
    write_run(folder, replace(read_run(folder), status="queued", message="", ended_at=""))
    workspace.ledger.append("run.resumed", view.id, {}, who=who or "unknown")
    job = jobs.submit(workspace.jobs_dir, "train", TARGET, {**_spec(workspace, view.id), "resume": True})
    write_json(folder / JOB_FILE, {"job_id": job.id})
    return read_run(folder)


def stop_run(workspace: Workspace, run_id: str, who: str = "") -> Run:
    """Ask a run to stop after the forward pass it is in; the adapter it has by then is kept.

    Raises:
        FinetoothError: There is no such run, or it has already ended.
    """
    return _command(workspace, run_id, "stop", who, status="stopping")


def save_run(workspace: Workspace, run_id: str, who: str = "") -> Run:
    """Ask a run for a checkpoint now; it goes on.

    Raises:
        FinetoothError: There is no such run, or it has already ended.
    """
    return _command(workspace, run_id, "save", who)


def cancel_run(workspace: Workspace, run_id: str, who: str = "") -> Run:
    """End a run without saving what it has learnt since its last checkpoint.

    Where it does not obey, it is told and then killed, within 15 seconds, by a process of its own; this returns at
    once.

    Raises:
        FinetoothError: There is no such run, or it has already ended.
    """
    return _command(workspace, run_id, "cancel", who, status="stopping")


_LEDGER_KINDS: dict[jobs.Command, str] = {"stop": "run.stopped", "save": "run.saved", "cancel": "run.cancelled"}


def _command(workspace: Workspace, run_id: str, command: jobs.Command, who: str, status: str | None = None) -> Run:
    view = queries.run(workspace, run_id)
    if view.ended:
        raise FinetoothError(f"Run {view.id} has already ended ({view.status}).", "See `finetooth runs`.")
    job = queries.job_of(workspace, view.id)
    jobs.ask(job, command)
    if command == "cancel":
        ending.end_in_background(job)
    workspace.ledger.append(_LEDGER_KINDS[command], view.id, {}, who=who or "unknown")
    run = read_run(workspace.runs_dir / view.id)
    return run if status is None else replace(run, status=status)


def _spec(workspace: Workspace, run_id: str) -> dict[str, Any]:
    return {"workspace": str(workspace.path), "run_id": run_id}
