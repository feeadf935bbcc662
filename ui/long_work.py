"""Imports, freezes and exports from a page: small ones at once, large ones as a job that outlives the page.

A large one would hold the web process, and with it everybody's pages. As a job it shows how far it is, can be stopped,
and is found again by whoever opens the page, after a reload or a restart of the server too.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from core import jobs
from core.errors import FinetoothError
from core.jobs import InlineContext, JobContext
from core.workspace import Workspace
from ui import act, panels

SMALL_EXAMPLES = 4_000
"""Examples that are frozen or exported at once: about a second."""
SMALL_BYTES = 4_000_000
"""Bytes of a file that is imported at once: about a second."""
PUT_AWAY = "put-away"
"""A file in a job's folder: somebody has read how it ended."""


def run(
    workspace: Workspace,
    kind: str,
    work: Callable[[JobContext], dict[str, Any]],
    spec: Mapping[str, Any],
    *,
    small: bool,
) -> dict[str, Any] | None:
    """Do small work now and return its result; start large work as a job and return None.

    Args:
        workspace: The open workspace.
        kind: ``import``, ``freeze`` or ``export``; one of each runs at a time.
        work: A function of ``curation.long_work``.
        spec: Its spec but for the workspace.
        small: Whether nobody would have to wait for it.

    Raises:
        FinetoothError: Another one is running, or the work failed at once.
    """
    require_none(workspace, kind)
    whole = {"workspace": str(workspace.path), **spec}
    if small:
        with tempfile.TemporaryDirectory() as folder:
            return work(InlineContext(whole, Path(folder)))
    jobs.submit(workspace.jobs_dir, kind, f"{work.__module__}:{work.__name__}", whole)
    return None


def require_none(workspace: Workspace, kind: str) -> None:
    """Raise where a job of this kind runs.

    Raises:
        FinetoothError: One does.
    """
    if running(workspace, kind):
        raise FinetoothError(f"Another {kind} is running.", "Wait for it, or stop it first.")


def running(workspace: Workspace, kind: str) -> bool:
    """Whether a job of this kind runs now."""
    job = panels.latest(workspace, kind)
    return job is not None and not jobs.read(job).ended


def panel(workspace: Workspace, kind: str, *, fits: Callable[[Mapping[str, Any]], bool] = lambda _: True) -> None:
    """How far the job of this kind is, or how the last one ended badly, until somebody puts that away.

    ``fits`` says of a job's spec whether it belongs here.
    """
    job = panels.latest(workspace, kind)
    if job is None or not fits(job.spec) or (job.folder / PUT_AWAY).exists():
        return
    state = jobs.read(job)
    if state.status == "done" or (state.ended and _followed(workspace, kind, state)):
        return
    panels.job(job)
    if state.ended:
        st.button(
            "Put this message away",
            key=f"away-{job.id}",
            icon=":material/close:",
            type="tertiary",
            on_click=act.guarded(_put_away),
            args=(job,),
        )


def result(workspace: Workspace, kind: str) -> dict[str, Any] | None:
    """What the newest job of this kind found, where it is the last word; None where one was done at once since."""
    job = panels.latest(workspace, kind)
    state = jobs.read(job) if job else None
    if state is None or state.status != "done" or _followed(workspace, kind, state):
        return None
    return state.result


def _followed(workspace: Workspace, kind: str, state: jobs.JobState) -> bool:
    """Whether the ledger holds another act of this kind that is younger than the job."""
    entries = workspace.ledger.entries(kind)
    return bool(entries) and entries[-1].at > state.updated_at


def _put_away(job: jobs.Job) -> None:
    try:
        (job.folder / PUT_AWAY).touch()
    except OSError as error:
        raise FinetoothError(f"That cannot be noted: {error.strerror or error}.", "Free some space.") from error
