"""Who has which item open: what is on this screen is reserved, and what others have open is shown as theirs."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.db import StorageError
from core.ids import new_action_id
from core.types import Finding
from core.workspace import Workspace
from curation import reservations
from curation.queries import FindingView
from curation.reservations import Reservation
from ui import act, render

KEY = "O"


def elsewhere(workspace: Workspace) -> frozenset[str]:
    """Ids of the examples that others have open now."""
    try:
        return frozenset(one.example_id for one in reservations.others(workspace, _who()))
    except StorageError as error:
        _cannot(error)
        return frozenset()


def first_free(views: Sequence[FindingView], taken: frozenset[str]) -> int | None:
    """The place of the first of these findings that nobody else has open; None where each is taken."""
    return next((n for n, view in enumerate(views) if is_free(view.finding, taken)), None)


def is_free(found: Finding, taken: frozenset[str]) -> bool:
    """Whether nobody else has one of the rows open that this finding would put on screen."""
    return reservations.is_free(taken, found.members)


def hold(workspace: Workspace, view: FindingView, scope: str) -> Reservation | None:
    """Reserve what this tab shows, and free what it showed before. Returns whose it is, where somebody else has it."""
    wanted = st.session_state.get(f"take-over-{scope}") == view.id
    tab = f"{st.session_state.setdefault('tab', new_action_id()[:12])}-{scope}"
    try:
        return reservations.reserve(
            workspace, view.id, view.finding.members, who=_who(), tab=tab, take_over=wanted
        )  # fmt: skip
    except StorageError as error:
        _cannot(error)
        return None


def banner(view: FindingView, other: Reservation | None, scope: str) -> None:
    """Says who has the item open, and lets a person take it over."""
    if other is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f":material/visibility: **{render.plain(other.who or 'Somebody')} has this open** "
            f":gray[since {other.since[11:16]} UTC]",
            width="content",
        )
        st.button(
            "Take it over",
            key=f"take-{scope}-{view.id[:16]}",
            icon=":material/back_hand:",
            type="tertiary",
            shortcut=KEY,
            help=f"It is free again at {other.until[11:16]} UTC at the latest. Nothing of theirs is lost.",
            on_click=_take,
            args=(scope, view.id, other.who),
        )


def _take(scope: str, finding_id: str, whose: str) -> None:
    st.session_state[f"take-over-{scope}"] = finding_id
    act.say(f"You have taken this over from {whose or 'somebody'}.")


def _who() -> str:
    return str(st.session_state.get("who") or "").strip()


def _cannot(error: StorageError) -> None:
    st.caption(f"Others do not see what you have open: {render.plain(error.message)} {render.plain(error.hint)}")
