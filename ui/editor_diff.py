"""What an edit changes, turn by turn: the old words on the left, the new ones on the right."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

import streamlit as st

from core.types import Message
from ui import render

Pair = tuple[int | None, int | None]
SHOWN = 20
"""Changed turns that are drawn; further ones are counted."""


def pairs(before: Sequence[Message], after: Sequence[Message]) -> list[Pair]:
    """Which turn became which (0-based; None = it was put in, or taken out), for texts whose editing nobody watched."""
    found: list[Pair] = []
    matcher = SequenceMatcher(None, list(before), list(after), autojunk=False)
    for _, a, b, c, d in matcher.get_opcodes():
        both = min(b - a, d - c)
        found += [(a + n, c + n) for n in range(both)]
        found += [(n, None) for n in range(a + both, b)]
        found += [(None, n) for n in range(c + both, d)]
    return found


def changed(before: Sequence[Message], after: Sequence[Message], which: Sequence[Pair]) -> list[Pair]:
    """Those of the pairs that differ in role, text or (of two that are there) order."""
    order = [new for _, new in which if new is not None]
    return [
        (old, new)
        for old, new in which
        if old is None or new is None or before[old] != after[new] or (order != sorted(order) and old != new)
    ]


def draw(before: Sequence[Message], after: Sequence[Message], which: Sequence[Pair]) -> None:
    """Each changed turn with its old and its new words side by side."""
    differing = changed(before, after, which)
    for old, new in differing[:SHOWN]:
        gone, fresh = before[old] if old is not None else None, after[new] if new is not None else None
        marks = render.twin_marks([gone] if gone else [], [fresh] if fresh else [], ("gone", "new"))
        left, right = st.columns(2, gap="medium")
        with left:
            _side(gone, marks[0], f"Before: turn {old + 1}" if old is not None else "Not there before")
        with right:
            _side(fresh, marks[1], f"After: turn {new + 1}" if new is not None else "Removed")
        if gone and fresh and gone.role != fresh.role:
            st.caption(f"Its role changes from {render.plain(gone.role)} to {render.plain(fresh.role)}.")
        if gone and fresh and marks[2] != "word":
            st.caption(f"This turn is too long to compare word by word; it is compared by {marks[2]}.")
    if len(differing) > SHOWN:
        st.caption(f"{len(differing) - SHOWN:,} more changed turns are not shown here.")


def _side(message: Message | None, marks: dict[int, list[render.Mark]], heading: str) -> None:
    st.caption(heading)
    if message is not None:
        render.turns([message], marks, [0])
