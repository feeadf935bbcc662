"""The questions after the last pair: which answer does a rater take for the newly trained model's? Still blind."""

from __future__ import annotations

import streamlit as st

from core import wording
from core.types import Message
from core.workspace import Workspace
from evaluation import guesses
from evaluation.rubric import SIDES
from ui import act, answers, render

CHOICES = (
    ("left", "The left one", "1", "arrow_back"),
    ("right", "The right one", "2", "arrow_forward"),
    ("unsure", "I cannot tell", "3", "question_mark"),
)


def draw(workspace: Workspace, study_id: str, who: str) -> None:
    """The next question, or thanks once all are answered; nothing where there is none to ask."""
    asked = guesses.next_guess(workspace, study_id, who)
    if asked is None:
        return
    shown = act.show(asked.item_id, scope="guess")
    st.markdown("**One of the two answers comes from the newly trained model. Which one, would you say?**")
    st.caption(
        f"{wording.of(asked.done, asked.total, 'questions')} answered, on pairs that you judged. This does not change "
        "your votes; it shows whether the models could be told apart. You may also leave it at that."
    )
    with st.container(horizontal=True):
        for guess, label, key, icon in CHOICES:
            do = _guess(workspace, asked.item_id, who, guess)
            act.button(label, shown, guess, do, shortcut=key, icon=f":material/{icon}:")
    answers.prompt(list(asked.prompt), key=f"guess-{asked.item_id}")
    for column, side, text in zip(st.columns(2, gap="medium"), SIDES, (asked.left, asked.right), strict=True):
        with column.container(border=True, height="stretch"):
            st.markdown(f"**{side.capitalize()}**")
            render.conversation([Message("assistant", text)], key=f"guess-{side}-{asked.item_id}")


def _guess(workspace: Workspace, item_id: str, who: str, guess: str) -> act.Do:
    def do(_: str) -> str:
        recorded = guesses.record_guess(workspace, item_id, who, guess)
        return "Noted." if recorded else "You answered this one already."

    return do
