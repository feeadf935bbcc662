"""Prompts on which the tuned model failed: its answers, their corrections, and the training examples behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core import jobs, wording
from core.rated import pair_id
from core.workspace import Workspace
from curation import traced as sent_before
from evaluation.corrections import corrections
from evaluation.results import worst_prompts
from evaluation.single import study_for_results
from evaluation.study import Study
from flows.trace import Trace, from_json
from ui import act, answers, panels, render, traced

KIND = "trace"
TARGET = "flows.trace:trace_job"


def draw(workspace: Workspace, study_id: str, worst: Sequence[Mapping[str, Any]], who: str) -> None:
    """Each failed prompt with its answers, notes, correction and the training examples behind it."""
    if not worst:
        panels.empty("No prompt was lost, both bad or critical.", icon="task_alt")
        return
    study, folded = study_for_results(workspace, study_id)
    held = {one: found.text for one, found in corrections(workspace, study.evaluation_id).items()}
    found = _trace_panel(workspace, study_id, {row["example_id"]: held.get(row["example_id"], "") for row in worst})
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


def _trace_panel(workspace: Workspace, study_id: str, wanted: Mapping[str, str]) -> dict[str, Trace] | None:
    """The button that traces, its progress, and what it found by hold-out example. None = not traced.

    ``wanted`` are the failed prompts with the corrections that hold for them.
    """
    newest = next(
        (j for j in jobs.listing(workspace.jobs_dir) if j.kind == KIND and j.spec.get("study_id") == study_id), None
    )
    state = panels.job(newest) if newest else None
    if state is not None and not state.ended:
        return None
    result = state.result if state is not None and state.status == "done" else None
    found = {one["example_id"]: from_json(one) for one in result["traces"]} if result else None
    if found is None or {one: trace.correction for one, trace in found.items()} != wanted:
        with st.container(border=True):
            st.markdown(_why(found, wanted))
            shown = act.show(f"trace-{study_id}-{newest.id if newest else ''}", scope="trace")

            def do(_: str) -> None:
                jobs.submit(workspace.jobs_dir, KIND, TARGET, {"workspace": str(workspace.path), "study_id": study_id})

            act.button(
                "Trace them to the data",
                shown,
                "trace",
                do,
                kind="primary",
                icon=":material/travel_explore:",
                guard=False,
            )
    return found


def _why(found: Mapping[str, Trace] | None, wanted: Mapping[str, str]) -> str:
    if found is not None and found.keys() != wanted.keys():
        return "More votes came in since the last trace."
    corrected = sum(bool(text) for text in wanted.values())
    if found is not None:
        return (
            f"{wording.of(corrected, len(wanted), 'answers')} are corrected now; the last trace used other "
            "corrections. Only what is new is computed."
        )
    return (
        "Which training examples are behind these answers? A wrong answer is often learnt from one of them. "
        f"{wording.of(corrected, len(wanted), 'answers')} are corrected: correct them first, for a stronger trace."
    )
