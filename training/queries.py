"""What screens and commands ask about training runs; everything is read from the runs' folders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core import jobs
from core.errors import FinetoothError, InputError
from core.files import read_json
from core.workspace import Workspace
from training import followed
from training.memory import Device
from training.records import OF_THE_ADAPTER, RUN_FILE, Run, read_run

TELLING = ("queued", "done", "failed", "lost")
"""How a run stands where its message says more than that."""

OF_AN_END = ("Hold-out loss after", "Steps", "Tokens per second", "Seconds", "Measured memory (MiB)")
"""Facts that hold for a run as it ended; one that was resumed since has not ended there."""


@dataclass(frozen=True, slots=True)
class RunView:
    """A run as people see it: the stored record, corrected by what its process is really doing.

    Attributes:
        status: ``queued``, ``running``, ``done``, ``stopped``, ``cancelled``, ``failed``, ``lost`` (its process died).
        settings: The training settings, by name.
        facts: What was measured, by a name fit for a report.
        step, total_steps: How far it is.
        loss: The last training loss, a mean over tokens in nats; None before the first step.
        holdout_loss: The last hold-out loss; None before the first measurement.
        eta_s: Seconds until the end, from the measured steps; None where unknown.
    """

    id: str
    revision_id: str
    base_model: str
    status: str
    message: str
    hint: str
    created_at: str
    settings: dict[str, Any]
    facts: dict[str, Any]
    step: int
    total_steps: int | None
    loss: float | None
    holdout_loss: float | None
    eta_s: float | None
    adapter_hash: str | None

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.status not in ("queued", "running")

    def sentence(self) -> str:
        """The run in one line."""
        text = f"run {self.id} is {self.status}"
        if self.step:
            text += f" after {self.step} of {self.total_steps} steps"
        before, after = self.facts.get("Hold-out loss before"), self.facts.get("Hold-out loss after")
        if before is not None and after is not None:
            kept = self.facts.get("Adapter of step", self.step)
            of_step = f" (adapter of step {kept})" if kept != self.step else ""
            text += f"; hold-out loss {before:.3f} to {after:.3f} nats a token{of_step}"
        if (speed := self.facts.get("Tokens per second")) is not None:
            text += f"; {speed:.0f} tokens/s"
        if (seconds := self.facts.get("Seconds")) is not None:
            text += f", {seconds:.0f} s in all"
        if self.eta_s is not None:
            text += f"; about {self.eta_s:.0f} s left"
        return text + (f". {self.message}" if self.message and self.status in TELLING else ".")


def runs(workspace: Workspace) -> list[RunView]:
    """All runs, newest first."""
    folders = sorted(workspace.runs_dir.glob(f"*/{RUN_FILE}"), reverse=True)
    return [_view(workspace, read_run(path.parent)) for path in folders]


def run(workspace: Workspace, run_id: str) -> RunView:
    """A run by its id or the start of it.

    Raises:
        FinetoothError: There is none, or more than one.
    """
    return _view(workspace, read_run(workspace.runs_dir / find(workspace, run_id)))


def find(workspace: Workspace, run_id: str) -> str:
    """The full id of a run, from its start.

    Raises:
        InputError: There is none, or more than one.
    """
    known = sorted(path.parent.name for path in workspace.runs_dir.glob(f"*/{RUN_FILE}"))
    fitting = [name for name in known if name.startswith(run_id)]
    if run_id in known:
        return run_id
    if len(fitting) != 1:
        raise InputError(f"{len(fitting)} runs have an id that starts with {run_id}.", "See `finetooth runs`.")
    return fitting[0]


def newest_done(workspace: Workspace, run_id: str | None = None) -> RunView:
    """The named run, or the newest that ended well (one that was stopped has an adapter, too, and comes second).

    Raises:
        FinetoothError: There is no such run, or none has ended.
    """
    if run_id is not None:
        return run(workspace, run_id)
    known = runs(workspace)
    for status in ("done", "stopped"):
        for one in known:
            if one.status == status and one.adapter_hash:
                return one
    raise FinetoothError("No training run has ended yet.", "Start one: finetooth train")


def job_of(workspace: Workspace, run_id: str) -> jobs.Job:
    """The job that does a run's work.

    Raises:
        FinetoothError: The run or its job does not exist.
    """
    return jobs.find(workspace.jobs_dir, read_run(workspace.runs_dir / find(workspace, run_id)).job_id)


def run_events(workspace: Workspace, run_id: str, after: int = 0) -> list[dict[str, Any]]:
    """A run's events with a sequence number above ``after``, oldest first."""
    known = followed.events(workspace.runs_dir / run_id)
    return known if after == 0 else [event for event in known if event["seq"] > after]


CURVE = ("step", "loss", "lr", "grad_norm", "tokens_per_s", "memory_bytes")
"""What a step's point in ``curve`` holds."""


def curve(workspace: Workspace, run_id: str) -> list[dict[str, Any]]:
    """The curves: one point a step or measurement, resumed stretches counted once.

    Returns:
        ``{"step", "loss", "lr", "grad_norm", "tokens_per_s", "memory_bytes"}`` for steps, ``{"step", "eval_loss"}`` for
        hold-out measurements; losses in nats a supervised token. A value that was not finite is None.
    """
    points: list[dict[str, Any]] = []
    for event in followed.course(workspace.runs_dir / run_id):
        if event["type"] == "step":
            points.append({key: event.get(key) for key in CURVE})
        elif event["type"] == "eval":
            points.append({"step": event.get("step"), "eval_loss": event.get("loss")})
    return points


@dataclass(frozen=True, slots=True)
class Sample:
    """One hold-out prompt and how the model has answered it: the base's answer and the tuned one's at each measurement.

    ``tuned`` is [(step, text, truncated)], oldest first.
    """

    number: int
    example_id: str
    base: str | None
    base_truncated: bool
    tuned: tuple[tuple[int, str, bool], ...]


def samples(workspace: Workspace, run_id: str) -> list[Sample]:
    """The sample prompts of a run with their answers so far, by number."""
    by_number: dict[int, list[dict[str, Any]]] = {}
    for event in followed.course(workspace.runs_dir / run_id):
        if event["type"] == "sample":
            by_number.setdefault(int(event["prompt"]), []).append(event)
    found = []
    for number, said in sorted(by_number.items()):
        base = next((e for e in said if e["model"] == "base"), None)
        tuned = tuple((int(e["step"]), str(e["text"]), bool(e["truncated"])) for e in said if e["model"] == "tuned")
        text = None if base is None else str(base["text"])
        found.append(Sample(number, str(said[0]["example"]), text, bool(base and base["truncated"]), tuned))
    return found


ENOUGH_STEPS = 20
"""A run of so many steps tells the speed; of shorter ones the first steps, which are slower, are too large a part."""


def measured_speed(
    workspace: Workspace, base_model: str, method: str, device: Device | None = None
) -> tuple[float | None, str]:
    """Tokens a second of the newest run of this model and method that was long enough, else of the longest.

    Args:
        workspace: Where the runs are.
        base_model: As the runs have it.
        method: ``qlora``, ``lora`` or ``full``.
        device: ``gpu`` counts only what ran on a GPU; all else counts what ran on this machine.

    Returns:
        The speed, or None where there was no such run, and in words where it comes from.
    """
    fitting = [
        one
        for one in runs(workspace)
        if one.facts.get("Tokens per second")
        and (one.base_model, one.settings.get("method")) == (base_model, method)
        and (device != "gpu" or _ran_on(workspace, one.id) == "gpu")
    ]
    if not fitting:
        return None, "no run of this model has been measured on this machine"
    most = max(one.step for one in fitting)
    chosen = next(one for one in fitting if one.step >= min(ENOUGH_STEPS, most))
    return float(chosen.facts["Tokens per second"]), f"measured in run {chosen.id}"


def _ran_on(workspace: Workspace, run_id: str) -> Device:
    """Where a run was trained; those that do not say it are older than training on a GPU."""
    started = (event for event in followed.course(workspace.runs_dir / run_id) if event["type"] == "start")
    return "cpu" if next(started, {}).get("device", "cpu") == "cpu" else "gpu"


def _view(workspace: Workspace, stored: Run) -> RunView:
    status, message, hint = stored.status, stored.message, ""
    if status in ("queued", "running") and stored.job_id:
        status, message, hint = _from_job(workspace, stored)
    folded = followed.course(workspace.runs_dir / stored.id)
    steps = [event for event in folded if event["type"] in ("start", "step", "eval")]
    last: dict[str, Any] = next((event for event in reversed(steps) if event["type"] == "step"), {})
    measured: dict[str, Any] = next((event for event in reversed(steps) if event["type"] == "eval"), {})
    start = next((event for event in steps if event["type"] == "start"), {})
    return RunView(
        id=stored.id,
        revision_id=stored.revision_id,
        base_model=stored.base_model,
        status=status,
        message=message,
        hint=hint,
        created_at=stored.created_at,
        settings=stored.config,
        facts=_facts(stored, status),
        step=int(last.get("step", 0)),
        total_steps=start.get("total_steps"),
        loss=last.get("loss"),
        holdout_loss=measured.get("loss"),
        eta_s=last.get("eta_s") if status == "running" else None,
        adapter_hash=stored.adapter_hash,
    )


def _facts(stored: Run, status: str) -> dict[str, Any]:
    """What was measured; without what only an earlier end of a resumed run said, until it ends again.

    Of a run that died, what was said of the adapter that it has left still holds.
    """
    if status not in ("queued", "running", "lost"):
        return stored.facts
    left = OF_THE_ADAPTER if status == "lost" and stored.adapter_hash else ()
    gone = {*OF_AN_END, *OF_THE_ADAPTER} - {*left}
    return {name: value for name, value in stored.facts.items() if name not in gone}


def warnings(workspace: Workspace, run_id: str) -> list[str]:
    """What a run has warned of, oldest first, each once, with the step where it has one."""
    said = (event for event in run_events(workspace, run_id) if event["type"] == "warning")
    words = (f"Step {e['step']:,}: {e['message']}" if e.get("step") is not None else str(e["message"]) for e in said)
    return list(dict.fromkeys(words))


def refusal(workspace: Workspace, run_id: str) -> dict[str, Any] | None:
    """The report of the pre-flight that forbade a run; None where nothing forbade it."""
    path = workspace.runs_dir / run_id / "preflight.json"
    report: dict[str, Any] | None = read_json(path) if path.is_file() else None
    return report if report and report["blocks"] else None


def _from_job(workspace: Workspace, stored: Run) -> tuple[str, str, str]:
    """Status, message and hint of a run that has not said itself that it ended."""
    try:
        job = jobs.find(workspace.jobs_dir, stored.job_id)
        state = jobs.read(job)
    except FinetoothError:
        return "lost", "The job of this run is gone.", ""
    ended = "cancelled" if state.cancelled else "stopped"
    status = {"cancelled": ended, "done": stored.status}.get(state.status, state.status)
    hint = f"What it wrote last stands in {job.folder / 'log.txt'}." if status == "lost" else state.hint
    return status, state.message or stored.message, hint  # what to do about a death is the doctor's to say
