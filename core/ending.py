"""Ends a job that does not end by itself: it is asked, then told (SIGTERM), then killed (SIGKILL), by fixed deadlines.

``python -m core.ending FOLDER`` is a process of its own, so that a closed page or a killed server does not spare the
job.
"""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

from core import jobs
from core.files import write_json

ASKED_S = 5.0
TOLD_S = 5.0
KILLED_S = 4.0
"""Seconds after which each step counts as failed; together less than 15."""

POLL_S = 0.1


def end_in_background(job: jobs.Job) -> None:
    """Ask a job to end without saving, and see in a process of its own that it does."""
    jobs.ask(job, "cancel")
    jobs.detach(["core.ending", str(job.folder.resolve())], job.folder / "log.txt")


def end(job: jobs.Job) -> bool:
    """See that a job that was asked to end does. Returns whether it has ended, after 14 seconds at most."""
    if _gone(job, ASKED_S):
        return True
    jobs.send(job, signal.SIGTERM)
    if _gone(job, TOLD_S):
        return True
    jobs.send(job, signal.SIGKILL)
    if not _gone(job, KILLED_S):
        return False
    state = jobs.stored_state(job)
    if state["status"] not in jobs.ENDED:
        message = "The work did not end when asked, so its process was killed."
        write_json(job.folder / "state.json", {**state, "status": "cancelled", "message": message})
    return True


def _gone(job: jobs.Job, within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    while jobs.alive(job) or jobs.starting(job):
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL_S)
    return True


def main() -> int:
    """End the job whose folder is named."""
    folder = Path(sys.argv[1])
    return 0 if end(jobs.Job(folder.name, folder)) else 1


if __name__ == "__main__":
    sys.exit(main())
