"""A frozen revision on a page: its label, its figures with the leak certificate's, and what changed between two."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core import wording
from core.workspace import Workspace
from curation import changes, freeze
from ui import panels, render

LISTED = 20


def option(view: freeze.RevisionView) -> str:
    """Its short id, its size, when and by whom it was frozen, for a list to choose from (which draws it as it is)."""
    when = view.created_at[:16].replace("T", " ")
    size = wording.many(view.revision.n_examples, "example")
    return f"{view.revision.id[:8]} · {size} · {when} UTC · {render.cell(view.who)}"


def label(view: freeze.RevisionView) -> str:
    """The same, ready for a label."""
    return render.plain(option(view))


def figures(view: freeze.RevisionView) -> None:
    """Sizes of the split, and what the scan for leaks proved."""
    splits, proof = view.revision.splits, view.certificate
    whole = f"of {wording.many(view.revision.n_examples, 'example')}"
    wanted = proof.get("n_holdout_wanted", splits["holdout"])
    asked = "" if wanted == splits["holdout"] else f"; {wanted:,} were asked for"
    tested = [("Test set", f"{splits['test']:,}", whole)] if splits.get("test") else []
    panels.metrics(
        [
            ("Training", f"{splits['train']:,}", whole),
            ("Hold-out", f"{splits['holdout']:,}", whole + asked),
            *tested,
            ("Look-alikes across", f"{proof['cross_pairs']:,}", "pairs; a leak-free split has none"),
            (
                "A random split would leak",
                f"{proof['random_split_leak_share']:.1%}",
                "of its hold-out examples",
            ),
        ]
    )
    for remark in freeze.remarks(proof) if proof["passed"] else ():
        st.caption(f":material/info: {remark}")
    if proof["passed"]:
        st.caption(
            ":green[:material/verified:] The scan found no training example that gives away a hold-out one; "
            f"{wording.many(proof['groups_kept_together'], 'group')} of look-alikes stayed together."
        )
    else:
        st.error("The hold-out leaks: freeze again with another seed or share.", icon=":material/gpp_bad:")


def comparison(workspace: Workspace, views: list[freeze.RevisionView]) -> None:
    """What changed between two revisions, by example, edits with their words."""
    names = {view.revision.id: option(view) for view in views}
    left, right = st.columns(2)
    before = left.selectbox("From", list(names), index=1, format_func=names.__getitem__, key="diff_from")
    after = right.selectbox("To", list(names), index=0, format_func=names.__getitem__, key="diff_to")
    made = _difference(str(workspace.path), before, after)
    sizes = {view.revision.id: view.revision.n_examples for view in views}
    panels.metrics(
        [
            ("Added", f"{len(made.added):,}", f"of {wording.many(sizes[after], 'example')} now"),
            ("Dropped", f"{len(made.dropped):,}", f"of {wording.many(sizes[before], 'example')} before"),
            ("Edited", f"{len(made.edited):,}", f"of {wording.many(sizes[before], 'example')} before"),
        ]
    )
    edited = [change for change in made.changes if change.becomes]
    turns = changes.texts(workspace, edited[:LISTED])
    for change in edited[:LISTED]:
        was, now = turns[change.example_id], turns[change.becomes or ""]
        gone, fresh, _ = render.twin_marks(was, now, ("gone", "new"))
        with st.container(border=True):
            first, second = st.columns(2)
            with first:
                render.excerpts(was, gone)
            with second:
                render.excerpts(now, fresh)
            _reason(change)
    if len(edited) > LISTED:
        st.caption(f"{wording.of(LISTED, len(edited), 'edits')} are shown.")
    for what in ("dropped", "added"):
        some = [change for change in made.changes if change.what == what]
        turns = changes.texts(workspace, some[:LISTED])
        for change in some[:LISTED]:
            with st.container(border=True):
                render.lines([(what, turns[change.example_id][-1].content if turns.get(change.example_id) else "")])
                _reason(change)
        if len(some) > LISTED:
            st.caption(f"{wording.of(LISTED, len(some), f'{what} examples')} are shown.")
    if made.changes:
        st.download_button(
            "All of these changes (CSV)",
            data=lambda: changes.as_csv(workspace, made.changes),
            file_name=f"changes-{before[:8]}-{after[:8]}.csv",
            mime="text/csv",
            key="diff_csv",
            icon=":material/download:",
            on_click="ignore",
        )


@st.cache_resource(max_entries=8, show_spinner="Comparing")
def _difference(path: str, before: str, after: str) -> changes.RevisionDiff:
    """What never changes once both are frozen."""
    return changes.diff(Workspace.open(Path(path)), before, after)


def _reason(change: changes.Change) -> None:
    """Why, by whom and when; the words are people's own."""
    place = f"{change.source} line {change.line}" if change.source else ""
    small = " · ".join(part for part in (change.who, change.at[:16].replace("T", " "), place) if part)
    render.note(change.why or "no reason recorded", small)
