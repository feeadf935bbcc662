"""Prompts on which the tuned model failed, led back to the training examples nearest in meaning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core import jobs, wording
from core.errors import FinetoothError
from core.workspace import Workspace
from curation import queries as curated
from evaluation.rating import votes
from evaluation.results import worst_prompts
from evaluation.study import load_study
from ui import act, answers, example, panels, render, shell

KIND = "trace"


def draw(workspace: Workspace, study_id: str, worst: Sequence[Mapping[str, Any]]) -> None:
    """Each failed prompt with its answers, notes and nearest training examples."""
    if not worst:
        panels.empty("No prompt was lost, both bad or critical.", icon="task_alt")
        return
    traced = _trace_panel(workspace, study_id, len(worst))
    study = load_study(workspace, study_id)
    total = len(worst_prompts(study, votes(workspace, study_id), limit=len(study.items)))
    st.caption(
        f"{wording.of(len(worst), total, 'failed prompts')} are listed, the clearest first. "
        "These answers are not blind."
    )
    for number, row in enumerate(worst, 1):
        item = study.items[row["item_id"]]
        with st.expander(f"{number}. {render.plain('; '.join(row['why']))}", expanded=number == 1):
            answers.beside(item.prompt, item.reference, item.base, item.tuned, key=item.id)
            for note in row["notes"]:
                render.note(f"A rater wrote: {note}")
            if traced is not None:
                _neighbours(workspace, traced.get(row["example_id"]), item.id)


def _trace_panel(workspace: Workspace, study_id: str, n_failures: int) -> dict[str, Any] | None:
    """The button that traces, its progress, and what it found: neighbours by hold-out example. None = not traced."""
    newest = next(
        (j for j in jobs.listing(workspace.jobs_dir) if j.kind == KIND and j.spec.get("study_id") == study_id), None
    )
    state = panels.job(newest) if newest else None
    if state is not None and not state.ended:
        return None
    traces = state.result["traces"] if state is not None and state.status == "done" and state.result else None
    stale = traces is not None and len(traces) != n_failures
    if traces is None or stale:
        with st.container(border=True):
            st.markdown(
                "More votes came in since the last trace."
                if stale
                else "Which training examples stand nearest to these prompts? A wrong answer is often learnt from them."
            )
            shown = act.show(f"trace-{study_id}-{newest.id if newest else ''}", scope="trace")

            def do(_: str) -> None:
                spec = {"workspace": str(workspace.path), "study_id": study_id}
                jobs.submit(workspace.jobs_dir, KIND, "flows.trace:trace_job", spec)

            act.button(
                "Trace them to the data",
                shown,
                "trace",
                do,
                kind="primary",
                icon=":material/travel_explore:",
                guard=False,
            )
    return {one["example_id"]: one["neighbours"] for one in traces} if traces is not None else None


def _neighbours(workspace: Workspace, found: Sequence[Mapping[str, Any]] | None, key: str) -> None:
    if found is None:
        st.caption("This prompt was not part of the last trace.")
        return
    st.markdown("**Nearest training examples**")
    for place, one in enumerate(found):
        with st.container(border=True):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.caption(f"Similarity {one['score']:.2f} of 1", width="content")
                if one["open_findings"]:
                    st.badge(wording.many(one["open_findings"], "open finding"), color="orange")
                    _review_link(workspace, one["example_id"])
            try:
                view = curated.example(workspace, one["example_id"])
            except FinetoothError:
                st.caption(f"Example {one['example_id'][:12]} is no longer in this workspace.")
                continue
            example.draw(view, key=f"near-{key}-{place}")


def _review_link(workspace: Workspace, example_id: str) -> None:
    first = curated.findings(workspace, example_id=example_id, limit=1).items
    if first:
        shell.link("review.py", "Review it", icon="arrow_forward", query={"finding": first[0].id})
