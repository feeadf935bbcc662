"""Dataset: freeze a revision with a leak-free hold-out, compare revisions, and take the data out."""

import streamlit as st

from core import wording
from core.workspace import Workspace
from curation import export, freeze, queries, release
from ui import act, panels, revision, shell

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
        share, seed, button = st.columns([2, 1, 1], vertical_alignment="bottom")
        share.slider("Hold-out, percent of the examples", 1, 50, 10, key="holdout_percent", format="%d%%")
        seed.number_input("Seed of the split", 0, 2**31 - 1, 0, key="split_seed")
        shown = act.show(f"freeze-{workspace.ledger.head()[0]}", scope="freeze")

        def do(_: str) -> str:
            with st.spinner("Splitting, and scanning for leaks"):
                made = freeze.freeze(
                    workspace,
                    who=who,
                    holdout_share=st.session_state["holdout_percent"] / 100,
                    seed=int(st.session_state["split_seed"]),
                )
            return "This very state was frozen before." if made.already else f"Frozen as {made.revision.id[:8]}."

        with button:
            act.button(
                "Freeze", shown, "freeze", do, kind="primary", icon=":material/ac_unit:", guard=False, stretch=True
            )


def export_panel(workspace: Workspace, view: freeze.RevisionView, who: str) -> None:
    """Write the revision with its data card, and offer each file for download."""
    revision_id = view.revision.id
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox("Format", export.FORMATS, key=f"format-{revision_id}", width=220)
        folder = workspace.exports_dir / revision_id[:12]
        out = folder / f"{chosen}{export.SUFFIXES[chosen]}"
        shown = act.show(f"export-{revision_id}-{chosen}-{out.exists()}", scope=f"export-{revision_id}")

        def do(_: str) -> str:
            made = release.export_revision(workspace, revision_id, out, chosen, who=who)
            return f"{wording.many(made.n_examples, 'example')} written."

        act.button("Export", shown, "export", do, icon=":material/output:", guard=False)
    for path in sorted(folder.glob(f"{chosen}.*")) if folder.is_dir() else ():
        st.download_button(
            f"{path.name} ({panels.size(path.stat().st_size)})",
            data=path.read_bytes,
            file_name=path.name,
            key=f"download-{revision_id}-{path.name}",
            icon=":material/download:",
            type="tertiary",
            on_click="ignore",
        )


panels.title("Dataset", "Freeze what you have combed, hold a part out without leaks, and take it with you.")
workspace = shell.workspace()
who = shell.who()
overview = queries.overview(workspace)
if overview.n_in == 0:
    panels.empty("There is nothing to freeze yet.", "import_data.py", "Import a file")
    st.stop()
freeze_panel(workspace, overview, who)
frozen = freeze.revisions(workspace)
if not frozen:
    panels.empty("Nothing is frozen yet. A revision never changes, and training always names the one it used.")
for number, view in enumerate(frozen):
    with st.expander(revision.label(view), expanded=number == 0, icon=":material/inventory_2:"):
        revision.figures(view)
        export_panel(workspace, view, who)
        if st.toggle("Show the leak certificate", key=f"certificate-{view.revision.id}"):
            st.json(dict(view.certificate))
if len(frozen) > 1:
    st.subheader("Compare two revisions", anchor=False)
    revision.comparison(workspace, frozen)
