"""Long work in a process of its own: a job is a folder, and a held lock is the proof of life.

``spec.json`` is written once; ``state.json`` is replaced atomically; ``events.jsonl`` only grows; ``log.txt`` takes the
output; ``stop``, ``save`` and ``cancel`` are commands; ``lock`` is held by the worker as long as it lives, so a killed
worker reads as lost.
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
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

from core.clock import utc_now
from core.errors import CancelledError, FinetoothError, InputError
from core.files import read_json, write_json
from core.ids import new_action_id

Progress = Callable[[str, int, int | None], None]
"""Called with (stage, done, total); ``total`` is None where it is unknown."""

ROOT = Path(__file__).resolve().parent.parent
TARGET = re.compile(r"(curation|training|evaluation|flows)(\.\w+)+:\w+")
SPIN_COUNT = "10000"
"""Rounds in which a worker's idle thread waits awake. The library's 300,000 make two workers on one machine hinder each
other: with others at work, training ran at 30 tokens a second, and at 110 with this."""

BLOCK_BYTES = 65_536
"""How much of a file of events is read at once, from its end."""

ENDED = ("done", "failed", "cancelled", "lost")

Command = Literal["stop", "save", "cancel"]
"""What a person may ask of a job, as a file in its folder: end and keep what there is, save and go on, end at once."""


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

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.status in ENDED


class JobContext:
    """What a piece of work sees of its job: its spec, its folder, a way to report, and whether to stop."""

    def __init__(self, folder: Path, spec: dict[str, Any]) -> None:
        self.folder = folder
        self.spec = spec
        self._events = _last_seq(folder / "events.jsonl")
        self._reported = 0.0

    def progress(self, stage: str, done: int, total: int | None) -> None:
        """Say how far the work is (written at most five times a second, and always at the end of a stage)."""
        now = time.monotonic()
        if now - self._reported >= 0.2 or done in (0, total):
            self._reported = now
            self._state(stage=stage, done=done, total=total)

    def event(self, kind: str, **fields: Any) -> None:
        """Append one event; sequence numbers start at 1 and have no gap."""
        self._events += 1
        record = {"seq": self._events, "type": kind, "at": utc_now(), **fields}
        with open(self.folder / "events.jsonl", "a", encoding="utf-8") as handle:
            handle.write(json.dumps(record, ensure_ascii=False) + "\n")

    def asked(self, command: Command) -> bool:
        """Whether a person gave this command."""
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

    def _state(self, **fields: Any) -> None:
        state = _read_state(self.folder)
        state.update(fields, updated_at=utc_now())
        write_json(self.folder / "state.json", state)


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
    write_json(job.folder / "spec.json", {"kind": kind, "target": target, "spec": spec})
    write_json(job.folder / "state.json", {"status": "queued", "updated_at": utc_now()})
    with open(job.folder / "log.txt", "ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "core.worker", str(job.folder.resolve())],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=ROOT,
            env={"GOMP_SPINCOUNT": SPIN_COUNT, **os.environ},
        )
    _children.append(process)
    return job


_children: list[subprocess.Popen[bytes]] = []  # reaped in `read`, so that an ended worker leaves no zombie behind


def read(job: Job) -> JobState:
    """Where a job stands now."""
    _children[:] = [child for child in _children if child.poll() is None]
    state = _read_state(job.folder)
    if state.get("status") in ("running", "queued") and not alive(job):
        state = _read_state(job.folder)  # it may have ended between the two looks
        if state.get("status") == "running" or (state.get("status") == "queued" and _age_s(job) > 60):
            state.update(
                status="lost",
                message="The process died without a word (killed, or the machine went down).",
                hint=f"See {job.folder / 'log.txt'}, then start it again.",
            )
    known = set(JobState.__dataclass_fields__)
    stored = {name: value for name, value in state.items() if name in known}
    return JobState(**{**stored, "cancelled": (job.folder / "cancel").exists()})


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
    cancel(job)
    state = read(job)
    if alive(job) and state.pid:
        with suppress(ProcessLookupError):  # it may end between the look and the signal
            os.killpg(state.pid, signal.SIGKILL)


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
    return [Job(path.parent.name, path.parent) for path in sorted(root.glob("*/spec.json"), reverse=True)]


def find(root: Path, job_id: str) -> Job:
    """A job by its id or the start of it.

    Raises:
        InputError: There is none, or more than one.
    """
    fitting = [job for job in listing(root) if job.id.startswith(job_id)]
    if len(fitting) != 1:
        raise InputError(f"{len(fitting)} jobs have an id that starts with {job_id}.", "See `finetooth jobs`.")
    return fitting[0]


def events(folder: Path, after: int = 0) -> list[dict[str, Any]]:
    """The events of a job or run with ``seq`` greater than ``after``; a torn last line is left for the next look.

    The file is read from its end, no further back than ``after``.
    """
    path = folder / "events.jsonl"
    if not path.exists():
        return []
    found: list[dict[str, Any]] = []
    with open(path, "rb") as handle:
        for line in _backwards(handle):
            record: dict[str, Any] = json.loads(line)
            if record["seq"] <= after:
                break
            found.append(record)
    return found[::-1]


def _backwards(handle: BinaryIO) -> Iterator[bytes]:
    """The whole lines of a file, the last one first (bytes: a text may hold other line ends, such as U+2028)."""
    position, tail, ended = handle.seek(0, os.SEEK_END), b"", False
    while position:
        start = max(0, position - BLOCK_BYTES)
        handle.seek(start)
        tail, *lines = (handle.read(position - start) + tail).split(b"\n")
        if lines and not ended:
            lines.pop()  # nothing, or a torn line
            ended = True
        yield from reversed(lines)
        position = start
    if ended:
        yield tail


def _mend(path: Path) -> None:
    """Cut off the torn line that a killed worker left, so that the next event does not end up on it."""
    if not path.exists():
        return
    with open(path, "rb+") as handle:
        end = handle.seek(0, os.SEEK_END)
        position = end
        while position:
            start = max(0, position - BLOCK_BYTES)
            handle.seek(start)
            at = handle.read(position - start).rfind(b"\n")
            if at >= 0:
                position = start + at + 1
                break
            position = start
        if position < end:
            handle.truncate(position)


def _last_seq(path: Path) -> int:
    _mend(path)
    if not path.exists():
        return 0
    with open(path, "rb") as handle:
        last = next(_backwards(handle), None)
    return int(json.loads(last)["seq"]) if last else 0


def _read_state(folder: Path) -> dict[str, Any]:
    path = folder / "state.json"
    state: dict[str, Any] = read_json(path) if path.exists() else {"status": "queued"}
    return state


def _age_s(job: Job) -> float:
    return time.time() - (job.folder / "spec.json").stat().st_mtime
