"""Work with models that was interrupted, on a page: what is kept of it, a button to go on, and one to throw it away."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core import jobs
from core.errors import FinetoothError
from core.workspace import Workspace
from evaluation import unfinished
from ui import act, panels, render


def draw(workspace: Workspace) -> None:
    """Each piece of work that has not ended and that no job is at; nothing where there is none."""
    for one in unfinished.left(workspace):
        latest = panels.latest(workspace, one.kind) if one.kind else None
        if latest is not None and not jobs.read(latest).ended:
            continue
        with st.container(border=True):
            st.markdown(f":material/hourglass_disabled: **Not ended.** {render.plain(one.sentence())}")
            shown = act.show(f"unfinished-{one.id}-{one.n_kept}-{latest.id if latest else ''}", scope=f"left-{one.id}")
            with st.container(horizontal=True):
                if one.target:
                    act.button("Go on", shown, "go", partial(_go_on, workspace, one), guard=False)
                else:
                    st.caption("The same settings again go on with it.")
                act.button("Throw away", shown, "drop", partial(_drop, workspace, one), kind="tertiary", guard=False)


def _go_on(workspace: Workspace, one: unfinished.Left, _action_id: str) -> str:
    running = panels.latest(workspace, one.kind)
    if running and not jobs.read(running).ended:
        raise FinetoothError("Work of this kind is running already.", "Wait for it, or stop it first.")
    jobs.submit(workspace.jobs_dir, one.kind, one.target, dict(one.spec))
    return "It goes on where it stopped."


def _drop(workspace: Workspace, one: unfinished.Left, _action_id: str) -> str:
    unfinished.discard(workspace, one.id)
    return "What was kept is thrown away."
