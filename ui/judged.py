"""A model's judgement of a closed study, on a page: what it is worth beside the people, and apart from their votes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core import jobs, wording
from core.errors import FinetoothError, InputError
from core.workspace import Workspace
from evaluation import judge
from ui import act, figures, panels, render

KIND = "judge"


def draw(workspace: Workspace, study_id: str, *, open_: bool) -> None:
    """Stored judgements of the study, newest first, and a form for another one."""
    st.caption(
        "A model judges the same pairs by the raters' rubric, each in both orders. Its verdicts never join the votes "
        "and count for no decision; how far it agrees with the people is what it is worth."
    )
    if open_:
        panels.empty("The study is open. A model judges it once it is closed.", icon="info")
        return
    for one in judge.judgements(workspace, study_id):
        _one(workspace, one)
    latest = panels.latest(workspace, KIND)
    state = panels.job(latest, stop_label="Stop judging") if latest else None
    if state is None or state.ended:
        _form(workspace, study_id, latest)


def _one(workspace: Workspace, stored: Mapping[str, Any]) -> None:
    people, found = judge.with_people(workspace, stored["id"]), stored["summary"]
    with st.container(border=True):
        st.markdown(f"**{render.plain(stored['model'])}**  \n{render.plain(people['sentence'])}")
        shares = {
            "Agrees with a person's vote": people["agrees"],
            "The same where both name a winner": people["agrees_decisive"],
            "Two people agree": people["people"],
            "Says the same in both orders": found["consistent"],
            "Chooses the answer shown first": found["first_chosen"],
            "Prefers the tuned model, by itself": found["preference"]["win_rate"],
        }
        st.dataframe(
            {"": list(shares), "Share": [figures.span(one, percent=True) for one in shares.values()]},
            hide_index=True,
            height="content",
        )
        alpha = figures.span(people["alpha"])
        st.caption(render.plain(f"Krippendorff's alpha with the people's majority: {alpha}."))
        for reason, n in found["not_judged"].items():
            st.caption(render.plain(f"{wording.many(n, 'pair')} not judged: {reason}."))


def _form(workspace: Workspace, study_id: str, latest: jobs.Job | None) -> None:
    with st.expander("Have a model judge", icon=":material/smart_toy:"):
        st.text_input("Endpoint", placeholder="http://127.0.0.1:8000/v1", key="judge_url")
        st.text_input("Model", key="judge_model")
        st.caption("Any OpenAI-compatible endpoint. A key is read from FINETOOTH_API_KEY, and not stored.")
        shown = act.show(f"judge-{study_id}-{latest.id if latest else ''}", scope="judge")
        act.button(
            "Judge all pairs",
            shown,
            "judge",
            lambda _: _start(workspace, study_id),
            kind="primary",
            icon=":material/gavel:",
            guard=False,
        )


def _start(workspace: Workspace, study_id: str) -> None:
    url, model = str(st.session_state["judge_url"]).strip(), str(st.session_state["judge_model"]).strip()
    if not url or not model:
        raise InputError("The endpoint or the model is missing.", "Fill in both.")
    running = panels.latest(workspace, KIND)
    if running and not jobs.read(running).ended:
        raise FinetoothError("A model judges already.", "Wait for it, or stop it first.")
    judge.refuse_open(workspace, study_id)
    spec = {"workspace": str(workspace.path), "study_id": study_id, "url": url, "model": model}
    jobs.submit(workspace.jobs_dir, KIND, "evaluation.judge:run_judge", spec)
