"""Examples that people write from scratch: the button that begins one, its form, and the list of those in the set."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core import wording
from core.types import Message
from core.workspace import Workspace
from curation import actions, added, learned, project_settings, queries
from curation.neighbours import compare
from ui import act, desk, editor, editor_draft, example, neighbours, render
from ui.editor import Form

SCOPE = "added"
LISTED = 20


def button(scope: str) -> None:
    """The button that opens the form."""
    st.button(
        "Add an example",
        key=f"add-{scope}",
        icon=":material/add_circle:",
        type="tertiary",
        help="Write an example from scratch: the checks look at it while you type.",
        on_click=_open,
        args=(scope,),
    )


def draw(workspace: Workspace, who: str, scope: str) -> None:
    """The form, where it is open."""
    if not opened(scope):
        return
    start = _start(workspace)
    shown = act.show(editor_draft.NEW, scope=f"add-{scope}")

    def save(action_id: str, typed: tuple[Message, ...], note: str) -> str:
        alike = compare(workspace, typed)
        added.add(workspace, typed, who=who, note=note, action_id=action_id)
        told = neighbours.remember(scope, shown, typed, alike)
        return f"The example is added; the next check looks at it with the others. {told}"

    form = Form(
        workspace,
        shown,
        (workspace.path, who, editor_draft.NEW),
        (),
        start,
        {},
        None,
        frozenset(),
        "add",
        "Add it",
        save,
        partial(_close, scope),
    )
    editor.draw(form, "A new example")


def section(workspace: Workspace, who: str) -> None:
    """How many examples of the set people wrote, the newest of them, and the form for another."""
    counted = added.counted(workspace)
    n = sum(counted.values())
    names = ", ".join(f"{name} ({count:,})" for name, count in counted.items())
    with st.container(horizontal=True, vertical_alignment="center"):
        told = f"{wording.many(n, 'example')} of the set: {render.plain(names)}." if n else "None so far."
        st.markdown(f"**Written by hand.** {told}", width="content")
        if not opened(SCOPE):
            button(SCOPE)
            desk.undo_buttons(workspace, SCOPE, who)
    neighbours.after_saving(workspace, SCOPE)
    draw(workspace, who, SCOPE)
    if n:
        _list(workspace, who)


def _list(workspace: Workspace, who: str) -> None:
    newest = added.newest(workspace, LISTED)
    with st.expander(f"Written by hand: the newest {len(newest):,}", icon=":material/edit_square:"):
        for view in newest:
            _one(workspace, view, who)


def _one(workspace: Workspace, view: queries.ExampleView, who: str) -> None:
    """One of them: its text, and what can be done with it."""
    own = view.example.id
    shown = act.show(own, scope=f"{SCOPE}-{own[:16]}")
    if example.opened(SCOPE, own):
        example.editor(workspace, view, shown, who, scope=SCOPE)
        return

    def drop(action_id: str) -> str:
        actions.decide(workspace, own, "drop", who=who, action_id=action_id, seen=workspace.ledger.head()[0])
        return "Dropped; undo brings it back."

    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(render.plain(example.place_of(view)), width="content")
        st.button(
            ":blue[Edit]",
            key=f"edit-{SCOPE}-{own}",
            icon=":material/edit:",
            type="tertiary",
            on_click=example.open_editor,
            args=(SCOPE, own),
        )
        act.button(":red[Drop]", shown, "drop", drop, icon=":material/delete:", kind="tertiary", guard=False)
    render.turns(view.example.messages, {}, range(len(view.example.messages)))
    example.history(workspace, own)


def opened(scope: str) -> bool:
    """Whether the form is open."""
    return bool(st.session_state.get(f"adding-{scope}"))


def _open(scope: str) -> None:
    st.session_state[f"adding-{scope}"] = True


def _close(scope: str) -> None:
    st.session_state.pop(f"adding-{scope}", None)


def _start(workspace: Workspace) -> tuple[Message, ...]:
    """Three empty turns, the first with the system prompt that most examples have, where the last check found one."""
    kept = learned.load(workspace, project_settings.read_settings(workspace))
    prompts = kept.parts.get("systems", {}) if kept else {}
    usual = max(prompts, key=lambda prompt: (prompts[prompt], prompt), default="")
    system = (Message("system", usual),) if usual.strip() else ()
    return (*system, Message("user", ""), Message("assistant", ""))
