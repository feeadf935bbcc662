"""Watching a detached job from the command line: Ctrl-C leaves it running."""

from __future__ import annotations

from typing import Any

from cli.output import emit, progress_bar, say
from core import jobs
from core.errors import FinetoothError
from core.workspace import Workspace


def follow(workspace: Workspace, job: jobs.Job, *, detach: bool, as_json: bool) -> dict[str, Any] | None:
    """Wait for a job and return its result; None where the person does not want to wait.

    Raises:
        FinetoothError: The job failed, was stopped, or its process died.
    """
    if detach:
        emit(
            {"job": job.id}, as_json, f"Job {job.id} runs on its own. Look: finetooth jobs {job.id} -w {workspace.path}"
        )
        return None
    try:
        with progress_bar() as progress:
            state = jobs.wait(job, progress)
    except KeyboardInterrupt:
        say(f"Job {job.id} goes on without you. Stop it: finetooth jobs {job.id} --stop -w {workspace.path}")
        raise
    if state.status != "done":
        raise FinetoothError(
            f"The job {job.id} ended as {state.status}: {state.message or 'no reason was given'}", state.hint
        )
    return state.result
