"""A finding as a reviewer sees it: what was found, the marked words, and its twin or its fix beside it."""

from __future__ import annotations

import streamlit as st

from core import wording
from core.errors import FinetoothError
from core.types import Finding
from core.workspace import Workspace
from curation import queries
from ui import example, panels, render

OTHERS_SHOWN = 20


def statement(view: queries.FindingView, *, current: bool = True, score: bool = True) -> None:
    """What was found, by which check, how sure, whether it is settled, and whether its examples are still there.

    ``score``: whether to state the finding's score; a page whose sentences hold their figures leaves it out.
    """
    found = view.finding
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"{panels.badge(found.severity)} :gray[{render.plain(found.check)}]", width="content")
        if score and found.score is not None:
            st.caption(f"score {found.score:.2f} of 1", width="content")
        if view.state == "settled":
            st.badge("settled", color="green")
        if not current:
            st.badge("its examples have changed since", color="orange")
    render.note(found.message, _fix(found) if view.state == "open" else "")


def _fix(found: Finding) -> str:
    """What accepting the finding's proposal would do, in words."""
    if found.proposal is None:
        return ""
    safe = "safe to accept without a look" if found.proposal.safe else "look before you accept it"
    if found.proposal.action == "edit":
        n = len(found.proposal.replacements)
        return f"Proposed fix: change {wording.many(n, 'place')} in this example ({safe})."
    if not found.related:
        return f"Proposed fix: count the identical rows once ({safe})."
    return f"Proposed fix: drop {wording.many(len(found.proposal.targets), 'example')} ({safe})."


def draw(workspace: Workspace, view: queries.FindingView, own: queries.ExampleView) -> None:
    """The example with its marks; beside it the fix it would get, or the row it is compared with."""
    found = view.finding
    fixed = queries.preview(workspace, view.id) if own.state == "in" else None
    if fixed is not None:
        gone, new, unit = render.twin_marks(own.example.messages, fixed, ("gone", "new"))
        left, right = st.columns(2, gap="medium")
        with left:
            example.draw(own, gone, heading="Now")
        with right:
            with st.container(horizontal=True):
                st.markdown("**With the fix**")
            render.evidence(fixed, new)
        compared_by(unit)
    elif found.related:
        twins(workspace, view, own, queries.example(workspace, chosen_related(view)))
    else:
        marks = render.span_marks(found.spans, found.example_id, found.example_id)
        example.draw(own, marks)


def chosen_related(view: queries.FindingView) -> str:
    """Which of the other rows stands beside the finding's own; a pager chooses among several."""
    related = view.finding.related
    if len(related) == 1:
        return related[0]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"Compare with one of {len(related):,} others", width="content")
        number = st.pagination(len(related))
    return related[number - 1]


def twins(
    workspace: Workspace,
    view: queries.FindingView,
    own: queries.ExampleView,
    twin: queries.ExampleView,
    headings: tuple[str, str] = ("This one", "The other"),
) -> None:
    """Two examples side by side: the words that the check names are marked; without such words, all that differ."""
    found = view.finding
    sides = [render.span_marks(found.spans, side.example.id, found.example_id) for side in (own, twin)]
    if not any(sides):
        sides[0], sides[1], unit = render.twin_marks(own.example.messages, twin.example.messages)
        compared_by(unit)
    for column, side, marks, heading in zip(st.columns(2, gap="medium"), (own, twin), sides, headings, strict=True):
        with column:
            example.draw(side, marks, heading=heading)
    if not any(any(marks.values()) for marks in sides):
        st.caption("The two differ in nothing that can be read.")


def compared_by(unit: str) -> None:
    """Say so where the texts were too long for a comparison word by word."""
    if unit != "word":
        st.caption(f"These texts are too long to compare word by word; they are compared by {unit}.")


def others(workspace: Workspace, view: queries.FindingView) -> None:
    """The other findings that concern the same example."""
    page = queries.findings(workspace, example_id=view.finding.example_id, state="all", limit=OTHERS_SHOWN + 1)
    rest = [other for other in page.items if other.id != view.id]
    if not rest:
        return
    with st.expander(f"{wording.many(page.total - 1, 'other finding')} on this example", icon=":material/list:"):
        render.lines((f"{other.finding.check} ({other.state})", other.finding.message) for other in rest[:OTHERS_SHOWN])
        if page.total - 1 > OTHERS_SHOWN:
            st.caption(f"The first {OTHERS_SHOWN} of {page.total - 1:,} are listed.")


def still_there(workspace: Workspace, found: Finding) -> tuple[queries.ExampleView, bool]:
    """The finding's own example, and whether all that it speaks of is still in the dataset.

    Raises:
        FinetoothError: The example is not in this workspace.
    """
    own = queries.example(workspace, found.example_id)
    if own.state != "in":
        return own, False
    for other in found.related:
        try:
            if queries.example(workspace, other).state != "in":
                return own, False
        except FinetoothError:
            return own, False
    return own, True
