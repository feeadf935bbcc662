"""An example on a page: where it stands, its marked text, its history, and the form that edits it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import streamlit as st

from core.types import Message
from core.workspace import Workspace
from curation import actions, queries
from curation.neighbours import compare
from curation.queries import FindingView
from curation.resolutions import OvertakenError
from ui import act, editor_draft, neighbours, render, timeline
from ui import editor as edit_form
from ui.act import Shown
from ui.editor import Form
from ui.editor_draft import Key
from ui.render import Mark

STATES = {
    "in": ("in the dataset", "gray"),
    "dropped": ("dropped", "red"),
    "replaced": ("edited", "blue"),
    "withdrawn": ("withdrawn", "gray"),
}
LINES_SHOWN = 5


def place_of(view: queries.ExampleView) -> str:
    """Where an example comes from: ``chats.jsonl, line 12``."""
    if not view.lines:
        return f"added by hand by {view.added_by}" if view.added_by else "an edited example"
    by_file: dict[str, list[int]] = {}
    for name, line in view.lines:
        by_file.setdefault(name, []).append(line)
    parts = []
    for name, on in by_file.items():
        listed = ", ".join(f"{line:,}" for line in on[:LINES_SHOWN])
        more = f" and {len(on) - LINES_SHOWN:,} more" if len(on) > LINES_SHOWN else ""
        parts.append(f"{name}, {'line' if len(on) == 1 else 'lines'} {listed}{more}")
    return "; ".join(parts)


def draw(
    view: queries.ExampleView,
    marks: Mapping[int, Sequence[Mark]] | None = None,
    *,
    heading: str = "",
    key: str | None = None,
) -> None:
    """The example with its heading, its state and its marked turns.

    On a desk, F unfolds what is folded; elsewhere ``key`` names the switch that does.
    """
    head(view, heading)
    if key is None:
        render.evidence(view.example.messages, marks or {})
    else:
        render.conversation(view.example.messages, marks, key=key)


def head(view: queries.ExampleView, heading: str = "") -> None:
    """An example's heading, where it comes from, and its state where it is not in the dataset."""
    word, colour = STATES.get(view.state, (view.state, "gray"))
    with st.container(horizontal=True, vertical_alignment="center"):
        if heading:
            st.markdown(f"**{heading}**", width="content")
        st.caption(render.plain(place_of(view)), width="content")
        if view.state != "in":
            st.badge(word, color=colour)  # type: ignore[arg-type]


def history(workspace: Workspace, example_id: str) -> None:
    """Who did what to it, when and why, and from what to what."""
    timeline.draw(workspace, example_id)


def editor(
    workspace: Workspace,
    view: queries.ExampleView,
    shown: Shown,
    name: str,
    *,
    scope: str,
    found: FindingView | None = None,
    seen: int | None = None,
    overtaken: Callable[[], None] | None = None,
    start: tuple[Message, ...] | None = None,
    record: Callable[..., object] = actions.edit,
) -> None:
    """A form over every turn. Saving makes a new example in this one's place.

    Args:
        workspace: The open workspace.
        view: The example.
        shown: The showing that the form belongs to.
        name: Of the person.
        scope: The page.
        found: The finding that led to the edit, if one did.
        seen: The last ledger entry that the person has seen, so that nobody's decision is run over; None = what there
            was when they began to edit.
        overtaken: Called where somebody else decided first; the draft stays.
        start: What the form begins with; None = the example's own text.
        record: Records the edit; called as ``actions.edit`` is.
    """
    if found:
        st.session_state[f"stay-{scope}"] = found.id  # whatever others do to it, it stays on screen while it is edited
    key: Key = (workspace.path, name, view.example.id)
    marks = render.span_marks(found.finding.spans, view.example.id, found.finding.example_id) if found else {}

    def save(action_id: str, typed: tuple[Message, ...], note: str) -> str:
        alike = compare(workspace, typed, replacing=view.example.id)  # before the text is in the set itself
        begun = editor_draft.of(key)
        known = [n for n in (seen, begun.seen if begun else None) if n is not None]
        try:
            record(
                workspace,
                view.example.id,
                typed,
                who=name,
                action_id=action_id,
                note=note,
                finding_id=found.id if found else None,
                seen=min(known, default=None),
            )
        except OvertakenError as error:
            if begun:
                editor_draft.keep(key, replace(begun, seen=workspace.ledger.head()[0]))
            if overtaken:
                overtaken()
            raise OvertakenError(error.message, f"{error.hint} What you typed is kept as your draft.") from error
        told = neighbours.remember(scope, shown, typed, alike)
        return f"The edit is saved; the old text stays in the history. {told}"

    form = Form(
        workspace,
        shown,
        key,
        view.example.messages,
        view.example.messages if start is None else start,
        view.example.meta,
        view.example.id,
        frozenset(marks),
        "edit",
        "Save the edit",
        save,
        partial(close, scope),
    )
    edit_form.draw(form, "Edit")


def opened(scope: str, item: str) -> bool:
    """Whether the form is open on this item."""
    return bool(st.session_state.get(f"editing-{scope}") == item)


def open_editor(scope: str, item: str) -> None:
    """Open the form on an item."""
    st.session_state[f"editing-{scope}"] = item


def edit_buttons(
    shown: Shown,
    scope: str,
    about: str,
    sides: Sequence[queries.ExampleView],
    *,
    words: str = "Edit",
    disabled: bool = False,
    always: bool = False,
) -> None:
    """A button for each side that opens the form on it: left (E) and right (T), or the only one.

    Args:
        shown: The showing that they belong to.
        scope: The page.
        about: What led to the edit, such as a finding's id; the form is open on ``about:example``.
        sides: The rows.
        words: What the button says.
        disabled: Whether they cannot be pressed.
        always: Whether a row that is no longer in the dataset can be edited too.
    """
    for side, key, one in zip(("left", "right"), ("E", "T"), sides, strict=False):
        off = disabled or not (always or one.state == "in")
        st.button(
            act.words(f":blue[{words} {side}]" if len(sides) > 1 else f":blue[{words}]", disabled=off),
            key=shown.key(f"open-{side}"),
            icon=":material/edit:",
            type="tertiary",
            shortcut=key,
            disabled=off,
            on_click=open_editor,
            args=(scope, f"{about}:{one.example.id}"),
        )


def close(scope: str) -> None:
    """Close the form; what is not saved stays a draft."""
    st.session_state.pop(f"editing-{scope}", None)
    st.session_state.pop(f"stay-{scope}", None)
