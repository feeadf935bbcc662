"""Two rows that clash, side by side: first what clashes, marked, then what they were asked and where that differs."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core import wording
from core.types import Message
from curation import queries
from ui import evidence, example, render
from ui.render import Mark

Marks = dict[int, list[Mark]]
PLACES = {
    "system": "In the system prompt",
    "user": "In the prompt",
    "assistant": "In the answer",
    "tool": "In a result",
}


def draw(view: queries.FindingView, own: queries.ExampleView, twin: queries.ExampleView) -> None:
    """The clashing turns of both rows side by side, then the rest of both conversations."""
    found = view.finding
    sides = (own, twin)
    marks = tuple(render.span_marks(found.spans, side.example.id, found.example_id) for side in sides)
    tops = tuple(_clashing(side.example.messages, mine) for side, mine in zip(sides, marks, strict=True))
    if not any(marks):
        marks, unit = _differing(own.example.messages, twin.example.messages, tops)
        evidence.compared_by(unit)
    for column, side, mine, top, heading in zip(
        st.columns(2, gap="medium"), sides, marks, tops, ("Left", "Right"), strict=True
    ):
        with column:
            example.head(side, heading)
            render.turns(side.example.messages, mine, top)
    _asked(own.example.messages, twin.example.messages, tops)


def _clashing(messages: Sequence[Message], marks: Marks) -> list[int]:
    """The turns that hold marks; without any, the answer."""
    marked = [turn for turn in sorted(marks) if marks[turn] and turn < len(messages)]
    return marked or [len(messages) - 1] * bool(messages)


def _differing(
    left: Sequence[Message], right: Sequence[Message], tops: Sequence[list[int]]
) -> tuple[tuple[Marks, Marks], str]:
    """All that differs between the answers, where the check names no words."""
    one, other, unit = render.twin_marks([left[t] for t in tops[0]], [right[t] for t in tops[1]])
    return ({tops[0][k]: m for k, m in one.items()}, {tops[1][k]: m for k, m in other.items()}), unit


def _asked(left: Sequence[Message], right: Sequence[Message], tops: Sequence[list[int]]) -> None:
    """What the two rows share, once; where they differ, both, with the words that differ marked."""
    rests = [
        [k for k in range(len(messages)) if k not in top] for messages, top in zip((left, right), tops, strict=True)
    ]
    if not rests[0] and not rests[1]:
        return
    ours, theirs = [left[k] for k in rests[0]], [right[k] for k in rests[1]]
    if ours == theirs:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown("**What both were asked**", width="content")
            st.caption("the same, word for word", width="content")
        render.turns(left, {}, rests[0])
        return
    one, other, unit = render.twin_marks(ours, theirs)
    shown = [{rests[0][k]: m for k, m in one.items()}, {rests[1][k]: m for k, m in other.items()}]
    n = max(sum(mark.kind == "differs" for m in side.values() for mark in m) for side in shown)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**What they were asked**", width="content")
        if unit == "word":
            st.caption(f"differs in {wording.many(n, 'place')}, marked in violet", width="content")
    evidence.compared_by(unit)
    columns = st.columns(2, gap="medium")
    for column, messages, marks, rest in zip(columns, (left, right), shown, rests, strict=True):
        with column:
            render.turns(messages, marks, rest)


def draw_single(view: queries.FindingView, own: queries.ExampleView) -> None:
    """A row that clashes with itself, its context or its system prompt: the two places beside each other, then all."""
    found, messages = view.finding, own.example.messages
    marks = render.span_marks(found.spans, own.example.id, found.example_id)
    places = two_places([(turn, mark) for turn in sorted(marks) for mark in sorted(marks[turn], key=lambda m: m.start)])
    if len(places) == 2:
        turns = [place[0][0] for place in places]
        apart = turns[0] != turns[1]
        headings = (
            [PLACES.get(messages[turn].role, "In a turn") for turn in turns] if apart else ["One place", "The other"]
        )
        for column, heading, turn, place in zip(st.columns(2, gap="medium"), headings, turns, places, strict=True):
            with column:
                with st.container(horizontal=True, vertical_alignment="center"):
                    st.markdown(f"**{heading}**", width="content")
                    st.caption(f"turn {turn + 1:,} of {len(messages):,}", width="content")
                render.excerpts(messages, {turn: [mark for at, mark in place if at == turn]})
    example.head(own, "The whole conversation")
    render.turns(messages, marks, range(len(messages)))


def two_places(marked: Sequence[tuple[int, Mark]]) -> list[list[tuple[int, Mark]]]:
    """The marked words of one row as the two places that clash: by turn, else at the widest gap within the turn."""
    if len(marked) < 2:
        return [list(marked)] if marked else []
    cuts = [k for k in range(1, len(marked)) if marked[k][0] != marked[k - 1][0]]
    if not cuts:
        cuts = [max(range(1, len(marked)), key=lambda k: marked[k][1].start - marked[k - 1][1].end)]
    return [list(marked[: cuts[-1]]), list(marked[cuts[-1] :])]
