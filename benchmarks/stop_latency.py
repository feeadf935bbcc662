"""How long a training run takes to obey a stop, by what it is doing, and to be gone when it is killed.

``python -m benchmarks.stop_latency [--phases load train eval sample save killed] [--passes 2]`` starts real runs of the
embedded model (QLoRA) as jobs, stops each in one phase, and kills one that hangs. "Obeyed" is the time from the command
to the event that says so, "gone" that until no process of the run is left. Exit code 1 if a bar is missed.

The bars: obeyed within the longest forward and backward pass of these runs and the save that was under way, gone
after one more save; a hung run killed within 15 s, none of its memory left.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.faults_server import prepare
from benchmarks.harness import Figure, data_folder, options, report, run_main, say
from core import jobs
from core.errors import FinetoothError
from core.turns import QUEUE_VARIABLE
from core.workspace import Workspace
from training import actions, checkpoints, queries
from training.config import TrainConfig

PHASES = ("load", "train", "eval", "sample", "save", "killed")
KILLED_S = 15.0
POLL_S = 0.005
NOTICED_S = 0.5
"""The way of a command to its process: a process that is loading is woken by its heartbeat, which beats so often."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """One run that was ended.

    Attributes:
        obeyed_s: From the command to the event ``stopping``; None where it was killed.
        gone_s: From the command until no process of the run was left.
        before_bytes, after_bytes: Resident memory of the run's processes before the command, and once it was gone.
        pass_s: The longest forward and backward pass until then; None before the first step.
        saved: Whether the end left an adapter.
    """

    obeyed_s: float | None
    gone_s: float
    before_bytes: int
    after_bytes: int
    pass_s: float | None
    saved: bool


def main() -> int:
    """Stop runs in each phase and print the table."""
    parser = options(__doc__ or "")
    parser.add_argument("--phases", nargs="+", choices=PHASES, default=PHASES)
    parser.add_argument("--passes", type=int, default=2, help="forward passes of a step")
    parser.add_argument("--base", default=None, help="another base model than the embedded one")
    chosen = parser.parse_args()
    found: dict[str, Stopped] = {}
    with data_folder(chosen.data) as folder:
        os.environ[QUEUE_VARIABLE] = str(folder / "queue")  # not behind whatever else trains on this machine
        workspace, revision = prepare(folder)
        given = {} if chosen.base is None else {"base_model": chosen.base}
        config = TrainConfig(
            batch_size=4,
            gradient_accumulation=chosen.passes,
            eval_every=2,
            samples=2,
            sample_tokens=16,
            general_questions=0,
            **given,
        )
        for phase in chosen.phases:
            found[phase] = one = _stop_in(workspace, revision, config, phase)
            say(f"{phase}: obeyed {_told(one.obeyed_s)}, gone {one.gone_s:.2f} s, {one.before_bytes / 2**20:,.0f} MiB")
    return report("Stopping a training run (QLoRA of the embedded model)", list(_figures(found)))


def _told(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.2f} s"


def _figures(found: dict[str, Stopped]) -> Iterator[Figure]:
    passes = [one.pass_s for one in found.values() if one.pass_s is not None]
    longest = max(passes, default=0.0)
    saves = [one.gone_s - one.obeyed_s for one in found.values() if one.obeyed_s is not None and one.saved]
    save = max(saves, default=0.0)
    yield Figure("longest forward and backward pass, s", longest, digits=2, note="of the runs below")
    yield Figure("checkpoint, adapter and end of the process, s", save, digits=2, note="the longest")
    for phase, one in found.items():
        note = f"{one.before_bytes / 2**20:,.0f} MiB before; {'adapter saved' if one.saved else 'nothing learnt yet'}"
        if one.obeyed_s is None:
            yield Figure("hung process: killed and gone, s", one.gone_s, KILLED_S, "<=", 2, note)
        else:
            room = NOTICED_S + longest + (save if phase == "save" else 0)
            yield Figure(f"{phase}: obeyed, s", one.obeyed_s, round(room, 2), "<=", 2, note)
            yield Figure(f"{phase}: gone, s", one.gone_s, round(room + save, 2), "<=", 2)
        yield Figure(f"{phase}: memory of its processes afterwards, MiB", one.after_bytes / 2**20, 0, "=", 0)


def _stop_in(workspace: Workspace, revision: str, config: TrainConfig, phase: str) -> Stopped:
    run = actions.start_run(workspace, revision, config)
    folder, job = workspace.runs_dir / run.id, queries.job_of(workspace, run.id)
    _wait(job, _reached(folder, job, phase))
    group = int(jobs.stored_state(job)["pid"])
    before = _resident(group)
    if phase == "killed":
        os.killpg(group, signal.SIGSTOP)
    begun = time.monotonic()
    (actions.cancel_run if phase == "killed" else actions.stop_run)(workspace, run.id)
    obeyed: float | None = None
    while members := _members(group):
        if obeyed is None and any(event["type"] == "stopping" for event in jobs.events(folder)):
            obeyed = time.monotonic() - begun
        jobs.read(job)  # takes note of the end of a child
        time.sleep(POLL_S if members else 0)
    gone = time.monotonic() - begun
    steps = [event["seconds"] for event in jobs.events(folder) if event["type"] == "step"]
    return Stopped(
        obeyed_s=None if phase == "killed" else gone if obeyed is None else obeyed,
        gone_s=gone,
        before_bytes=before,
        after_bytes=_resident(group),
        pass_s=max(steps) / config.gradient_accumulation if steps else None,
        saved=(folder / "adapter").is_dir(),
    )


def _reached(folder: Path, job: jobs.Job, phase: str) -> Callable[[], bool]:
    """Whether a run is in the midst of a phase."""

    def steps() -> int:
        return sum(event["type"] == "step" for event in jobs.events(folder))

    def stage() -> str:
        return str(jobs.stored_state(job).get("stage", ""))

    def saving() -> bool:
        return any(not (one / checkpoints.MANIFEST).exists() for one in (folder / checkpoints.FOLDER).glob("step-*"))

    ways: dict[str, Callable[[], bool]] = {
        "load": lambda: stage() in ("load", "probe") and (folder / "preflight.json").exists(),
        "train": lambda: stage() == "train" and steps() >= 1,
        "eval": lambda: stage() == "eval" and steps() >= 2,
        "sample": lambda: stage() == "sample" and steps() >= 2,
        "save": lambda: steps() >= 2 and saving(),
        "killed": lambda: steps() >= 1,
    }
    return ways[phase]


def _wait(job: jobs.Job, reached: Callable[[], bool]) -> None:
    while not reached():
        state = jobs.stored_state(job)
        if state["status"] in jobs.ENDED:
            raise FinetoothError(f"The run ended as {state['status']} before it could be stopped.", str(job.folder))
        time.sleep(POLL_S)


def _members(group: int) -> list[int]:
    """The processes of a process group that have not ended."""
    return [pid for pid, of_group, state in _processes() if of_group == group and state not in "ZX"]


def _resident(group: int) -> int:
    """Resident memory of a process group, in bytes."""
    total = 0
    for pid in _members(group):
        with suppress(OSError):
            total += int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return total


def _processes() -> Iterator[tuple[int, int, str]]:
    """Number, process group and state of each process, see proc(5)."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                fields: Any = (folder / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
                yield int(folder.name), int(fields[2]), fields[0]


if __name__ == "__main__":
    run_main(main)
