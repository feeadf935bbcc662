"""A job that does not obey is told and then killed, in time; and nobody else's process ever is."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from core import ending, jobs
from core.files import read_json, write_json


def obedient(context: jobs.JobContext) -> dict[str, Any]:
    """Work that looks for commands."""
    while True:
        context.check_stop()
        time.sleep(0.05)


def deaf(context: jobs.JobContext) -> dict[str, Any]:
    """Work that neither looks nor listens, with a child of its own."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
    (context.folder / "child").write_text(str(child.pid))
    while True:
        time.sleep(1)


def loading(context: jobs.JobContext) -> dict[str, Any]:
    """Work that cannot look by itself for a while."""
    with context.interruptible(context.check_stop):
        time.sleep(300)
    return {}


def stuck(context: jobs.JobContext) -> dict[str, Any]:
    """Work that hangs: it neither looks nor computes."""
    while not (context.folder / "go").exists():
        signal.pause()
    return {}


@pytest.fixture
def submit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Submit one of the pieces of work above as a real process, and wait until it runs."""
    monkeypatch.setattr(jobs, "TARGET", re.compile(r".*"))

    def run(name: str) -> jobs.Job:
        job = jobs.submit(tmp_path / "jobs", name, f"tests.core.test_ending:{name}", {})
        _until(lambda: jobs.read(job).status == "running")
        return job

    return run


def _until(condition: Any, within_s: float = 60) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_work_that_looks_ends_at_once_when_it_is_asked(submit: Any) -> None:
    job = submit("obedient")
    begun = time.monotonic()
    ending.end_in_background(job)
    _until(lambda: not jobs.alive(job))
    assert time.monotonic() - begun < ending.ASKED_S
    state = jobs.read(job)
    assert state.status == "cancelled" and state.cancelled


def test_work_that_cannot_look_is_interrupted(submit: Any) -> None:
    job = submit("loading")
    begun = time.monotonic()
    jobs.ask(job, "stop")
    _until(lambda: jobs.read(job).ended)
    assert jobs.read(job).status == "cancelled" and time.monotonic() - begun < 10


def test_deaf_work_is_killed_with_its_children_within_fifteen_seconds(submit: Any) -> None:
    job = submit("deaf")
    _until(lambda: (job.folder / "child").exists() and (job.folder / "child").read_text())
    child = int((job.folder / "child").read_text())
    begun = time.monotonic()
    ending.end_in_background(job)
    _until(lambda: jobs.read(job).status == "cancelled")
    assert ending.ASKED_S + ending.TOLD_S < time.monotonic() - begun < 15
    assert "killed" in jobs.read(job).message
    _until(lambda: jobs.born(child) is None or _is_zombie(child))


def test_a_process_that_is_not_the_jobs_gets_no_signal(submit: Any) -> None:
    job = submit("obedient")
    state = jobs.stored_state(job)
    innocent = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"], start_new_session=True)
    try:
        for change in ({"pid": innocent.pid}, {"born": 1.0}, {"token": "another"}):
            write_json(job.folder / "state.json", {**state, **change})
            assert not jobs.send(job, signal.SIGKILL)
        write_json(job.folder / "state.json", state)
        assert innocent.poll() is None and jobs.alive(job)
        assert jobs.send(job, signal.SIGKILL)
        _until(lambda: not jobs.alive(job))
        assert not jobs.send(job, signal.SIGKILL), "a dead job's number may be another process by now"
    finally:
        innocent.kill()
        innocent.wait()


def test_a_hung_process_is_told_from_a_working_one(submit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "HUNG_S", 2.0)
    working, hung = submit("obedient"), submit("stuck")
    try:
        _until(lambda: (jobs.read(hung).silent_s or 0) > 2)
        state = jobs.read(hung)
        assert state.status == "running" and "No sign of work" in state.message and "--kill" in state.hint
        assert (jobs.read(working).silent_s or 0) < 2 and jobs.read(working).message == ""
    finally:
        for job in (working, hung):
            jobs.kill(job)


def test_a_stopped_process_falls_silent_too(submit: Any) -> None:
    job = submit("obedient")
    pid = int(read_json(job.folder / "state.json")["pid"])
    os.kill(pid, signal.SIGSTOP)
    try:
        _until(lambda: (jobs.read(job).silent_s or 0) > 2)
    finally:
        os.kill(pid, signal.SIGCONT)
        jobs.kill(job)


def _is_zombie(pid: int) -> bool:
    try:
        return " Z " in Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return True
