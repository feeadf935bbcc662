"""A job is a folder: its process outlives the one that started it, and the folder always tells the truth."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from core import event_file, jobs, worker
from core.errors import FinetoothError, InputError
from core.files import write_json

ROOT = Path(__file__).resolve().parent.parent.parent


def count_slowly(context: jobs.JobContext) -> dict[str, Any]:
    """Work for the tests: count, report, and stop when asked."""
    for number in range(int(context.spec["steps"])):
        context.check_stop()
        context.progress("counting", number, context.spec["steps"])
        context.event("step", n=number)
        time.sleep(0.05)
    if context.spec.get("fail") == "person":
        raise InputError("The file is gone.", "Bring it back.")
    if context.spec.get("fail"):
        raise ZeroDivisionError("a defect")
    return {"counted": context.spec["steps"]}


@pytest.fixture
def submit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Submit the counting work as a real process."""
    monkeypatch.setattr(jobs, "TARGET", re.compile(r".*"))

    def run(**spec: Any) -> jobs.Job:
        return jobs.submit(tmp_path / "jobs", "count", "tests.core.test_jobs:count_slowly", spec)

    return run


def _until(job: jobs.Job, *statuses: str) -> jobs.JobState:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        state = jobs.read(job)
        if state.status in statuses:
            return state
        time.sleep(0.05)
    raise AssertionError(f"still {jobs.read(job)} after 30 s: {(job.folder / 'log.txt').read_text()}")


def test_a_job_ends_with_its_result_and_gapless_events(submit: Any) -> None:
    job = submit(steps=5)
    state = _until(job, *jobs.ENDED)
    assert (state.status, state.result) == ("done", {"counted": 5})
    assert [e["seq"] for e in jobs.events(job.folder)] == [1, 2, 3, 4, 5]


def test_a_stop_is_obeyed_at_the_next_safe_point(submit: Any) -> None:
    job = submit(steps=1000)
    _until(job, "running")
    jobs.cancel(job)
    assert _until(job, *jobs.ENDED).status == "cancelled"


def test_a_killed_worker_reads_as_lost(submit: Any) -> None:
    job = submit(steps=1000)
    state = _until(job, "running")
    assert state.pid is not None
    os.kill(state.pid, signal.SIGKILL)
    assert _until(job, *jobs.ENDED).status == "lost"


def test_a_persons_mistake_and_a_defect_end_as_failed_with_what_to_do(submit: Any) -> None:
    mistake = _until(submit(steps=1, fail="person"), *jobs.ENDED)
    assert (mistake.status, mistake.message, mistake.hint) == ("failed", "The file is gone.", "Bring it back.")
    defect = submit(steps=1, fail="defect")
    assert "ZeroDivisionError" in _until(defect, *jobs.ENDED).message
    assert "Traceback" in (defect.folder / "log.txt").read_text()


def test_the_work_outlives_the_process_that_started_it(tmp_path: Path) -> None:
    code = (
        "import re, sys; from pathlib import Path; from core import jobs; jobs.TARGET = re.compile('.*');"
        "job = jobs.submit(Path(sys.argv[1]), 'count', 'tests.core.test_jobs:count_slowly', {'steps': 30});"
        "print(job.id)"
    )
    started = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    job = jobs.find(tmp_path, started.stdout.strip())
    assert _until(job, *jobs.ENDED).status == "done"


def test_a_torn_last_event_is_left_for_the_next_look(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text('{"seq": 1, "type": "step"}\n{"seq": 2, "ty')
    assert [e["seq"] for e in jobs.events(tmp_path)] == [1]


def test_a_worker_that_goes_on_after_a_torn_event_writes_its_own_on_a_line_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text('{"seq": 1, "type": "step"}\n{"seq": 2, "ty')
    jobs.JobContext(tmp_path, {}).event("end")
    assert [(e["seq"], e["type"]) for e in jobs.events(tmp_path)] == [(1, "step"), (2, "end")]


@pytest.mark.parametrize("block_bytes", [1, 7, 64, 65_536])
def test_events_are_read_from_the_end_and_no_further_than_asked(
    block_bytes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_file, "BLOCK_BYTES", block_bytes)
    lines = [f'{{"seq": {n}, "text": "{"x" * (n * 7 % 40)}"}}\n' for n in range(1, 41)]
    (tmp_path / "events.jsonl").write_text("".join(lines) + '{"seq": 41, "te')
    for after in (0, 1, 20, 39, 40, 99):
        assert [e["seq"] for e in jobs.events(tmp_path, after)] == list(range(after + 1, 41))
    (tmp_path / "events.jsonl").write_text('{"seq": 1')
    assert jobs.events(tmp_path) == []


def test_only_finetooths_own_functions_can_be_run(tmp_path: Path) -> None:
    with pytest.raises(FinetoothError, match="not a function of Finetooth"):
        jobs.submit(tmp_path, "evil", "os:system", {})


def test_a_worker_starts_although_somebody_looks_at_that_instant(submit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    folders: list[Path] = []
    monkeypatch.setattr(subprocess, "Popen", lambda *a, **k: folders.append(Path(a[0][-1])) or _Ended())
    job = submit(steps=1)
    with open(job.folder / "lock", "a") as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        threading.Timer(0.1, lambda: fcntl.flock(looking, fcntl.LOCK_UN)).start()
        held = signal.getsignal(signal.SIGTERM)
        try:
            assert worker.work(job.folder) == 0
        finally:
            signal.signal(signal.SIGTERM, held)
    assert jobs.read(job).status == "done"


class _Ended:
    """A process that has come to its end."""

    def poll(self) -> int:
        return 0


def test_an_event_may_hold_any_kind_of_line_end(tmp_path: Path) -> None:
    context = jobs.JobContext(tmp_path, {})
    context.event("sample", text="one\u2028two\x85three")
    context.event("sample", text="four")
    assert [e["text"] for e in jobs.events(tmp_path)] == ["one\u2028two\x85three", "four"]


def test_jobs_of_one_second_are_listed_newest_first(tmp_path: Path) -> None:
    for k, name in enumerate(("20260101-120000-ff", "20260101-120000-aa", "20260101-120001-00")):
        write_json(tmp_path / name / "spec.json", {"kind": "k", "target": "t", "spec": {}})
        os.utime(tmp_path / name / "spec.json", ns=(k, k))
    assert [job.id for job in jobs.listing(tmp_path)] == [
        "20260101-120001-00",
        "20260101-120000-aa",
        "20260101-120000-ff",
    ]


LEAVING = """
import atexit
from core.worker import leave

class Kept:
    def __del__(self):
        print("taken apart", flush=True)

kept = Kept()
atexit.register(print, "asked at the end")
print("said, ", end="")
leave(3)
"""


def test_a_worker_leaves_without_taking_the_interpreter_apart() -> None:
    """Taking apart some thousand modules keeps memory for seconds after the work is over."""
    done = subprocess.run([sys.executable, "-c", LEAVING], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (3, "said, asked at the end\n")
