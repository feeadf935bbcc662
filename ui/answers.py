"""Both models' answers to one prompt, beside the reference; not blind, and it says so."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.types import Message
from ui import render

TALL = 1_400
"""Prompts longer than this many characters get a box of their own that scrolls."""


def prompt(messages: Sequence[Message], *, key: str) -> None:
    """The turns before the answer; a long one scrolls, so that the answers stay in sight."""
    size = sum(len(message.content) for message in messages)
    with st.container(border=True, gap="xxsmall", height=320 if size > TALL else "content"):
        render.conversation(messages, key=key)


def beside(
    messages: Sequence[Message], reference: str, base: str | None, tuned: str | None, *, key: str, note: str = ""
) -> None:
    """The prompt, the reference, and what base and tuned answered, named.

    Args:
        messages: The turns before the answer.
        reference: The answer that the dataset holds.
        base, tuned: The models' answers; None where none was asked for.
        key: Unique on the page.
        note: About the answers, such as which was cut off.
    """
    prompt(messages, key=f"prompt-{key}")
    columns = st.columns(3, gap="small")
    for column, name, text in zip(columns, ("Reference", "Base", "Tuned"), (reference, base, tuned), strict=True):
        with column.container(border=True, height="stretch"):
            st.markdown(f"**{name}**")
            if text is None:
                st.caption("Not asked.")
            else:
                render.conversation([Message("assistant", text)], key=f"{name}-{key}")
    if note:
        st.caption(note)


def turns(stored: Sequence[dict[str, str]]) -> list[Message]:
    """Stored turns as messages."""
    return [Message(turn["role"], turn["content"]) for turn in stored]
