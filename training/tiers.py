"""The second and third tier of a memory plan as jobs: a simulated step, and a real one, which also tells the speed.

The web server never loads torch; so both run in a process of their own, and whoever asks later finds the newest result.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core import jobs
from core.jobs import JobContext
from core.revisions import examples_of
from core.workspace import Workspace
from training.config import TrainConfig, read_config
from training.control import Control
from training.memory import Device

SIMULATED, MEASURED = "simulate-step", "measure-step"
DECISIVE = (
    "base_model", "method", "batch_size", "rank", "target_modules", "dropout", "gradient_checkpointing",
    "gradient_accumulation", "padding_free", "max_tokens",
)  # fmt: skip
"""The settings that a step's memory and speed depend on."""


def simulate_later(workspace: Workspace, config: TrainConfig, seq: int, device: Device) -> jobs.Job:
    """Launch a simulated step of these settings at a length."""
    spec = {"config": config.to_dict(), "seq": seq, "device": device}
    return jobs.submit(workspace.jobs_dir, SIMULATED, "training.simulate:simulation_job", spec)


def simulated(
    workspace: Workspace, config: TrainConfig, seq: int, device: Device
) -> tuple[jobs.Job | None, dict[str, Any] | None]:
    """The newest simulated step of these settings, and its result (``SimulatedStep.to_json``) once it is there."""
    for job in _of(workspace, SIMULATED):
        spec = job.spec
        if (spec["seq"], spec["device"]) == (seq, device) and _same(spec["config"], config):
            return job, jobs.read(job).result
    return None, None


def measure_later(workspace: Workspace, revision_id: str, config: TrainConfig) -> jobs.Job:
    """Launch a real step on the fullest batch of a revision, on this machine."""
    spec = {"workspace": str(workspace.path), "revision_id": revision_id, "config": config.to_dict()}
    return jobs.submit(workspace.jobs_dir, MEASURED, "training.tiers:measure_job", spec)


def measured(
    workspace: Workspace, revision_id: str, config: TrainConfig
) -> tuple[jobs.Job | None, dict[str, Any] | None]:
    """The newest real step of these settings on this revision, and its result (see ``measure_job``)."""
    for job in _of(workspace, MEASURED):
        if job.spec["revision_id"] == revision_id and _same(job.spec["config"], config):
            return job, jobs.read(job).result
    return None, None


def measured_speed(workspace: Workspace, base_model: str, method: str, device: Device | None = None) -> float | None:
    """Tokens a second of the newest real step of this model and method; None where none was measured.

    ``device``: ``gpu`` counts only what ran on a GPU; all else counts what ran on this machine.
    """
    for job in _of(workspace, MEASURED):
        config = job.spec["config"]
        if (config["base_model"], config["method"]) != (base_model, method) or not (found := jobs.read(job).result):
            continue
        if device != "gpu" or found.get("device", "cpu") != "cpu":
            return float(found["tokens_per_s"])
    return None


def n_measured(workspace: Workspace) -> int:
    """How many real steps have been measured."""
    return sum(jobs.read(job).status == "done" for job in _of(workspace, MEASURED))


def measure_job(context: JobContext) -> dict[str, Any]:
    """The work of a job: do all that a run does before its first step, and tell what its fullest batch took.

    Returns:
        ``tokens`` of that batch, ``seconds``, ``tokens_per_s``, ``peak_bytes``, ``predicted_bytes`` by the closed
        form (None for a model that it does not know), and the ``device``.

    Raises:
        BlockedError: Pre-flight forbids the run.
        FinetoothError: The model cannot be trained, or the batch does not fit.
    """
    from training import loading  # torch comes late

    workspace = Workspace.open(Path(context.spec["workspace"]))
    config = read_config({**context.spec["config"], "samples": 0})
    revision = context.spec["revision_id"]
    control = Control.of(context)

    def warn(name: str, message: str, count: int) -> None:
        context.event("warning", name=name, message=message, count=count)

    train_on, hold_out = (examples_of(workspace, revision, split) for split in ("train", "holdout"))
    rows = loading.read_rows(context.folder, config, train_on, hold_out, control, warn)
    loaded = loading.load(context.folder, rows, control, warn)
    step = loaded.real_step
    return {
        "tokens": step.tokens,
        "seconds": round(step.seconds, 3),
        "tokens_per_s": round(step.tokens_per_s, 1),
        "peak_bytes": step.peak_bytes,
        "predicted_bytes": loaded.predicted_bytes,
        "device": loaded.device,
    }


def _of(workspace: Workspace, kind: str) -> Iterator[jobs.Job]:
    return (job for job in jobs.listing(workspace.jobs_dir) if job.kind == kind)


def _same(stored: dict[str, Any], config: TrainConfig) -> bool:
    now = config.to_dict()
    return all(stored.get(name) == now[name] for name in DECISIVE)
