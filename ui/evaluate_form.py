"""The form that launches an evaluation: which run, how many answers, what else is measured."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core import jobs, wording
from core.errors import FinetoothError, InputError
from core.workspace import Workspace
from evaluation.actions import TARGET
from evaluation.probes.questions import read_questions
from training import queries as trained
from ui import act, panels, render, upload
from ui.runs import model_name

KIND = "evaluate"
PROBES = {
    "forgetting": "What it forgot",
    "grounding": "What it makes up",
    "bias": "Unequal answers",
    "instructions": "What it no longer obeys",
}


def draw(workspace: Workspace, runs: list[trained.RunView], *, open_: bool) -> None:
    """Which run, how many answers; and the button."""
    names = {run.id: f"{run.id} · {render.cell(model_name(run.base_model))} · {run.status}" for run in runs}
    with st.expander("Evaluate a run", expanded=open_, icon=":material/play_circle:"):
        chosen = st.selectbox("Run", list(names), format_func=names.__getitem__, key="evaluate_run")
        left, middle, right = st.columns(3)
        left.number_input("Hold-out prompts that both answer", 0, 100_000, 40, key="evaluate_replies")
        middle.number_input("Longest answer, in tokens", 1, 8192, 128, key="evaluate_new_tokens")
        right.number_input("Seed of the choice", 0, 2**31 - 1, 0, key="evaluate_seed")
        st.pills(
            "Probes",
            list(PROBES),
            format_func=PROBES.__getitem__,
            selection_mode="multi",
            default=list(PROBES),
            key="evaluate_probes",
            help="What the model may have lost. General questions and changed prompts are answered by both models, "
            "about 600 answers in all.",
        )
        _more()
        st.caption(
            "Perplexity is measured on the whole hold-out. Base and tuned are the same weights, the adapter switched "
            "off and on. The same settings again give what is stored."
        )
        latest = panels.latest(workspace, KIND)
        shown = act.show(f"evaluate-{chosen}-{latest.id if latest else ''}", scope="evaluate")
        act.button(
            "Evaluate",
            shown,
            "evaluate",
            lambda _: _start(workspace, chosen),
            kind="primary",
            icon=":material/monitoring:",
            guard=False,
        )


def _more() -> None:
    with st.popover("Further metrics, long conversations, drawn answers, own questions", icon=":material/tune:"):
        st.text_input(
            "Further metrics",
            key="evaluate_metrics",
            placeholder="bleu, /home/me/metrics/dose_match",
            help="Metrics of the evaluate library by name or by the path of their module, separated by commas. A name "
            "that is not on this machine is fetched from the hub, where the network may be used.",
        )
        st.number_input(
            "Tokens of context for conversations longer than the model reads",
            1,
            1_000_000,
            None,
            key="evaluate_context",
            placeholder="left out",
            help="They are scored in windows with so many tokens before what each one scores. Empty: they are left "
            "out and named.",
        )
        left, right = st.columns(2)
        left.number_input(
            "Drawn answers to each prompt",
            0,
            100,
            0,
            key="evaluate_samples",
            help="Beside the greedy answer, which hides how sure a model is of it. Both models draw by the same seeds.",
        )
        right.number_input("Temperature", 0.05, 2.0, 0.7, 0.05, key="evaluate_temperature")
        st.file_uploader("Your own questions that must not be forgotten (JSONL)", type=["jsonl"], key="evaluate_own")
        st.caption("One a line, with a good answer, a check that a program makes, or both:")
        st.code('{"prompt": "How many doses a day?", "answer": "Two.", "check": {"contains": ["two", "2"]}}', "json")


def _start(workspace: Workspace, run_id: str) -> str:
    """Launch an evaluation in a process of its own."""
    running = panels.latest(workspace, KIND)
    if running and not jobs.read(running).ended:
        raise FinetoothError("An evaluation is running already.", "Wait for it, or stop it first.")
    state = st.session_state
    spec: dict[str, Any] = {
        "workspace": str(workspace.path),
        "run_id": run_id,
        "n_replies": int(state["evaluate_replies"]),
        "max_new_tokens": int(state["evaluate_new_tokens"]),
        "seed": int(state["evaluate_seed"]),
        "probes": list(state["evaluate_probes"]),
    }
    said = "The evaluation has begun."
    if metrics := [name.strip() for name in str(state.get("evaluate_metrics") or "").split(",") if name.strip()]:
        spec["metrics"] = metrics
    if state.get("evaluate_context"):
        spec["context"] = int(state["evaluate_context"])
    if state.get("evaluate_samples"):
        spec |= {"samples": int(state["evaluate_samples"]), "temperature": float(state["evaluate_temperature"])}
    if (own := state.get("evaluate_own")) is not None:
        if "forgetting" not in spec["probes"]:
            raise InputError("Your own questions belong to the probe of what it forgot.", "Choose that probe too.")
        path = upload.stored(workspace, "questions", own.getvalue())
        items, rejected = read_questions(path)
        spec["questions"] = str(path)
        said += f" {wording.many(len(items), 'question')} of your own, {wording.many(len(rejected), 'line')} left out."
    jobs.submit(workspace.jobs_dir, KIND, TARGET, spec)
    return said
