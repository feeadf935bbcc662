"""Home: which workspace is open, where the project stands, and what to do next."""

from pathlib import Path

import streamlit as st

from core import wording
from core.errors import FinetoothError
from core.workspace import Workspace
from curation import queries
from flows import standing
from ui import act, panels, render, shell

shell.begin()


def choose(key: str, *, create: bool) -> None:
    """Open or make the workspace at the typed path."""
    typed = str(st.session_state.get(key) or "").strip()
    if not typed:
        act.fail(FinetoothError("No folder was named.", "Type the path of a folder, such as ./workspace."))
        return
    act.guarded(lambda: shell.use_workspace(Path(typed).expanduser(), create=create))()


def chooser(suggested: str) -> None:
    """The form that opens or creates a workspace."""
    with st.form("workspace-form", width=640):
        st.text_input("Folder of the workspace", value=suggested, key="workspace_typed", placeholder="./workspace")
        with st.container(horizontal=True):
            for label, create in (("Create", True), ("Open", False)):
                st.form_submit_button(label, on_click=choose, args=("workspace_typed",), kwargs={"create": create})
        st.caption("One folder holds one project: its sources, decisions, runs and exports. Nothing leaves it.")


def figures(o: queries.Overview) -> None:
    """The dataset in four figures, each with what it is a part of."""
    settled = sum(c.settled for c in o.counts)
    panels.metrics(
        [
            ("Examples in the dataset", f"{o.n_in:,}", f"of {wording.many(o.n_examples, 'distinct imported example')}"),
            ("Rows imported", f"{o.n_rows:,}", f"of {wording.many(o.n_rows + o.n_rejects, 'line')} read"),
            ("Dropped or edited", f"{o.n_dropped + o.n_edited:,}", f"{o.n_dropped:,} dropped, {o.n_edited:,} edited"),
            ("Findings open", f"{o.n_open:,}", f"of {o.n_open + settled:,}, {o.n_blocking:,} of them blocking")
            if o.checked
            else ("Findings open", "–", "the checks have not run"),
        ]
    )


def stepper(workspace: Workspace, o: queries.Overview) -> None:
    """The walk, stage by stage, with the next thing to do set apart."""
    steps = standing.steps(workspace, o)
    if now := next((step for step in steps if step.state == "now"), None):
        with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(f"**Next: {now.title.lower()}.** {now.todo}", width="content")
            shell.link(now.page, f"Go to {now.title.lower()}", icon="arrow_forward")
    marks = {"done": ":green[:material/check_circle:]", "now": ":primary[:material/radio_button_checked:]"}
    for column, step in zip(st.columns(len(steps)), steps, strict=True):
        with column.container(border=True, height="stretch", gap="xxsmall"):
            st.markdown(f"{marks.get(step.state, ':gray[:material/radio_button_unchecked:]')} **{step.title}**")
            st.caption(step.line)


def found(o: queries.Overview) -> None:
    """What each check found and how much of it is settled."""
    st.subheader("What the checks found", anchor=False)
    st.dataframe(
        {
            "Check": [c.title for c in o.counts],
            "Open": [c.open for c in o.counts],
            "Settled": [c.settled for c in o.counts],
            "Safe fixes": [c.safe for c in o.counts],
        },
        hide_index=True,
        height="content",
        column_config={name: st.column_config.NumberColumn(width=70) for name in ("Open", "Settled", "Safe fixes")},
    )


suggested = "./workspace"
try:
    workspace = shell.open_workspace()
except FinetoothError as error:
    shell.show_error(error.message, error.hint)
    workspace, suggested = None, shell.chosen_path() or suggested
if workspace is None:
    panels.title("Finetooth", "Comb the data, train on what is left, and let your own experts judge the result.")
    st.markdown("**Start here:** name a folder for the project, or open one that exists.")
    chooser(suggested)
    st.stop()

overview = queries.overview(workspace)
panels.title(render.plain(workspace.name), "Where the project stands, and what to do next.")
if overview.n_rows == 0:
    panels.empty("The workspace is empty: bring in a file of chats.", "import_data.py", "Import a file")
else:
    figures(overview)
    stepper(workspace, overview)
    panels.checks(workspace, overview)
    panels.stale(workspace, overview)
    if overview.counts:
        found(overview)
with st.expander("Open another workspace", icon=":material/folder_open:"):
    chooser("")
