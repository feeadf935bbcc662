"""How a model answers the same few hold-out prompts as it learns: the base beside the newest, and all in between."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import streamlit as st

from core.errors import FinetoothError
from core.revisions import examples_of
from core.types import Example
from core.workspace import Workspace
from training import queries
from ui import answers


def draw(workspace: Workspace, view: queries.RunView) -> None:
    """The samples of a run, one prompt at a time; nothing where none were asked for."""
    found = queries.samples(workspace, view.id)
    if not found:
        return
    st.subheader("As it learns", anchor=False)
    st.caption("Hold-out prompts that it does not train on, answered at each measurement by the model as it is then.")
    number = 0
    if len(found) > 1:
        number = st.segmented_control(
            "Prompt",
            range(len(found)),
            default=0,
            required=True,
            format_func=lambda k: f"Prompt {k + 1}",
            key=f"sample-{view.id}",
            label_visibility="collapsed",
        )
    shown = found[number]
    example = _examples(str(workspace.path), view.revision_id).get(shown.example_id)
    if example is None:
        st.caption("The revision that holds this prompt is not in the workspace.")
        return
    at = len(shown.tuned) - 1
    if len(shown.tuned) > 1:
        steps = [step for step, _, _ in shown.tuned]
        chosen = st.select_slider("Step", steps, value=steps[-1], key=f"sample-step-{view.id}-{number}-{len(steps)}")
        at = steps.index(chosen)
    tuned = shown.tuned[at] if shown.tuned else None
    notes = []
    if shown.base_truncated:
        notes.append("the base's answer was cut at the limit of sample tokens")
    if tuned is not None and tuned[2]:
        notes.append("the tuned model's answer was cut there")
    note = f"{'; '.join(notes).capitalize()}." if notes else ""
    if tuned is None:
        note = f"{note} The tuned model has not answered yet.".strip()
    answers.beside(
        example.prompt,
        example.answer,
        shown.base,
        tuned[1] if tuned else None,
        key=f"{view.id}-{number}-{tuned[0] if tuned else 0}",
        note=note,
    )


@lru_cache(maxsize=4)
def _examples(path: str, revision_id: str) -> dict[str, Example]:
    """The hold-out of a revision by id; revisions never change."""
    try:
        return {example.id: example for example in examples_of(Workspace.open(Path(path)), revision_id, "holdout")}
    except FinetoothError:
        return {}
