"""What an edited text is like now: said before it is saved and after, with a look at each row side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core import wording
from core.types import Message
from core.workspace import Workspace
from curation import neighbours, queries
from curation.neighbours import Nearby, Neighbour
from ui import act, render
from ui.act import Shown

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Seen:
    """A comparison as a person was told of it: of which text, and on which showing of which item."""

    nonce: str
    messages: tuple[Message, ...]
    nearby: Nearby


def prepare(workspace: Workspace) -> None:
    """Load what a comparison needs while the person types."""
    neighbours.warm(workspace)


def remember(place: str, shown: Shown, messages: Sequence[Message], seen: Nearby) -> str:
    """Keep a comparison for the next run of the page. Returns what to say at once."""
    st.session_state[_key(place)] = Seen(shown.nonce, tuple(messages), seen)
    return "" if seen.neighbours else seen.headline


def before_saving(workspace: Workspace, prefix: str) -> None:
    """Beside the form: what the text would be like as it stands."""
    held = st.session_state.get(_key(prefix))
    if isinstance(held, Seen):
        _draw(workspace, held, prefix, "Compared with the set, not saved yet", closable=False)


def after_saving(workspace: Workspace, scope: str) -> None:
    """Above the next item: what the saved text is like now, until the person's next act or until they close it."""
    held = st.session_state.get(_key(scope))
    if not isinstance(held, Seen):
        return
    if held.nonce != act.latest() or not held.nearby.neighbours:
        st.session_state.pop(_key(scope), None)
        return
    _draw(workspace, held, scope, "Your edit is saved")


def _draw(workspace: Workspace, held: Seen, place: str, heading: str, *, closable: bool = True) -> None:
    nearby = held.nearby
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            icon, colour = ("content_copy", "orange") if nearby.pressing else ("compare_arrows", "gray")
            st.markdown(f":{colour}[:material/{icon}:] **{heading}**", width="content")
            if closable:
                st.button(
                    "Close",
                    key=f"close-{_key(place)}",
                    type="tertiary",
                    icon=":material/close:",
                    on_click=st.session_state.pop,
                    args=(_key(place), None),
                )
        listed = nearby.neighbours[:SHOWN]
        for one in listed:
            render.note(one.sentence)
        if not listed:
            render.note(nearby.headline)
        more = len(nearby.neighbours) - len(listed)
        if more:
            st.caption(f"{wording.many(more, 'further row')} of the {nearby.n_set:,} compared are like it, too.")
        for note in nearby.notes if nearby.compared else ():
            st.caption(render.plain(note))
        if listed:
            _look(workspace, held, listed, place)


def _look(workspace: Workspace, held: Seen, listed: Sequence[Neighbour], place: str) -> None:
    """A switch to each of the rows listed, and that row beside the text."""
    places = {one.example_id: one.place for one in listed}
    chosen = st.segmented_control(
        "Look at",
        list(places),
        format_func=lambda example_id: render.plain(places[example_id]),
        key=f"look-{held.nonce}-{place}",
    )
    if chosen is None:
        return
    twin = queries.example(workspace, chosen)
    mine, theirs, _ = render.twin_marks(held.messages, twin.example.messages)
    left, right = st.columns(2, gap="medium")
    for column, title, messages, marks in (
        (left, "Your text", held.messages, mine),
        (right, "The other row", twin.example.messages, theirs),
    ):
        with column:
            st.markdown(f"**{title}**")
            render.evidence(messages, marks)
    if not any([*mine.values(), *theirs.values()]):
        st.caption("The two differ in nothing that can be read.")


def _key(place: str) -> str:
    return f"neighbours-{place}"
