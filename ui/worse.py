"""A hold-out answer that got worse, led back to the data from the Evaluate page, whether or not people judged it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.workspace import Workspace
from evaluation.corrections import corrections
from ui import shell, traced


def draw(workspace: Workspace, evaluation_id: str, row: Mapping[str, Any]) -> None:
    """The correction of one row of an evaluation, the training examples behind its answer, and the way to review.

    Args:
        workspace: The open workspace.
        evaluation_id: Which evaluation.
        row: As ``evaluation.queries.evaluation`` gives it.
    """
    example_id = str(row["example_id"])
    with st.expander("Back to the data", icon=":material/travel_explore:"):
        known = corrections(workspace, evaluation_id).get(example_id)
        held = known.text if known else ""
        if row["tuned_reply"]:
            traced.correction(
                workspace,
                evaluation_id,
                example_id,
                held=held,
                answer=row["tuned_reply"],
                reference=row["reference"],
                who=shell.who(),
            )
        else:
            st.caption("The tuned model was not asked for an answer: what speaks against the reference is looked for.")
        about = {"evaluation_id": evaluation_id, "example_ids": [example_id]}
        found = traced.panel(workspace, about, {example_id: held}, "Trace it to the data")
        if found and example_id in found:
            traced.draw(
                workspace,
                found[example_id],
                study_id=None,
                evaluation_id=evaluation_id,
                held=held,
                who=shell.who(),
                key=traced.KEY,
            )
