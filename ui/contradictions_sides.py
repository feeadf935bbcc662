"""How many rows stand on each side of a clash, the other rows to open, and keeping the larger side after a look."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core import wording
from core.workspace import Workspace
from curation import clash_sides, queries
from curation.clash_sides import ClashSides
from curation.evidence.standing import Standing
from ui import act, contradictions, desk, example, render

ROWS_SHOWN = 12
HINT = "A hint, never a verdict."


def of(workspace: Workspace, view: queries.FindingView) -> ClashSides | None:
    """The sides of a clash; read once for each state of the dataset."""
    return _of(workspace, str(workspace.path), view.id, workspace.ledger.head()[0], view)


@st.cache_data(show_spinner=False, max_entries=64)
def _of(_workspace: Workspace, path: str, finding_id: str, head: int, _view: queries.FindingView) -> ClashSides | None:
    return clash_sides.sides(_workspace, _view)


def draw(
    workspace: Workspace, place: desk.Place, shown: act.Shown, who: str, sides: ClashSides, *, stale: bool
) -> None:
    """The counts in one line; on request the other rows, and what keeping the larger side would do.

    ``stale``: the dataset has changed since the check, so that its own counts no longer hold.
    """
    about, told = place.view.id, Standing.read(place.view.finding.message)
    if not sides.involves_more and told is None:
        return
    is_open = st.session_state.get(f"sides-{contradictions.SCOPE}") == about
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(_counts(sides, None if stale else told), width="content")
            st.caption(HINT, width="content")
            st.button(
                "Hide the other rows" if is_open else "The other rows",
                key=shown.key("sides"),
                icon=":material/unfold_less:" if is_open else ":material/unfold_more:",
                shortcut="V",
                type="tertiary",
                on_click=_toggle,
                args=(about, is_open),
            )
        if sides.not_compared:
            st.caption(f"{wording.many(sides.not_compared, 'more example')} of this question were not compared.")
        if is_open:
            _rows(workspace, sides)
            _keep_larger(workspace, place, shown, who, sides)


def _counts(sides: ClashSides, told: Standing | None) -> str:
    """The counts of the check while they hold; else those of now."""
    now = Standing(sides.n_left, sides.n_right, sides.n_left + sides.n_right + len(sides.apart) + sides.not_compared)
    here = told or now
    neither = here.total - here.left - here.right
    said = (
        f"Of **{wording.many(here.total, 'row')}** that ask this, **{here.left:,}** {_stand(here.left)} with the left "
        f"and **{here.right:,}** with the right"
    )
    return said + (f"; {neither:,} with neither." if neither else ".")


def _stand(n: int) -> str:
    return "stands" if n == 1 else "stand"


def _toggle(about: str, is_open: bool) -> None:
    st.session_state[f"sides-{contradictions.SCOPE}"] = None if is_open else about


def _rows(workspace: Workspace, sides: ClashSides) -> None:
    """The other rows by side, each to open."""
    columns = st.columns(2, gap="medium")
    for column, heading, ids in zip(columns, ("Left", "Right"), (sides.left, sides.right), strict=True):
        with column:
            _listed(workspace, f"With the {heading.lower()} one", ids[1:])
    if sides.apart:
        _listed(workspace, "With neither", sides.apart)


def _listed(workspace: Workspace, heading: str, ids: Sequence[str]) -> None:
    st.caption(f"{heading}: {wording.many(len(ids), 'other example')}")
    for one in ids[:ROWS_SHOWN]:
        seen = queries.example(workspace, one)
        with st.expander(render.plain(example.place_of(seen)), icon=":material/chat:"):
            render.turns(seen.example.messages, {}, range(len(seen.example.messages)))
    if len(ids) > ROWS_SHOWN:
        st.caption(f"The first {ROWS_SHOWN} of {len(ids):,} are listed.")


def _keep_larger(workspace: Workspace, place: desk.Place, shown: act.Shown, who: str, sides: ClashSides) -> None:
    """What keeping the larger side would drop, and the button that does it as one act."""
    if not sides.majority:
        st.caption("Both sides have as many rows.")
        return
    kept, dropped = (sides.left, sides.right) if sides.majority == "left" else (sides.right, sides.left)
    stay, gone = wording.many(len(kept), "example stays", "examples stay"), wording.many(len(dropped), "example")
    st.markdown(f"Keeping the {sides.majority} side: {stay}, {gone} dropped:")
    lines = [(example.place_of(seen), seen.example.answer) for seen in (queries.example(workspace, i) for i in dropped)]
    render.lines(lines[:ROWS_SHOWN], limit=120)
    if len(dropped) > ROWS_SHOWN:
        st.caption(f"and {len(dropped) - ROWS_SHOWN:,} more")
    said = f"Kept the {sides.majority} side, dropped {gone}. One undo takes it back."
    do = contradictions.settling(workspace, place, shown, who, "side", said, kept=kept, dropped=dropped)
    act.button(
        f"Keep the {sides.majority} side, drop {gone}",
        shown,
        "side",
        do,
        shortcut="M",
        icon=":material/done_all:",
        disabled=place.other is not None,
    )
