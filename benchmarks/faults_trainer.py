"""Kills a training run at random moments, amid its saving of checkpoints too, and resumes it until it is done.

A server that has imported everything forks a worker for each job, which starts in milliseconds; the worker is the real
one (``core.worker``), and it is ended with SIGKILL from outside. ``python -m benchmarks.faults_trainer`` is that
server: it reads one request a line (JSON) and answers with the process's number.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.harness import ROOT
from core import jobs
from core.errors import FinetoothError
from core.workspace import Workspace
from training import actions, queries, timeline
from training.config import TrainConfig

HEAVY = ("torch", "transformers.models.llama.modeling_llama", "peft", "bitsandbytes", "safetensors.torch")
OURS = ("core.worker", "training.sft", "training.checkpoints")
SAVE_S = (0.0005, 0.1)
"""A kill amid a save comes this long after its start, log-uniformly; a save of a tiny model takes some 30 ms."""


@dataclass(slots=True)
class Tally:
    """What kills did to runs.

    Attributes:
        kills, in_saves: Processes killed; those of them while a checkpoint was being written.
        torn: Checkpoints found torn by the resumes.
        runs: Runs brought to their end.
        wrong: What did not hold, in words.
    """

    kills: int = 0
    in_saves: int = 0
    torn: int = 0
    runs: int = 0
    wrong: list[str] = field(default_factory=list)


class Starter:
    """Starts workers by forking a process that has imported everything."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._lock = threading.Lock()
        self.kill_in_save: tuple[int, float] | None = None

    def start(self, words: Sequence[str], log: Path) -> None:
        """What ``jobs.detach`` does, for workers."""
        if self._process.stdin is None or self._process.stdout is None:
            raise FinetoothError("The server of workers has no pipes.")
        request = {"folder": words[1], "log": str(log), "kill_in_save": self.kill_in_save}
        with self._lock:
            print(json.dumps(request), file=self._process.stdin, flush=True)
            self._process.stdout.readline()


@contextmanager
def starter() -> Iterator[Starter]:
    """A server of workers; inside the block, jobs are started by it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.faults_trainer"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
    )
    started, real = Starter(process), jobs.detach
    jobs.detach = started.start
    try:
        if process.stdout is None or process.stdout.readline() != "ready\n":
            raise FinetoothError("The server of workers did not start.")
        yield started
    finally:
        jobs.detach = real
        process.kill()
        process.communicate()


def kill_and_resume(
    workspace: Workspace, revision: str, config: TrainConfig, *, kills: int, seed: int, tell: Callable[[str], None]
) -> Tally:
    """Kill runs so many times, resume each until it is done, and compare it with one that was left alone."""
    chance = random.Random(seed)
    tally = Tally()
    with starter() as started:
        whole = actions.start_run(workspace, revision, config)
        begun = time.monotonic()
        _finish(workspace, whole.id)
        usual_s = time.monotonic() - begun
        expected = _weights(workspace, whole.id), _course(workspace, whole.id)
        tell(f"undisturbed: {usual_s:.1f} s")
        while tally.kills < kills and not tally.wrong:
            started.kill_in_save = _amid_save(chance)
            run_id = actions.start_run(workspace, revision, config).id
            while tally.kills < kills:
                if _disturb(workspace, run_id, started, chance, usual_s, tally) is None:
                    break
                tell(f"kill {tally.kills}: {_where(workspace, run_id)}")
                started.kill_in_save = _amid_save(chance) if tally.kills < kills else None
                actions.resume_run(workspace, run_id)
            _finish(workspace, run_id)
            tally.runs += 1
            tally.torn += sum(e.get("name") == "torn-checkpoint" for e in jobs.events(workspace.runs_dir / run_id))
            tally.wrong += _differences(workspace, run_id, expected)
            shutil.rmtree(workspace.runs_dir / run_id)
    return tally


def _disturb(
    workspace: Workspace, run_id: str, started: Starter, chance: random.Random, usual_s: float, tally: Tally
) -> bool | None:
    """Kill the run's process once. Returns whether that was amid a save; None where it came to its end before."""
    amid_save = started.kill_in_save is not None
    job = queries.job_of(workspace, run_id)
    deadline = time.monotonic() + (600 if amid_save else chance.uniform(0.02, 0.8) * usual_s)
    while time.monotonic() < deadline and (jobs.alive(job) or jobs.starting(job)):
        time.sleep(0.005)
    pid = jobs.stored_state(job).get("pid")
    if jobs.alive(job) and pid:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    while jobs.alive(job) or jobs.starting(job):
        time.sleep(0.005)
    if jobs.stored_state(job)["status"] in jobs.ENDED:
        return None
    tally.kills += 1
    tally.in_saves += amid_save
    return amid_save


def _amid_save(chance: random.Random) -> tuple[int, float] | None:
    """Which save to kill and how long after its start; None for a kill at any moment."""
    low, high = SAVE_S
    return (chance.randint(1, 5), low * (high / low) ** chance.random()) if chance.random() < 0.5 else None


def _finish(workspace: Workspace, run_id: str) -> None:
    state = jobs.wait(queries.job_of(workspace, run_id), poll_s=0.05)
    if state.status != "done":
        raise FinetoothError(f"Run {run_id} ended as {state.status}: {state.message}")


def _weights(workspace: Workspace, run_id: str) -> bytes:
    return (workspace.runs_dir / run_id / "adapter" / "adapter_model.safetensors").read_bytes()


def _course(workspace: Workspace, run_id: str) -> list[tuple[Any, ...]]:
    return [
        (e["type"], e["step"], e.get("loss"), e.get("text"))
        for e in timeline.fold(jobs.events(workspace.runs_dir / run_id))
        if e["type"] in ("step", "eval", "sample")
    ]


def _differences(workspace: Workspace, run_id: str, expected: tuple[bytes, list[tuple[Any, ...]]]) -> list[str]:
    wrong = []
    events = jobs.events(workspace.runs_dir / run_id)
    if [event["seq"] for event in events] != list(range(1, len(events) + 1)):
        wrong.append("events are lost or doubled")
    if _weights(workspace, run_id) != expected[0]:
        wrong.append("the final weights differ")
    if _course(workspace, run_id) != expected[1]:
        wrong.append("the steps, measurements or samples differ")
    return wrong


def _where(workspace: Workspace, run_id: str) -> str:
    state = jobs.stored_state(queries.job_of(workspace, run_id))
    return f"{state.get('stage', '')} {state.get('done', 0)}/{state.get('total')}"


def serve() -> None:
    """Fork a worker for each request, until standard input ends."""
    for name in (*HEAVY, *OURS):
        import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # so that no ended worker stays behind as a zombie
    print("ready", flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _as_worker(request)
        print(pid, flush=True)


def _as_worker(request: dict[str, Any]) -> None:
    from core import worker

    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    output = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    for stream in (1, 2):
        os.dup2(output, stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    if request["kill_in_save"]:
        _kill_in_save(*request["kill_in_save"])
    code = 70
    try:
        code = worker.work(Path(request["folder"]))
    finally:
        os._exit(code)


def _kill_in_save(number: int, delay_s: float) -> None:
    """Have another process kill this one so many seconds after it began to write that checkpoint."""
    from training import checkpoints

    real, calls = checkpoints.write, 0

    def write(*arguments: Any, **named: Any) -> Path:
        nonlocal calls
        calls += 1
        if calls == number:
            victim = os.getpid()
            if os.fork() == 0:
                time.sleep(delay_s)
                os.kill(victim, signal.SIGKILL)
                os._exit(0)
        return real(*arguments, **named)

    checkpoints.write = partial(write)


if __name__ == "__main__":
    serve()
