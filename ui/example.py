"""An example on a page: where it stands, its marked text, its history, and the form that edits it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from core import wording
from core.types import ROLES, Message
from core.workspace import Workspace
from curation import actions, queries
from curation.neighbours import compare
from curation.queries import FindingView
from curation.resolutions import OvertakenError
from ui import act, neighbours, render
from ui.act import Shown
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
        return "an edited example"
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
    """Who decided what about it, and when."""
    past = queries.history(workspace, example_id)
    if not past:
        return
    with st.expander(f"History: {wording.many(len(past), 'decision')}", icon=":material/history:"):
        render.lines((f"{d.at[:16].replace('T', ' ')} UTC", f"{d.who}: {d.verdict}. {d.note}") for d in past)


def editor(
    workspace: Workspace,
    view: queries.ExampleView,
    shown: Shown,
    name: str,
    *,
    scope: str,
    found: FindingView,
    seen: int | None = None,
    overtaken: Callable[[], None] | None = None,
) -> None:
    """A form over every turn, the ones that the finding marks open. Saving makes a new example in this one's place.

    Args:
        workspace: The open workspace.
        view: The example.
        shown: The showing that the form belongs to.
        name: Of the person.
        scope: The page.
        found: The finding that led to the edit.
        seen: For a clash: the last ledger entry that the person has seen, so that nobody's decision is run over.
        overtaken: Called where somebody else decided first; the form stays as it is.
    """
    messages, finding_id = view.example.messages, found.id
    opened_turns = render.span_marks(found.finding.spans, view.example.id, found.finding.example_id)
    prefix = shown.key("edit")
    neighbours.prepare(workspace)

    def save(action_id: str) -> str:
        typed = _typed(messages, prefix)
        alike = compare(workspace, typed, replacing=view.example.id)  # before the text is in the set itself
        try:
            actions.edit(
                workspace,
                view.example.id,
                typed,
                who=name,
                action_id=action_id,
                note=st.session_state.get(f"{prefix}-note", ""),
                finding_id=finding_id,
                seen=seen,
            )
        except OvertakenError:
            if overtaken:
                overtaken()
            raise
        close(scope)
        told = neighbours.remember(scope, shown, typed, alike)
        return f"The edit is saved; the old text stays in the history. {told}"

    def look() -> None:
        typed = _typed(messages, prefix)
        neighbours.remember(prefix, shown, typed, compare(workspace, typed, replacing=view.example.id))

    with st.form(f"form-{prefix}", width=760):
        st.markdown("**Edit** :gray[Keys are off while you type.]")
        for turn, message in enumerate(messages):
            label = f"Turn {turn + 1}: {render.plain(message.role)}, {wording.many(len(message.content), 'character')}"
            with st.expander(label, expanded=turn in opened_turns or turn == len(messages) - 1):
                _turn_fields(turn, message, prefix)
        with st.expander("Add a turn at the end"):
            st.selectbox("Role of the new turn", ROLES, index=2, key=f"{prefix}-role-new")
            st.text_area("Text of the new turn", key=f"{prefix}-text-new")
        st.text_input("Note (why)", key=f"{prefix}-note", max_chars=300)
        with st.container(horizontal=True):
            st.form_submit_button(
                "Save the edit",
                type="primary",
                icon=":material/save:",
                on_click=act.perform,
                args=(shown, "edit", save),
            )
            st.form_submit_button(
                "Compare with the set",
                icon=":material/compare_arrows:",
                help="See which rows the text would be like, before you save it.",
                on_click=act.guarded(look),
            )
            st.form_submit_button("Cancel", on_click=close, args=(scope,))
    neighbours.before_saving(workspace, prefix)


def _turn_fields(turn: int, message: Message, prefix: str) -> None:
    options = [*ROLES] if message.role in ROLES else [message.role, *ROLES]
    st.text_area(
        f"Text of turn {turn + 1}",
        value=message.content,
        height="content",
        key=f"{prefix}-text-{turn}",
        label_visibility="collapsed",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.selectbox(
            f"Role of turn {turn + 1}",
            options,
            format_func=render.plain,
            index=options.index(message.role),
            key=f"{prefix}-role-{turn}",
            label_visibility="collapsed",
            width=180,
        )
        st.checkbox("Remove this turn", key=f"{prefix}-remove-{turn}")


def opened(scope: str, item: str) -> bool:
    """Whether the form is open on this item."""
    return bool(st.session_state.get(f"editing-{scope}") == item)


def open_editor(scope: str, item: str) -> None:
    """Open the form on an item."""
    st.session_state[f"editing-{scope}"] = item


def close(scope: str) -> None:
    """Close the form without saving."""
    st.session_state.pop(f"editing-{scope}", None)


def keep_line_ends(original: str, typed: str) -> str:
    """A browser returns every line end as LF; where the text had CRLF throughout, it gets them back."""
    if "\r\n" in original and "\n" not in original.replace("\r\n", ""):
        return typed.replace("\r\n", "\n").replace("\n", "\r\n")
    return typed


def _typed(messages: Sequence[Message], prefix: str) -> list[Message]:
    """The turns as they stand in the form."""
    state = st.session_state
    turns = [
        Message(state[f"{prefix}-role-{turn}"], keep_line_ends(message.content, state[f"{prefix}-text-{turn}"]))
        for turn, message in enumerate(messages)
        if not state.get(f"{prefix}-remove-{turn}")
    ]
    if text := state.get(f"{prefix}-text-new"):
        turns.append(Message(state[f"{prefix}-role-new"], text))
    return turns
