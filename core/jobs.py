"""Long work in a process of its own: a job is a folder, and a held lock is the proof of life.

``spec.json`` is written once; ``state.json`` is replaced atomically; ``events.jsonl`` only grows; ``log.txt`` takes the
output; ``stop``, ``save`` and ``cancel`` are commands; ``lock`` is held by the worker as long as it lives, so a killed
worker reads as lost; ``heartbeat.json`` says when it last showed a sign of work.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from core import event_file
from core.clock import utc_now
from core.errors import CancelledError, FinetoothError, InputError
from core.event_file import append, last_seq
from core.files import read_json, write_json
from core.heartbeat import silent_s
from core.ids import new_action_id

Progress = Callable[[str, int, int | None], None]
"""Called with (stage, done, total); ``total`` is None where it is unknown."""

ROOT = Path(__file__).resolve().parent.parent
TARGET = re.compile(r"(curation|training|evaluation|flows)(\.\w+)+:\w+")
SPIN_COUNT = "10000"
"""Rounds in which a worker's idle thread waits awake. The library's 300,000 make two workers on one machine hinder each
other: with others at work, training ran at 30 tokens a second, and at 110 with this."""

STARTING_S = 60
"""A process that has not taken its job's lock after so many seconds will not."""

HUNG_S = 120.0
"""A job that has shown no sign of work for so long may hang."""

SECOND = len("20260101-120000")
"""How much of a job's id is the second in which it was asked for; what follows has no order."""

ENDED = ("done", "failed", "cancelled", "lost")

Command = Literal["stop", "save", "cancel"]
"""What a person may ask of a job, as a file in its folder: end and keep what there is, save and go on, end at once."""


events = event_file.events


def no_progress(stage: str, done: int, total: int | None) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of long work, by its folder."""

    id: str
    folder: Path

    @property
    def kind(self) -> str:
        """Such as ``train`` or ``evaluate``."""
        return str(read_json(self.folder / "spec.json")["kind"])

    @property
    def spec(self) -> dict[str, Any]:
        """What was asked for."""
        spec: dict[str, Any] = read_json(self.folder / "spec.json")["spec"]
        return spec


@dataclass(frozen=True, slots=True)
class JobState:
    """Where a job stands: queued, running, done, failed, cancelled, or lost (its process died without a word)."""

    status: str
    stage: str = ""
    done: int = 0
    total: int | None = None
    message: str = ""
    hint: str = ""
    result: dict[str, Any] | None = None
    pid: int | None = None
    started_at: str = ""
    updated_at: str = ""
    cancelled: bool = False
    """Whether somebody asked for its end without saving anything."""
    silent_s: float | None = None
    """Seconds since its process last showed a sign of work; None where that does not apply."""

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.status in ENDED


class JobContext:
    """What a piece of work sees of its job: its spec, its folder, a way to report, and whether to stop."""

    def __init__(self, folder: Path, spec: dict[str, Any]) -> None:
        self.folder = folder
        self.spec = spec
        self.looks = 0
        """How often the work looked for commands or reported: signs of life, counted by the heartbeat."""
        self.interrupt: Callable[[], None] | None = None
        """Called by a signal where the work cannot look for commands itself; raises if it is to end."""
        self._events = last_seq(folder / "events.jsonl")
        self._unwritten: list[str] = []
        self._reported = 0.0

    def progress(self, stage: str, done: int, total: int | None) -> None:
        """Say how far the work is (written at most five times a second, and always at the end of a stage)."""
        now = time.monotonic()
        self.looks += 1
        if now - self._reported >= 0.2 or done in (0, total):
            self._reported = now
            with suppress(OSError):  # a full disk must not end the work because of its progress bar
                self._state(lasting=False, stage=stage, done=done, total=total)

    @contextmanager
    def interruptible(self, check: Callable[[], None]) -> Iterator[None]:
        """For a block that cannot look for commands, such as the loading of a model: ``check`` is then called amid it.

        It is called while somebody waits for the end of the job, and may raise.
        """
        self.interrupt = check
        try:
            yield
        finally:
            self.interrupt = None

    def waiting(self, for_what: str) -> None:
        """Say that the work has not begun because something else comes first, such as ``queued behind run X``."""
        self._state(status="queued", stage="queued", message=for_what)

    def working(self) -> None:
        """Say that the waiting is over."""
        self._state(status="running", stage="starting", message="")

    def event(self, kind: str, **fields: Any) -> None:
        """Append one event; sequence numbers start at 1 and have no gap.

        Where the disk is full, events wait and are written with the next one.
        """
        self._events += 1
        record = {"seq": self._events, "type": kind, "at": utc_now(), **fields}
        self._unwritten.append(json.dumps(record, ensure_ascii=False) + "\n")
        with suppress(OSError):
            append(self.folder / "events.jsonl", "".join(self._unwritten).encode())
            self._unwritten.clear()

    def asked(self, command: Command) -> bool:
        """Whether a person gave this command."""
        self.looks += 1
        return (self.folder / command).exists()

    def take(self, command: Command) -> bool:
        """Whether a person gave this command since it was last taken."""
        if not self.asked(command):
            return False
        (self.folder / command).unlink(missing_ok=True)
        return True

    def should_stop(self) -> bool:
        """Whether a person asked the work to end."""
        return self.asked("stop") or self.asked("cancel")

    def check_stop(self) -> None:
        """Raise where a stop was asked for.

        Raises:
            CancelledError: A stop was asked for.
        """
        if self.should_stop():
            raise CancelledError("The work was stopped on request.")

    def _state(self, *, lasting: bool = True, **fields: Any) -> None:
        state = _read_state(self.folder)
        state.update(fields, updated_at=utc_now())
        path = self.folder / "state.json"
        if lasting:
            write_json(path, state)
            return
        temporary = path.with_name(f".{path.name}.{os.getpid()}-0.tmp")  # not synced: how far it is need not outlive
        temporary.write_text(json.dumps(state), encoding="utf-8")  # a power cut, and it is said several times a second
        temporary.replace(path)


class InlineContext(JobContext):
    """A context for running the same work in this process, as tests and the demo do."""

    def __init__(self, spec: dict[str, Any], folder: Path, progress: Progress = no_progress) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(folder, spec)
        self._watch = progress

    def progress(self, stage: str, done: int, total: int | None) -> None:
        """Pass the progress on to whoever watches."""
        self._watch(stage, done, total)


def submit(root: Path, kind: str, target: str, spec: dict[str, Any]) -> Job:
    """Start work in a detached process that outlives this one.

    Args:
        root: The folder of all jobs.
        kind: Such as ``train``.
        target: ``package.module:function``, a function that takes a :class:`JobContext` and returns a dict.
        spec: JSON-like arguments for it.

    Raises:
        FinetoothError: The target is not one of Finetooth's own functions, or the folder cannot be written.
    """
    if not TARGET.fullmatch(target):
        raise FinetoothError(f"{target} is not a function of Finetooth.", "Name it as package.module:function.")
    job_id = f"{utc_now()[:19].replace('-', '').replace(':', '').replace('T', '-')}-{new_action_id()[:6]}"
    job = Job(job_id, root / job_id)
    token = new_action_id()
    write_json(job.folder / "spec.json", {"kind": kind, "target": target, "token": token, "spec": spec})
    write_json(job.folder / "state.json", {"status": "queued", "updated_at": utc_now()})
    detach(["core.worker", str(job.folder.resolve())], job.folder / "log.txt")
    return job


def detach(words: list[str], log: Path) -> None:
    """Run a module of Finetooth in a process of its own, which outlives this one; its output goes to ``log``."""
    with open(log, "ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *words],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            cwd=ROOT,
            env={"GOMP_SPINCOUNT": SPIN_COUNT, **os.environ},
        )
    _children.append(process)


_children: list[subprocess.Popen[bytes]] = []  # reaped in `read`, so that an ended worker leaves no zombie behind


def read(job: Job) -> JobState:
    """Where a job stands now."""
    _children[:] = [child for child in _children if child.poll() is None]
    state = _read_state(job.folder)
    if state.get("status") in ("running", "queued") and not alive(job):
        state = _read_state(job.folder)  # it may have ended between the two looks
        started = state.get("status") == "running" or (state.get("status") == "queued" and state.get("pid"))
        if started or (state.get("status") == "queued" and _age_s(job) > STARTING_S):
            again = "resume the run" if job.kind == "train" else "start it again"
            state.update(
                status="lost",
                message="The process died without a word (killed, or the machine went down).",
                hint=f"See {job.folder / 'log.txt'}, then {again}.",
            )
    known = set(JobState.__dataclass_fields__)
    stored = {name: value for name, value in state.items() if name in known}
    silent = silent_s(job.folder) if state.get("status") == "running" else None
    if silent is not None and silent > HUNG_S:
        stored["message"] = f"No sign of work for {silent:.0f} s: the process may hang, or the machine slept."
        stored["hint"] = f"If it does not go on, end it: finetooth jobs {job.id} --kill"
    return JobState(**{**stored, "cancelled": (job.folder / "cancel").exists(), "silent_s": silent})


def alive(job: Job) -> bool:
    """Whether a worker holds the job's lock (those who look share theirs, so that they never see each other)."""
    with open(job.folder / "lock", "a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def ask(job: Job, command: Command) -> None:
    """Give a job a command; it is obeyed at the next safe point."""
    (job.folder / command).touch()


def cancel(job: Job) -> None:
    """Ask a job to stop at its next safe point."""
    ask(job, "stop")


def kill(job: Job) -> None:
    """End a job at once; what it had not yet written is lost."""
    ask(job, "cancel")
    send(job, signal.SIGKILL)


def send(job: Job, number: signal.Signals) -> bool:
    """Send a signal to a job's process and all that it started. Returns whether there was one to send it to.

    The process is the job's only if it holds the job's lock, knows its token, and was born when it said; so a process
    that came to have its number later is never meant.
    """
    state = _read_state(job.folder)
    if not alive(job) or state.get("token") != read_json(job.folder / "spec.json").get("token"):
        return False
    pid = state.get("pid")
    if not pid or born(pid) != state.get("born"):
        return False
    with suppress(ProcessLookupError):  # it may end between the look and the signal
        os.killpg(pid, number)
    return True


def born(pid: int) -> float | None:
    """When a process was born, in ticks since the machine started (elsewhere than on Linux, in seconds of its clock).

    None where there is no such process. A process that comes to have the same number later was born at another time.
    """
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            return float(stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[19])
        except (FileNotFoundError, ProcessLookupError):
            return None
    import psutil

    try:
        return float(psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return None


def starting(job: Job) -> bool:
    """Whether a job's process was started a moment ago and has not taken the job's lock yet."""
    state = stored_state(job)
    return state.get("status") == "queued" and not state.get("pid") and _age_s(job) <= STARTING_S


def stored_state(job: Job) -> dict[str, Any]:
    """A job's state as its process wrote it, whether or not that process still lives."""
    return _read_state(job.folder)


def wait(job: Job, progress: Progress = no_progress, *, poll_s: float = 0.3) -> JobState:
    """Follow a job to its end, passing its progress on."""
    while True:
        state = read(job)
        progress(state.stage or state.status, state.done, state.total)
        if state.ended:
            return state
        time.sleep(poll_s)


def listing(root: Path) -> list[Job]:
    """All jobs, newest first."""
    specs = sorted(root.glob("*/spec.json"), key=lambda path: (path.parent.name[:SECOND], path.stat().st_mtime_ns))
    return [Job(path.parent.name, path.parent) for path in reversed(specs)]


def find(root: Path, job_id: str) -> Job:
    """A job by its id or the start of it.

    Raises:
        InputError: There is none, or more than one.
    """
    fitting = [job for job in listing(root) if job.id.startswith(job_id)]
    if len(fitting) != 1:
        raise InputError(f"{len(fitting)} jobs have an id that starts with {job_id}.", "See `finetooth jobs`.")
    return fitting[0]


def _read_state(folder: Path) -> dict[str, Any]:
    path = folder / "state.json"
    state: dict[str, Any] = read_json(path) if path.exists() else {"status": "queued"}
    return state


def _age_s(job: Job) -> float:
    return time.time() - (job.folder / "spec.json").stat().st_mtime
