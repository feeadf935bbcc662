"""Starting and stopping training runs: what a page's button and a command both call."""

from __future__ import annotations

from dataclasses import replace

from core import jobs
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
) -> tuple[Run, dict[str, str]]:
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
    return run, {"workspace": str(workspace.path), "run_id": run_id}


def stop_run(workspace: Workspace, run_id: str, who: str = "") -> Run:
    """Ask a run to stop after the forward pass it is in; the adapter it has by then is kept.

    Raises:
        FinetoothError: There is no such run, or it has already ended.
    """
    view = queries.run(workspace, run_id)
    if view.ended:
        raise FinetoothError(f"Run {view.id} has already ended ({view.status}).", "See `finetooth runs`.")
    jobs.cancel(queries.job_of(workspace, view.id))
    workspace.ledger.append("run.stopped", view.id, {}, who=who or "unknown")
    return replace(read_run(workspace.runs_dir / view.id), status="stopping")
