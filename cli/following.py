"""Watching a detached job from the command line: Ctrl-C leaves it running."""

from __future__ import annotations

from typing import Any

from cli.output import emit, progress_bar, say
from core import jobs
from core.errors import FinetoothError
from core.workspace import Workspace


def follow(
    workspace: Workspace, job: jobs.Job, *, detach: bool, as_json: bool, run: str | None = None
) -> dict[str, Any] | None:
    """Wait for a job and return its result; None where the person does not want to wait.

    Args:
        workspace: In which it runs.
        job: The job.
        detach: Whether not to wait.
        as_json: Whether results are printed as JSON.
        run: The training run that it works on, which is then what is named.

    Raises:
        FinetoothError: The job failed, was stopped, or its process died.
    """
    where = f"-w {workspace.path}"
    name, verb = (f"Job {job.id}", f"jobs {job.id}") if run is None else (f"Run {run}", f"runs {run}")
    if detach:
        document = {"job": job.id} if run is None else {"run": run, "job": job.id}
        look = f"Look: finetooth {verb} {where}"
        stop = "" if run is None else f" Stop it: finetooth {verb} --stop {where}"
        emit(document, as_json, f"{name} goes on by itself. {look}{stop}")
        return None
    try:
        with progress_bar() as progress:
            state = jobs.wait(job, progress)
    except KeyboardInterrupt:
        say(f"{name} goes on without you. Stop it: finetooth {verb} --stop {where}")
        raise
    if state.status != "done":
        raise FinetoothError(
            f"The job {job.id} ended as {state.status}: {state.message or 'no reason was given'}", state.hint
        )
    return state.result
