"""Prompts on which the tuned model failed: its answers, their corrections, and the training examples behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core import wording
from core.rated import pair_id
from core.workspace import Workspace
from curation import traced as sent_before
from evaluation.corrections import corrections
from evaluation.results import worst_prompts
from evaluation.single import study_for_results
from evaluation.study import Study
from flows.trace import Trace
from ui import answers, panels, render, traced


def draw(workspace: Workspace, study_id: str, worst: Sequence[Mapping[str, Any]], who: str) -> None:
    """Each failed prompt with its answers, notes, correction and the training examples behind it."""
    if not worst:
        panels.empty("No prompt was lost, both bad or critical.", icon="task_alt")
        return
    study, folded = study_for_results(workspace, study_id)
    held = {one: found.text for one, found in corrections(workspace, study.evaluation_id).items()}
    wanted = {row["example_id"]: held.get(row["example_id"], "") for row in worst}
    found = traced.panel(workspace, {"study_id": study_id}, wanted, "Trace them to the data")
    total = len(worst_prompts(study, folded, limit=len(study.items)))
    st.caption(
        f"{wording.of(len(worst), total, 'failed prompts')} are listed, the clearest first. "
        "These answers are not blind."
    )
    first = _first_unsent(workspace, study_id, worst, found)
    for number, row in enumerate(worst, 1):
        item = study.items[row["item_id"]]
        with st.expander(f"{number}. {render.plain('; '.join(row['why']))}", expanded=number == first):
            answers.beside(item.prompt, item.reference, item.base, item.tuned, key=item.id)
            for note in row["notes"]:
                render.note(f"A rater wrote: {note}")
            _one(workspace, study, row["example_id"], held, found, who, key=traced.KEY if number == first else None)


def _one(
    workspace: Workspace,
    study: Study,
    example_id: str,
    held: Mapping[str, str],
    found: Mapping[str, Trace] | None,
    who: str,
    *,
    key: str | None,
) -> None:
    """The correction of one answer, and its trace where there is one; ``key`` sends what it found to review."""
    item = next(one for one in study.items.values() if one.example_id == example_id)
    corrected = held.get(example_id, "")
    traced.correction(
        workspace,
        study.evaluation_id,
        example_id,
        held=corrected,
        answer=item.tuned,
        reference=item.reference,
        who=who,
    )
    if found is None:
        return
    if example_id not in found:
        st.caption("This prompt was not part of the last trace.")
        return
    traced.draw(
        workspace,
        found[example_id],
        study_id=study.id,
        evaluation_id=study.evaluation_id,
        held=corrected,
        who=who,
        key=key,
    )


def _first_unsent(
    workspace: Workspace, study_id: str, worst: Sequence[Mapping[str, Any]], found: Mapping[str, Trace] | None
) -> int:
    """The number of the first failure whose training examples nobody has sent to review; 1 before they are traced."""
    for number, row in enumerate(worst, 1):
        one = (found or {}).get(row["example_id"])
        if one is not None and not sent_before.sent(workspace, pair_id(study_id, row["example_id"])):
            return number
    return 1
