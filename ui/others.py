"""Other models on the Evaluate page: their answers beside the tuned model's, and how they are brought in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core import jobs, wording
from core.errors import FinetoothError, InputError
from core.workspace import Workspace
from evaluation import opponents, replies_others
from flows import others
from ui import act, figures, panels, render, upload

KIND = opponents.REPLIES


def draw(workspace: Workspace, manifest: Mapping[str, Any]) -> None:
    """The figures of each other model that answered this evaluation's prompts, and a form for another one."""
    if not manifest["summary"]["replies"]["tuned"]["n"]:
        return
    st.subheader("Other models", anchor=False)
    known = opponents.brought(workspace, manifest["id"])
    for one in known:
        _one(one)
    if not known:
        st.caption("Any other model can answer the same prompts: from a file, or behind an endpoint.")
    latest = panels.latest(workspace, KIND)
    state = panels.job(latest, stop_label="Stop asking") if latest else None
    if state is None or state.ended:
        _form(workspace, manifest, f"{len(known)}-{latest.id if latest else ''}")


def _one(one: Mapping[str, Any]) -> None:
    name, metrics = render.cell(one["source"]), one["metrics"].values()
    with st.container(border=True):
        st.markdown(f"**{render.plain(one['source'])}**")
        st.dataframe(
            {
                "Metric": [metric["title"] for metric in metrics],
                name: [figures.span(metric["other"]) for metric in metrics],
                "Tuned": [figures.span(metric["tuned"]) for metric in metrics],
                f"Tuned − {name}": [figures.span(metric["difference"]) for metric in metrics],
                "Scored": [f"{metric['n']:,} of {metric['n'] + metric['n_not_scored']:,}" for metric in metrics],
            },
            hide_index=True,
            height="content",
        )
        said = f"{wording.many(one['n'], 'answer')}, {wording.many(one['n_missing'], 'prompt')} without one"
        seconds, speed = one.get("speed", {}).get("seconds_per_answer"), one.get("speed", {}).get("tokens_per_second")
        said += f", {seconds:.2f} s an answer" if seconds else ""
        said += f", {speed:.0f} tokens a second as seen from here" if speed else ""
        if one["rejected"]:
            said += f"; {wording.many(len(one['rejected']), 'line')} of its file held no answer"
        st.caption(render.plain(f"{said}. It can stand beside the tuned model in a blind study (Side by side)."))


def _form(workspace: Workspace, manifest: Mapping[str, Any], place: str) -> None:
    with st.expander("Bring in another model", icon=":material/group_add:"):
        st.text_input("What it is called", key="others_name", max_chars=80)
        st.file_uploader("Its answers (JSONL)", type=["jsonl"], key="others_file")
        st.caption("One a line, by the id of the hold-out example:")
        st.code('{"prompt_id": "...", "text": "The answer.", "truncated": false, "seconds": 1.2, "tokens": 40}', "json")
        st.text_input("Or an endpoint that is asked now", placeholder="http://127.0.0.1:8000/v1", key="others_url")
        st.text_input("Its name there", key="others_model", placeholder="as it is called")
        st.caption("Any OpenAI-compatible endpoint. A key is read from FINETOOTH_API_KEY, and not stored.")
        shown = act.show(f"others-{manifest['id']}-{place}", scope="others")
        act.button(
            "Bring it in",
            shown,
            "bring",
            lambda _: _bring(workspace, manifest),
            kind="primary",
            icon=":material/group_add:",
            guard=False,
        )


def _bring(workspace: Workspace, manifest: Mapping[str, Any]) -> str:
    state = st.session_state
    source, url = str(state["others_name"]).strip(), str(state["others_url"]).strip()
    replies_others.refuse_name(source)
    given = state.get("others_file")
    if (given is None) == (not url):
        raise InputError("Answers come from a file or from an endpoint.", "Choose a file, or fill in the endpoint.")
    running = panels.latest(workspace, KIND)
    if running and not jobs.read(running).ended:
        raise FinetoothError("Another model is being asked already.", "Wait for it, or stop it first.")
    spec: dict[str, Any] = {"workspace": str(workspace.path), "evaluation_id": manifest["id"], "source": source}
    if given is not None:
        spec["file"] = str(upload.stored(workspace, "replies", given.getvalue()))
    else:
        max_new_tokens = int(manifest["summary"]["generation"]["max_new_tokens"])
        spec |= {"url": url, "model": str(state["others_model"]).strip() or source, "max_new_tokens": max_new_tokens}
    jobs.submit(workspace.jobs_dir, KIND, others.TARGET, spec)
    return "Its answers are being brought in."
