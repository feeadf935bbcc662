"""Dataset: freeze a revision with a leak-free hold-out, compare revisions, and take the data out."""

import streamlit as st

from core.workspace import Workspace
from curation import freeze, queries, restore
from ui import act, editor_new, freeze_form, panels, retirement, revision, revision_files, shell

shell.begin()


def going_back(workspace: Workspace, view: freeze.RevisionView, who: str) -> None:
    """Make the dataset what it was when this revision was frozen."""
    revision_id = view.revision.id
    shown = act.show(f"restore-{revision_id}-{workspace.ledger.head()[0]}", scope=f"restore-{revision_id}")

    def do(action_id: str) -> str:
        done = restore.restore(workspace, revision_id, who=who, action_id=action_id)
        if not done.batch:
            return "The dataset is as it was then already."
        return (
            f"Back to {revision_id[:8]}: {done.n_brought_back:,} brought back, {done.n_dropped:,} dropped, "
            f"{done.n_edited:,} edited. Undo on the Review page takes it back."
        )

    with st.popover("Go back to this revision", icon=":material/history:"):
        st.write(
            "The dataset becomes what it was then. Later decisions stay in the history; one undo brings them back."
        )
        act.button("Go back", shown, "restore", do, icon=":material/history:", guard=False)


panels.title("Dataset", "Freeze what you have combed, hold a part out without leaks, and take it with you.")
workspace = shell.workspace()
who = shell.who()
overview = queries.overview(workspace)
if overview.n_in == 0:
    panels.empty("There is nothing to freeze yet.", "import_data.py", "Import a file")
    editor_new.section(workspace, who)
    st.stop()
freeze_form.draw(workspace, overview, who)
retirement.draw(workspace, who)
editor_new.section(workspace, who)
frozen = freeze.revisions(workspace)
if not frozen:
    panels.empty("Nothing is frozen yet. A revision never changes, and training always names the one it used.")
for number, view in enumerate(frozen):
    with st.expander(revision.label(view), expanded=number == 0, icon=":material/inventory_2:"):
        revision.figures(view)
        revision_files.export_panel(workspace, view, who)
        going_back(workspace, view, who)
        if st.toggle("Show the leak certificate", key=f"certificate-{view.revision.id}"):
            st.json(dict(view.certificate))
revision_files.licences(workspace, who)
if len(frozen) > 1:
    st.subheader("Compare two revisions", anchor=False)
    revision.comparison(workspace, frozen)
