"""A frozen revision on a page: its label, its figures with the leak certificate's, and what changed between two."""

from __future__ import annotations

import streamlit as st

from core import wording
from core.workspace import Workspace
from curation import changes, freeze, queries
from ui import panels, render

LISTED = 20


def label(view: freeze.RevisionView) -> str:
    """Its short id, its size, when and by whom it was frozen, ready for a label."""
    when = view.created_at[:16].replace("T", " ")
    size = wording.many(view.revision.n_examples, "example")
    return f"{view.revision.id[:8]} · {size} · {when} UTC · {render.plain(view.who)}"


def figures(view: freeze.RevisionView) -> None:
    """Sizes of the split, and what the scan for leaks proved."""
    splits, proof = view.revision.splits, view.certificate
    whole = f"of {wording.many(view.revision.n_examples, 'example')}"
    wanted = proof.get("n_holdout_wanted", splits["holdout"])
    asked = "" if wanted == splits["holdout"] else f"; {wanted:,} were asked for"
    panels.metrics(
        [
            ("Training", f"{splits['train']:,}", whole),
            ("Hold-out", f"{splits['holdout']:,}", whole + asked),
            ("Look-alikes across", f"{proof['cross_pairs']:,}", "pairs; a leak-free split has none"),
            (
                "A random split would leak",
                f"{proof['random_split_leak_share']:.1%}",
                "of its hold-out examples",
            ),
        ]
    )
    if proof["passed"]:
        st.caption(
            ":green[:material/verified:] The scan found no training example that gives away a hold-out one; "
            f"{wording.many(proof['groups_kept_together'], 'group')} of look-alikes stayed together."
        )
    else:
        st.error("The hold-out leaks: freeze again with another seed or share.", icon=":material/gpp_bad:")


def comparison(workspace: Workspace, views: list[freeze.RevisionView]) -> None:
    """What changed between two revisions, by example, edits with their words."""
    names = {view.revision.id: label(view) for view in views}
    left, right = st.columns(2)
    before = left.selectbox("From", list(names), index=1, format_func=names.__getitem__, key="diff_from")
    after = right.selectbox("To", list(names), index=0, format_func=names.__getitem__, key="diff_to")
    made = changes.diff(workspace, before, after)
    sizes = {view.revision.id: view.revision.n_examples for view in views}
    panels.metrics(
        [
            ("Added", f"{len(made.added):,}", f"of {wording.many(sizes[after], 'example')} now"),
            ("Dropped", f"{len(made.dropped):,}", f"of {wording.many(sizes[before], 'example')} before"),
            ("Edited", f"{len(made.edited):,}", f"of {wording.many(sizes[before], 'example')} before"),
        ]
    )
    for old, new in made.edited[:LISTED]:
        was, now = queries.example(workspace, old).example, queries.example(workspace, new).example
        gone, fresh, _ = render.twin_marks(was.messages, now.messages, ("gone", "new"))
        with st.container(border=True):
            first, second = st.columns(2)
            with first:
                render.excerpts(was.messages, gone)
            with second:
                render.excerpts(now.messages, fresh)
    if len(made.edited) > LISTED:
        st.caption(f"{wording.of(LISTED, len(made.edited), 'edits')} are shown.")
    if made.dropped:
        render.lines(
            ("dropped", queries.example(workspace, gone_id).example.messages[-1].content)
            for gone_id in made.dropped[:LISTED]
        )
        if len(made.dropped) > LISTED:
            st.caption(f"{wording.of(LISTED, len(made.dropped), 'dropped examples')} are shown.")
