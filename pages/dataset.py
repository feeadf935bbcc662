"""Dataset: freeze a revision with a leak-free hold-out, compare revisions, and take the data out."""

import streamlit as st

from core import wording
from core.workspace import Workspace
from curation import freeze, queries, restore
from ui import act, editor_new, panels, revision, revision_files, shell

shell.begin()


def freeze_panel(workspace: Workspace, overview: queries.Overview, who: str) -> None:
    """How much to hold out, and the button that freezes."""
    with st.container(border=True):
        st.markdown(f"**Freeze** the {wording.many(overview.n_in, 'example')} that are in the dataset now.")
        if overview.n_blocking:
            st.warning(
                f"{wording.many(overview.n_blocking, 'finding')} would make training go wrong and "
                f"{'is' if overview.n_blocking == 1 else 'are'} still open.",
                icon=":material/warning:",
            )
            shell.link("review.py", "Review them first", icon="arrow_forward")
        share, test, seed, button = st.columns([2, 1, 1, 1], vertical_alignment="bottom")
        share.slider("Hold-out, percent of the examples", 1, 50, 10, key="holdout_percent", format="%d%%")
        test.number_input("Test set, percent", 0, 49, 0, key="test_percent", help="Kept apart from both; 0 = none.")
        seed.number_input("Seed of the split", 0, 2**31 - 1, 0, key="split_seed")
        shown = act.show(f"freeze-{workspace.ledger.head()[0]}", scope="freeze")

        def do(_: str) -> str:
            with st.spinner("Splitting, and scanning for leaks"):
                made = freeze.freeze(
                    workspace,
                    who=who,
                    holdout_share=st.session_state["holdout_percent"] / 100,
                    test_share=st.session_state["test_percent"] / 100 or None,
                    seed=int(st.session_state["split_seed"]),
                )
            return "This very state was frozen before." if made.already else f"Frozen as {made.revision.id[:8]}."

        with button:
            act.button(
                "Freeze", shown, "freeze", do, kind="primary", icon=":material/ac_unit:", guard=False, stretch=True
            )


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
freeze_panel(workspace, overview, who)
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
