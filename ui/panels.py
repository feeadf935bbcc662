"""Blocks that several pages draw: counts with denominators, empty states, and the live state of a job."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core import jobs, wording
from core.errors import FinetoothError
from core.workspace import Workspace
from curation import queries
from ui import act, render, shell

POLL_S = 1.0
SEVERITY_COLOURS = {"block": "red", "warn": "orange", "info": "gray"}
SEVERITY_WORDS = {"block": "blocking", "warn": "worth a look", "info": "note"}


def title(text: str, caption: str = "") -> None:
    """A page's heading and the one sentence that says what it is for."""
    st.title(text, anchor=False)
    if caption:
        st.caption(caption)


def metrics(items: Sequence[tuple[str, str, str]]) -> None:
    """A row of figures: label, value, and what it is a part of."""
    for column, (label, value, below) in zip(st.columns(len(items)), items, strict=True):
        with column.container(border=True, height="stretch", gap="xxsmall"):
            st.metric(label, value)
            st.caption(below or "\N{NO-BREAK SPACE}")


def empty(sentence: str, page: str = "", label: str = "", *, icon: str = "inbox") -> None:
    """An empty state: what is not there yet, and the page where it begins."""
    with st.container(border=True):
        st.markdown(f":material/{icon}: {sentence}")
        if page:
            shell.link(page, label, icon="arrow_forward")


def size(size_bytes: int) -> str:
    """A file's size in kB or MB (decimal)."""
    return f"{size_bytes / 1e6:,.1f} MB" if size_bytes >= 1e6 else f"{size_bytes / 1e3:,.1f} kB"


def badge(level: str) -> str:
    """A severity as a coloured badge, in Markdown."""
    return f":{SEVERITY_COLOURS.get(level, 'gray')}-badge[{SEVERITY_WORDS.get(level, level)}]"


def latest(workspace: Workspace, kind: str) -> jobs.Job | None:
    """The newest job of a kind, whoever started it."""
    return next((job for job in jobs.listing(workspace.jobs_dir) if job.kind == kind), None)


def job(shown: jobs.Job, *, stop_label: str = "Stop") -> jobs.JobState:
    """Draw a job's state; while it runs the panel renews itself, and at its end the whole page does."""
    state = jobs.read(shown)
    if state.ended:
        _draw_job(shown, state, stop_label)
        return state
    _watch(shown, stop_label)
    return state


@st.fragment(run_every=POLL_S)
def _watch(shown: jobs.Job, stop_label: str) -> None:
    state = jobs.read(shown)
    if state.ended:
        st.rerun()
    _draw_job(shown, state, stop_label)


def _draw_job(shown: jobs.Job, state: jobs.JobState, stop_label: str) -> None:
    if state.status in ("failed", "lost"):
        shell.show_error(state.message or "The work ended without a result.", state.hint)
    elif state.status == "cancelled":
        st.warning("The work was stopped on request.", icon=":material/stop_circle:")
    elif not state.ended:
        with st.container(border=True):
            share = min(1.0, state.done / state.total) if state.total else 0.0
            since = f" since {state.started_at[11:19]} UTC" if state.started_at else ""
            count = f"{state.done:,} of {state.total:,}" if state.total else f"working{since}"
            st.progress(share, text=f"{render.plain(state.stage or 'starting')} · {count}")
            asked = (shown.folder / "stop").exists()
            st.button(
                "Stopping at the next safe point" if asked else stop_label,
                key=f"stop-{shown.id}",
                icon=":material/stop:",
                disabled=asked,
                on_click=act.guarded(jobs.cancel),
                args=(shown,),
            )


def checks(workspace: Workspace, overview: queries.Overview) -> bool:
    """The button that runs the checks for the first time, or their progress. Returns whether any have run."""
    if overview.n_in == 0:
        empty("There are no examples to check yet.", "import_data.py", "Import a file")
        return False
    running = latest(workspace, "check")
    state = job(running) if running and _concerns(running, overview) else None
    if not overview.checked and (state is None or state.ended):
        with st.container(border=True):
            st.markdown(f"The checks have not run yet on these {wording.many(overview.n_in, 'example')}.")
            _run_button(workspace, overview, "Run the checks", "primary")
    return overview.checked


def stale(workspace: Workspace, overview: queries.Overview) -> None:
    """Where the dataset has changed since the checks ran: that, in one line, and the button that runs them again."""
    running = latest(workspace, "check")
    if not overview.stale or (running and not jobs.read(running).ended):
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("The dataset has changed since the checks ran; some findings may be out of date.", width="content")
        _run_button(workspace, overview, "Run the checks again", "secondary")


def _run_button(workspace: Workspace, overview: queries.Overview, label: str, kind: act.KIND) -> None:
    shown = act.show(f"checks-{workspace.ledger.head()[0]}-{overview.checked}", scope="checks")
    icon = ":material/play_arrow:"
    act.button(label, shown, "check", lambda _: start_checks(workspace), icon=icon, kind=kind, guard=False)


def start_checks(workspace: Workspace, only: Sequence[str] = ()) -> None:
    """Launch the checks (all, or these families) in a process of their own, unless they are running already."""
    if checking(workspace):
        raise FinetoothError("The checks are running already.", "Wait for them, or stop them first.")
    spec = {"workspace": str(workspace.path), "only": list(only)}
    jobs.submit(workspace.jobs_dir, "check", "curation.checking:check_job", spec)


def setting_button(
    workspace: Workspace,
    label: str,
    item: str,
    scope: str,
    change: act.Do,
    only: Sequence[str],
    *,
    same: bool,
    caption: str,
) -> None:
    """The button that changes a setting of the project and runs the checks that depend on it.

    Args:
        workspace: The open workspace.
        label: What the button says.
        item: What would be set; another one is another act.
        scope: Of the act.
        change: Sets it, and says so.
        only: The families to check again.
        same: Whether it is set already, so that there is nothing to do.
        caption: What it does and does not do.
    """

    def use(action_id: str) -> str | None:
        if checking(workspace):
            raise FinetoothError("The checks are running already.", "Wait for them, or stop them first.")
        said = change(action_id)
        start_checks(workspace, only)
        return said

    shown = act.show(f"{item}-{workspace.ledger.head()[0]}", scope=scope)
    with st.container(horizontal=True, vertical_alignment="center"):
        act.button(
            label, shown, "use", use, icon=":material/check:", kind="primary", disabled=same, guard=False
        )  # fmt: skip
        st.caption(caption, width="content")


def checking(workspace: Workspace) -> bool:
    """Whether the checks are running now."""
    running = latest(workspace, "check")
    return running is not None and not jobs.read(running).ended


def _concerns(shown: jobs.Job, overview: queries.Overview) -> bool:
    """Whether a check job still matters: it runs, or it ended badly and nothing newer has replaced its result."""
    state = jobs.read(shown)
    return not state.ended or (state.status != "done" and (not overview.checked or overview.stale))
