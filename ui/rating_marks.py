"""What a rater may add to a verdict: scores by the rubric, flags with a severity, experts' criteria, a comment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from evaluation.rating_flags import FLAGS, SEVERITIES, side_key
from evaluation.rubric import SIDES, score_key
from ui import render
from ui.act import Shown

NOT_APPLICABLE = "N/A"
MET = {"Met": True, "Not met": False}
Expected = Sequence[tuple[str, float]]


def beside(
    criteria: list[dict[str, Any]], expected: Expected, side: str, shown: Shown, *, scoring: bool, alone: bool = False
) -> None:
    """What is marked about one answer, below it; ``alone`` where it is the only one on the desk."""
    which = "the answer" if alone else f"the {side} answer"
    flags = st.multiselect(
        f"Faults of {which}",
        list(FLAGS),
        format_func=FLAGS.__getitem__,
        key=shown.key(f"flags-{side}"),
        placeholder="Nothing is marked",
    )
    if flags:
        st.segmented_control(
            f"How grave are those of {which}?",
            list(SEVERITIES),
            default="major",
            format_func=str.capitalize,
            required=True,
            key=shown.key(f"grave-{side}"),
        )
    for number, (text, points) in enumerate(expected):
        st.caption(f"{render.plain(text)} ({points:+g})")
        st.segmented_control(
            f"Criterion {number + 1} in {which}",
            list(MET),
            key=shown.key(f"point-{side}-{number}"),
            label_visibility="collapsed",
        )
    if scoring:
        _rubric(criteria, side, shown, which)


def extras(criteria: list[dict[str, Any]], shown: Shown, *, alone: bool = False) -> None:
    """The comment, the switch that brings the rubric (not where an answer stands alone), and what its scores mean."""
    st.text_area(
        "Comment (optional, unless a fault is critical; keys are off while you type, then vote)",
        key=shown.key("comment"),
        max_chars=2_000,
        height=80,
    )
    if not criteria:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if not alone:
            st.toggle("Score both answers too, before you vote", key="rating_scores", persist_state="session")
        with st.popover("What the scores mean", icon=":material/help:", type="tertiary"):
            for criterion in criteria:
                st.markdown(f"**{render.plain(criterion['title'])}.** {render.plain(criterion['question'])}")
                st.markdown("\n".join(f"{n}. {render.plain(one)}" for n, one in enumerate(criterion["anchors"], 1)))


def scores(shown: Shown, criteria: Sequence[str]) -> dict[str, int | None]:
    """What was scored on this showing; N/A is None, what was left alone is absent."""
    found: dict[str, int | None] = {}
    for side in SIDES:
        for name in criteria:
            value = st.session_state.get(shown.key(f"score-{side}-{name}"))
            if value is not None:
                found[score_key(side, name)] = None if value == NOT_APPLICABLE else int(value)
    return found


def flags(shown: Shown) -> dict[str, str]:
    """What was flagged on this showing, with its severity."""
    found: dict[str, str] = {}
    for side in SIDES:
        severity = str(st.session_state.get(shown.key(f"grave-{side}")) or "major")
        for name in st.session_state.get(shown.key(f"flags-{side}")) or ():
            found[side_key(side, name)] = severity
    return found


def points(shown: Shown, n_expected: int) -> dict[str, bool | None]:
    """Which of the experts' criteria were said to be met or not; what was left alone is absent."""
    found: dict[str, bool | None] = {}
    for side in SIDES:
        for number in range(n_expected):
            value = st.session_state.get(shown.key(f"point-{side}-{number}"))
            if value is not None:
                found[side_key(side, number)] = MET[value]
    return found


def comment(shown: Shown) -> str:
    """What stands in the comment."""
    return str(st.session_state.get(shown.key("comment")) or "").strip()


def _rubric(criteria: list[dict[str, Any]], side: str, shown: Shown, which: str) -> None:
    """The scores of one answer, with the sentence that belongs to the chosen score."""
    for criterion in criteria:
        chosen = st.segmented_control(
            f"{criterion['title']} of {which}",
            [1, 2, 3, 4, 5, NOT_APPLICABLE],
            key=shown.key(f"score-{side}-{criterion['name']}"),
        )
        said = criterion["anchors"][chosen - 1] if isinstance(chosen, int) else criterion["question"]
        st.caption(render.plain(said))
