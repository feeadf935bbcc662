"""The form over every turn of an example: roles, order, texts and a note; judged and compared while a person types."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import streamlit as st

from core import wording
from core.types import ROLES, Message
from core.workspace import Workspace
from curation import live
from curation.neighbours import compare
from ui import act, editor_checks, editor_diff, editor_draft, neighbours, render
from ui.act import Shown
from ui.editor_draft import Draft, Key, Turn

GROWS_TO = 20_000
"""Characters up to which a field is as high as its text; a longer one has its own scroll bar."""
HIGH_PX = 520
SHOWN_OPEN = 12
"""Turns of a conversation that are all open; of a longer one, those concerned and the last."""
LOOK_S = 0.8
"""What was changed has to stand on the screen for so long before a press saves it."""
Save = Callable[[str, tuple[Message, ...], str], str]
"""Saves a text, given the action id, the turns and the note; returns a sentence. A FinetoothError keeps the form."""


@dataclass(frozen=True, slots=True)
class Form:
    """What a form edits.

    Attributes:
        workspace: The open workspace.
        shown: The showing that it belongs to: it takes one save.
        key: Whose draft, of which example.
        before: The turns as they stand in the dataset; none for an example that is being written.
        start: What the form begins with.
        meta: Kept with the example, and shown.
        replacing: The example's id; None = it is a new one.
        marked: Turns (0-based) that a finding is about.
        verb, button: Name the act.
        save: Carries it out.
        cancel: Called when the form is to close.
    """

    workspace: Workspace
    shown: Shown
    key: Key
    before: tuple[Message, ...]
    start: tuple[Message, ...]
    meta: Mapping[str, Any]
    replacing: str | None
    marked: frozenset[int]
    verb: str
    button: str
    save: Save
    cancel: Callable[[], None]

    @property
    def prefix(self) -> str:
        """Begins the keys of the form's widgets."""
        return self.shown.key(self.verb)

    @property
    def draft(self) -> Draft:
        """What was typed so far."""
        known = editor_draft.of(self.key)
        return known or editor_draft.begin(self.start, self.workspace.ledger.head()[0])


def draw(form: Form, heading: str) -> None:
    """The form, what the checks and the neighbours say of the text, and what it changes."""
    st.session_state.pop("_editor_acted", None)
    neighbours.prepare(form.workspace)
    live.warm(form.workspace)
    with st.container(border=True, key=f"editor-{form.key[2][:16]}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{heading}**", width="content")
            st.caption(
                "Ctrl+Enter, or a click beside the field, shows what the checks say and what changes; then Ctrl+Enter "
                "saves it.",
                width="content",
                help="What was taken over is kept as a draft of yours while this server runs, also when you leave the "
                "page, reload it or lose the connection. What stands in a field without having been taken over is "
                "not, and Esc throws it away.",
            )
        _inner(form)


@st.fragment
def _inner(form: Form) -> None:
    """All that is drawn anew while a person types, without the rest of the page."""
    if st.session_state.pop("_editor_acted", None):
        st.rerun()
    draft = form.draft
    dirty = draft.messages != form.start
    typing, beside = st.columns([3, 2], gap="medium")
    with typing:
        if editor_draft.of(form.key) and draft.messages != form.start and _first(form):
            st.info("This is your draft from before.", icon=":material/edit_note:")
        for place, turn in enumerate(draft.turns):
            _turn(form, draft, place, turn)
        with st.container(horizontal=True):
            _button(form, "Add a turn", "add", lambda d: d.with_turn(), "At the end", f"{form.prefix}-more")
        if form.meta:
            st.caption(f"Its meta is kept: {render.plain(_meta(form.meta))}")
    with beside:
        _judgement(form, draft, dirty)
    if dirty and form.before:
        st.markdown("**What changes**")
        editor_diff.draw(form.before, draft.messages, _pairs(form, draft))
    _close(form, draft)
    _drawn(form, draft)


def _first(form: Form) -> bool:
    """Whether the draft was there before this showing of the form."""
    known: bool = st.session_state.setdefault(f"{form.prefix}-from-before", True)
    return known


def _turn(form: Form, draft: Draft, place: int, turn: Turn) -> None:
    n = len(draft.turns)
    label = f"Turn {place + 1:,} of {n:,}: {render.plain(turn.role)}"
    if n <= SHOWN_OPEN or turn.origin is None or turn.origin in form.marked or place == n - 1:
        with st.container(gap="xsmall"):
            _fields(form, draft, place, turn)
    else:
        with st.expander(f"{label}, {wording.many(len(turn.content), 'character')}"):
            _fields(form, draft, place, turn)


def _fields(form: Form, draft: Draft, place: int, turn: Turn) -> None:
    at = f"{form.prefix}-{draft.round}-{turn.uid}"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**Turn {place + 1:,}**", width="content")
        options = [*ROLES] if turn.role in ROLES else [turn.role, *ROLES]
        st.selectbox(
            f"Role of turn {place + 1:,}",
            options,
            format_func=render.cell,
            index=options.index(turn.role),
            key=f"{at}-role",
            label_visibility="collapsed",
            width=132,
            on_change=_taken,
            args=(form,),
        )
        uid = turn.uid
        last = place == len(draft.turns) - 1
        _button(form, "Up", "arrow_upward", lambda d: d.moved(uid, -1), "Move it up", f"{at}-up", off=place == 0)
        _button(form, "Down", "arrow_downward", lambda d: d.moved(uid, 1), "Move it down", f"{at}-down", off=last)
        _button(form, "Remove", "delete", lambda d: d.without(uid), "Take this turn out", f"{at}-remove")
    st.text_area(
        f"Text of turn {place + 1:,}",
        value=turn.content,
        height=_height(turn),
        key=f"{at}-text",
        label_visibility="collapsed",
        on_change=_taken,
        args=(form,),
    )


def _height(turn: Turn) -> int | Literal["content"]:
    return "content" if len(turn.content) <= GROWS_TO else HIGH_PX


def _button(
    form: Form, label: str, icon: str, change: Callable[[Draft], Draft], help: str, key: str, *, off: bool = False
) -> None:
    """A button that changes the draft, after what stands in the fields was taken over."""

    def changed() -> None:
        editor_draft.keep(form.key, change(_take(form)))

    st.button(
        label, icon=f":material/{icon}:", type="tertiary", help=help, key=key, disabled=off, on_click=changed
    )  # fmt: skip


def _take(form: Form) -> Draft:
    """Take over what stands in the fields. A browser gives every line end as LF: a text with CRLF gets them back."""
    state, draft = st.session_state, form.draft
    texts: dict[int, str] = {}
    roles: dict[int, str] = {}
    for turn in draft.turns:
        at = f"{form.prefix}-{draft.round}-{turn.uid}"
        if f"{at}-text" in state:
            texts[turn.uid] = keep_line_ends(turn.content, state[f"{at}-text"] or "")
        if f"{at}-role" in state:
            roles[turn.uid] = state[f"{at}-role"]
    taken = draft.typed(texts, roles, state.get(f"{form.prefix}-note", draft.note) or "")
    if taken != draft:
        state[f"{form.prefix}-from-before"] = False
        editor_draft.keep(form.key, taken)
    return taken


def _taken(form: Form) -> None:
    _take(form)


def _judgement(form: Form, draft: Draft, dirty: bool) -> None:
    """What the checks find in the text, and which rows it is like."""
    if not any(message.content.strip() for message in draft.messages):
        st.caption("The checks look at the text as soon as there is one.")
        return
    found = editor_checks.judged(form.workspace, draft.messages, form.meta, form.replacing, form.prefix)
    st.caption("The checks on this text, by what the last run of them found usual in the set")
    editor_checks.draw(found)
    if not dirty:
        return
    asked = draft.messages, form.workspace.ledger.head()[0]
    if st.session_state.get(f"{form.prefix}-compared") != asked:
        seen = compare(form.workspace, draft.messages, replacing=form.replacing)
        neighbours.remember(form.prefix, form.shown, draft.messages, seen)
        st.session_state[f"{form.prefix}-compared"] = asked
    neighbours.before_saving(form.workspace, form.prefix)


def _pairs(form: Form, draft: Draft) -> list[editor_diff.Pair]:
    """Which turn became which, as the person did it, in the new order; removed turns where they stood."""
    kept = {turn.origin for turn in draft.turns}
    found: list[editor_diff.Pair] = [(turn.origin, place) for place, turn in enumerate(draft.turns)]
    for old in range(len(form.before)):
        if old not in kept:
            found.insert(
                next((n for n, (o, _) in enumerate(found) if o is not None and o > old), len(found)), (old, None)
            )
    return found


def _close(form: Form, draft: Draft) -> None:
    """The note, and the buttons that save, throw away or close."""
    st.text_input(
        "Note (why)", value=draft.note, key=f"{form.prefix}-note", max_chars=300, on_change=_taken, args=(form,)
    )

    def save(action_id: str) -> str:
        taken = _take(form)
        sentence = form.save(action_id, taken.messages, taken.note)
        editor_draft.forget(form.key)
        form.cancel()
        return sentence

    def pressed() -> None:
        if not _seen(form, _take(form)):
            st.session_state[f"{form.prefix}-asked"] = True
            return
        st.session_state["_editor_acted"] = True
        act.perform(form.shown, form.verb, save)

    def left() -> None:
        st.session_state["_editor_acted"] = True
        if form.draft.messages == form.start:
            editor_draft.forget(form.key)
        st.session_state.pop(f"{form.prefix}-from-before", None)
        form.cancel()

    def again() -> None:
        fresh = editor_draft.begin(form.start, form.workspace.ledger.head()[0])
        editor_draft.keep(form.key, replace(fresh, round=form.draft.round + 1))

    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            form.button,
            key=f"{form.prefix}-save",
            type="primary",
            icon=":material/save:",
            shortcut="Ctrl+Enter",
            on_click=pressed,
        )
        st.button("Cancel", key=f"{form.prefix}-cancel", shortcut="Escape", on_click=left)
        if st.session_state.pop(f"{form.prefix}-asked", False) and draft.messages != form.before:
            st.markdown(":orange[:material/visibility:] This is what would be saved. Press once more to save it.")
        if draft.messages != form.start:
            st.button("Start over", key=f"{form.prefix}-again", type="tertiary", icon=":material/undo:", on_click=again)
            st.caption("Not saved yet. Cancel keeps it as your draft.", width="content")


def _seen(form: Form, draft: Draft) -> bool:
    """Whether the person has had time to see what this text changes: the click that ends the typing is too early."""
    drawn, at_s = st.session_state.get(f"{form.prefix}-drawn", (form.before, 0.0))
    rushed = time.monotonic() - at_s < st.session_state.get("hurry_s", LOOK_S)
    return bool(drawn == draft.messages and not rushed)


def _drawn(form: Form, draft: Draft) -> None:
    """Remember which text the person sees, and since when."""
    known = st.session_state.get(f"{form.prefix}-drawn")
    if known is None or known[0] != draft.messages:
        st.session_state[f"{form.prefix}-drawn"] = (draft.messages, time.monotonic())


def keep_line_ends(original: str, typed: str) -> str:
    """A browser returns every line end as LF; where the text had CRLF throughout, it gets them back."""
    if "\r\n" in original and "\n" not in original.replace("\r\n", ""):
        return typed.replace("\r\n", "\n").replace("\n", "\r\n")
    return typed


def _meta(meta: Mapping[str, Any]) -> str:
    told = ", ".join(f"{name}: {value}" for name, value in meta.items())
    return told if len(told) <= META_SHOWN else f"{told[:META_SHOWN]}… ({len(told):,} characters)"


META_SHOWN = 160
